#include <set>

#include "core/text.hpp"
#include "snapshot/archive_json.hpp"
#include "snapshot/file_field.hpp"
#include "snapshot/oracle_file.hpp"
#include "snapshot/schema.hpp"
#include "snapshot/snapshot.hpp"

namespace margrave::snapshot {

namespace {

using core::Archive;

Archive parse(std::string_view text) {
    // The parser knows the place in the file, not what the file is.
    try {
        return parse_json(text, JsonLimits{});
    } catch (const core::InputError& error) {
        throw core::InputError(std::string("snapshot: ") + error.what());
    }
}

void require_schema(const FileField& file) {
    const FileField schema = file.at("schema");
    if (schema.text() != kSchema) {
        schema.refuse("this file is \"" + core::printable(schema.text()) +
                      "\", and this margrave reads \"" + std::string(kSchema) + "\"");
    }
}

template <class T, class Read>
std::vector<T> read_list(const FileField& list, Read read) {
    std::vector<T> values;
    for (const FileField& element : list.elements()) {
        values.push_back(read(element));
    }
    return values;
}

std::optional<core::Address> address_or_null(const FileField& field) {
    return field.is_null() ? std::nullopt : std::optional(field.address());
}

ChainCut read_chain(const FileField& field) {
    field.require_only(
        {"block", "chain", "chain_id", "disagreements", "endpoints_agreeing", "pinned_by_hash"});
    const FileField block = field.at("block");
    block.require_only({"hash", "number", "timestamp"});
    ChainCut cut{.chain = field.at("chain").text(),
                 .chain_id = core::ChainId(field.at("chain_id").u64()),
                 .number = core::BlockNumber(block.at("number").u64()),
                 .hash = block.at("hash").hash(),
                 .timestamp = core::Timestamp(block.at("timestamp").u64()),
                 .pinned_by_hash = field.at("pinned_by_hash").flag()};
    if (field.archive().has("endpoints_agreeing")) {
        cut.endpoints_agreeing = field.at("endpoints_agreeing").u64();
    }
    if (field.archive().has("disagreements")) {
        for (const FileField& disagreement : field.at("disagreements").elements()) {
            cut.disagreements.push_back(disagreement.text());
        }
    }
    return cut;
}

HoldingPrice read_price(const FileField& field) {
    field.require_only({"answer", "feed", "name", "source", "unit", "updated_at"});
    const FileField source = field.at("source");
    const auto known = parse_price_source(source.text());
    if (!known) {
        source.refuse(R"(should be "none", "protocol_oracle" or "chainlink_feed")");
    }
    const FileField updated_at = field.at("updated_at");
    HoldingPrice price{.source = *known,
                       .name = field.at("name").text(),
                       .quote = {.answer = field.at("answer").u256(),
                                 .source = field.at("feed").address(),
                                 .updated_at = std::nullopt},
                       .unit = field.at("unit").u256()};
    if (!updated_at.is_null()) {
        price.quote.updated_at = core::Timestamp(updated_at.u64());
    }
    if (price.unit == 0) {
        field.at("unit").refuse("should be at least 1: a price is divided by it");
    }
    return price;
}

Holding read_holding(const FileField& field) {
    field.require_only({"amount", "asset", "chain", "decimals", "price", "symbol", "wallet"});
    constexpr std::uint64_t kDecimalsMax = 255;  // ERC-20 answers a uint8
    const std::uint64_t decimals = field.at("decimals").u64();
    if (decimals > kDecimalsMax) {
        field.at("decimals").refuse("should be at most 255");
    }
    const FileField price = field.at("price");
    return {.chain = field.at("chain").text(),
            .wallet = field.at("wallet").address(),
            .asset = address_or_null(field.at("asset")),
            .symbol = field.at("symbol").text(),
            .decimals = static_cast<unsigned>(decimals),
            .amount = field.at("amount").u256(),
            .price = price.is_null() ? std::nullopt : std::optional(read_price(price))};
}

constexpr std::uint64_t kClaimDecimalsMax = 36;  // more is refused when a token is read

unsigned read_decimals(const FileField& field) {
    if (field.u64() > kClaimDecimalsMax) {
        field.refuse("should be at most 36");
    }
    return static_cast<unsigned>(field.u64());
}

margin::Allocation read_allocation(const FileField& field) {
    field.require_only({"borrowed", "collateral_symbol", "lent", "market", "protocol", "supplied"});
    return {.protocol = field.at("protocol").text(),
            .market = field.at("market").text(),
            .collateral_symbol = field.at("collateral_symbol").text(),
            .lent = field.at("lent").u256(),
            .supplied = field.at("supplied").u256(),
            .borrowed = field.at("borrowed").u256()};
}

TokenClaim read_claim(const FileField& field) {
    field.require_only({"allocations", "answers", "chain", "decimals", "keeper", "kind", "rate",
                        "symbol", "token", "underlying", "underlying_decimals",
                        "underlying_symbol"});
    const auto kind = parse_claim_kind(field.at("kind").text());
    if (!kind) {
        field.at("kind").refuse(
            R"(should be "pool_balance", "erc4626", "wsteth", "weeth", "reth" or "rate")");
    }
    TokenClaim claim{
        .chain = field.at("chain").text(),
        .token = field.at("token").address(),
        .symbol = field.at("symbol").text(),
        .decimals = read_decimals(field.at("decimals")),
        .kind = *kind,
        .underlying = address_or_null(field.at("underlying")),
        .underlying_symbol = field.at("underlying_symbol").text(),
        .underlying_decimals = read_decimals(field.at("underlying_decimals")),
        .keeper = field.at("keeper").address(),
        .allocations = read_list<margin::Allocation>(field.at("allocations"), read_allocation),
        .rate = field.at("rate").u256(),
        .answers = {}};
    for (const FileField& answer : field.at("answers").elements()) {
        answer.require_only({"amount", "answer"});
        if (!claim.answers.emplace(answer.at("amount").u256(), answer.at("answer").u256()).second) {
            answer.refuse("its amount stands in the list twice");
        }
    }
    return claim;
}

SmartAccount read_smart_account(const FileField& field) {
    field.require_only({"address", "chain", "kind", "owners", "threshold"});
    const auto kind = parse_smart_account_kind(field.at("kind").text());
    if (!kind) {
        field.at("kind").refuse(R"(should be "safe" or "ds_proxy")");
    }
    return {.chain = field.at("chain").text(),
            .address = field.at("address").address(),
            .kind = *kind,
            .owners = read_list<core::Address>(
                field.at("owners"), [](const FileField& owner) { return owner.address(); }),
            .threshold = field.at("threshold").u64()};
}

CoverageGap read_gap(const FileField& field) {
    field.require_only({"chain", "detail", "kind", "market", "protocol", "wallet"});
    const auto kind = core::parse_error_kind(field.at("kind").text());
    if (!kind) {
        field.at("kind").refuse("this margrave does not know \"" +
                                core::printable(field.at("kind").text()) + '"');
    }
    return {.chain = field.at("chain").text(),
            .protocol = field.at("protocol").text(),
            .market = field.at("market").text(),
            .wallet = address_or_null(field.at("wallet")),
            .kind = *kind,
            .detail = field.at("detail").text()};
}

std::unique_ptr<margin::Market> read_market(const FileField& field, const RestoreMarket& restore) {
    field.require_only({"protocol", "state"});
    const std::string& protocol = field.at("protocol").text();
    const FileField state = field.at("state");
    std::unique_ptr<margin::Market> market;
    // An adapter names the field inside its own state; where that state stands is known only here.
    // Arithmetic that overflows while restoring is a malformed file too.
    try {
        market = restore(protocol, state.archive());
    } catch (const std::runtime_error& error) {
        state.refuse(error.what());
    }
    core::ensure(market != nullptr, "restoring gives a market or throws");
    if (market->name().protocol != protocol) {
        field.at("protocol")
            .refuse("its state is one of \"" + core::printable(market->name().protocol) + '"');
    }
    return market;
}

std::unique_ptr<margin::Venue> read_venue(const FileField& field, const RestoreVenue& restore) {
    field.require_only({"kind", "state"});
    const std::string& kind = field.at("kind").text();
    const FileField state = field.at("state");
    std::unique_ptr<margin::Venue> venue;
    if (!restore) {
        state.refuse("pools are not read here");
    }
    // As with markets: where the state stands is known only here.
    try {
        venue = restore(kind, state.archive());
    } catch (const std::runtime_error& error) {
        state.refuse(error.what());
    }
    core::ensure(venue != nullptr, "restoring gives a venue or throws");
    if (venue->name().kind != kind) {
        field.at("kind").refuse("its state is one of \"" + core::printable(venue->name().kind) +
                                '"');
    }
    return venue;
}

/// Every analysis looks up the block of what it is given; it shall be there, and only once.
void require_consistent(const Snapshot& snapshot, const FileField& file) {
    std::set<std::string_view> chains;
    for (std::size_t i = 0; i < snapshot.chains.size(); ++i) {
        if (!chains.insert(snapshot.chains[i].chain).second) {
            file.at("chains").elements()[i].refuse("its chain stands in the list twice");
        }
    }
    for (std::size_t i = 0; i < snapshot.markets.size(); ++i) {
        if (!chains.contains(snapshot.markets[i]->name().chain)) {
            file.at("markets").elements()[i].refuse("its chain is not in \"chains\"");
        }
    }
    for (std::size_t i = 0; i < snapshot.venues.size(); ++i) {
        if (!chains.contains(snapshot.venues[i]->name().chain)) {
            file.at("venues").elements()[i].refuse("its chain is not in \"chains\"");
        }
    }
    for (std::size_t i = 0; i < snapshot.holdings.size(); ++i) {
        if (!chains.contains(snapshot.holdings[i].chain)) {
            file.at("holdings").elements()[i].refuse("its chain is not in \"chains\"");
        }
    }
    std::set<std::pair<std::string_view, core::Address>> claims;
    for (std::size_t i = 0; i < snapshot.claims.size(); ++i) {
        const TokenClaim& claim = snapshot.claims[i];
        if (!chains.contains(claim.chain)) {
            file.at("claims").elements()[i].refuse("its chain is not in \"chains\"");
        }
        if (!claims.emplace(claim.chain, claim.token).second) {
            file.at("claims").elements()[i].refuse("its token stands in the list twice");
        }
    }
}

}  // namespace

Snapshot from_json(std::string_view text, const RestoreMarket& restore,
                   const MakeOracle& make_oracle, const RestoreVenue& restore_venue) {
    const Archive archive = parse(text);
    const FileField file(archive, "");
    require_schema(file);
    file.require_only({"schema", "wallets", "chains", "gaps", "holdings", "claims",
                       "smart_accounts", "oracles", "markets", "venues"});
    Snapshot snapshot;
    snapshot.wallets = read_list<core::Address>(
        file.at("wallets"), [](const FileField& field) { return field.address(); });
    snapshot.chains = read_list<ChainCut>(file.at("chains"), read_chain);
    snapshot.gaps = read_list<CoverageGap>(file.at("gaps"), read_gap);
    snapshot.holdings = read_list<Holding>(file.at("holdings"), read_holding);
    // Files of before look-through have neither.
    if (archive.has("claims")) {
        snapshot.claims = read_list<TokenClaim>(file.at("claims"), read_claim);
    }
    if (archive.has("smart_accounts")) {
        snapshot.smart_accounts =
            read_list<SmartAccount>(file.at("smart_accounts"), read_smart_account);
    }
    snapshot.markets = read_list<std::unique_ptr<margin::Market>>(
        file.at("markets"),
        [&restore](const FileField& field) { return read_market(field, restore); });
    if (archive.has("venues")) {
        snapshot.venues = read_list<std::unique_ptr<margin::Venue>>(
            file.at("venues"),
            [&restore_venue](const FileField& field) { return read_venue(field, restore_venue); });
    }
    require_consistent(snapshot, file);
    if (archive.has("oracles")) {
        snapshot.oracles = read_oracles(file.at("oracles"), snapshot.chains, make_oracle);
    }
    return snapshot;
}

}  // namespace margrave::snapshot
