#include "core/archive.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "core/errors.hpp"

using namespace margrave::core;
using Catch::Matchers::Contains;

namespace {

const Address kPool = Address::parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");

Archive reserve_archive() {
    Archive archive;
    archive.set("index", max_u256());
    archive.set("decimals", std::uint64_t{18});
    archive.set("pool", kPool);
    archive.set("symbol", "USDC");
    archive.set("frozen", true);
    archive.set("caps", Archive::List{Archive(U256(1)), Archive("two")});
    return archive;
}

template <class Read>
std::string refusal(Read read) {
    try {
        (void)read();
        return "";
    } catch (const InputError& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("what is written to an archive reads back the same", "[core][archive]") {
    const Archive archive = reserve_archive();
    CHECK(archive.u256("index") == max_u256());
    CHECK(archive.u64("decimals") == 18);
    CHECK(archive.address("pool") == kPool);
    CHECK(archive.text("symbol") == "USDC");
    CHECK(archive.flag("frozen"));
    REQUIRE(archive.list("caps").size() == 2);
    CHECK(std::get<std::string>(archive.list("caps")[1].value()) == "two");
}

TEST_CASE("integers are kept as decimal text and addresses as spelled", "[core][archive]") {
    const Archive archive = reserve_archive();
    CHECK(archive.text("decimals") == "18");
    CHECK(archive.text("pool") == kPool.to_string());
    CHECK(archive.text("index").size() == 78);
}

TEST_CASE("an archive nests", "[core][archive]") {
    Archive outer;
    outer.set("reserve", reserve_archive());
    CHECK(outer.at("reserve").text("symbol") == "USDC");
    CHECK(outer.at("reserve").has("index"));
    CHECK_FALSE(outer.has("index"));
}

TEST_CASE("a field set twice keeps the last value", "[core][archive]") {
    Archive archive;
    archive.set("price", U256(1));
    archive.set("price", U256(2));
    CHECK(archive.u256("price") == 2);
}

TEST_CASE("an absent value is not written and reads back as absent", "[core][archive]") {
    Archive archive;
    archive.set_optional("cap", std::optional<U256>());
    CHECK_FALSE(archive.has("cap"));
    CHECK(archive.optional_u256("cap") == std::nullopt);
    CHECK(archive.optional_u64("cap") == std::nullopt);
    CHECK(archive.optional_text("cap") == std::nullopt);

    archive.set_optional("cap", std::optional<U256>(0));
    archive.set_optional("delay", std::optional<std::uint64_t>(5));
    archive.set_optional("label", std::optional<std::string>("core"));
    CHECK(archive.optional_u256("cap") == U256(0));
    CHECK(archive.optional_u64("delay") == std::uint64_t{5});
    CHECK(archive.optional_text("label") == "core");
}

TEST_CASE("a missing field is named", "[core][archive]") {
    const Archive archive = reserve_archive();
    CHECK_THAT(refusal([&] { return archive.u256("bonus"); }),
               Contains("\"bonus\"") && Contains("missing"));
    CHECK_THAT(refusal([&] { return archive.at("bonus").has("x"); }), Contains("\"bonus\""));
    CHECK_THAT(refusal([] { return Archive().text("bonus"); }), Contains("\"bonus\""));
    CHECK_THAT(refusal([&] { return archive.list("bonus").size(); }), Contains("\"bonus\""));
    CHECK_THAT(refusal([&] { return archive.flag("bonus"); }), Contains("\"bonus\""));
    CHECK_THAT(refusal([&] { return archive.address("bonus"); }), Contains("\"bonus\""));
}

TEST_CASE("a field of another type is named with what it holds", "[core][archive]") {
    Archive archive = reserve_archive();
    archive.set("nothing", Archive());
    archive.set("nested", reserve_archive());
    CHECK_THAT(refusal([&] { return archive.u256("symbol"); }),
               Contains("\"symbol\"") && Contains("\"USDC\""));
    CHECK_THAT(refusal([&] { return archive.u64("frozen"); }), Contains("not true"));
    CHECK_THAT(refusal([&] { return archive.text("caps"); }), Contains("not a list"));
    CHECK_THAT(refusal([&] { return archive.flag("nested"); }), Contains("not named fields"));
    CHECK_THAT(refusal([&] { return archive.list("nothing").size(); }), Contains("not nothing"));
    CHECK_THAT(refusal([&] { return archive.address("frozen"); }), Contains("\"frozen\""));
}

TEST_CASE("a present field that is malformed is no absent one", "[core][archive]") {
    Archive archive;
    archive.set("cap", "12.5");
    archive.set("nothing", Archive());
    CHECK_THROWS_AS(archive.optional_u256("cap"), InputError);
    CHECK_THROWS_AS(archive.optional_u64("cap"), InputError);
    CHECK_THROWS_AS(archive.optional_u256("nothing"), InputError);
    CHECK_THROWS_AS(archive.optional_text("nothing"), InputError);
}

TEST_CASE("integers beyond their width are refused", "[core][archive]") {
    Archive archive;
    archive.set("index", max_u256());
    archive.set("over64", "18446744073709551616");
    archive.set("over256", "1" + std::string(78, '0'));
    archive.set("empty", "");
    archive.set("negative", "-1");
    CHECK_THROWS_AS(archive.u64("index"), InputError);
    CHECK_THROWS_AS(archive.u64("over64"), InputError);
    CHECK_THROWS_AS(archive.u256("over256"), InputError);
    CHECK_THROWS_AS(archive.u256("empty"), InputError);
    CHECK_THROWS_AS(archive.u64("negative"), InputError);
}

TEST_CASE("a malformed address names its field and fault", "[core][archive]") {
    Archive archive;
    archive.set("pool", "0x12");
    CHECK_THAT(refusal([&] { return archive.address("pool"); }),
               Contains("\"pool\"") && Contains("0x12") && Contains("2 hex digits"));
}

TEST_CASE("a hostile file reaches the error short and harmless", "[core][archive][hostile]") {
    Archive archive;
    archive.set("cap", "\x1b[31m" + std::string(100'000, 'x'));
    const std::string error = refusal([&] { return archive.u256("cap"); });
    CHECK(error.size() < 500);
    CHECK_THAT(error, Contains("?[31m") && !Contains("\x1b"));
}

TEST_CASE("only fields have fields", "[core][archive]") {
    const Archive text("USDC");
    CHECK_THAT(refusal([&] { return text.has("symbol"); }),
               Contains("\"symbol\"") && Contains("\"USDC\""));
    CHECK_THROWS_AS(text.at("symbol"), InputError);
    CHECK_THROWS_AS(text.optional_u256("symbol"), InputError);
    CHECK_FALSE(Archive().has("symbol"));
    Archive list(Archive::List{});
    CHECK_THROWS_AS(list.set("symbol", "USDC"), InvariantError);
}
