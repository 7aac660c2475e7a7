#include "chains/evm/oracles/source_book.hpp"

#include <catch2/catch.hpp>

#include "chains/evm/batch_reader.hpp"
#include "chains/evm/oracles/probes.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::chains::evm::oracles {
namespace {

using core::Address;
using core::ErrorKind;
using core::U256;
using margin::OracleKind;
using test::address;
using test::FakeNode;

const Address kEth = address(0xe0);
const Address kAggregator = address(0xe1);
const Address kCapo = address(0xca);
const Address kStaking = address(0x57);

abi::Int256 positive(const U256& value) { return {.negative = false, .magnitude = value}; }

/// A chain of price sources.
struct Sources {
    Sources() { answer_feed(kEth, "ETH / USD", 200'000'000'000); }

    [[nodiscard]] U256 now() const { return node.block.timestamp.value(); }

    void answer_feed(const Address& feed, const std::string& words, const U256& answer) {
        node.answer(feed, LatestAnswer{}, positive(answer));
        node.answer(feed, LatestRoundData{},
                    RoundData{abi::Uint<80>{1}, positive(answer), U256(now() - 60),
                              U256(now() - 60), abi::Uint<80>{1}});
        node.answer(feed, AnyDecimals{}, U256(8));
        node.answer(feed, Description{}, words);
    }
    void answer_capo(const U256& answer) {
        node.answer(kCapo, LatestAnswer{}, positive(answer));
        node.answer(kCapo, AnyDecimals{}, U256(8));
        node.answer(kCapo, Description{}, std::string("Capped wstETH / stETH(ETH) / USD"));
        node.answer(kCapo, BaseToUsdAggregator{}, kEth);
        node.answer(kCapo, GetRatio{}, positive(U256("1060000000000000000")));
        node.answer(kCapo, RatioProvider{}, kStaking);
        node.answer(kCapo, RatioDecimals{}, U256(18));
        node.answer(kCapo, GetSnapshotRatio{}, U256("1050000000000000000"));
        node.answer(kCapo, GetSnapshotTimestamp{}, U256(now() - 1000));
        node.answer(kCapo, GetMaxYearlyGrowth{}, U256(968));
    }
    SourceBook::Found read(const Address& source,
                           PriceQuestion question = PriceQuestion::LatestAnswer) {
        BatchReader reader(node, node.block, node.multicall3);
        SourceBook book(reader);
        book.note(source, question);
        book.note(source, question);
        reader.run({});
        rounds = reader.cost().rounds;
        return book.take();
    }

    FakeNode node;
    std::uint64_t rounds = 0;
};

TEST_CASE("a feed is told by its round, its bounds by the aggregator behind it", "[oracles]") {
    Sources chain;
    chain.node.answer(kEth, Aggregator{}, kAggregator);
    chain.node.answer(kAggregator, MinAnswer{}, positive(1'000'000));
    chain.node.answer(kAggregator, MaxAnswer{}, positive(U256("1000000000000")));
    const auto found = chain.read(kEth);
    REQUIRE(found.book.models.size() == 1);
    const margin::OracleSource& source = found.book.models[0]->source();
    CHECK(source.kind == OracleKind::Feed);
    CHECK(source.description == "ETH / USD");
    CHECK(source.answer == U256(200'000'000'000));
    CHECK(source.updated_at == core::Timestamp(chain.node.block.timestamp.value() - 60));
    CHECK(source.parameters.at("min_answer") == 1'000'000);
    CHECK(source.parameters.at("max_answer") == U256("1000000000000"));
    CHECK(chain.rounds == 2);
    CHECK(chain.node.times_asked(kEth, LatestAnswer{}) == 1);
}

TEST_CASE("a capped ratio of the first generation is confirmed by its answer", "[oracles][capo]") {
    // The figures of tests/src/oracle/model_test.cpp: 210000644596 with a cap that binds.
    Sources chain;
    chain.answer_capo(210'000'644'596);
    chain.node.answer(kCapo, GetMaxGrowth{}, U256(3'222'983'257));
    const auto found = chain.read(kCapo);
    REQUIRE(found.book.models.size() == 2);
    CHECK(found.book.models[0]->source().address == kEth);  // parts come first
    const margin::OracleModel& capo = *found.book.models[1];
    CHECK(capo.source().kind == OracleKind::CappedRatio);
    CHECK(capo.is_confirmed());
    CHECK(capo.source().parameters.at("growth_scale") == 1);
    CHECK(capo.leaves()[1].provider == kStaking);
    CHECK(capo.bounds().at(0).binds);
    CHECK(found.failures.empty());
}

TEST_CASE("the second generation is told by its scaled growth, or by the growth's size",
          "[oracles][capo]") {
    // cap = 1.05e18 + floor(3222983257229832 * 1000 / 1e6) = 1050003222983257229;
    // floor(2e11 * that / 1e18) = 210000644596.
    Sources chain;
    chain.answer_capo(210'000'644'596);
    SECTION("by its own function") {
        chain.node.answer(kCapo, GetMaxGrowth{}, U256(3'222'983'257));
        chain.node.answer(kCapo, GetMaxGrowthScaled{}, U256(3'222'983'257'229'832));
    }
    SECTION("by its size") {
        chain.node.answer(kCapo, GetMaxGrowth{}, U256(3'222'983'257'229'832));
    }
    const auto found = chain.read(kCapo);
    const margin::OracleModel& capo = *found.book.models.at(1);
    CHECK(capo.source().parameters.at("growth_scale") == 1'000'000);
    CHECK(capo.is_confirmed());
    CHECK(capo.bounds().at(0).limit == U256("1050003222983257229"));
}

TEST_CASE("a composition that does not give the contract's answer is not confirmed",
          "[oracles][capo]") {
    Sources chain;
    chain.answer_capo(210'000'644'597);
    chain.node.answer(kCapo, GetMaxGrowth{}, U256(3'222'983'257));
    CHECK_FALSE(chain.read(kCapo).book.models.at(1)->is_confirmed());
}

TEST_CASE("a capped dollar over a feed, and a product of two feeds", "[oracles]") {
    Sources chain;
    const Address usdt = address(0xd0);
    const Address capped = address(0xd1);
    chain.answer_feed(usdt, "USDT / USD", 106'000'000);
    chain.node.answer(capped, LatestAnswer{}, positive(104'000'000));
    chain.node.answer(capped, AssetToUsdAggregator{}, usdt);
    chain.node.answer(capped, GetPriceCap{}, positive(104'000'000));
    const auto stable = chain.read(capped);
    CHECK(stable.book.models.at(1)->source().kind == OracleKind::CappedPrice);
    CHECK(stable.book.models.at(1)->is_confirmed());
    CHECK(stable.book.models.at(1)->bounds().at(0).binds);

    const Address wbtc = address(0xb0);
    const Address product = address(0xb1);
    chain.answer_feed(wbtc, "WBTC / BTC", 99'000'000);
    chain.node.answer(product, LatestAnswer{}, positive(198'000'000'000));  // 0.99 * 2000
    chain.node.answer(product, AnyDecimals{}, U256(8));
    chain.node.answer(product, AssetToPeg{}, wbtc);
    chain.node.answer(product, PegToBase{}, kEth);
    const auto found = chain.read(product);
    const margin::OracleModel& model = *found.book.find(product);
    CHECK(model.source().kind == OracleKind::Product);
    CHECK(model.is_confirmed());
}

TEST_CASE("a fixed answer is told by the constant that it repeats", "[oracles]") {
    Sources chain;
    const Address gho = address(0x60);
    chain.node.answer(gho, LatestAnswer{}, positive(100'000'000));
    chain.node.answer(gho, FixedPrice{}, positive(100'000'000));
    const auto found = chain.read(gho);
    CHECK(found.book.models.at(0)->source().kind == OracleKind::Fixed);
    CHECK(found.book.models.at(0)->leaves().empty());
    CHECK(found.book.models.at(0)->is_confirmed());
}

TEST_CASE("a Morpho oracle is its vaults and feeds", "[oracles][morpho]") {
    Sources chain;
    const Address oracle = address(0x40);
    const Address vault = address(0x41);
    const U256 sample("1000000000000000000");
    // 1e16 * (1.1e18 * 2000e8) / 1 = 2.2e45.
    chain.node.answer(oracle, MorphoPrice{},
                      U256("2200000000000000000000000000000000000000000000"));
    chain.node.answer(oracle, ScaleFactor{}, U256("10000000000000000"));
    chain.node.answer(oracle, BaseVault{}, vault);
    chain.node.answer(oracle, BaseVaultSample{}, sample);
    chain.node.answer(oracle, QuoteVault{}, Address());
    chain.node.answer(oracle, QuoteVaultSample{}, U256(1));
    chain.node.answer(oracle, BaseFeed1{}, kEth);
    chain.node.answer(oracle, BaseFeed2{}, Address());
    chain.node.answer(oracle, QuoteFeed1{}, Address());
    chain.node.answer(oracle, QuoteFeed2{}, Address());
    chain.node.answer(vault, ConvertToAssets{}, U256("1100000000000000000"), sample);
    const auto found = chain.read(oracle, PriceQuestion::Price);
    const margin::OracleModel& model = *found.book.find(oracle);
    CHECK(model.source().kind == OracleKind::MorphoChain);
    CHECK(model.is_confirmed());
    REQUIRE(model.leaves().size() == 2);
    CHECK(model.leaves()[0].role == "base_vault");
    CHECK(model.leaves()[1].description == "ETH / USD");
}

TEST_CASE("what cannot be recognised is its answer and no gap", "[oracles][coverage]") {
    Sources chain;
    const Address odd = address(0x99);
    chain.node.answer(odd, LatestAnswer{}, positive(5));
    const auto found = chain.read(odd);
    CHECK(found.failures.empty());
    CHECK(found.book.models.at(0)->source().kind == OracleKind::Opaque);
    CHECK(found.book.models.at(0)->source().answer == U256(5));
    // An address without a contract, and a Morpho oracle that tells nothing.
    CHECK(chain.read(address(0x98)).book.models.at(0)->source().answer == std::nullopt);
    chain.node.answer(odd, MorphoPrice{}, U256(7));
    CHECK(chain.read(odd, PriceQuestion::Price).book.models.at(0)->source().answer == U256(7));
}

TEST_CASE("a source inside itself is cut off", "[oracles]") {
    Sources chain;
    const Address one = address(0x71);
    const Address other = address(0x72);
    for (const auto& [self, inner] : {std::pair(one, other), std::pair(other, one)}) {
        chain.node.answer(self, LatestAnswer{}, positive(100));
        chain.node.answer(self, AssetToUsdAggregator{}, inner);
        chain.node.answer(self, GetPriceCap{}, positive(1000));
    }
    const auto found = chain.read(one);
    CHECK(found.book.models.size() == 2);
    CHECK(found.book.find(other)->source().kind == OracleKind::Opaque);
    CHECK(found.book.find(one)->source().kind == OracleKind::CappedPrice);
}

TEST_CASE("a probe that fails for another reason than a revert is a named failure",
          "[oracles][coverage]") {
    Sources chain;
    chain.answer_capo(210'000'644'596);
    chain.node.answer(kCapo, GetMaxGrowth{}, U256(3'222'983'257));
    chain.node.has_multicall3 = false;
    chain.node.refuse_call = [&](const RpcCall& call) -> std::optional<RpcError> {
        const std::string eth = "00000000000000000000000000000000000000e0";
        if (call.params.find(eth) != std::string::npos) {
            return RpcError{.kind = ErrorKind::RateLimited,
                            .source = "",
                            .code = 0,
                            .message = "slow down",
                            .data = ""};
        }
        return std::nullopt;
    };
    const auto found = chain.read(kCapo);
    REQUIRE(found.failures.size() == 1);
    CHECK(found.failures[0].kind == ErrorKind::RateLimited);
    CHECK(found.failures[0].sources == std::vector<Address>{kEth});
    // The adapter itself was read: what it is made of is not known, its answer is.
    CHECK(found.book.models.at(0)->source().kind == OracleKind::Opaque);
    CHECK(found.book.models.at(0)->source().answer == U256(210'000'644'596));
}

TEST_CASE("a sequencer's uptime feed is read, and one that fails is a failure", "[oracles][l2]") {
    Sources chain;
    const Address uptime = address(0x52);
    const auto read = [&] {
        BatchReader reader(chain.node, chain.node.block, chain.node.multicall3);
        SourceBook book(reader);
        book.note_sequencer(uptime, 3600);
        reader.run({});
        return book.take();
    };
    CHECK(read().failures.at(0).what == "sequencer uptime feed");
    chain.node.answer(
        uptime, LatestRoundData{},
        RoundData{abi::Uint<80>{1}, positive(1), U256(77), U256(78), abi::Uint<80>{1}});
    const auto found = read();
    REQUIRE(found.book.sequencer);
    CHECK(found.book.sequencer->answer == 1);
    CHECK(found.book.sequencer->started_at == core::Timestamp(77));
    CHECK(found.book.sequencer->grace_s == 3600);
}

}  // namespace
}  // namespace margrave::chains::evm::oracles
