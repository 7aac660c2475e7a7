#include "chains/evm/kept_answers.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace margrave::chains::evm {
namespace {

using nlohmann::json;

constexpr std::uint64_t kVersion = 1;

template <class Range>
json binary(const Range& bytes) {
    return json::binary({bytes.begin(), bytes.end()});
}

const core::Bytes& bytes_of(const json& value) { return value.get_binary(); }

template <std::size_t N>
std::array<std::uint8_t, N> array_of(const json& value) {
    const core::Bytes& bytes = bytes_of(value);
    if (bytes.size() != N) {
        throw std::invalid_argument("another length");
    }
    std::array<std::uint8_t, N> out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

/// One after the other.
template <class Addresses>
json binary_addresses(const Addresses& addresses) {
    core::Bytes out;
    for (const core::Address& address : addresses) {
        out.insert(out.end(), address.raw().begin(), address.raw().end());
    }
    return binary(out);
}

std::vector<core::Address> addresses_of(const json& value) {
    const core::Bytes& bytes = bytes_of(value);
    constexpr std::size_t kSize = std::tuple_size_v<core::Address::Raw>;
    if (bytes.size() % kSize != 0) {
        throw std::invalid_argument("no whole addresses");
    }
    std::vector<core::Address> out(bytes.size() / kSize);
    for (std::size_t i = 0; i < out.size(); ++i) {
        core::Address::Raw raw{};
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * kSize), kSize, raw.begin());
        out[i] = core::Address(raw);
    }
    return out;
}

/// A file may hold a float there, which no integer can be.
std::uint64_t number_of(const json& value) {
    if (!value.is_number_unsigned()) {
        throw std::invalid_argument("no number");
    }
    return value.get<std::uint64_t>();
}

template <class E>
E enum_of(const json& value, E last) {
    const std::uint64_t number = number_of(value);
    if (number > static_cast<std::uint64_t>(last)) {
        throw std::invalid_argument("no number of a kind");
    }
    return static_cast<E>(number);
}

/// Functions are named by few words, which stand once in the file.
class Words {
  public:
    std::size_t number(const std::string& word) {
        const auto [found, is_new] = numbers_.try_emplace(word, words_.size());
        if (is_new) {
            words_.push_back(word);
        }
        return found->second;
    }
    [[nodiscard]] const std::vector<std::string>& all() const { return words_; }

  private:
    std::map<std::string, std::size_t> numbers_;
    std::vector<std::string> words_;
};

json write(const KeptAnswers::Question& question, Words& words) {
    return json::array({static_cast<unsigned>(question.kind), binary(question.to.raw()),
                        binary(question.data), question.list, words.number(question.function),
                        question.may_revert, question.was_refused});
}

KeptAnswers::Question read_question(const json& from, const std::vector<std::string>& words,
                                    std::size_t lists) {
    KeptAnswers::Question out;
    out.kind = enum_of(from.at(0), PendingCall::Kind::HeldTokens);
    out.to = core::Address(array_of<20>(from.at(1)));
    out.data = bytes_of(from.at(2));
    out.list = number_of(from.at(3));
    if (out.kind == PendingCall::Kind::HeldTokens && out.list >= lists) {
        throw std::invalid_argument("no list of that number");
    }
    out.function = words.at(number_of(from.at(4)));
    out.may_revert = from.at(5).get<bool>();
    out.was_refused = from.at(6).get<bool>();
    return out;
}

KeptAnswers read(const json& from) {
    if (number_of(from.at("version")) != kVersion) {
        throw std::invalid_argument("another version");
    }
    KeptAnswers out;
    const json& block = from.at("block");
    out.block.number = core::BlockNumber(number_of(block.at(0)));
    out.block.hash = array_of<32>(block.at(1));
    out.block.timestamp = core::Timestamp(number_of(block.at(2)));
    out.read_whole_at = core::Timestamp(number_of(from.at("read_whole_at")));
    if (out.read_whole_at > out.block.timestamp) {
        throw std::invalid_argument("read after its block");
    }
    out.events_after = core::BlockNumber(number_of(from.at("events_after")));
    if (out.events_after > out.block.number) {
        throw std::invalid_argument("events after its block");
    }
    const auto words = from.at("words").get<std::vector<std::string>>();
    for (const json& list : from.at("lists")) {
        out.lists.push_back({.selector = array_of<4>(list.at(0)),
                             .function = list.at(1).get<std::string>(),
                             .tokens = addresses_of(list.at(2)),
                             .stands = enum_of(list.at(3), TokenList::Stands::All)});
        const std::size_t tokens = out.lists.back().tokens.size();
        if (tokens == 0 || tokens > TokenList::kTokensMax) {
            throw std::invalid_argument("no list that can be asked");
        }
    }
    for (const json& answer : from.at("of_accounts")) {
        out.of_accounts.push_back({.account = core::Address(array_of<20>(answer.at(0))),
                                   .question = read_question(answer.at(1), words, out.lists.size()),
                                   .data = bytes_of(answer.at(2))});
    }
    for (const json& question : from.at("others")) {
        out.others.push_back(read_question(question, words, out.lists.size()));
    }
    const auto named = addresses_of(from.at("named"));
    out.named.insert(named.begin(), named.end());
    return out;
}

}  // namespace

std::set<core::Address> KeptAnswers::accounts() const {
    std::set<core::Address> out;
    for (const Answer& answer : of_accounts) {
        out.insert(answer.account);
    }
    return out;
}

core::Hash topic_word(const core::Address& account) {
    core::Hash out{};
    std::copy(account.raw().begin(), account.raw().end(), out.begin() + 12);
    return out;
}

std::string to_bytes(const KeptAnswers& kept) {
    Words words;
    json out = {
        {"version", kVersion},
        {"block", json::array({kept.block.number.value(), binary(kept.block.hash),
                               kept.block.timestamp.value()})},
        {"read_whole_at", kept.read_whole_at.value()},
        {"events_after", kept.events_after.value()},
        {"named", binary_addresses(kept.named)},
        {"lists", json::array()},
        {"of_accounts", json::array()},
        {"others", json::array()},
    };
    for (const KeptAnswers::List& list : kept.lists) {
        out["lists"].push_back(
            json::array({binary(list.selector), list.function, binary_addresses(list.tokens),
                         static_cast<unsigned>(list.stands)}));
    }
    for (const KeptAnswers::Answer& answer : kept.of_accounts) {
        out["of_accounts"].push_back(json::array(
            {binary(answer.account.raw()), write(answer.question, words), binary(answer.data)}));
    }
    for (const KeptAnswers::Question& question : kept.others) {
        out["others"].push_back(write(question, words));
    }
    out["words"] = words.all();
    std::string bytes;
    json::to_cbor(out, bytes);
    return bytes;
}

std::optional<KeptAnswers> parse_kept_answers(const std::string& bytes) {
    // A parsing edge: a file that is none is as good as no file.
    try {
        return read(json::from_cbor(bytes));
    } catch (const json::exception&) {
        return std::nullopt;
    } catch (const std::logic_error&) {  // of a length, a number or a place
        return std::nullopt;
    }
}

}  // namespace margrave::chains::evm
