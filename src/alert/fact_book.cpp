#include "alert/fact_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/u256.hpp"

namespace margrave::alert {
namespace {

constexpr const char* kAccount = "account";
constexpr const char* kOpen = "open";
constexpr const char* kClosed = "closed";
/// Of a wallet in a protocol.
constexpr const char* kRead = "read";

using Values = std::vector<std::pair<std::string, std::string>>;

/// What a price source is made of. Of one that could not be looked into nothing is known: a part
/// that a node did not answer for makes it opaque, too.
void add_composition(const margin::OracleSource& source, const std::string& name, Values& out) {
    if (source.kind == margin::OracleKind::Opaque) {
        return;
    }
    for (const auto& [parameter, value] : source.parameters) {
        out.emplace_back(fmt::format("{} {}", name, parameter), core::to_decimal(value));
    }
    for (const margin::OraclePart& part : source.parts) {
        const std::string of_part = fmt::format("{} {}", name, part.role);
        out.emplace_back(of_part, part.source.to_string());
        if (part.made_of) {
            add_composition(*part.made_of, of_part, out);
        }
    }
}

Values values_of(margin::ParameterGroup& group, const margin::OracleBook* oracles) {
    Values out = std::move(group.values);
    for (const core::Address& source : group.price_sources) {
        const auto* const model = oracles == nullptr ? nullptr : oracles->find(source);
        if (model != nullptr) {
            add_composition(model->source(), "oracle", out);
        }
    }
    return out;
}

bool has_accounts(const margin::Market& market) {
    for (std::size_t row = 0; row < market.account_count(); ++row) {
        if (market.is_active(row)) {
            return true;
        }
    }
    return false;
}

/// A gap may be why a market, or a part of one, is not seen; markets are not told apart, as what a
/// protocol calls them in a gap need not be their name.
bool may_hide(const report::Report& report, const std::string& protocol) {
    return std::any_of(report.gaps.begin(), report.gaps.end(), [&](const auto& gap) {
        return gap.protocol.empty() || gap.protocol == protocol;
    });
}

Subject market_of(const std::string& chain, const margin::MarketName& name) {
    return {.chain = chain, .protocol = name.protocol, .market = name.name, .wallet = std::nullopt};
}

/// One that could not be read may be none.
bool is_there(const report::Account& account) {
    return account.health.status != margin::Status::Unknown ||
           std::any_of(account.legs.begin(), account.legs.end(), [](const report::Leg& leg) {
               return leg.leg.amount && *leg.leg.amount != core::U256(0);
           });
}

}  // namespace

FactBook::FactBook(std::string chain, std::vector<core::Address> wallets,
                   std::map<std::string, std::string> coverage)
    : chain_(std::move(chain)), wallets_(std::move(wallets)), coverage_(std::move(coverage)) {
    std::sort(wallets_.begin(), wallets_.end());
}

FactBook::Kept& FactBook::find_or_add(const Subject& of, const std::string& part,
                                      const std::string& name) {
    if (!of.wallet) {
        return markets_[of][part].facts[name];
    }
    return of.market.empty() ? read_[of] : accounts_[of];
}

void FactBook::restore(const std::vector<Fact>& kept) {
    for (const Fact& fact : kept) {
        Kept& to = find_or_add(fact.of, fact.part, fact.name);
        if (fact.is_news) {
            news_.push_back({.of = fact.of,
                             .part = fact.part,
                             .name = fact.name,
                             .was = to.now() == nullptr ? std::nullopt : std::optional(*to.now()),
                             .is = fact.value,
                             .block = fact.block,
                             .time_s = fact.time_s});
        }
        to.rows.push_back({.block = fact.block, .time_s = fact.time_s, .value = fact.value});
    }
    std::stable_sort(news_.begin(), news_.end(),
                     [](const News& a, const News& b) { return a.block < b.block; });
}

void FactBook::note(Kept& kept, Fact fact) {
    if (fact.is_news) {
        news_.push_back({.of = fact.of,
                         .part = fact.part,
                         .name = fact.name,
                         .was = kept.now() == nullptr ? std::nullopt : std::optional(*kept.now()),
                         .is = fact.value,
                         .block = fact.block,
                         .time_s = fact.time_s});
    }
    // What held then stays: a reorganisation leads back to it.
    while (kept.rows.size() > 1 && kept.rows[1].time_s + kKeptS < fact.time_s) {
        kept.rows.erase(kept.rows.begin());
    }
    kept.rows.push_back({.block = fact.block, .time_s = fact.time_s, .value = fact.value});
    new_.push_back(std::move(fact));
}

std::vector<Fact> FactBook::learn(const FactsSeen& seen) {
    ++look_;
    new_.clear();
    std::erase_if(news_, [&](const News& news) { return news.time_s + kKeptS < seen.time_s; });
    learn_accounts(seen);
    const auto oracles =
        std::find_if(seen.snapshot.oracles.begin(), seen.snapshot.oracles.end(),
                     [&](const margin::OracleBook& book) { return book.chain == chain_; });
    for (const auto& market : seen.snapshot.markets) {
        if (market->name().chain == chain_ && has_accounts(*market)) {
            learn_market(seen, *market,
                         oracles == seen.snapshot.oracles.end() ? nullptr : &*oracles);
        }
    }
    leave_markets(seen);
    return std::exchange(new_, {});
}

bool FactBook::is_watched(const report::Report& report, const core::Address& wallet) const {
    return std::binary_search(wallets_.begin(), wallets_.end(), wallet) ||
           std::any_of(report.smart_accounts.begin(), report.smart_accounts.end(),
                       [&](const auto& one) { return one.address == wallet; });
}

bool FactBook::is_hidden(const report::Report& report, const Subject& subject) const {
    return !report.gaps.empty() && !value_of_absent(report, subject, wallets_).is_known;
}

bool FactBook::is_covered(const Subject& account) const {
    const auto covered = coverage_.find(account.protocol);
    const auto read = read_.find({.chain = account.chain,
                                  .protocol = account.protocol,
                                  .market = {},
                                  .wallet = account.wallet});
    return covered != coverage_.end() && read != read_.end() && read->second.now() != nullptr &&
           *read->second.now() == covered->second;
}

void FactBook::learn_accounts(const FactsSeen& seen) {
    const auto account_fact = [&](const Subject& of, std::optional<std::string> value) {
        return Fact{.of = of,
                    .part = {},
                    .name = kAccount,
                    .block = seen.block,
                    .time_s = seen.time_s,
                    .value = std::move(value),
                    .is_news = is_covered(of)};
    };
    for (const report::Account& account : seen.report.accounts) {
        if (account.market.chain != chain_) {
            continue;
        }
        const Subject subject = subject_of(chain_, account);
        Kept& kept = accounts_[subject];
        kept.seen = look_;
        if (kept.now() == nullptr && is_there(account)) {
            note(kept, account_fact(subject, kOpen));
        }
    }
    for (auto& [subject, kept] : accounts_) {
        const bool is_missed = kept.seen != look_ && kept.now() != nullptr;
        if (is_missed && is_watched(seen.report, *subject.wallet) &&
            coverage_.contains(subject.protocol) && !is_hidden(seen.report, subject)) {
            note(kept, account_fact(subject, std::nullopt));
        }
    }
    for (const core::Address& wallet : wallets_) {
        learn_coverage(seen, wallet);
    }
    for (const auto& one : seen.report.smart_accounts) {
        learn_coverage(seen, one.address);
    }
}

/// From here on an account of it that was not there is a new one.
void FactBook::learn_coverage(const FactsSeen& seen, const core::Address& wallet) {
    Subject of{.chain = chain_, .protocol = {}, .market = {}, .wallet = wallet};
    for (const auto& [protocol, text] : coverage_) {
        of.protocol = protocol;
        Kept& kept = read_[of];
        const bool is_same = kept.now() != nullptr && *kept.now() == text;
        if (!is_same && !is_hidden(seen.report, of)) {
            note(kept, {.of = of,
                        .part = {},
                        .name = kRead,
                        .block = seen.block,
                        .time_s = seen.time_s,
                        .value = text,
                        .is_news = false});
        }
    }
}

void FactBook::learn_market(const FactsSeen& seen, const margin::Market& market,
                            const margin::OracleBook* oracles) {
    const Subject of = market_of(chain_, market.name());
    Parts& parts = markets_[of];
    for (margin::ParameterGroup& group : market.parameters()) {
        Part& part = parts[group.of];
        part.seen = look_;
        part.label = group.label;
        for (auto& [name, value] : values_of(group, oracles)) {
            Kept& kept = part.facts[name];
            if (std::exchange(kept.seen, look_) == look_) {
                continue;  // the first of two of one name, or they would change at every block
            }
            const std::string* const now = kept.now();
            if (now == nullptr || *now != value) {
                note(kept, {.of = of,
                            .part = group.of,
                            .name = std::move(name),
                            .block = seen.block,
                            .time_s = seen.time_s,
                            .value = std::move(value),
                            .is_news = now != nullptr});
            }
        }
    }
}

/// What no account is in any more is seen for the first time when one comes back.
void FactBook::leave_markets(const FactsSeen& seen) {
    for (auto& [of, parts] : markets_) {
        for (auto& [name_of_part, part] : parts) {
            if (part.seen == look_ || may_hide(seen.report, of.protocol)) {
                continue;
            }
            for (auto& [name, kept] : part.facts) {
                if (kept.now() != nullptr) {
                    note(kept, {.of = of,
                                .part = name_of_part,
                                .name = name,
                                .block = seen.block,
                                .time_s = seen.time_s,
                                .value = std::nullopt,
                                .is_news = false});
                }
            }
        }
    }
}

void FactBook::undo_after(std::uint64_t block) {
    const auto undo = [&](Kept& kept) {
        std::erase_if(kept.rows, [&](const Row& row) { return row.block > block; });
    };
    for (auto* const of_wallets : {&accounts_, &read_}) {
        for (auto& [subject, kept] : *of_wallets) {
            undo(kept);
        }
    }
    for (auto& [subject, parts] : markets_) {
        for (auto& [name, part] : parts) {
            for (auto& [fact, kept] : part.facts) {
                undo(kept);
            }
        }
    }
    std::erase_if(news_, [&](const News& news) { return news.block > block; });
}

Change FactBook::change_of(const News& news) const {
    Change out{.what = {},
               .was = news.was.value_or(kClosed),
               .is = news.is.value_or(kClosed),
               .block = news.block,
               .chain_s = news.time_s};
    if (news.of.wallet) {
        out.what = std::string(kAccount) + " " + news.of.protocol + "/" + news.of.market;
        return out;
    }
    std::string label = news.part;
    if (const auto parts = markets_.find(news.of); parts != markets_.end()) {
        const auto part = parts->second.find(news.part);
        if (part != parts->second.end() && !part->second.label.empty()) {
            label = part->second.label;
        }
    }
    out.what = label.empty() ? news.name : label + " " + news.name;
    return out;
}

std::map<Subject, Value> FactBook::changes(Quantity quantity, std::uint64_t within_s,
                                           std::uint64_t now_s) const {
    std::map<Subject, std::uint64_t> counts;
    std::map<Subject, Value> out;
    for (const News& news : std::views::reverse(news_)) {
        const bool is_of_wallet = news.of.wallet.has_value();
        if (is_of_wallet != (quantity == Quantity::AccountChanges) ||
            news.time_s + within_s <= now_s) {
            continue;
        }
        Subject subject = news.of;
        if (is_of_wallet) {
            subject.protocol.clear();
            subject.market.clear();
        }
        ++counts[subject];
        Value& value = out[subject];
        if (value.changes.size() < kNamedMax) {
            value.changes.push_back(change_of(news));
        }
    }
    for (const auto& [subject, count] : counts) {
        out[subject].number = whole(count);
    }
    return out;
}

}  // namespace margrave::alert
