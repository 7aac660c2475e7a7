#include "chains/evm/kept_answers.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chains/abi.hpp"
#include "chains/evm/answer_book.hpp"
#include "core/u256.hpp"
#include "tests/support/fake_node.hpp"

using namespace margrave;
using namespace margrave::chains;
using namespace margrave::chains::evm;
using core::Address;
using core::U256;
using test::address;

namespace {

using Position = abi::Function<"position", U256(Address)>;
using Recipient = abi::Function<"feeRecipient", Address()>;

/// With all bytes used, as those of accounts are.
Address account(std::uint8_t last) {
    Address::Raw raw{};
    raw.fill(0x77);
    raw.back() = last;
    return Address(raw);
}

PendingCall position_of(const Address& whose, const Address& of) {
    PendingCall call;
    call.to = address(0xc0);
    call.data = Position::encode(of);
    call.function = Position::name();
    call.account = whose;
    return call;
}

PendingCall held_by(const Address& wallet, const std::shared_ptr<const TokenList>& list) {
    PendingCall call;
    call.kind = PendingCall::Kind::HeldTokens;
    call.to = wallet;
    call.list = list;
    call.account = wallet;
    return call;
}

core::Bytes word(const U256& value) {
    core::Bytes out(32);
    core::to_big_endian(value, out.data());
    return out;
}

core::Bytes word(const Address& value) {
    core::Bytes out(12);
    out.insert(out.end(), value.raw().begin(), value.raw().end());
    return out;
}

std::shared_ptr<const TokenList> a_list(std::uint64_t first) {
    auto list = std::make_shared<TokenList>();
    list->selector = {1, 2, 3, 4};
    list->function = "balanceOf";
    list->tokens = {address(first), address(first + 1)};
    list->stands = TokenList::Stands::Zeros;
    return list;
}

const Block kBlock{
    .number = core::BlockNumber(100), .hash = core::Hash{9}, .timestamp = core::Timestamp(1'000)};

KeptAnswers a_reading() {
    AnswerBook book;
    book.note(position_of(account(1), account(1)), word(U256(5)));
    book.note(held_by(account(1), a_list(0x10)), word(U256(6)));
    PendingCall recipient;
    recipient.to = address(0xc0);
    recipient.data = Recipient::encode();
    recipient.function = Recipient::name();
    book.note(recipient, word(account(1)));
    PendingCall refused = recipient;
    refused.to = address(0xc1);
    book.note(refused, core::Unexpected(CallFailure{core::ErrorKind::Reverted, ""}));
    PendingCall tried = refused;
    tried.to = address(0xc2);
    tried.may_revert = true;
    book.note(tried, word(U256(1)));
    return book.take(kBlock, nullptr);
}

}  // namespace

TEST_CASE("kept answers are read as they were written", "[refresh]") {
    const KeptAnswers kept = a_reading();
    const std::string bytes = to_bytes(kept);
    const auto read = parse_kept_answers(bytes);
    REQUIRE(read);
    CHECK(read->block.number == kBlock.number);
    CHECK(read->block.hash == kBlock.hash);
    CHECK(read->block.timestamp == kBlock.timestamp);
    CHECK(read->read_whole_at == kBlock.timestamp);
    CHECK(read->events_after == kBlock.number);
    CHECK(read->lists == kept.lists);
    CHECK(read->lists.at(0).stands == TokenList::Stands::Zeros);
    CHECK(read->named == kept.named);
    REQUIRE(read->of_accounts.size() == 2);
    REQUIRE(read->others.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(read->others[i].to == kept.others[i].to);
        CHECK(read->others[i].data == kept.others[i].data);
        CHECK(read->others[i].function == "feeRecipient");
        CHECK(read->others[i].may_revert == (read->others[i].to == address(0xc2)));
        CHECK(read->others[i].was_refused == (read->others[i].to == address(0xc1)));
    }
    CHECK(to_bytes(*read) == bytes);
}

TEST_CASE("a spoilt file of answers is none, or another one", "[refresh]") {
    const std::string bytes = to_bytes(a_reading());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(parse_kept_answers(bytes.substr(0, size)));
    }
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        std::string spoilt = bytes;
        spoilt[random() % spoilt.size()] = static_cast<char>(random());
        const auto read = parse_kept_answers(spoilt);
        for (const auto& answer : read ? read->of_accounts : std::vector<KeptAnswers::Answer>{}) {
            const bool is_list = answer.question.kind == PendingCall::Kind::HeldTokens;
            REQUIRE((!is_list || answer.question.list < read->lists.size()));
        }
    }
}

TEST_CASE("a book does not answer with failures that are no contract's", "[refresh]") {
    PendingCall call = position_of(account(1), account(1));
    const auto known = [&](const CallFailure& why, bool may_revert) {
        AnswerBook book;
        book.note(call, core::Unexpected(why));
        PendingCall again = call;
        again.may_revert = may_revert;
        return book.answer(again);
    };
    CHECK_FALSE(known({core::ErrorKind::Timeout, "silence"}, true));
    CHECK(known({core::ErrorKind::Reverted, "no"}, false));
    CHECK(known({core::ErrorKind::EmptyReply, ""}, false));
    // Only its gas may have run out: who must be sure asks again.
    const CallFailure doubtful{core::ErrorKind::Reverted, "", true};
    CHECK_FALSE(known(doubtful, false));
    CHECK(known(doubtful, true));
}

TEST_CASE("a book tells accounts' answers from what any block may change", "[refresh]") {
    const KeptAnswers kept = a_reading();
    for (const KeptAnswers::Answer& answer : kept.of_accounts) {
        CHECK(answer.account == account(1));
    }
    // The contract's state names the account: its fees come without an event.
    CHECK(kept.named == std::set<Address>{account(1)});
    for (const KeptAnswers::Question& other : kept.others) {
        CHECK(other.was_refused == (other.to == address(0xc1)));
    }
}

TEST_CASE("who takes an answer for no account's makes it nobody's", "[refresh]") {
    AnswerBook book;
    PendingCall plain = position_of(account(1), account(1));
    book.note(plain, word(U256(5)));
    plain.account = std::nullopt;
    book.note(plain, word(U256(5)));
    const KeptAnswers kept = book.take(kBlock, nullptr);
    CHECK(kept.of_accounts.empty());
    CHECK(kept.others.size() == 1);
}

TEST_CASE("a book answers what it knows, and keeps what was asked for alone", "[refresh]") {
    const KeptAnswers kept = a_reading();
    AnswerBook book;
    for (const KeptAnswers::Answer& answer : kept.of_accounts) {
        book.know(answer.question, kept.lists, answer.data);
    }
    PendingCall asked = position_of(account(1), account(1));
    REQUIRE(book.answer(asked));
    CHECK(asked.answered);
    CHECK(*asked.outcome == word(U256(5)));
    // Of lists the tokens count, not where they are.
    PendingCall held = held_by(account(1), a_list(0x10));
    REQUIRE(book.answer(held));
    CHECK(*held.outcome == word(U256(6)));
    PendingCall other_list = held_by(account(1), a_list(0x20));
    CHECK_FALSE(book.answer(other_list));
    PendingCall other_account = position_of(account(2), account(2));
    CHECK_FALSE(book.answer(other_account));
    CHECK(book.take(kBlock, nullptr).of_accounts.size() == 2);
}

TEST_CASE("what stood is as old as what it stood on", "[refresh]") {
    KeptAnswers before = a_reading();
    before.read_whole_at = core::Timestamp(900);
    AnswerBook book;
    Block later = kBlock;
    later.number = core::BlockNumber(120);
    CHECK(book.take(later, nullptr).events_after == core::BlockNumber(120));
    CHECK(book.take(later, &before).read_whole_at == core::Timestamp(900));
    // Of the blocks between the last 64 are looked at again, and none before the first reading's.
    CHECK(book.take(later, &before).events_after == core::BlockNumber(100));
    later.number = core::BlockNumber(200);
    CHECK(book.take(later, &before).events_after == core::BlockNumber(136));
}

TEST_CASE("small numbers are no accounts", "[refresh]") {
    const std::set<Address> accounts{account(1), address(0x12)};
    std::set<Address> named;
    core::Bytes data = word(account(1));
    const core::Bytes number = word(address(0x12));
    data.insert(data.end(), number.begin(), number.end());
    add_named(data, accounts, named);
    CHECK(named == std::set<Address>{account(1)});
}
