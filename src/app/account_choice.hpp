#pragma once

#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli.hpp"
#include "app/exit_codes.hpp"
#include "app/gather.hpp"
#include "core/address.hpp"
#include "margin/market.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::app {

/// A row of a market of the snapshot.
struct ChosenAccount {
    const margin::Market* market = nullptr;
    std::size_t row = 0;
};

/// The protocol's name as adapters have it: "aave-v3" is aave_v3.
[[nodiscard]] std::string protocol_name(std::string_view text);

/// The accounts of the wallets that hold something and fit the options.
[[nodiscard]] std::vector<ChosenAccount> matching_accounts(const snapshot::Snapshot& snapshot,
                                                           const std::set<core::Address>& wallets,
                                                           const AccountOptions& options);

/// What was asked for is not among what was read, and may stand in what could not be read: that is
/// a gap, and no mistake of who asks.
class UnreadError : public std::runtime_error {
  public:
    UnreadError(const std::string& what, ExitCode code) : runtime_error(what), code_(code) {}

    [[nodiscard]] ExitCode code() const { return code_; }

  private:
    ExitCode code_;
};

/// Throws UnreadError that names what could not be read of the wallets and options, where there is
/// any; `what` is what was not found.
void throw_if_unread(const Gathered& gathered, const AccountOptions& options,
                     const std::string& what);

/// Throws for options that no account fits: UnreadError, or InputError where all was read.
[[noreturn]] void refuse_no_account(const Gathered& gathered, const AccountOptions& options);

/// The only one of them; throws InputError that lists them where there are several, as
/// refuse_no_account() where there is none.
[[nodiscard]] ChosenAccount choose_account(const Gathered& gathered, const AccountOptions& options);

/// An asset of the market by its symbol (case does not count) or address; throws InputError that
/// names those that there are, also for a symbol that two assets share.
[[nodiscard]] core::Address resolve_asset(const margin::Market& market, std::string_view text);
/// The asset's symbol, or its address where the market knows none.
[[nodiscard]] std::string asset_symbol(const margin::Market& market, const core::Address& asset);

/// Base units as typed: decimal digits; throws InputError naming the option.
[[nodiscard]] core::U256 parse_raw(const std::string& option, const std::string& text);

/// The gaps that an answer about this account has.
[[nodiscard]] std::vector<snapshot::CoverageGap> gaps_of(const snapshot::Snapshot& snapshot,
                                                         const ChosenAccount& account);

}  // namespace margrave::app
