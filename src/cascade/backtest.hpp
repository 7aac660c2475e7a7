#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cascade/oracles.hpp"
#include "core/address.hpp"
#include "core/units.hpp"
#include "margin/valuation.hpp"

/// Predicted liquidations beside those that really happened.
namespace margrave::cascade {

/// An account by its market's name: it need not be one that was there before.
struct AccountName {
    std::string protocol;
    std::string market;
    core::Address wallet;

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy sees one in the defaulted comparison
    friend auto operator<=>(const AccountName&, const AccountName&) = default;
};

/// One liquidation, predicted or real.
struct Seizure {
    AccountName account;
    Moment at;
    /// What was seized at the market's oracle answers of that block, whole `quote`s; nullopt where
    /// nothing tells.
    std::optional<core::Wad> value;
    std::string quote;  ///< of the market; "" where that is not known
};

/// All that is compared, of the blocks behind `from` up to another.
struct Evidence {
    core::BlockNumber from;
    std::vector<Seizure> predicted;  ///< in the order of the chain, and so are the real ones
    std::vector<Seizure> actual;
    std::set<AccountName> known;    ///< who had debt at `from`, with a health that is known
    std::set<AccountName> unknown;  ///< whose health was not, or was not later in the prediction
    std::set<AccountName> unread = {};  ///< of which nothing could be read at `from`
    /// In which blocks events name the account.
    std::map<AccountName, std::set<std::uint64_t>> named_in = {};
    /// Why the prediction left an account alone that it found below health 1.
    std::map<AccountName, std::string> refused = {};
};

/// What is red: fewer than these, or a value that is farther off.
struct BacktestLimits {
    core::Bps recall_min{9'000};
    core::Bps precision_min{7'000};
    core::Bps value_off_max{2'000};
};

/// All liquidations of one account.
struct Fall {
    Moment first;
    std::size_t calls = 0;
    std::optional<core::Wad> value;  ///< of everything seized; nullopt: of a part nothing tells
};

enum class Match { Both, Missed, False };

struct BacktestRow {
    AccountName account;
    std::string quote;
    std::optional<Fall> predicted;
    std::optional<Fall> actual;
    /// An event names the account in a block without a liquidation of it: before its first one, or
    /// at any time where there is none. Its owner acted, or somebody for it.
    bool has_acted = false;
    /// Of one that was missed: "unread", "opened_after", "unknown_health", "acted", "healthy", or
    /// why the prediction left it alone; of one that was not liquidated: "acted", "below_before",
    /// "not_called". "" for both.
    std::string reason;

    [[nodiscard]] Match match() const;
    /// Blocks and seconds from the prediction's first liquidation to the real one; below zero: the
    /// prediction comes late. Of Match::Both alone.
    [[nodiscard]] std::int64_t lead_blocks() const;
    [[nodiscard]] std::int64_t lead_s() const;
};

/// A part of a whole; no ratio where there is nothing.
struct Share {
    std::size_t part = 0;
    std::size_t whole = 0;

    [[nodiscard]] std::optional<core::Wad> ratio() const;  ///< rounded down
    [[nodiscard]] bool is_below(core::Bps limit) const;    ///< false without a ratio
};

/// Everything seized that counts in one quote.
struct SeizedValue {
    std::string quote;
    core::Wad predicted = {};
    core::Wad actual = {};
    core::Wad predicted_of_both = {};  ///< of accounts that were predicted and really liquidated
    core::Wad actual_of_both = {};

    /// (predicted - actual) / actual, towards zero; nullopt where nothing was seized.
    [[nodiscard]] std::optional<margin::SignedWad> difference() const;
    [[nodiscard]] bool is_off_by_more(core::Bps limit) const;
    /// Of what was really seized, and of what was to be: the part of accounts that are both;
    /// rounded down, nullopt of nothing.
    [[nodiscard]] std::optional<core::Wad> recall() const;
    [[nodiscard]] std::optional<core::Wad> precision() const;
};

struct Spread {
    std::int64_t median = 0;  ///< of an even number the lower of the two in the middle
    std::int64_t min = 0;
    std::int64_t max = 0;
};

/// Green, red, or nothing to judge: nobody fell, and nobody was to.
enum class BacktestVerdict { Nothing, Green, Red };

struct Backtest {
    std::vector<BacktestRow> rows;  ///< by account
    Share recall;                   ///< of accounts really liquidated: that were predicted
    Share precision;                ///< of accounts predicted: that were really liquidated
    Share recall_untouched;         ///< the same of accounts that did not act
    Share precision_untouched;
    std::vector<SeizedValue> values;    ///< by quote
    std::size_t unvalued = 0;           ///< accounts of which a value is not known
    std::optional<Spread> lead_blocks;  ///< nullopt: no account is both
    std::optional<Spread> lead_s;
    BacktestVerdict verdict = BacktestVerdict::Nothing;
    std::vector<std::string> red_because;  ///< a sentence each
};

[[nodiscard]] Backtest compare(const Evidence& evidence, const BacktestLimits& limits = {});

}  // namespace margrave::cascade
