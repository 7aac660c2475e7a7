#include "store/book_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "core/archive.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "core/text.hpp"
#include "snapshot/archive_json.hpp"

namespace margrave::store {
namespace {

using core::Archive;
using core::InputError;

constexpr std::string_view kFormat = "margrave.book/1";
/// Accounts noted in one transaction.
constexpr std::size_t kAccountsAtOnce = 10'000;
/// Of the header and of what accounts share.
constexpr snapshot::JsonLimits kLimits{};

core::Hash hash_of(std::string_view text) {
    return core::keccak256(
        {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});  // NOLINT: bytes
}

Archive archive_deployment(const BookFile& book, const BookDeployment& deployment) {
    const BookScan scan = book.scan(deployment.id);
    Archive out;
    out.set("protocol", deployment.protocol);
    out.set("name", deployment.name);
    out.set("only_market", deployment.only_market);
    out.set("events", scan.events);
    out.set("from_block", scan.from);
    Archive::List markets;
    for (const BookMarket& market : book.markets()) {
        if (market.deployment == deployment.id) {
            Archive row;
            row.set("name", market.name);
            row.set("borrowers", book.counts(market.id).borrowers);
            markets.push_back(std::move(row));
        }
    }
    out.set("markets", std::move(markets));
    return out;
}

Archive archive_header(const BookFile& book, const BookBlock& block) {
    Archive out;
    out.set("chain", book.chain().value_or(""));
    out.set("chain_id", book.chain_id().value());
    out.set("block", block.number.value());
    out.set("hash", core::to_hex(block.hash));
    out.set("timestamp", block.timestamp.value());
    Archive::List deployments;
    for (const BookDeployment& deployment : book.deployments()) {
        deployments.push_back(archive_deployment(book, deployment));
    }
    out.set("deployments", std::move(deployments));
    return out;
}

void append_section(std::string_view name, const std::string& text, std::string& out) {
    out += fmt::format("{} {}\n", name, text.size());
    out += text;
    out += '\n';
}

void append_number(const core::U256& number, std::string& out) {
    std::array<std::uint8_t, 32> bytes{};
    core::to_big_endian(number, bytes.data());
    std::string digits;
    core::append_hex(bytes, digits);
    const std::size_t first = digits.find_first_not_of('0');
    out += first == std::string::npos ? "0" : digits.substr(first);
}

void append_accounts(const BookFile& book, std::int64_t market, std::string& out) {
    book.each_borrower(market,
                       [&](const core::Address& wallet, std::span<const core::U256> numbers) {
                           out += core::to_hex(wallet.raw());
                           char separator = ' ';
                           for (const core::U256& number : numbers) {
                               out += separator;
                               append_number(number, out);
                               separator = ',';
                           }
                           out += '\n';
                       });
}

[[noreturn]] void refuse(const std::string& why) {
    throw InputError("this is no whole book: " + why);
}

/// The text up to the next `end`, which is taken too.
std::string_view take_until(std::string_view& text, char end, const char* what) {
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) {
        refuse(std::string(what) + " is missing");
    }
    const std::string_view out = text.substr(0, at);
    text.remove_prefix(at + 1);
    return out;
}

std::string_view take_section(std::string_view& text, std::string_view name) {
    std::string_view line = take_until(text, '\n', "a section");
    const std::string_view word = take_until(line, ' ', "a section's length");
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size);
    const bool is_there = word == name && error == std::errc{} &&
                          end == line.data() + line.size() && size < text.size() &&
                          text[size] == '\n';
    if (!is_there) {
        refuse("its section " + std::string(name) + " is malformed");
    }
    const std::string_view out = text.substr(0, size);
    text.remove_prefix(size + 1);
    return out;
}

core::Hash parse_hash(const std::string& text) {
    const auto bytes = core::parse_hex(text);
    core::Hash out{};
    if (!bytes || bytes->size() != out.size()) {
        refuse("\"" + core::printable(text) + "\" is no hash");
    }
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return out;
}

std::vector<core::U256> parse_numbers(std::string_view line) {
    std::vector<core::U256> out;
    for (bool is_last = false; !is_last;) {
        const std::size_t at = line.find(',');
        is_last = at == std::string_view::npos;
        const auto number = core::parse_hex_quantity("0x" + std::string(line.substr(0, at)));
        if (!number) {
            refuse("an account has \"" + core::printable(line.substr(0, at)) + "\" as a number");
        }
        out.push_back(*number);
        line.remove_prefix(is_last ? line.size() : at + 1);
    }
    return out;
}

void read_accounts(std::string_view& text, std::int64_t market, std::uint64_t count,
                   BookFile& book) {
    std::vector<ReadAccount> accounts;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string_view line = take_until(text, '\n', "an account");
        const auto wallet = core::Address::try_parse(take_until(line, ' ', "an account's state"));
        if (!wallet) {
            refuse(wallet.error());
        }
        accounts.push_back(
            {.account = {.market = market, .wallet = *wallet}, .numbers = parse_numbers(line)});
        if (accounts.size() == kAccountsAtOnce || i + 1 == count) {
            book.keep(accounts);
            accounts.clear();
        }
    }
    if (book.counts(market).borrowers != count) {
        refuse("an account stands there twice");
    }
}

}  // namespace

std::string to_text(const BookFile& book) {
    const auto block = book.block();
    const auto shared = book.shared();
    if (!block || !shared) {
        throw InputError(core::printable(book.path()) +
                         ": the book is not finished: `margrave index` goes on with it");
    }
    std::string header;
    snapshot::append_json(archive_header(book, *block), 0, header);
    std::string body;
    append_section("header", header, body);
    append_section("shared", *shared, body);
    body += "accounts\n";
    for (const BookMarket& market : book.markets()) {
        append_accounts(book, market.id, body);
    }
    return fmt::format("{}\nkeccak {}\n{}", kFormat, core::to_hex(hash_of(body)), body);
}

void read_text(std::string_view text, BookFile& book) {
    if (take_until(text, '\n', "the first line") != kFormat) {
        refuse("it does not begin with " + std::string(kFormat));
    }
    std::string_view sum = take_until(text, '\n', "the checksum");
    if (take_until(sum, ' ', "the checksum") != "keccak" || sum != core::to_hex(hash_of(text))) {
        refuse("its checksum does not hold");
    }
    const Archive header = snapshot::parse_json(take_section(text, "header"), kLimits);
    const std::string shared(take_section(text, "shared"));
    if (take_until(text, '\n', "the accounts") != "accounts") {
        refuse("its accounts are missing");
    }
    const BookBlock block{.number = core::BlockNumber(header.u64("block")),
                          .hash = parse_hash(header.text("hash")),
                          .timestamp = core::Timestamp(header.u64("timestamp"))};
    book.set_chain(header.text("chain"), core::ChainId(header.u64("chain_id")));
    book.move_to(block, {});
    for (const Archive& row : header.list("deployments")) {
        const std::int64_t deployment =
            book.add_deployment({.protocol = row.text("protocol"),
                                 .name = row.text("name"),
                                 .only_market = row.text("only_market")});
        // All that began up to the block is here.
        book.add_borrowers(deployment, {},
                           {.events = row.text("events"),
                            .from = row.u64("from_block"),
                            .next = block.number.value() + 1,
                            .hash = block.hash});
        for (const Archive& market : row.list("markets")) {
            read_accounts(text, book.add_market(deployment, market.text("name")),
                          market.u64("borrowers"), book);
        }
    }
    if (!text.empty()) {
        refuse("there is more behind its accounts");
    }
    book.keep_shared(shared);
}

}  // namespace margrave::store
