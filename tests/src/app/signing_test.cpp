#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "app/app.hpp"
#include "app/files.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/snapshots.hpp"
#include "tests/support/temporary_folder.hpp"

namespace margrave::app {
namespace {

using Catch::Contains;
using Catch::Equals;
using Catch::StartsWith;
using test::FakeWorld;
using test::TemporaryFolder;
using Words = std::vector<std::string>;

/// The example of EIP-712, keccak256("cow").
const std::string kSecret = "c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4";
const std::string kSigner = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826";
const std::string kOther = "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB";

struct Outcome {
    int code = 0;
    std::string out;
    std::string err;
};

Outcome ask(const Words& words, const std::string& in = {}) {
    FakeWorld fake;
    fake.in.str(in);
    const int code = run(fake.world, words);
    return {.code = code, .out = fake.out.str(), .err = fake.err.str()};
}

/// Balances and a gap, without markets.
snapshot::Snapshot holdings_alone() {
    auto snapshot = test::example();
    snapshot.markets.clear();
    return snapshot;
}

/// A reporting key, and a saved snapshot to report on.
struct Desk {
    TemporaryFolder folder;
    std::string key = folder.file("key");
    std::string snapshot = folder.file("snapshot.json");

    Desk() {
        write_file(key,
                   "{\"margrave_reporting_key\": 1, \"purpose\": \"signs reports of margrave; "
                   "controls no funds: send nothing to this address\", \"address\": \"" +
                       kSigner + "\", \"secret\": \"0x" + kSecret + "\"}");
        REQUIRE(::chmod(key.c_str(), 0600) == 0);
        write_file(snapshot, snapshot::to_json(holdings_alone()));
    }
    [[nodiscard]] Outcome audit(Words more) const {
        more.insert(more.begin(), {"audit", "--snapshot", snapshot});
        return ask(more);
    }
};

TEST_CASE("sign-key makes a key whose address audit signs with", "[app][signing]") {
    const Desk desk;
    const auto file = desk.folder.file("new");
    const auto made = ask({"sign-key", file});
    CHECK(made.code == 0);
    CHECK_THAT(made.out, Catch::Matches("0x[0-9a-fA-F]{40}\n"));
    CHECK_THAT(made.err, StartsWith("margrave: " + file + " holds a new reporting key"));
    const auto signer = made.out.substr(0, 42);
    const auto report = desk.audit({"--json", "--sign", file});
    CHECK_THAT(report.out, Contains(signer));
    CHECK(ask({"verify", "-", "--signer", signer}, report.out).code == 0);
    CHECK(ask({"sign-key", file}).code == 2);
}

TEST_CASE("a signature changes no exit code and nothing else of the report", "[app][signing]") {
    const Desk desk;
    const auto plain = desk.audit({"--json"});
    const auto with = desk.audit({"--json", "--sign", desk.key});
    CHECK(with.code == plain.code);
    const auto body = plain.out.size() - 3;  // up to the brace that closes it
    CHECK(with.out.substr(0, body) == plain.out.substr(0, body));
    const auto text = desk.audit({"--sign", desk.key});
    CHECK(text.code == plain.code);
    CHECK_THAT(text.out, StartsWith(desk.audit({}).out) &&
                             Contains("This report as --json writes it is signed by " + kSigner));
}

TEST_CASE("verify says who signed what, and what that proves", "[app][signing]") {
    const Desk desk;
    const auto report = desk.folder.file("report.json");
    write_file(report, desk.audit({"--json", "--sign", desk.key}).out);
    const auto anyone = ask({"verify", report});
    CHECK(anyone.code == 0);
    CHECK_THAT(anyone.out, StartsWith("Signed by " + kSigner + ", and unchanged since\n") &&
                               Contains("margrave.report/1") &&
                               Contains("proves only that this key signed it"));
    const auto expected = ask({"verify", report, "--signer", kSigner});
    CHECK(expected.code == 0);
    CHECK_THAT(expected.out, Contains("That is the signer you asked for."));
    const auto json = ask({"verify", report, "--json"});
    CHECK(json.code == 0);
    CHECK_THAT(json.out, Contains("\"valid\": true") && Contains(kSigner));
}

TEST_CASE("what does not verify is one line on stderr and exit code 6", "[app][signing][errors]") {
    const Desk desk;
    const auto report = desk.audit({"--json", "--sign", desk.key}).out;
    const auto other = ask({"verify", "-", "--signer", kOther}, report);
    CHECK(other.code == 6);
    CHECK(other.out.empty());
    CHECK_THAT(other.err,
               Equals("margrave: stdin: it is signed by " + kSigner + ", not by " + kOther + "\n"));
    const auto bare = ask({"verify", "-", "--json"}, desk.audit({"--json"}).out);
    CHECK(bare.code == 6);
    CHECK_THAT(bare.out, Contains("\"valid\": false") && Contains("carries no signature"));
    CHECK_THAT(bare.err, StartsWith("margrave: stdin: it carries no signature"));
}

TEST_CASE("what cannot be read as a report is exit code 2", "[app][signing][errors]") {
    const Desk desk;
    const auto report = desk.audit({"--json", "--sign", desk.key}).out;
    const auto cut = ask({"verify", "-"}, report.substr(0, report.size() / 2));
    CHECK(cut.code == 2);
    CHECK_THAT(cut.err, StartsWith("margrave: stdin: not JSON at byte "));
    CHECK(ask({"verify", desk.folder.file("none")}).code == 2);
    CHECK(ask({"verify", "/dev/zero"}).err ==
          "margrave: cannot read /dev/zero: it is larger than the 134217728 bytes allowed\n");
    const auto signer = ask({"verify", "-", "--signer", "0x12"}, report);
    CHECK(signer.code == 2);
}

TEST_CASE("a key that may not be used is told before anything is read", "[app][signing][errors]") {
    const Desk desk;
    REQUIRE(::chmod(desk.key.c_str(), 0640) == 0);
    FakeWorld fake;
    CHECK(run(fake.world, {"audit", kOther, "--sign", desk.key}) == 2);
    CHECK_THAT(fake.err.str(), Contains("others than its owner may use this reporting key"));
    CHECK(fake.asked.empty());
    CHECK(fake.out.str().empty());
}

TEST_CASE("a wallet's own key signs no report", "[app][signing][errors]") {
    const Desk desk;
    auto snapshot = holdings_alone();
    snapshot.wallets.push_back(core::Address::parse(kSigner));
    write_file(desk.snapshot, snapshot::to_json(snapshot));
    const auto refused = desk.audit({"--json", "--sign", desk.key});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, StartsWith("margrave: --sign: " + kSigner + " is one of the wallets"));
    CHECK(refused.out.empty());
}

TEST_CASE("the secret is in no output of any command", "[app][signing]") {
    const Desk desk;
    const auto secret = kSecret.substr(0, 16);
    const auto report = desk.audit({"--json", "--sign", desk.key, "--verbose"});
    for (const Words& words :
         {Words{"audit", "--snapshot", desk.snapshot, "--sign", desk.key, "--verbose"},
          Words{"verify", desk.key}, Words{"sign-key", desk.key},
          Words{"audit", "--snapshot", desk.key, "--sign", desk.key},
          Words{"audit", "--addresses", desk.key, "--sign", desk.key}}) {
        const auto outcome = ask(words);
        CHECK_THAT(outcome.out + outcome.err, !Contains(secret));
    }
    CHECK_THAT(report.out + report.err, !Contains(secret));
}

}  // namespace
}  // namespace margrave::app
