#include <catch2/catch.hpp>

#include "oracle/model.hpp"
#include "snapshot/snapshot.hpp"
#include "tests/support/fake_venue.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/oracles.hpp"
#include "tests/support/snapshots.hpp"

namespace margrave::snapshot {
namespace {

using Catch::Matchers::Contains;

std::unique_ptr<margin::Market> restore(std::string_view protocol, const core::Archive& archive) {
    if (protocol != "aave_v3") {
        throw core::InputError("this margrave does not know the protocol");
    }
    return test::FakeMarket::restore(archive);
}

/// The file of the examples with one piece of text replaced by another.
std::string file_with(const std::string& piece, const std::string& replacement) {
    std::string text = test::golden("src/snapshot/golden/example.json");
    const std::size_t at = text.find(piece);
    REQUIRE(at != std::string::npos);
    return text.replace(at, piece.size(), replacement);
}

TEST_CASE("a snapshot is written as its documented file", "[snapshot][golden]") {
    CHECK(to_json(test::example()) == test::golden("src/snapshot/golden/example.json"));
}

TEST_CASE("writing a file that was read gives the same bytes", "[snapshot]") {
    const std::string text = to_json(test::example());
    CHECK(to_json(from_json(text, restore)) == text);
}

TEST_CASE("an empty snapshot survives its file", "[snapshot]") {
    const std::string text = to_json(Snapshot{});
    const Snapshot read = from_json(text, restore);
    CHECK(to_json(read) == text);
    CHECK(read.wallets.empty());
    CHECK(read.chains.empty());
    CHECK(read.markets.empty());
    CHECK(read.holdings.empty());
    CHECK(read.gaps.empty());
}

TEST_CASE("who agreed and who was outvoted is in the snapshot", "[snapshot]") {
    Snapshot snapshot = test::example();
    snapshot.chains[0].endpoints_agreeing = 2;
    snapshot.chains[0].disagreements = {"a.example said 1", "b.example said 2"};
    const Snapshot read = from_json(to_json(snapshot), restore);
    CHECK(read.chains[0].endpoints_agreeing == 2);
    CHECK(read.chains[0].disagreements == snapshot.chains[0].disagreements);
}

TEST_CASE("everything that was read is in the snapshot", "[snapshot]") {
    const Snapshot read = from_json(to_json(test::example()), restore);
    REQUIRE(read.wallets.size() == 5);
    CHECK(read.wallets[0] == test::numbered(4));

    REQUIRE(read.chains.size() == 1);
    CHECK(read.chains[0].chain_id == core::ChainId(1));
    CHECK(read.chains[0].number == core::BlockNumber(22'711'111));
    CHECK(read.chains[0].hash == test::ethereum().hash);
    CHECK(read.chains[0].timestamp == test::kBlockTime);
    CHECK(read.chains[0].pinned_by_hash);
    CHECK(read.chains[0].endpoints_agreeing == 1);
    CHECK(read.chains[0].disagreements.empty());

    REQUIRE(read.markets.size() == 1);
    CHECK(read.markets[0]->name() == margin::MarketName{"aave_v3", "ethereum", "core"});
    CHECK(read.markets[0]->account_count() == 5);

    REQUIRE(read.holdings.size() == 4);
    CHECK_FALSE(read.holdings[0].asset);
    CHECK(read.holdings[0].price->source == PriceSource::ChainlinkFeed);
    CHECK(read.holdings[0].price->quote.answer == 2500'00000000);
    CHECK(read.holdings[0].price->quote.updated_at == test::kBlockTime);
    CHECK(read.holdings[1].asset == test::kWeth);
    CHECK(read.holdings[1].amount == core::wad());
    CHECK_FALSE(read.holdings[2].price);
    CHECK(read.holdings[2].symbol == "BADGE \x1b[31m");

    REQUIRE(read.gaps.size() == 2);
    CHECK_FALSE(read.gaps[0].wallet);
    CHECK(read.gaps[0].kind == core::ErrorKind::NoPrice);
    CHECK(read.gaps[1].wallet == test::numbered(4));
}

TEST_CASE("amounts of 256 bits and tokens without decimals survive the file", "[snapshot]") {
    Snapshot snapshot = test::snapshot_of(test::market({}));
    Holding holding = test::weth_holding(1, core::max_u256());
    holding.decimals = GENERATE(0U, 2U, 24U, 255U);
    snapshot.holdings = {holding};
    const Snapshot read = from_json(to_json(snapshot), restore);
    CHECK(read.holdings.at(0).amount == core::max_u256());
    CHECK(read.holdings.at(0).decimals == holding.decimals);
}

/// With a claim on ether and a Safe.
Snapshot with_claims() {
    Snapshot snapshot = test::example();
    TokenClaim claim;
    claim.chain = "ethereum";
    claim.token = test::numbered(0x71);
    claim.symbol = "rETH";
    claim.decimals = 18;
    claim.kind = ClaimKind::REth;
    claim.underlying_symbol = "ETH";
    claim.underlying_decimals = 18;
    claim.keeper = claim.token;
    claim.rate = core::wad() + 7;
    claim.answers = {{core::U256(3), core::U256(4)}, {core::max_u256(), core::max_u256()}};
    claim.allocations = {{.protocol = "morpho_blue",
                          .market = "0x77",
                          .collateral_symbol = "WETH",
                          .lent = 1,
                          .supplied = core::max_u256(),
                          .borrowed = 2}};
    snapshot.claims = {claim};
    SmartAccount safe;
    safe.chain = "ethereum";
    safe.address = test::numbered(0x72);
    safe.owners = {test::numbered(1), test::numbered(2)};
    safe.threshold = 2;
    snapshot.smart_accounts = {safe};
    return snapshot;
}

TEST_CASE("claims and smart accounts survive the file", "[snapshot][claims]") {
    const std::string text = to_json(with_claims());
    const Snapshot read = from_json(text, restore);
    CHECK(to_json(read) == text);
    REQUIRE(read.claims.size() == 1);
    CHECK(read.claims[0].kind == ClaimKind::REth);
    CHECK_FALSE(read.claims[0].underlying);
    CHECK(read.claims[0].rate == core::wad() + 7);
    CHECK(read.claims[0].answers.at(core::U256(3)) == 4);
    CHECK(read.claims[0].allocations == with_claims().claims[0].allocations);
    REQUIRE(read.smart_accounts.size() == 1);
    CHECK(read.smart_accounts[0].owners.size() == 2);
    CHECK(read.smart_accounts[0].threshold == 2);
}

TEST_CASE("a malformed claim is refused with its path", "[snapshot][claims][refused]") {
    const auto refused = [](const std::string& piece, const std::string& replacement,
                            const std::string& path) {
        std::string text = to_json(with_claims());
        const std::size_t at = text.rfind(piece);
        REQUIRE(at != std::string::npos);
        text.replace(at, piece.size(), replacement);
        CHECK_THROWS_WITH(from_json(text, restore), Contains(path));
    };
    refused(R"("kind": "reth")", R"("kind": "rumour")", "claims[0].kind");
    refused(R"("kind": "safe")", R"("kind": "unsafe")", "smart_accounts[0].kind");
    refused(R"("underlying_decimals": "18")", R"("underlying_decimals": "37")",
            "claims[0].underlying_decimals");
    refused(R"("amount": "3")", "\"amount\": \"" + core::to_decimal(core::max_u256()) + '"',
            "claims[0].answers[1]");
    refused(R"("rate": "1000000000000000007")", R"("rate": "-1")", "claims[0].rate");
}

TEST_CASE("a file of another version is refused by name", "[snapshot][refused]") {
    CHECK_THROWS_WITH(from_json(file_with("margrave.snapshot/1", "margrave.snapshot/2"), restore),
                      Contains("margrave.snapshot/2") && Contains("reads \"margrave.snapshot/1\""));
    CHECK_THROWS_WITH(from_json("{}", restore), Contains("\"schema\" is missing"));
    CHECK_THROWS_WITH(from_json("[]", restore), Contains("should be an object"));
}

TEST_CASE("a malformed field is refused with its path", "[snapshot][refused]") {
    struct Fault {
        std::string piece;
        std::string replacement;
        std::string path;
        std::string why;
    };
    const auto fault = GENERATE(values<Fault>(
        {{R"("amount": "500000000000000000")", R"("amount": "0500000000000000000")",
          "holdings[0].amount", "leading zero"},
         {R"("amount": "500000000000000000")", R"("amount": "-5")", "holdings[0].amount",
          "decimal digits"},
         {R"("amount": "500000000000000000")", R"("amount": "")", "holdings[0].amount",
          "decimal digits"},
         {R"("amount": "500000000000000000")", R"("amount": 5)", "holdings[0].amount",
          "JSON number"},
         {R"("amount": "500000000000000000")", R"("amount": null)", "holdings[0].amount",
          "should be a text"},
         {"\"amount\": \"500000000000000000\",\n      ", "", "holdings[0]",
          "\"amount\" is missing"},
         {R"("decimals": "18")", R"("decimals": "256")", "holdings[0].decimals", "at most 255"},
         {R"("unit": "100000000")", R"("unit": "0")", "holdings[0].price.unit", "at least 1"},
         {R"("source": "chainlink_feed")", R"("source": "rumour")", "holdings[0].price.source",
          "chainlink_feed"},
         {R"("kind": "no_price")", R"("kind": "no_prices")", "gaps[0].kind", "no_prices"},
         {R"("chain_id": "1")", R"("chain_id": "18446744073709551616")", "chains[0].chain_id",
          "64 bits"},
         {R"("hash": "0xab)", R"("hash": "0x)", "chains[0].block.hash", "64 hex digits"},
         {R"("pinned_by_hash": true)", R"("pinned_by_hash": "true")", "chains[0].pinned_by_hash",
          "true or false"},
         {R"("pinned_by_hash": true)", R"("pinned_by_hash": true, "extra": null)",
          "chains[0].extra", "does not know the field"},
         {"\"0x0404", "\"0x04", "wallets[0]", "0x04"},
         {"\"protocol\": \"aave_v3\",\n      \"state\"", "\"protocol\": \"maker\", \"state\"",
          "markets[0].state", "does not know the protocol"},
         {R"("time": "1750000000")", R"("time": "soon")", "markets[0].state", "\"time\""},
         {"\"chain\": \"ethereum\",\n      \"decimals\"", R"("chain": "base", "decimals")",
          "holdings[0]", "not in \"chains\""}}));
    INFO(fault.replacement);
    CHECK_THROWS_WITH(from_json(file_with(fault.piece, fault.replacement), restore),
                      Contains("snapshot: " + fault.path) && Contains(fault.why));
}

TEST_CASE("a market of another protocol than its entry says is refused", "[snapshot][refused]") {
    const auto restore_any = [](std::string_view, const core::Archive& archive) {
        return test::FakeMarket::restore(archive);
    };
    CHECK_THROWS_WITH(from_json(file_with("\"protocol\": \"aave_v3\",\n        \"time\"",
                                          R"("protocol": "spark", "time")"),
                                restore_any),
                      Contains("markets[0].protocol") && Contains("spark"));
}

TEST_CASE("a market whose chain has no block in the file is refused", "[snapshot][refused]") {
    Snapshot snapshot = test::snapshot_of(test::market({}));
    snapshot.chains.clear();
    CHECK_THROWS_WITH(from_json(to_json(snapshot), restore),
                      Contains("markets[0]") && Contains("not in \"chains\""));
}

std::unique_ptr<margin::Venue> restore_venue(std::string_view kind, const core::Archive& archive) {
    if (kind != "fixed_rate") {
        throw core::InputError("this margrave does not know the kind");
    }
    return test::FakeVenue::restore(archive);
}

Snapshot with_a_pool() {
    Snapshot snapshot = test::snapshot_of(test::market({}));
    snapshot.venues.push_back(
        std::make_unique<test::FakeVenue>("ethereum", test::numbered(7), test::kWeth, test::kUsdc));
    return snapshot;
}

TEST_CASE("pools are written behind the markets and read again", "[snapshot][venue]") {
    const std::string text = to_json(with_a_pool());
    const Snapshot read = from_json(text, restore, nullptr, restore_venue);
    REQUIRE(read.venues.size() == 1);
    CHECK(read.venues[0]->name() == margin::VenueName{"fixed_rate", "ethereum", test::numbered(7)});
    CHECK(to_json(read) == text);
}

TEST_CASE("a snapshot without pools does not speak of them", "[snapshot][venue]") {
    CHECK(to_json(Snapshot{}).find("venues") == std::string::npos);
}

TEST_CASE("a pool that cannot be restored is refused where it stands",
          "[snapshot][venue][refused]") {
    std::string text = to_json(with_a_pool());
    CHECK_THROWS_WITH(from_json(text, restore), Contains("venues[0].state: pools are not read"));
    const auto restore_any = [](std::string_view, const core::Archive& archive) {
        return test::FakeVenue::restore(archive);
    };
    const std::string kind = R"("kind": "fixed_rate")";
    text.replace(text.find(kind), kind.size(), R"("kind": "other")");
    CHECK_THROWS_WITH(from_json(text, restore, nullptr, restore_venue),
                      Contains("venues[0].state") && Contains("does not know the kind"));
    CHECK_THROWS_WITH(from_json(text, restore, nullptr, restore_any),
                      Contains("venues[0].kind") && Contains("fixed_rate"));
}

TEST_CASE("a pool whose chain has no block in the file is refused", "[snapshot][venue][refused]") {
    Snapshot snapshot = with_a_pool();
    snapshot.markets.clear();
    snapshot.chains.clear();
    CHECK_THROWS_WITH(from_json(to_json(snapshot), restore, nullptr, restore_venue),
                      Contains("venues[0]") && Contains("not in \"chains\""));
}

TEST_CASE("a chain that stands in the file twice is refused", "[snapshot][refused]") {
    Snapshot snapshot;
    snapshot.chains = {test::ethereum(), test::ethereum()};
    CHECK_THROWS_WITH(from_json(to_json(snapshot), restore),
                      Contains("chains[1]") && Contains("twice"));
}

TEST_CASE("an error shows hostile text of the file without its control characters",
          "[snapshot][refused]") {
    const std::string text = file_with("margrave.snapshot/1", R"(\u001b[2J\u202e)");
    CHECK_THROWS_WITH(from_json(text, restore), Contains("\"?[2J?\""));
}

TEST_CASE("every price source is found again by its name", "[snapshot]") {
    const auto source =
        GENERATE(PriceSource::None, PriceSource::ProtocolOracle, PriceSource::ChainlinkFeed);
    CHECK(parse_price_source(to_string(source)) == source);
    CHECK_FALSE(parse_price_source("rumour"));
    CHECK_FALSE(parse_price_source(""));
}

TEST_CASE("every kind of error is found again by its name", "[snapshot][errors]") {
    const int last = static_cast<int>(core::ErrorKind::NoAgreement);
    for (int i = 0; i <= last; ++i) {
        const auto kind = static_cast<core::ErrorKind>(i);
        CHECK(core::parse_error_kind(core::to_string(kind)) == kind);
    }
    CHECK_FALSE(core::parse_error_kind("rate limited"));
    CHECK_FALSE(core::parse_error_kind(""));
}

/// The example with a capped ratio over a feed, as read at its block.
Snapshot with_oracles() {
    Snapshot snapshot = test::example();
    const auto at_block = [&](const margin::OracleSource& source) {
        margin::OracleSource out = source;
        out.read_at = snapshot.chains[0].timestamp;
        return std::make_shared<const margin::OracleSource>(std::move(out));
    };
    const auto feed = at_block(*test::feed(1, 2000'00000000, "ETH / USD"));
    const auto capped = at_block(*test::capped_ratio(feed, core::U256("1200000000000000000"),
                                                     {.snapshot = core::U256("1190000000000000000"),
                                                      .growth = 7,
                                                      .scale = 1,
                                                      .seconds = 0,
                                                      .answer = 2380'00000000}));
    snapshot.oracles = {
        {.chain = "ethereum",
         .models = {oracle::make_model(feed), oracle::make_model(capped)},
         .sequencer = margin::Sequencer{.feed = test::numbered(5),
                                        .answer = 0,
                                        .started_at = core::Timestamp(1'700'000'000),
                                        .grace_s = 3600}}};
    return snapshot;
}

TEST_CASE("price sources survive the file, byte for byte", "[snapshot][oracles]") {
    const std::string text = to_json(with_oracles());
    const Snapshot read = from_json(text, restore, oracle::make_model);
    CHECK(to_json(read) == text);
    REQUIRE(read.oracles.size() == 1);
    const margin::OracleBook& book = read.oracles[0];
    REQUIRE(book.models.size() == 2);
    const margin::OracleSource& capped = book.models[1]->source();
    CHECK(capped.kind == margin::OracleKind::CappedRatio);
    CHECK(capped.read_at == read.chains[0].timestamp);
    CHECK(capped.parts.at(0).made_of.get() == &book.models[0]->source());  // shared, not copied
    CHECK(capped.parts.at(1).made_of == nullptr);
    CHECK(book.sequencer->started_at == core::Timestamp(1'700'000'000));
    CHECK_THROWS_WITH(from_json(text, restore), Contains("nothing here can make its model"));
}

TEST_CASE("a malformed price source is refused by its place", "[snapshot][oracles]") {
    struct Fault {
        const char* piece;
        const char* replacement;
        const char* told;
    };
    const auto fault = GENERATE(
        Fault{"\"kind\": \"capped_ratio\"", "\"kind\": \"twap\"", "sources[1].kind"},
        Fault{"\"made_of_source\": false", "\"made_of_source\": true",
              "no source of this address stands before"},
        Fault{"\"growth_scale\": \"1\"", "\"growth_scale\": \"0\"", "\"growth_scale\" of 0"},
        Fault{"\"role\": \"ratio\"", "\"role\": \"rates\"", "lacks its part \"ratio\""},
        Fault{"{\n      \"chain\": \"ethereum\",\n      \"sequencer\"",
              "{\n      \"chain\": \"atlantis\",\n      \"sequencer\"",
              "oracles[0].chain: this chain is not in \"chains\""});
    std::string text = to_json(with_oracles());
    const std::size_t at = text.find(fault.piece);
    REQUIRE(at != std::string::npos);
    text.replace(at, std::string(fault.piece).size(), fault.replacement);
    CHECK_THROWS_WITH(from_json(text, restore, oracle::make_model), Contains(fault.told));
}

}  // namespace
}  // namespace margrave::snapshot
