#include "store/book_file.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/errors.hpp"
#include "store/book_text.hpp"
#include "store/kept_numbers.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::store {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using core::U256;
using test::address;

/// A place for one file, empty at first and gone with the test.
class Place {
  public:
    Place() { clear(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { clear(); }

    [[nodiscard]] std::string path() const { return folder_ / "a.book"; }
    void write(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }

  private:
    void clear() const {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    fs::path folder_ = fs::temp_directory_path() / ("margrave-book-" + std::to_string(::getpid()));
};

BookBlock block(std::uint64_t number) {
    return {.number = core::BlockNumber(number),
            .hash = core::Hash{static_cast<std::uint8_t>(number)},
            .timestamp = core::Timestamp(1000 + number)};
}

BookScan scanned(std::uint64_t next) {
    return {.events = "0xaa 0xbb", .from = 5, .next = next, .hash = core::Hash{1}};
}

NamedInBook named(std::uint64_t wallet, const std::string& market = "core") {
    return {.market = market, .wallet = address(wallet)};
}

/// Wallets 1 to 3 borrowed; 1 and 2 are read at block 10, and 2 owes nothing any more.
std::int64_t fill(BookFile& book) {
    book.set_chain("ethereum", core::ChainId(1));
    const auto deployment =
        book.add_deployment({.protocol = "aave_v3", .name = "core", .only_market = ""});
    book.add_borrowers(deployment, std::vector{named(1), named(2), named(3)}, scanned(9));
    book.move_to(block(10), {});
    const auto market = book.markets().at(0).id;
    book.keep(std::vector<ReadAccount>{
        {.account = {.market = market, .wallet = address(1)}, .numbers = {7, 0, U256(1) << 200U}},
        {.account = {.market = market, .wallet = address(2)}, .numbers = {}}});
    return deployment;
}

std::vector<core::Address> unread(const BookFile& book) {
    std::vector<core::Address> out;
    for (const BookAccount& account : book.unread(100, {})) {
        out.push_back(account.wallet);
    }
    return out;
}

std::string borrowers(const BookFile& book) {
    std::string out;
    for (const BookMarket& market : book.markets()) {
        book.each_borrower(market.id, [&](const core::Address& wallet, auto numbers) {
            out += wallet.to_string().substr(40);
            for (const U256& number : numbers) {
                out += " " + core::to_decimal(number);
            }
            out += "; ";
        });
    }
    return out;
}

TEST_CASE("numbers keep their value in few bytes", "[store][book]") {
    const std::vector<U256> numbers{0, 1, 255, 256, core::max_u256()};
    const core::Bytes packed = pack(numbers);
    CHECK(packed.size() == 5 + 0 + 1 + 1 + 2 + 32);
    CHECK(unpack(packed) == numbers);
    CHECK(unpack({}) == std::vector<U256>{});
}

TEST_CASE("bytes that are no numbers are told from numbers", "[store][book]") {
    CHECK_FALSE(unpack(core::Bytes{2, 1}));     // one is missing
    CHECK_FALSE(unpack(core::Bytes{1, 0}));     // a leading zero: 0 has no bytes
    CHECK_FALSE(unpack(core::Bytes(34, 33)));   // over 256 bits
    CHECK_FALSE(unpack(core::Bytes{1, 7, 1}));  // the second is missing
    CHECK(unpack(core::Bytes{1, 7, 0}).has_value());
}

TEST_CASE("what a book holds is there when it is opened again", "[store][book]") {
    const Place place;
    std::int64_t deployment = 0;
    {
        auto book = BookFile::open_or_create(place.path());
        CHECK_FALSE(book.chain());
        CHECK_FALSE(book.block());
        deployment = fill(book);
    }
    const auto book = BookFile::open(place.path());
    CHECK(book.chain() == "ethereum");
    CHECK(book.chain_id() == core::ChainId(1));
    CHECK(book.block() == block(10));
    CHECK(book.scan(deployment).next == 9);
    CHECK(book.scan(deployment).events == "0xaa 0xbb");
    CHECK(borrowers(book) == "01 7 0 " + core::to_decimal(U256(1) << 200U) + "; ");
    CHECK(unread(book) == std::vector{address(3)});
    const BookCounts counts = book.counts(book.markets().at(0).id);
    CHECK(counts.accounts == 3);
    CHECK(counts.borrowers == 1);
    CHECK(counts.unread == 1);
}

TEST_CASE("moved to another block only the accounts that events name are unread", "[store][book]") {
    auto book = BookFile::in_memory();
    const auto deployment = fill(book);
    book.keep_shared("shared");
    CHECK(book.shared() == "shared");
    // Wallet 9 never borrowed; market "other" has nobody.
    const std::vector<std::pair<std::int64_t, NamedInBook>> changed{
        {deployment, named(2)}, {deployment, named(9)}, {deployment, named(1, "other")}};
    book.move_to(block(12), changed);
    CHECK(book.block() == block(12));
    CHECK_FALSE(book.shared());
    CHECK(unread(book) == std::vector{address(2), address(3)});
}

TEST_CASE("a borrower that is found again keeps what was read", "[store][book]") {
    auto book = BookFile::in_memory();
    const auto deployment = fill(book);
    book.add_borrowers(deployment, std::vector{named(1), named(4)}, scanned(11));
    CHECK(unread(book) == std::vector{address(3), address(4)});
    CHECK(book.scan(deployment).next == 11);
}

TEST_CASE("a block that left the chain leaves nothing read", "[store][book]") {
    auto book = BookFile::in_memory();
    const auto deployment = fill(book);
    book.forget_block();
    CHECK_FALSE(book.block());
    CHECK(unread(book).size() == 3);
    CHECK(book.scan(deployment).next == 9);  // which has a hash of its own
}

TEST_CASE("a deployment stands in a book once, whole or by markets", "[store][book]") {
    auto book = BookFile::in_memory();
    const BookDeployment one{.protocol = "morpho_blue", .name = "blue", .only_market = "0x01"};
    const auto id = book.add_deployment(one);
    CHECK(book.add_deployment(one) == id);
    CHECK(book.add_deployment({.protocol = "morpho_blue", .name = "blue", .only_market = "0x02"}) !=
          id);
    CHECK_THROWS_WITH(
        book.add_deployment({.protocol = "morpho_blue", .name = "blue", .only_market = ""}),
        Contains("a market of morpho_blue/blue already"));
}

TEST_CASE("an exported book is the same when it is imported and exported again", "[store][book]") {
    auto book = BookFile::in_memory();
    const auto deployment = fill(book);
    CHECK_THROWS_WITH(to_text(book), Contains("not finished"));
    book.keep_shared("{\n}");
    const std::string text = to_text(book);
    CHECK_THAT(text, Contains("\n0x0000000000000000000000000000000000000001 7,0,1000"));

    auto other = BookFile::in_memory();
    read_text(text, other);
    CHECK(to_text(other) == text);
    CHECK(borrowers(other) == borrowers(book));
    CHECK(other.block() == book.block());
    // All that happened up to the block is in it.
    CHECK(other.scan(other.deployments().at(0).id).next == 11);
    CHECK(other.scan(other.deployments().at(0).id).events == book.scan(deployment).events);
}

TEST_CASE("an exported book that was changed on the way is refused", "[store][book][errors]") {
    auto book = BookFile::in_memory();
    fill(book);
    book.keep_shared("{}");
    const std::string text = to_text(book);
    const auto refuse = [](const std::string& wrong, const char* why) {
        auto into = BookFile::in_memory();
        CHECK_THROWS_WITH(read_text(wrong, into), Contains(why));
    };
    refuse("", "missing");
    refuse("margrave.book/2\n" + text.substr(16), "begin with margrave.book/1");
    refuse(text.substr(0, text.size() - 1), "checksum");
    for (std::size_t at = 100; at < text.size(); at += 37) {
        std::string changed = text;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        refuse(changed, "checksum");
    }
}

TEST_CASE("a file that is no book is refused in one line", "[store][book][errors]") {
    const Place place;
    CHECK_THROWS_WITH(BookFile::open(place.path()), Contains("unable to open"));
    place.write("");
    CHECK_THROWS_WITH(BookFile::open(place.path()), Contains("no book of margrave"));
    place.write(std::string(5000, 'x'));
    CHECK_THROWS_AS(BookFile::open(place.path()), core::InputError);
    CHECK_THROWS_AS(BookFile::open_or_create(place.path()), core::InputError);
}

TEST_CASE("a book of another version, or with tables of its own, is refused",
          "[store][book][errors]") {
    const Place place;
    { auto book = BookFile::open_or_create(place.path()); }
    const auto after = [&](const char* sql) {
        Database(place.path(), Database::Mode::Existing).execute(sql);
        return BookFile::open(place.path());
    };
    CHECK_THROWS_WITH(after("PRAGMA user_version = 2"),
                      Contains("version 2, this margrave takes 1"));
    CHECK_THROWS_WITH(after("PRAGMA user_version = 1; CREATE TABLE more (x)"),
                      Contains("tables are not those of a book"));
    CHECK_THROWS_WITH(after("DROP TABLE more; CREATE TRIGGER t AFTER INSERT ON accounts BEGIN "
                            "DELETE FROM accounts; END"),
                      Contains("tables are not those of a book"));
    CHECK_NOTHROW(after("DROP TRIGGER t"));
    CHECK_THROWS_WITH(after("PRAGMA application_id = 7"), Contains("no book of margrave"));
}

TEST_CASE("a damaged book is refused, wherever the damage is", "[store][book][errors]") {
    const Place place;
    {
        auto book = BookFile::open_or_create(place.path());
        fill(book);
    }
    std::ifstream in(place.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const auto use = [&] {
        const auto book = BookFile::open(place.path());
        static_cast<void>(book.block());
        static_cast<void>(book.deployments());
        static_cast<void>(borrowers(book));
        static_cast<void>(unread(book));
    };
    for (std::size_t page = 1; page < bytes.size() / 4096; ++page) {
        std::string damaged = bytes;
        damaged.replace(page * 4096, 200, 200, '\xa5');
        place.write(damaged);
        CHECK_THROWS_AS(use(), core::InputError);
    }
    place.write(bytes.substr(0, bytes.size() - 4096));
    CHECK_THROWS_AS(use(), core::InputError);
}

TEST_CASE("wrong bytes in a book's columns are refused as they are read", "[store][book][errors]") {
    const Place place;
    {
        auto book = BookFile::open_or_create(place.path());
        fill(book);
    }
    const auto use = [&](const char* sql) {
        Database(place.path(), Database::Mode::Existing).execute(sql);
        const auto book = BookFile::open(place.path());
        static_cast<void>(book.block());
        return borrowers(book);
    };
    CHECK_THROWS_WITH(use("UPDATE accounts SET state = x'05ff' WHERE state IS NOT NULL"),
                      Contains("is damaged"));
    CHECK_THROWS_WITH(use("UPDATE accounts SET state = x'0101', wallet = x'01'"),
                      Contains("another version") || Contains("UNIQUE") || Contains("length"));
    CHECK_THROWS_WITH(use("UPDATE book SET hash = x'01'"), Contains("another length"));
    CHECK_THROWS_WITH(use("UPDATE book SET block = -1"), Contains("below zero"));
}

TEST_CASE("two cannot work on a book at a time", "[store][book][errors]") {
    const Place place;
    auto first = BookFile::open_or_create(place.path());
    first.set_chain("ethereum", core::ChainId(1));
    CHECK_THROWS_WITH(BookFile::open(place.path()), Contains("another margrave is working on it"));
}

}  // namespace
}  // namespace margrave::store
