#include "evidence/signed_report.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "evidence/canonical_json.hpp"
#include "evidence/eip712.hpp"
#include "tests/support/reporting_key.hpp"

namespace margrave::evidence {
namespace {

using Catch::Contains;
using Catch::Equals;
using core::Address;
using test::cow_key;
using Json = nlohmann::ordered_json;

/// A report as margrave writes it: ASCII, indented, a final newline.
const std::string kReport = R"({
  "schema": "margrave.report/1",
  "chains": [
    {
      "chain": "devnet",
      "chain_id": 31337,
      "block": {
        "number": "28",
        "timestamp": "1750128446"
      }
    }
  ],
  "accounts": [],
  "gaps": []
}
)";

std::string signed_report() { return attach_seal(kReport, seal_report(kReport, *cow_key())); }

std::string verdict(const std::string& text, const std::optional<Address>& expected = {}) {
    try {
        const auto verified = verify_report(text, expected);
        return verified ? "good" : verified.error();
    } catch (const core::InputError& error) {
        return std::string("unreadable: ") + error.what();
    }
}

std::string changed(const std::function<void(Json&)>& change) {
    auto report = Json::parse(signed_report());
    change(report);
    return report.dump(2) + '\n';
}

TEST_CASE("a signed report is the report with a last member, and verifies", "[evidence][report]") {
    const auto text = signed_report();
    CHECK(text.substr(0, kReport.size() - 3) == kReport.substr(0, kReport.size() - 3));
    CHECK((--Json::parse(text).end()).key() == "signature");
    const auto verified = verify_report(text, cow_key()->address());
    REQUIRE(verified.has_value());
    CHECK(verified->seal.signer == cow_key()->address());
    CHECK(verified->seal.schema == "margrave.report/1");
    CHECK(verified->seal.report_hash == string_word(canonical_json(read_strict_json(kReport))));
    REQUIRE(verified->blocks.size() == 1);
    CHECK(verified->blocks[0].chain == "devnet");
    CHECK(verified->blocks[0].number == "28");
    CHECK(verified->blocks[0].timestamp == "1750128446");
}

TEST_CASE("the same key and report give the same bytes", "[evidence][report]") {
    CHECK(signed_report() == signed_report());
}

TEST_CASE("order and space of a report may change, its content not", "[evidence][report]") {
    const auto parsed = nlohmann::json::parse(signed_report());  // sorts
    CHECK(verdict(parsed.dump()) == "good");
    CHECK(verdict("\r\n\t " + parsed.dump(7, '\t') + "\n\n") == "good");
}

TEST_CASE("one flipped bit anywhere fails", "[evidence][report]") {
    const auto text = signed_report();
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            auto flipped = text;
            flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ 1U << bit);
            if (verdict(flipped) == "good") {
                FAIL("byte " << at << ", bit " << bit << ": " << flipped.substr(at, 20));
            }
        }
    }
    SUCCEED();
}

TEST_CASE("a report that is cut off anywhere fails", "[evidence][report]") {
    const auto text = signed_report();
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {  // the newline is no content
        if (verdict(text.substr(0, size)) == "good") {
            FAIL("cut to " << size << " bytes");
        }
    }
    CHECK(verdict(text.substr(0, text.size() - 1)) == "good");
}

TEST_CASE("a good signature by another key is not the expected signer's", "[evidence][report]") {
    CHECK(verdict(signed_report(), cow_key()->address()) == "good");
    CHECK_THAT(
        verdict(signed_report(), Address::parse("0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB")),
        Equals("it is signed by 0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826, not by "
               "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"));
}

TEST_CASE("a changed report tells both hashes", "[evidence][report][errors]") {
    CHECK_THAT(verdict(changed([](Json& report) { report["chains"][0]["chain_id"] = 1; })),
               Catch::StartsWith("the content is not what was signed: its hash is 0x") &&
                   Contains(core::to_hex(seal_report(kReport, *cow_key()).report_hash)));
    CHECK_THAT(verdict(changed([](Json& report) { report["more"] = nullptr; })),
               Contains("not what was signed"));
    CHECK_THAT(verdict(changed([](Json& report) { report.erase("gaps"); })),
               Contains("not what was signed"));
}

TEST_CASE("whoever changes report and hash lacks the signature", "[evidence][report][errors]") {
    CHECK_THAT(verdict(changed([](Json& report) {
                   report["gaps"] = {1};
                   auto unsigned_report = report;
                   unsigned_report.erase("signature");
                   const auto hash =
                       string_word(canonical_json(read_strict_json(unsigned_report.dump())));
                   report["signature"]["report_hash"] = core::to_hex(hash);
               })),
               Equals("the signature is not that of the signer it names, "
                      "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"));
}

struct Change {
    std::function<void(Json&)> make;  ///< in the member `signature`
    std::string why;
};

TEST_CASE("each member of a signature is the only one possible", "[evidence][report][errors]") {
    const std::string address = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826";
    const auto change = GENERATE_COPY(
        Change{[](Json& seal) { seal = "0x"; }, "its `signature` is no object"},
        Change{[](Json& seal) { seal.erase("scheme"); }, "its `signature` lacks `scheme`"},
        Change{[](Json& seal) { seal.erase("report_hash"); },
               "its `signature` lacks `report_hash`"},
        Change{[](Json& seal) { seal.erase("signer"); }, "its `signature` lacks `signer`"},
        Change{[](Json& seal) { seal["scheme"] = "eip191"; },
               "`signature.scheme` is not \"eip712\""},
        Change{[](Json& seal) { seal["domain"]["chainId"] = 1; },
               R"(`signature.domain` is not {"name":"margrave","version":"1"})"},
        Change{[](Json& seal) { seal["primary_type"] = "Mail"; },
               "`signature.primary_type` is not \"Report\""},
        Change{[](Json& seal) { seal["signer"] = "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826"; },
               "`signature.signer` is not \"" + address + "\""},
        Change{[](Json& seal) { seal["signer"] = "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"; },
               "the signature is not that of the signer it names, "
               "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
        Change{[](Json& seal) { seal["note\x1b"] = 1; },
               "its `signature` has a member `note?`, which is not part of one"},
        Change{[](Json& seal) { seal["signature"] = "0x12"; },
               "`signature.signature` is not 0x and the 130 digits of r, s and v"},
        Change{[](Json& seal) { seal["signature"] = 7; },
               "`signature.signature` is not 0x and the 130 digits of r, s and v"},
        Change{[](Json& seal) {
                   auto text = seal["signature"].get<std::string>();
                   seal["signature"] = text.substr(0, 130) + "00";
               },
               "the signature is no valid one: its last byte, v, is neither 27 nor 28"});
    CHECK_THAT(verdict(changed([&](Json& report) { change.make(report["signature"]); })),
               Equals(change.why));
}

TEST_CASE("a report without a signature does not verify", "[evidence][report][errors]") {
    CHECK_THAT(verdict(kReport), Catch::StartsWith("it carries no signature"));
}

TEST_CASE("what is no report is unreadable", "[evidence][report][errors]") {
    const auto text =
        GENERATE(as<std::string>(), "[]", "1", "{}", R"({"schema":1})", R"({"schema":"other/1"})");
    CHECK_THAT(verdict(text), Catch::StartsWith("unreadable: no report of margrave"));
    CHECK_THROWS_AS(seal_report(text, *cow_key()), core::InputError);
}

TEST_CASE("a second member `signature` does not hide behind the first",
          "[evidence][report][errors]") {
    auto text = signed_report();
    text.insert(1, "\"signature\":{},");
    CHECK_THAT(verdict(text),
               Equals("unreadable: signature: this name stands twice in one object"));
}

TEST_CASE("a signed report is not signed again", "[evidence][report][errors]") {
    CHECK_THROWS_WITH(seal_report(signed_report(), *cow_key()), "the report is signed already");
}

}  // namespace
}  // namespace margrave::evidence
