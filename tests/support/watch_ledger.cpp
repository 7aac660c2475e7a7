#include "tests/support/watch_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/fixed_point.hpp"
#include "core/hex.hpp"
#include "settings/settings.hpp"
#include "store/watch_schedules.hpp"

namespace margrave::test {
namespace {

using nlohmann::json;
using store::Statement;

/// Of those that stand, for the depth of any reorganisation.
constexpr std::size_t kStandsMax = 300;
const std::string kChain = "devnet";

core::Hash to_hash(std::span<const std::uint8_t> bytes) {
    core::Hash out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

std::uint64_t number_in(const json& text) { return std::stoull(text.get<std::string>()); }

/// The row's number; ready to be bound anew.
std::uint64_t count_of(Statement& statement) {
    const auto count =
        statement.step() ? static_cast<std::uint64_t>(statement.integer(0)) : std::uint64_t{0};
    statement.run();
    return count;
}

ToldMessage parse_message(const std::string& body) {
    const json message = json::parse(body);
    ToldMessage out;
    out.alert = message.at("alert").get<std::string>();
    out.kind = message.at("kind").get<std::string>();
    out.episode = message.at("episode").get<std::uint64_t>();
    out.sequence = message.at("sequence").get<std::uint64_t>();
    out.block = number_in(message.at("block").at("number"));
    const auto hash = core::parse_hex(message.at("block").at("hash").get<std::string>());
    out.hash = to_hash(hash.value());
    if (!message.at("value").is_null()) {
        out.value = settings::parse_wad(message.at("value").get<std::string>()).value().value();
    }
    out.at_s = number_in(message.at("at"));
    return out;
}

/// A price is missed where one of these wallets owes.
bool has_gap(const SimulatedBlock& block, const std::set<std::size_t>& wallets) {
    for (std::size_t market = 0; market < SimulatedBlock::kMarkets; ++market) {
        const bool is_missed = std::any_of(wallets.begin(), wallets.end(), [&](std::size_t wallet) {
            return (*block.book)[wallet][market].borrow_shares != 0;
        });
        if (is_missed && block.oracle_reverts[market]) {
            return true;
        }
    }
    return false;
}

}  // namespace

WatchLedger::WatchLedger(const std::string& store, const SimulatedChain& chain,
                         const SimulatedNode& node, Terms terms)
    : chain_(chain),
      node_(node),
      terms_(std::move(terms)),
      age_(terms_.silence + " " + kChain, terms_.silent_above_s),
      database_(store, store::Database::Mode::Existing),
      new_rows_(database_,
                "SELECT id, \"key\", channel, body FROM outbox WHERE id > ? ORDER BY id"),
      newest_block_(database_,
                    "SELECT number, hash FROM blocks WHERE chain = 'devnet' "
                    "ORDER BY number DESC LIMIT 1"),
      is_kept_(database_, "SELECT count(*) FROM blocks WHERE chain = 'devnet' AND hash = ?"),
      waiting_(database_, "SELECT count(*) FROM outbox WHERE state = 'queued' AND channel = ?") {
    database_.execute("PRAGMA mmap_size = 100000000");
    for (const ReferenceTerms& rule : terms_.health) {
        for (std::size_t wallet = 0; wallet < SimulatedBlock::kWallets; ++wallet) {
            for (std::size_t market = 0; market < SimulatedBlock::kMarkets; ++market) {
                const std::string alert = alert_of(rule.rule, wallet, market);
                alerts_.emplace(alert, AlertReference(alert, rule));
            }
        }
    }
    std::string of_chain = terms_.unread.rule + " " + kChain;
    for (std::size_t wallet = 0; wallet < SimulatedBlock::kWallets; ++wallet) {
        const std::string alert = of_chain + " " + SimulatedNode::wallet(wallet).to_string();
        alerts_.emplace(alert, AlertReference(alert, terms_.unread));
    }
    alerts_.emplace(of_chain, AlertReference(of_chain, terms_.unread));
}

std::string WatchLedger::alert_of(const std::string& rule, std::size_t wallet,
                                  std::size_t market) const {
    return fmt::format("{} {} morpho_blue/{} {}", rule, kChain, node_.market_name(market),
                       SimulatedNode::wallet(wallet).to_string());
}

void WatchLedger::booted(const LedgerTime& now) {
    seen_at_ = now;
    all_at_s_.reset();
    passed_over_ = {};
    age_.boot(now.now_ms, now.wall_s);
}

void WatchLedger::begin_look(const LedgerTime& now) { seen_at_ = now; }

void WatchLedger::observe(const LedgerTime& now, const std::string& said) {
    read_messages(now);
    said_ += said;
    follow(now);
    seen_at_ = now;
}

void WatchLedger::end_look(const LedgerTime& now, bool is_blind) {
    const auto head = is_blind ? std::nullopt : node_.announced();
    if (head && is_news(*head) && may_pass_over(*head)) {
        passed_over_ = *head;
        age_.see_block(seen_at_.now_ms, now.now_ms,
                       chain_.at(*chain_.find(*head)).block.timestamp.value());
    }
    if (is_blind) {
        all_at_s_.reset();
        for (auto& [alert, reference] : alerts_) {
            const bool is_of_an_account = reference.terms().rule != terms_.unread.rule;
            if (is_of_an_account && reference.is_there()) {
                reference.miss(moment(now), told_[alert]);
            }
        }
    }
    wait_on(now);
    age_.judge(now.now_ms, now.wall_s, true, told_[age_.alert()]);
    for (const auto& [alert, told] : told_) {
        if (!told.empty()) {
            throw Wrong{fmt::format("{}: \"{}\" of block {} must not be told", alert,
                                    told.front().kind, told.front().block)};
        }
    }
}

/// What was written before the end counts, and nothing else does: the file says which it is.
void WatchLedger::break_look(const LedgerTime& now) {
    for (auto& [alert, reference] : alerts_) {
        const bool is_of_an_account = reference.terms().rule != terms_.unread.rule;
        if (!is_of_an_account || !reference.is_there()) {
            continue;
        }
        const std::string kept = kept_state(alert);
        const bool is_unknown = !kept.empty() && json::parse(kept).contains("unknown_since_s");
        if (is_unknown && (!reference.is_unknown() || !told_[alert].empty())) {
            reference.miss(moment(now), told_[alert]);
        }
    }
    age_.judge(now.now_ms, now.wall_s, false, told_[age_.alert()]);
}

ReferenceMoment WatchLedger::moment(const LedgerTime& now) const {
    ReferenceMoment at{.block = 0,
                       .hash = {},
                       .chain_s = 0,
                       .wall_from_s = seen_at_.wall_s,
                       .wall_to_s = now.wall_s};
    if (!stands_.empty()) {
        const chains::Block& block = chain_.at(stands_.back()).block;
        at.block = block.number.value();
        at.hash = block.hash;
        at.chain_s = block.timestamp.value();
    }
    return at;
}

void WatchLedger::read_messages(const LedgerTime& now) {
    Statement& rows = new_rows_;
    rows.bind(1, last_row_);
    while (rows.step()) {
        last_row_ = rows.integer(0);
        LedgerRow row{.key = rows.text(1),
                      .channel = rows.text(2),
                      .body = rows.text(3),
                      .message = parse_message(rows.text(3)),
                      .written_ms = now.now_ms};
        if (row.channel == terms_.channel) {
            told_[row.message.alert].push_back(row.message);
        }
        rows_.push_back(std::move(row));
    }
}

void WatchLedger::follow(const LedgerTime& now) {
    Statement& newest = newest_block_;
    if (!newest.step()) {
        return;
    }
    const auto number = static_cast<std::uint64_t>(newest.integer(0));
    const core::Hash hash = to_hash(newest.bytes(1));
    newest.run();
    if (last_hash() == hash) {
        return;
    }
    const std::size_t count = stands_.size();
    while (!stands_.empty() && !is_kept(stands_.back())) {
        first_lost_ = chain_.at(stands_.back()).block.number.value();
        stands_.pop_back();
    }
    if (stands_.size() != count) {
        undo();
        wait_on(now);  // it is told with what is forgotten
    }
    if (last_hash() == hash) {
        return;
    }
    const auto index = chain_.find(hash);
    if (!index || chain_.at(*index).block.number.value() != number) {
        throw Wrong{fmt::format("block {} {} never was", number, core::to_hex(hash))};
    }
    if (!stands_.empty()) {
        const std::uint64_t last = chain_.at(stands_.back()).block.number.value();
        if (number <= last) {
            throw Wrong{fmt::format("block {} is evaluated behind {}", number, last)};
        }
        if (may_pass_over(hash)) {
            throw Wrong{fmt::format("block {} is evaluated for nobody", number)};
        }
        if (!is_nobody_near()) {
            const auto passed = chain_.find(passed_over_);
            const std::uint64_t done =
                passed ? chain_.at(*passed).block.number.value() + 1 : std::uint64_t{0};
            check_gap(std::max(last + 1, std::min(std::max(done, first_lost_), number)), number);
        }
        if (number == last + 1 && chain_.at(*index).parent != stands_.back()) {
            throw Wrong{fmt::format("block {} does not follow the one before it", number)};
        }
    }
    evaluate(*index, now);
}

void WatchLedger::wait_on(const LedgerTime& now) {
    for (auto& [alert, reference] : alerts_) {
        if (reference.is_unknown()) {
            reference.wait(moment(now), told_[alert]);
        }
    }
}

/// Blocks may be passed over only where that is said, and for the reasons that are stated.
void WatchLedger::check_gap(std::uint64_t from, std::uint64_t to) const {
    if (from < to && said_.find(fmt::format("blocks {} to {} are not evaluated: they passed while",
                                            from, to - 1)) != std::string::npos) {
        return;
    }
    for (std::uint64_t number = from; number < to; ++number) {
        if (said_.find(fmt::format("block {} is not evaluated", number)) == std::string::npos) {
            throw Wrong{fmt::format("block {} is passed over without a word", number)};
        }
    }
}

void WatchLedger::undo() {
    const bool is_none = stands_.empty();
    const chains::Block last = is_none ? chains::Block{} : chain_.at(stands_.back()).block;
    for (auto& [alert, reference] : alerts_) {
        reference.undo(last.number.value());
    }
    age_.step_back(last.timestamp.value());
    all_at_s_.reset();
    passed_over_ = {};
}

bool WatchLedger::is_all_due(std::uint64_t chain_s) const {
    return terms_.far_every_s == 0 || !all_at_s_ || chain_s < *all_at_s_ ||
           chain_s - *all_at_s_ >= terms_.far_every_s;
}

bool WatchLedger::is_nobody_near() const {
    return terms_.far_every_s != 0 && all_at_s_ && near_.empty();
}

/// A node that shows less than was seen lags.
bool WatchLedger::is_news(const core::Hash& head) const {
    const auto number = [&](const core::Hash& hash) {
        const auto index = chain_.find(hash);
        return index ? chain_.at(*index).block.number.value() : std::uint64_t{0};
    };
    const std::uint64_t last = last_hash() ? number(*last_hash()) : 0;
    return head != passed_over_ && number(head) > last && number(head) >= number(passed_over_);
}

bool WatchLedger::may_pass_over(const core::Hash& hash) const {
    const auto index = chain_.find(hash);
    return index && is_nobody_near() && !is_all_due(chain_.at(*index).block.timestamp.value());
}

std::set<std::size_t> WatchLedger::wallets_due(std::uint64_t chain_s) const {
    std::set<std::size_t> out = near_;
    for (std::size_t wallet = 0; is_all_due(chain_s) && wallet < SimulatedBlock::kWallets;
         ++wallet) {
        out.insert(wallet);
    }
    return out;
}

/// A health factor below 4/3 is a fall of less than a quarter; a gap of a market may be anybody's.
bool WatchLedger::is_near(const SimulatedBlock& block, std::size_t wallet, bool is_any_gap) const {
    if (is_any_gap) {
        return true;
    }
    for (std::size_t market = 0; market < SimulatedBlock::kMarkets; ++market) {
        const auto health = block.health(wallet, market);
        const bool is_low = health && *health * 3 < core::wad() * 4;
        const bool is_told_of = std::any_of(
            terms_.health.begin(), terms_.health.end(), [&](const ReferenceTerms& rule) {
                const AlertReference& alert = alerts_.at(alert_of(rule.rule, wallet, market));
                return alert.is_firing() || alert.is_unknown();
            });
        if (is_low || is_told_of) {
            return true;
        }
    }
    return false;
}

/// Where something about the block was not answered the file says who is near.
void WatchLedger::learn_near(const SimulatedBlock& block, const std::set<std::size_t>& looked_at,
                             bool is_any_gap, bool is_doubtful) {
    if (terms_.far_every_s == 0) {
        return;
    }
    std::set<std::string> kept;
    const auto schedules = store::read_schedules(database_);
    if (const auto found = schedules.find(kChain); found != schedules.end()) {
        kept.insert(found->second.near.begin(), found->second.near.end());
    }
    for (std::size_t wallet = 0; wallet < SimulatedBlock::kWallets; ++wallet) {
        const bool is_kept = kept.contains(SimulatedNode::wallet(wallet).to_string());
        const bool was_near = near_.contains(wallet);
        const bool is_so = is_doubtful                  ? is_kept
                           : looked_at.contains(wallet) ? is_near(block, wallet, is_any_gap)
                                                        : was_near;
        if (is_so != is_kept) {
            throw Wrong{fmt::format("wallet {} is {} near at block {}", wallet,
                                    is_so ? "not kept as" : "kept as", block.block.number.value())};
        }
        near_.erase(wallet);
        if (is_so) {
            near_.insert(wallet);
        }
    }
    if (looked_at.size() == SimulatedBlock::kWallets) {
        all_at_s_ = block.block.timestamp.value();
    }
}

void WatchLedger::evaluate(std::size_t index, const LedgerTime& now) {
    stands_.push_back(index);
    if (stands_.size() > kStandsMax) {
        stands_.pop_front();
    }
    ++evaluated_;
    said_.clear();
    age_.see_block(seen_at_.now_ms, now.now_ms, chain_.at(index).block.timestamp.value());
    const SimulatedBlock& block = chain_.at(index);
    const ReferenceMoment at = moment(now);
    const bool is_doubtful = node_.failed_at(block.block.hash);
    const auto looked_at = wallets_due(at.chain_s);
    const bool is_of_all = looked_at.size() == SimulatedBlock::kWallets;
    const bool is_any_gap = has_gap(block, looked_at);
    for (const std::size_t wallet : looked_at) {
        for (std::size_t market = 0; market < SimulatedBlock::kMarkets; ++market) {
            evaluate_health(block, wallet, market, is_any_gap, at, is_doubtful);
        }
    }
    const auto gaps = static_cast<std::uint64_t>(
        std::count(block.oracle_reverts.begin(), block.oracle_reverts.end(), true));
    for (auto& [alert, reference] : alerts_) {
        const bool is_of_chain = alert.ends_with(kChain);
        if (reference.terms().rule != terms_.unread.rule || (is_of_chain && !is_of_all)) {
            continue;  // of the chain nothing is said by a look at some
        }
        core::U256 count = is_of_chain ? gaps * core::wad() : core::U256(0);
        if (is_doubtful) {
            const std::string kept = kept_state(alert);
            const json state = kept.empty() ? json{{"phase", "quiet"}} : json::parse(kept);
            count = state.at("phase") == "quiet" ? core::U256(0)
                                                 : core::U256(state.at("last").get<std::string>());
        }
        reference.know(at, count, told_[alert]);
    }
    learn_near(block, looked_at, is_any_gap, is_doubtful);
}

void WatchLedger::evaluate_health(const SimulatedBlock& block, std::size_t wallet,
                                  std::size_t market, bool is_any_gap, const ReferenceMoment& at,
                                  bool is_doubtful) {
    const bool is_empty = (*block.book)[wallet][market].is_empty();
    const auto health = block.health(wallet, market);
    for (const ReferenceTerms& rule : terms_.health) {
        const std::string alert = alert_of(rule.rule, wallet, market);
        AlertReference& reference = alerts_.at(alert);
        bool is_unknown = is_empty ? is_any_gap : health && block.oracle_reverts[market];
        if (is_doubtful) {
            // Something about this block was not answered; the file says whether it was this.
            const std::string kept = kept_state(alert);
            const bool is_kept_unknown =
                !kept.empty() && json::parse(kept).contains("unknown_since_s");
            if (is_unknown && !is_kept_unknown && reference.is_there()) {
                throw Wrong{alert + ": it is known what cannot be"};
            }
            is_unknown = is_kept_unknown;
            if (kept.empty()) {
                continue;  // it was never seen
            }
        } else if (is_empty && !reference.is_there()) {
            continue;
        }
        try {
            if (is_unknown) {
                reference.miss(at, told_[alert]);
            } else {
                reference.know(at, health, told_[alert]);
            }
        } catch (const Wrong& wrong) {
            throw Wrong{wrong.what + "; kept: " + kept_state(alert)};
        }
    }
}

std::optional<core::Hash> WatchLedger::last_hash() const {
    return stands_.empty() ? std::nullopt : std::optional(chain_.at(stands_.back()).block.hash);
}

bool WatchLedger::is_kept(std::size_t index) {
    is_kept_.bind(1, std::span<const std::uint8_t>(chain_.at(index).block.hash));
    return count_of(is_kept_) > 0;
}

std::uint64_t WatchLedger::waiting(const std::string& channel) {
    waiting_.bind(1, std::string_view(channel));
    return count_of(waiting_);
}

std::string WatchLedger::kept_state(const std::string& alert) const {
    Statement row(database_, "SELECT state FROM alerts WHERE \"key\" = ?");
    row.bind(1, std::string_view(alert));
    return row.step() ? row.text(0) : "";
}

std::string WatchLedger::phase_of(const std::string& alert) const {
    const std::string kept = kept_state(alert);
    return kept.empty() ? "" : json::parse(kept).at("phase").get<std::string>();
}

}  // namespace margrave::test
