#include "app/cascade_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include "app/cascade_gather.hpp"
#include "app/cascade_run.hpp"
#include "app/files.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "report/health_report.hpp"

namespace margrave::app {
namespace {

bool contains(const std::vector<core::Address>& wallets, const core::Address& wallet) {
    return std::find(wallets.begin(), wallets.end(), wallet) != wallets.end();
}

/// Falls and gaps at a block, the accounts that fall, and nothing else of a report.
report::Report report_of(const snapshot::ChainCut& cut, std::vector<report::CascadeFall> falls,
                         std::vector<snapshot::CoverageGap> gaps,
                         std::vector<report::Account> accounts = {}) {
    return {.chains = {cut},
            .at = std::nullopt,
            .accounts = std::move(accounts),
            .holdings = {},
            .totals = {},
            .gaps = std::move(gaps),
            .cascade_falls = std::move(falls)};
}

/// Who was not read may fall first, and take others along; nullptr where all were.
const snapshot::CoverageGap* gap_of_market(const snapshot::Snapshot& read) {
    const auto found = std::find_if(read.gaps.begin(), read.gaps.end(), [](const auto& gap) {
        return !gap.protocol.empty() || !gap.wallet;
    });
    return found == read.gaps.end() ? nullptr : &*found;
}

CascadePlan read_plan(const alert::Rule& rule, const settings::Settings& settings) {
    constexpr bool kNeedsAccounts = false;  // who is watched is part of the market
    CascadePlan plan{.playbook = rule.playbook,
                     .file = parse_playbook(
                         {.name = rule.playbook, .text = read_file(rule.playbook, kConfigBytesMax)},
                         kNeedsAccounts),
                     .every_s = rule.every_s,
                     .settings = {},
                     .rules = {rule.name}};
    plan.settings = playbook_settings(settings, plan.file);
    return plan;
}

}  // namespace

std::map<std::string, CascadePlan> make_cascade_plans(const std::vector<alert::Rule>& rules,
                                                      const settings::Settings& settings) {
    std::map<std::string, CascadePlan> out;
    for (const alert::Rule& rule : rules) {
        if (rule.quantity != alert::Quantity::CascadeDistance) {
            continue;
        }
        CascadePlan plan = read_plan(rule, settings);
        const auto [found, is_new] = out.try_emplace(plan.file.chain, plan);
        CascadePlan& known = found->second;
        if (known.playbook != plan.playbook || known.every_s != plan.every_s) {
            throw core::ConfigError(fmt::format(
                R"(rules "{}" and "{}" watch chain {} with another playbook or every_s: give them one)",
                core::printable(known.rules.front()), core::printable(rule.name),
                core::printable(plan.file.chain)));
        }
        if (!is_new) {
            known.rules.push_back(rule.name);
        }
    }
    return out;
}

CascadeWatch::CascadeWatch(World& world, CascadePlan plan, SourceOptions source,
                           const std::vector<core::Address>& wallets)
    : world_(world), plan_(std::move(plan)), source_(std::move(source)) {
    PlaybookFile& file = plan_.file;
    file.own = file.own.empty() ? wallets : file.own;
    for (const core::Address& own : file.own) {
        if (!file.book && !contains(file.wallets, own)) {
            file.wallets.push_back(own);
        }
    }
    source_.wallets.clear();
    source_.wallets_file.reset();
    source_.chains = {file.chain};
    source_.quiet = true;
    source_.verbose = false;
}

CascadeFound CascadeWatch::find(const snapshot::ChainCut& at,
                                const std::function<bool()>& is_asked_to_stop) const {
    SourceOptions source = source_;
    if (!plan_.file.book) {
        source.block = core::to_hex(at.hash);
    }
    auto gathered = gather_cascade(world_, source, plan_.file, plan_.settings);
    snapshot::Snapshot& read = gathered.snapshot;
    if (gathered.chain_unreadable || read.chains.empty()) {
        throw core::InputError(read.gaps.empty() ? "the chain could not be read"
                                                 : read.gaps.front().detail);
    }
    const snapshot::ChainCut cut = read.chains.front();
    if (cut.timestamp.value() + kBookAgeMaxS < at.timestamp.value()) {
        throw core::InputError(fmt::format(
            "the book is of block {}, a day old or more: have `margrave index` bring it up to date",
            cut.number.value()));
    }
    // Before markets are taken out.
    std::string reading = plan_.file.book ? "" : snapshot::to_json(read);
    auto accounts = report::make_accounts(
        read, {.at = std::nullopt, .at_risk_below = plan_.settings.at_risk_below},
        std::set(plan_.file.own.begin(), plan_.file.own.end()));
    auto falls = own_falls(read, plan_.file, plan_.settings, [&] {
        if (is_asked_to_stop()) {
            throw core::InputError("the watch ends");
        }
    });
    if (const auto* const gap = gap_of_market(read)) {
        for (report::CascadeFall& fall : falls) {
            if (fall.unknown_because.empty()) {
                fall.unknown_because = "of its market could not be read: " + gap->detail;
            }
        }
    }
    return {.report = report_of(cut, std::move(falls), std::move(read.gaps), std::move(accounts)),
            .reading = std::move(reading)};
}

report::Report CascadeWatch::unknown(const snapshot::Snapshot& watched,
                                     const std::string& why) const {
    std::vector<report::CascadeFall> falls;
    for (const auto& market : watched.markets) {
        if (!is_of_playbook(plan_.file, plan_.settings, market->name())) {
            continue;
        }
        for (std::size_t row = 0; row < market->account_count(); ++row) {
            if (market->is_active(row) && contains(plan_.file.own, market->wallet(row))) {
                falls.push_back({.market = market->name(),
                                 .wallet = market->wallet(row),
                                 .distance = std::nullopt,
                                 .unknown_because = why});
            }
        }
    }
    // What was told before of accounts that are not here is not known any more either.
    std::vector<snapshot::CoverageGap> gaps{{.chain = plan_.file.chain,
                                             .protocol = "",
                                             .market = "",
                                             .wallet = std::nullopt,
                                             .kind = core::ErrorKind::MissingState,
                                             .detail = why}};
    return report_of(watched.chains.front(), std::move(falls), std::move(gaps));
}

CascadeFound CascadeWatch::carry_out(const snapshot::Snapshot& watched,
                                     const std::function<bool()>& is_asked_to_stop) const {
    try {
        return find(watched.chains.front(), is_asked_to_stop);
    } catch (const std::exception& error) {
        // Of the chain, the book or the playbook's words; and a defect in what takes whole markets
        // is no reason to look at nobody's health any more.
        const std::string why =
            fmt::format("the playbook {} could not be carried out: {}",
                        core::printable(plan_.playbook), core::printable(error.what(), 300));
        if (!is_asked_to_stop()) {
            say(world_, fmt::format("chain {}: {}", plan_.file.chain, why));
        }
        return {.report = unknown(watched, why)};
    }
}

}  // namespace margrave::app
