#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "core/address.hpp"
#include "margin/market.hpp"
#include "report/report.hpp"
#include "snapshot/snapshot.hpp"

/// What is so of markets and accounts until it changes: parameters that administrators set, and
/// which accounts a wallet has.
namespace margrave::alert {

/// One row of a fact: what it is from this block on.
struct Fact {
    Subject of;        ///< a market (no wallet), an account, or a wallet in a protocol (no market)
    std::string part;  ///< of a market: margin::ParameterGroup::of; "" of what has no parts
    std::string name;
    std::uint64_t block = 0;
    std::uint64_t time_s = 0;          ///< the block's
    std::optional<std::string> value;  ///< nullopt: it is not there any more
    /// It changed while we looked; false of what was only seen for the first time, or left.
    bool is_news = false;
};

/// What a block shows of one chain.
struct FactsSeen {
    const snapshot::Snapshot& snapshot;
    const report::Report& report;
    std::uint64_t block = 0;
    std::uint64_t time_s = 0;
};

/// The facts of one chain. What is seen for the first time is no news; what cannot be read stays as
/// it was. Facts of what no watched account is in any more are left: whoever comes back to them
/// sees them for the first time.
class FactBook {
  public:
    /// `coverage` says what is read of each protocol, in a text that is another one when it is
    /// something else: accounts that come or go with it are no news.
    FactBook(std::string chain, std::vector<core::Address> wallets,
             std::map<std::string, std::string> coverage);

    /// Rows as they were learned before, each fact's own oldest first.
    void restore(const std::vector<Fact>& kept);
    /// The rows that the block adds. Blocks come in their order, each once.
    [[nodiscard]] std::vector<Fact> learn(const FactsSeen& seen);
    /// The blocks behind this one were reorganised away.
    void undo_after(std::uint64_t block);

    /// Of every market (ParameterChanges) or wallet (AccountChanges) that had one in so many
    /// seconds up to `now_s`: how many, and the newest.
    [[nodiscard]] std::map<Subject, Value> changes(Quantity quantity, std::uint64_t within_s,
                                                   std::uint64_t now_s) const;

    /// So many of a value's changes are named.
    static constexpr std::size_t kNamedMax = 20;
    /// News are kept so long, by the chain's time.
    static constexpr std::uint64_t kKeptS = 2'592'000;  // 30 days

  private:
    /// A fact's rows without their names.
    struct Row {
        std::uint64_t block = 0;
        std::uint64_t time_s = 0;
        std::optional<std::string> value;
    };
    struct Kept {
        std::vector<Row> rows;
        std::uint64_t seen = 0;  ///< at which look

        [[nodiscard]] const std::string* now() const {
            return rows.empty() || !rows.back().value ? nullptr : &*rows.back().value;
        }
    };
    struct Part {
        std::string label;
        std::map<std::string, Kept> facts;
        std::uint64_t seen = 0;  ///< at which look
    };
    using Parts = std::map<std::string, Part>;
    /// What changed() tells of, without the label, which a file does not keep.
    struct News {
        Subject of;
        std::string part;
        std::string name;
        std::optional<std::string> was;
        std::optional<std::string> is;
        std::uint64_t block = 0;
        std::uint64_t time_s = 0;
    };

    Kept& find_or_add(const Subject& of, const std::string& part, const std::string& name);
    void note(Kept& kept, Fact fact);
    void learn_accounts(const FactsSeen& seen);
    void learn_coverage(const FactsSeen& seen, const core::Address& wallet);
    void learn_market(const FactsSeen& seen, const margin::Market& market,
                      const margin::OracleBook* oracles);
    void leave_markets(const FactsSeen& seen);
    [[nodiscard]] bool is_watched(const report::Report& report, const core::Address& wallet) const;
    /// Whether what is read of the protocol for the wallet was the same at an earlier block.
    [[nodiscard]] bool is_covered(const Subject& account) const;
    [[nodiscard]] bool is_hidden(const report::Report& report, const Subject& subject) const;
    [[nodiscard]] Change change_of(const News& news) const;

    std::string chain_;
    std::vector<core::Address> wallets_;  ///< in order
    std::map<std::string, std::string> coverage_;
    std::map<Subject, Kept> accounts_;
    std::map<Subject, Kept> read_;  ///< a wallet in a protocol: the coverage it was read with
    std::map<Subject, Parts> markets_;
    std::vector<News> news_;  ///< by rising block
    std::vector<Fact> new_;
    std::uint64_t look_ = 0;
};

}  // namespace margrave::alert
