#include "report/safe_batch.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "tests/support/snapshots.hpp"

using nlohmann::json;

namespace margrave::report {
namespace {

/// As Safe's Transaction Builder 1.18.2 saved it, an approval of USDC on Ethereum; its checksum was
/// 0x8b50…a989.
constexpr const char* kSaved = R"({
  "version": "1.0", "chainId": "1", "createdAt": 1761326849944,
  "meta": {"name": "Transactions Batch", "description": "", "txBuilderVersion": "1.18.2",
           "createdFromSafeAddress": "0xA77DE01e157f9f57C7c4A326eeE9C4874D0598b6",
           "createdFromOwnerAddress": ""},
  "transactions": [{
    "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "value": "0", "data": null,
    "contractMethod": {
      "inputs": [{"internalType": "address", "name": "spender", "type": "address"},
                 {"internalType": "uint256", "name": "value", "type": "uint256"}],
      "name": "approve", "payable": false},
    "contractInputsValues": {"spender": "0x474e5Ded6b5D078163BFB8F6dBa355C3aA5478C8",
                             "value": "100000000000"}}]})";

TEST_CASE("the checksum of a batch is the Transaction Builder's own", "[report][safe]") {
    CHECK(safe_checksum(kSaved) ==
          "0x8b5032f716845c8b08bab3d63dbd9ba92e056f3557793cd041e59b84e16aa989");
}

TEST_CASE("a batch may be renamed, and nothing else of it changed", "[report][safe]") {
    auto renamed = json::parse(kSaved);
    renamed["meta"]["name"] = "Another";
    CHECK(safe_checksum(renamed.dump()) == safe_checksum(kSaved));
    auto other = json::parse(kSaved);
    other["transactions"][0]["value"] = "1";
    CHECK(safe_checksum(other.dump()) != safe_checksum(kSaved));
}

TEST_CASE("what is no batch has no checksum", "[report][safe]") {
    CHECK_THROWS_AS(safe_checksum("[]"), core::InputError);
    CHECK_THROWS_AS(safe_checksum("{}"), core::InputError);
    CHECK_THROWS_AS(safe_checksum(R"({"meta": 3})"), core::InputError);
    CHECK_THROWS_AS(safe_checksum("{"), core::InputError);
}

TEST_CASE("a Safe batch has what the Transaction Builder loads", "[report][safe]") {
    const auto out = json::parse(safe_batch_json(
        {.chain_id = core::ChainId(10),
         .block_time = core::Timestamp(1'750'000'000),
         .safe = test::numbered(3),
         .calls = {{.to = test::numbered(0x71), .value = 0, .data = {0x01, 0x02}, .what = "one"},
                   {.to = test::kUsdc, .value = 7, .data = {}, .what = "two"}}}));
    CHECK(out["version"] == "1.0");
    CHECK(out["chainId"] == "10");
    CHECK(out["createdAt"] == 1'750'000'000'000);
    CHECK(out["meta"]["createdFromSafeAddress"] == test::numbered(3).to_string());
    CHECK(out["meta"]["description"] == "one; two");
    REQUIRE(out["transactions"].size() == 2);
    CHECK(out["transactions"][0]["to"] == test::numbered(0x71).to_string());
    CHECK(out["transactions"][0]["value"] == "0");
    CHECK(out["transactions"][0]["data"] == "0x0102");
    CHECK(out["transactions"][0]["contractMethod"].is_null());
    CHECK(out["transactions"][1]["value"] == "7");
    CHECK(out["transactions"][1]["data"] == "0x");
    auto plain = out;
    plain["meta"].erase("checksum");
    CHECK(out["meta"]["checksum"] == safe_checksum(plain.dump()));
}

}  // namespace
}  // namespace margrave::report
