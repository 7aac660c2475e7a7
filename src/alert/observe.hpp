#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/rule.hpp"
#include "core/address.hpp"
#include "core/archive.hpp"
#include "report/report.hpp"

namespace margrave::alert {

/// Of whom a rule speaks: an account, a wallet (no market), or a chain (no wallet either). It is
/// what an alert is known by, so nothing of it may change while the alert lasts.
struct Subject {
    std::string chain;
    std::string protocol;
    std::string market;
    std::optional<core::Address> wallet;

    friend auto operator<=>(const Subject&, const Subject&) = default;
    friend bool operator==(const Subject&, const Subject&) = default;
    /// "ethereum aave_v3/core 0x…", for people and as part of a key.
    [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] Subject subject_of(const std::string& chain, const report::Account& account);

/// As it is kept, and back; throws InputError where it is none.
[[nodiscard]] core::Archive to_archive(const Subject& subject);
[[nodiscard]] Subject restore_subject(const core::Archive& archive);

/// The risk factor whose move alone would liquidate the account first; nullptr: none does.
[[nodiscard]] const exposure::FactorLimit* nearest_factor(const report::Account& account);

/// What a report must be made of for a quantity: looking at health takes a hundredth of the time of
/// a whole report, and a cascade many times that.
enum class Depth : std::uint8_t { Health, Whole, Cascade };
[[nodiscard]] Depth depth_of(Quantity quantity);

/// It compares what different sources say.
[[nodiscard]] bool compares_prices(Quantity quantity);

/// It is what a FactBook counts, and no report says.
[[nodiscard]] bool counts_changes(Quantity quantity);

/// Its only subject is the chain itself.
[[nodiscard]] bool is_of_chain(Quantity quantity);

/// Of whom a report is: of all that are watched on its chain, or of some of them alone, and then it
/// says nothing of the others, of markets, and of the chain itself.
struct Scope {
    std::vector<core::Address> wallets;
    bool is_of_all = true;
};

/// The quantity can be one of such a subject: an account, a market, a wallet, or a chain.
[[nodiscard]] bool may_be_of(Quantity quantity, const Subject& subject);

/// What the quantity is for every subject of the report that has it. Coverage gaps are also told of
/// the scope's wallets that have none. FactorExposure is of these factors, of all where none is
/// named.
[[nodiscard]] std::map<Subject, Value> observe(const report::Report& report,
                                               const std::string& chain, const Scope& scope,
                                               Quantity quantity,
                                               const std::vector<std::string>& factors = {});

/// Of what it does not mention it says thereby that it is gone, or a gap why that is not known.
[[nodiscard]] bool speaks_of(const report::Report& report, const Scope& scope,
                             const Subject& subject);

/// Of whom a whole report would tell the quantity, by a report of health: accounts, their markets,
/// or the chain.
[[nodiscard]] std::set<Subject> subjects_of(const report::Report& health, const std::string& chain,
                                            Quantity quantity);

/// What to think of a subject that the report does not mention: it was closed, or it could not be
/// read. Where in doubt the latter: a gap of its protocol may be its market's, and one that names
/// no protocol, or a kind of smart account, may be why a wallet behind a wallet was not found.
[[nodiscard]] Value value_of_absent(const report::Report& report, const Subject& subject,
                                    const std::vector<core::Address>& wallets);
/// The same of a quantity: what is compared may be missing because of any market's gap.
[[nodiscard]] Value value_of_absent(const report::Report& report, const Subject& subject,
                                    const std::vector<core::Address>& wallets, Quantity quantity);

/// It is of one of these wallets, or of an account behind one of them, or it could not be read
/// whether it is.
[[nodiscard]] bool is_watched(const report::Report& report, const Subject& subject,
                              const std::vector<core::Address>& wallets);

}  // namespace margrave::alert
