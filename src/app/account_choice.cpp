#include "app/account_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "report/account_text.hpp"

namespace margrave::app {
namespace {

using core::InputError;
using core::lower;

std::string describe(const ChosenAccount& account) {
    const margin::MarketName& name = account.market->name();
    return fmt::format("{} --chain {} --protocol {} --market {}",
                       account.market->wallet(account.row).to_string(), name.chain, name.protocol,
                       name.name);
}

bool fits(const margin::MarketName& name, const AccountOptions& options) {
    return (!options.protocol || protocol_name(*options.protocol) == name.protocol) &&
           (!options.market || lower(*options.market) == lower(name.name));
}

/// "aave_v3 core on devnet, 0x…: timeout: node.example eth_call: …"
std::string describe(const snapshot::CoverageGap& gap) {
    return fmt::format("{}{}: {}: {}",
                       gap.protocol.empty()
                           ? core::printable(gap.chain)
                           : report::market_text({gap.protocol, gap.chain, gap.market}),
                       gap.wallet ? ", " + gap.wallet->to_string() : "", core::to_string(gap.kind),
                       core::printable(gap.detail));
}

/// A gap without protocol or market is one of all of them.
bool may_hide(const snapshot::CoverageGap& gap, const std::set<core::Address>& wallets,
              const AccountOptions& options) {
    return (!gap.wallet || wallets.contains(*gap.wallet)) &&
           (gap.protocol.empty() || !options.protocol ||
            protocol_name(*options.protocol) == gap.protocol) &&
           (gap.market.empty() || !options.market || lower(*options.market) == lower(gap.market));
}

/// Every asset that the market speaks of, with its symbol.
std::map<core::Address, std::string> assets_of(const margin::Market& market) {
    std::map<core::Address, std::string> out;
    for (const margin::AssetCapacity& asset : market.capacities()) {
        out.emplace(asset.asset, asset.symbol);
    }
    for (const margin::OracleAnswer& answer : market.answers()) {
        out.emplace(answer.asset, answer.symbol);
        if (answer.denominator) {
            out.emplace(*answer.denominator, answer.denominator_symbol);
        }
    }
    for (std::size_t row = 0; row < market.account_count(); ++row) {
        for (const margin::Leg& leg : market.legs(row)) {
            out.emplace(leg.asset, leg.symbol);
        }
    }
    return out;
}

std::string list_of(const std::map<core::Address, std::string>& assets) {
    std::vector<std::string> names;
    names.reserve(assets.size());
    for (const auto& [address, symbol] : assets) {
        names.push_back(core::printable(symbol));
    }
    std::sort(names.begin(), names.end());
    return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string protocol_name(std::string_view text) {
    std::string out(text);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

std::vector<ChosenAccount> matching_accounts(const snapshot::Snapshot& snapshot,
                                             const std::set<core::Address>& wallets,
                                             const AccountOptions& options) {
    std::vector<ChosenAccount> out;
    for (const auto& market : snapshot.markets) {
        for (std::size_t row = 0; fits(market->name(), options) && row < market->account_count();
             ++row) {
            if (market->is_active(row) && wallets.contains(market->wallet(row))) {
                out.push_back({.market = market.get(), .row = row});
            }
        }
    }
    return out;
}

void throw_if_unread(const Gathered& gathered, const AccountOptions& options,
                     const std::string& what) {
    std::string lines;
    for (const snapshot::CoverageGap& gap : gathered.snapshot.gaps) {
        if (may_hide(gap, gathered.wallets, options)) {
            lines += "\n  " + describe(gap);
        }
    }
    if (!lines.empty()) {
        throw UnreadError(
            fmt::format("{} among what was read, and not all could be read:{}", what, lines),
            gathered.chain_unreadable ? ExitCode::Unreadable : ExitCode::Gaps);
    }
}

void refuse_no_account(const Gathered& gathered, const AccountOptions& options) {
    throw_if_unread(gathered, options, "there is no account to act on");
    throw InputError(fmt::format(
        "no account to act on: the wallet holds nothing in {}{}{}",
        options.protocol ? core::printable(*options.protocol) : "any protocol",
        options.market ? "/" : "", options.market ? core::printable(*options.market) : ""));
}

ChosenAccount choose_account(const Gathered& gathered, const AccountOptions& options) {
    const auto found = matching_accounts(gathered.snapshot, gathered.wallets, options);
    if (found.size() == 1) {
        return found.front();
    }
    if (found.empty()) {
        refuse_no_account(gathered, options);
    }
    std::string names;
    for (const ChosenAccount& account : found) {
        names += "\n  " + describe(account);
    }
    throw InputError(
        fmt::format("there are {} such accounts, choose one of:{}", found.size(), names));
}

core::Address resolve_asset(const margin::Market& market, std::string_view text) {
    const auto assets = assets_of(market);
    if (text.starts_with("0x") || text.starts_with("0X")) {
        const core::Address address = core::Address::parse(text);
        if (!assets.contains(address)) {
            throw InputError(fmt::format("{} is no asset of {}/{}; there are {}",
                                         address.to_string(), market.name().protocol,
                                         market.name().name, list_of(assets)));
        }
        return address;
    }
    std::vector<core::Address> found;
    for (const auto& [address, symbol] : assets) {
        if (lower(symbol) == lower(text)) {
            found.push_back(address);
        }
    }
    if (found.empty()) {
        throw InputError(fmt::format("{}/{} has no asset \"{}\"; there are {}",
                                     market.name().protocol, market.name().name,
                                     core::printable(text), list_of(assets)));
    }
    if (found.size() > 1) {
        throw InputError(fmt::format("several assets of {}/{} are called {}; give an address: {}",
                                     market.name().protocol, market.name().name,
                                     core::printable(text), found.front().to_string()));
    }
    return found.front();
}

std::string asset_symbol(const margin::Market& market, const core::Address& asset) {
    const auto assets = assets_of(market);
    const auto found = assets.find(asset);
    return found == assets.end() ? asset.to_string() : found->second;
}

core::U256 parse_raw(const std::string& option, const std::string& text) {
    const auto value = core::parse_decimal(text);
    if (!value) {
        throw InputError(fmt::format("{}: \"{}\" is no amount in base units; write decimal digits",
                                     option, core::printable(text)));
    }
    return *value;
}

std::vector<snapshot::CoverageGap> gaps_of(const snapshot::Snapshot& snapshot,
                                           const ChosenAccount& account) {
    std::vector<snapshot::CoverageGap> out;
    const margin::MarketName& name = account.market->name();
    const core::Address wallet = account.market->wallet(account.row);
    for (const snapshot::CoverageGap& gap : snapshot.gaps) {
        if (gap.chain == name.chain && gap.protocol == name.protocol && gap.market == name.name &&
            (!gap.wallet || *gap.wallet == wallet)) {
            out.push_back(gap);
        }
    }
    return out;
}

}  // namespace margrave::app
