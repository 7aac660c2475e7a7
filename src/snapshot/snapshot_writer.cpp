#include <utility>

#include "core/hex.hpp"
#include "snapshot/archive_json.hpp"
#include "snapshot/oracle_file.hpp"
#include "snapshot/schema.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::snapshot {

namespace {

using core::Archive;

template <class T>
Archive or_null(const std::optional<T>& value) {
    return value ? Archive(*value) : Archive();
}

Archive or_null(const std::optional<core::Timestamp>& time) {
    return time ? Archive(time->value()) : Archive();
}

Archive archive(const core::Address& wallet) { return wallet; }

Archive archive(const ChainCut& cut) {
    Archive block;
    block.set("hash", core::to_hex(cut.hash));
    block.set("number", cut.number.value());
    block.set("timestamp", cut.timestamp.value());
    Archive out;
    out.set("block", std::move(block));
    out.set("chain", cut.chain);
    out.set("chain_id", cut.chain_id.value());
    if (cut.endpoints_agreeing != 1) {
        out.set("endpoints_agreeing", cut.endpoints_agreeing);
    }
    if (!cut.disagreements.empty()) {
        out.set("disagreements", Archive::List(cut.disagreements.begin(), cut.disagreements.end()));
    }
    out.set("pinned_by_hash", cut.pinned_by_hash);
    return out;
}

Archive archive(const std::unique_ptr<margin::Market>& market) {
    Archive out;
    out.set("protocol", market->name().protocol);
    out.set("state", market->archive());
    return out;
}

Archive archive(const std::unique_ptr<margin::Venue>& venue) {
    Archive out;
    out.set("kind", venue->name().kind);
    out.set("state", venue->archive());
    return out;
}

Archive archive(const HoldingPrice& price) {
    Archive out;
    out.set("answer", price.quote.answer);
    out.set("feed", price.quote.source);
    out.set("name", price.name);
    out.set("source", std::string(to_string(price.source)));
    out.set("unit", price.unit);
    out.set("updated_at", or_null(price.quote.updated_at));
    return out;
}

Archive archive(const Holding& holding) {
    Archive out;
    out.set("amount", holding.amount);
    out.set("asset", or_null(holding.asset));
    out.set("chain", holding.chain);
    out.set("decimals", std::uint64_t{holding.decimals});
    out.set("price", holding.price ? archive(*holding.price) : Archive());
    out.set("symbol", holding.symbol);
    out.set("wallet", holding.wallet);
    return out;
}

Archive archive(const margin::Allocation& allocation) {
    Archive out;
    out.set("borrowed", allocation.borrowed);
    out.set("collateral_symbol", allocation.collateral_symbol);
    out.set("lent", allocation.lent);
    out.set("market", allocation.market);
    out.set("protocol", allocation.protocol);
    out.set("supplied", allocation.supplied);
    return out;
}

Archive archive(const TokenClaim& claim) {
    Archive::List answers;
    for (const auto& [amount, answer] : claim.answers) {
        Archive pair;
        pair.set("amount", amount);
        pair.set("answer", answer);
        answers.push_back(std::move(pair));
    }
    Archive::List allocations;
    for (const margin::Allocation& allocation : claim.allocations) {
        allocations.push_back(archive(allocation));
    }
    Archive out;
    out.set("allocations", std::move(allocations));
    out.set("answers", std::move(answers));
    out.set("chain", claim.chain);
    out.set("decimals", std::uint64_t{claim.decimals});
    out.set("keeper", claim.keeper);
    out.set("kind", std::string(to_string(claim.kind)));
    out.set("rate", claim.rate);
    out.set("symbol", claim.symbol);
    out.set("token", claim.token);
    out.set("underlying", or_null(claim.underlying));
    out.set("underlying_decimals", std::uint64_t{claim.underlying_decimals});
    out.set("underlying_symbol", claim.underlying_symbol);
    return out;
}

Archive archive(const SmartAccount& account) {
    Archive::List owners(account.owners.begin(), account.owners.end());
    Archive out;
    out.set("address", account.address);
    out.set("chain", account.chain);
    out.set("kind", std::string(to_string(account.kind)));
    out.set("owners", std::move(owners));
    out.set("threshold", account.threshold);
    return out;
}

Archive archive(const CoverageGap& gap) {
    Archive out;
    out.set("chain", gap.chain);
    out.set("detail", gap.detail);
    out.set("kind", std::string(core::to_string(gap.kind)));
    out.set("market", gap.market);
    out.set("protocol", gap.protocol);
    out.set("wallet", or_null(gap.wallet));
    return out;
}

template <class T>
Archive list(const std::vector<T>& values) {
    Archive::List out;
    out.reserve(values.size());
    for (const T& value : values) {
        out.push_back(archive(value));
    }
    return out;
}

}  // namespace

std::string to_json(const Snapshot& snapshot) {
    // An archive sorts its fields; at the top the schema comes first, as a reader of the file
    // expects, and the markets, which are long, come last.
    std::vector<std::pair<std::string_view, Archive>> parts{
        {"schema", std::string(kSchema)},      {"wallets", list(snapshot.wallets)},
        {"chains", list(snapshot.chains)},     {"gaps", list(snapshot.gaps)},
        {"holdings", list(snapshot.holdings)},
    };
    // Left out where there are none, as before there were any.
    if (!snapshot.claims.empty()) {
        parts.emplace_back("claims", list(snapshot.claims));
    }
    if (!snapshot.smart_accounts.empty()) {
        parts.emplace_back("smart_accounts", list(snapshot.smart_accounts));
    }
    if (!snapshot.oracles.empty()) {
        parts.emplace_back("oracles", archive_oracles(snapshot.oracles));
    }
    parts.emplace_back("markets", list(snapshot.markets));
    if (!snapshot.venues.empty()) {  // most snapshots are of commands that need none
        parts.emplace_back("venues", list(snapshot.venues));
    }
    constexpr std::size_t kIndent = 2;
    std::string out;
    const char* before = "{\n  \"";
    for (const auto& [name, part] : parts) {
        out.append(before).append(name).append("\": ");
        append_json(part, kIndent, out);
        before = ",\n  \"";
    }
    return out + "\n}\n";
}

}  // namespace margrave::snapshot
