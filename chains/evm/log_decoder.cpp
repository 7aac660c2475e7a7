#include "chains/evm/log_decoder.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/hex_digit.hpp"
#include "core/text.hpp"

namespace margrave::chains::evm {
namespace {

namespace ondemand = simdjson::ondemand;
using core::ErrorKind;

/// "0x" and two digits a byte, into exactly `out`.
bool parse_bytes(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() != 2 + 2 * out.size() || !text.starts_with("0x")) {
        return false;
    }
    unsigned wrong = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const unsigned high = core::detail::hex_value(text[2 + 2 * i]);
        const unsigned low = core::detail::hex_value(text[3 + 2 * i]);
        wrong |= high | low;
        out[i] = static_cast<std::uint8_t>(high << 4U | (low & 0xfU));
    }
    return wrong <= 0xf;  // what is no digit has higher bits
}

/// A quantity of at most 64 bits. Leading zeros are against the rules, but seen.
std::optional<std::uint64_t> parse_quantity(std::string_view text) {
    constexpr std::size_t kDigitsMax = 64;
    if (!text.starts_with("0x") || text.size() < 3 || text.size() > 2 + kDigitsMax) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char digit : text.substr(2)) {
        const unsigned nibble = core::detail::hex_value(digit);
        if (nibble == core::detail::kNotHex || value >> 60U != 0) {
            return std::nullopt;
        }
        value = value << 4U | nibble;
    }
    return value;
}

/// The members of a log that are looked at; each must be there exactly once.
constexpr unsigned kAddress = 1;
constexpr unsigned kTopics = 2;
constexpr unsigned kData = 4;
constexpr unsigned kBlockNumber = 8;
constexpr unsigned kBlockHash = 16;
constexpr unsigned kLogIndex = 32;
constexpr unsigned kAll = 63;
constexpr unsigned kRemoved = 64;  ///< may be missing

unsigned member_of(std::string_view key) {
    constexpr auto kNames =
        std::to_array<std::pair<std::string_view, unsigned>>({{"address", kAddress},
                                                              {"topics", kTopics},
                                                              {"data", kData},
                                                              {"blockNumber", kBlockNumber},
                                                              {"blockHash", kBlockHash},
                                                              {"logIndex", kLogIndex},
                                                              {"removed", kRemoved}});
    const auto* const found = std::find_if(kNames.begin(), kNames.end(),
                                           [&](const auto& name) { return name.first == key; });
    return found == kNames.end() ? 0U : found->second;
}

/// A log with what only the checks need.
struct Entry {
    Log log;
    core::Hash block_hash{};
    bool removed = false;
};

class Decoder {
  public:
    Decoder(const LogFilter& filter, const BlockRange& range, const std::optional<Block>& pinned)
        : filter_(filter), range_(range), pinned_(pinned) {}

    core::Result<std::vector<Log>, LogsRefused> run(std::string& json) {
        json.reserve(json.size() + simdjson::SIMDJSON_PADDING);
        ondemand::document document;
        ondemand::array array;
        if (parser_.iterate(json).get(document) != simdjson::SUCCESS ||
            document.get_array().get(array) != simdjson::SUCCESS) {
            return refused(ErrorKind::BadReply, "the result of eth_getLogs is no list");
        }
        for (auto element : array) {
            Entry entry;
            ondemand::object object;
            if (element.get_object().get(object) != simdjson::SUCCESS || !read(object, entry)) {
                return refused(ErrorKind::BadReply,
                               fmt::format("log {} of the reply is malformed", logs_.size()));
            }
            if (auto wrong = check(entry)) {
                return core::Unexpected(*std::move(wrong));
            }
            hash_before_ = entry.block_hash;
            logs_.push_back(std::move(entry.log));
        }
        if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
            return refused(ErrorKind::BadReply, "something follows the list of logs");
        }
        return std::move(logs_);
    }

  private:
    static core::Unexpected<LogsRefused> refused(ErrorKind kind, std::string detail) {
        return core::Unexpected(LogsRefused{.kind = kind, .detail = std::move(detail)});
    }

    static bool read(ondemand::object& object, Entry& entry) {
        unsigned seen = 0;
        for (auto field : object) {
            std::string_view key;
            ondemand::value value;
            if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
                field.value().get(value) != simdjson::SUCCESS) {
                return false;
            }
            const unsigned member = member_of(key);
            if (member == 0) {
                continue;
            }
            if ((seen & member) != 0 || !read_member(member, value, entry)) {
                return false;
            }
            seen |= member;
        }
        return (seen & kAll) == kAll;
    }

    static bool read_member(unsigned member, ondemand::value& value, Entry& entry) {
        if (member == kRemoved) {
            return value.get_bool().get(entry.removed) == simdjson::SUCCESS;
        }
        if (member == kTopics) {
            return read_topics(value, entry.log);
        }
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS) {
            return false;  // a pending log has null for its block: it is not in any
        }
        switch (member) {
            case kAddress: {
                core::Address::Raw raw{};
                const bool is_address = parse_bytes(text, raw);
                entry.log.address = core::Address(raw);
                return is_address;
            }
            case kBlockHash:
                return parse_bytes(text, entry.block_hash);
            case kData:
                entry.log.data.resize(text.size() < 2 ? 0 : (text.size() - 2) / 2);
                return parse_bytes(text, entry.log.data);
            default:
                break;
        }
        const auto number = parse_quantity(text);
        if (number && member == kBlockNumber) {
            entry.log.block = core::BlockNumber(*number);
        } else if (number) {
            entry.log.index = *number;
        }
        return number.has_value();
    }

    static bool read_topics(ondemand::value& value, Log& log) {
        ondemand::array topics;
        if (value.get_array().get(topics) != simdjson::SUCCESS) {
            return false;
        }
        for (auto element : topics) {
            std::string_view text;
            if (log.topic_count == log.topics.size() ||
                element.get_string().get(text) != simdjson::SUCCESS ||
                !parse_bytes(text, log.topics.at(log.topic_count))) {
                return false;
            }
            ++log.topic_count;
        }
        return true;
    }

    [[nodiscard]] std::optional<LogsRefused> check(const Entry& entry) const {
        const Log& log = entry.log;
        const std::uint64_t block = log.block.value();
        const auto say = [&](ErrorKind kind, std::string_view what) {
            return LogsRefused{
                .kind = kind,
                .detail = fmt::format("log {} of block {} {}", log.index, block, what)};
        };
        if (entry.removed) {
            return say(ErrorKind::BadData, "was removed by a reorganisation");
        }
        if (!matches(filter_, log)) {
            return say(ErrorKind::BadData, "is not one that was asked for");
        }
        if (block < range_.first || block > range_.last) {
            return say(ErrorKind::BadData,
                       fmt::format("is outside of blocks {} to {}", range_.first, range_.last));
        }
        if (pinned_ && block == pinned_->number.value() && entry.block_hash != pinned_->hash) {
            return say(ErrorKind::WrongBlock, "is in another block of that number");
        }
        if (logs_.empty()) {
            return std::nullopt;
        }
        const Log& before = logs_.back();
        if (std::tuple(before.block.value(), before.index) >= std::tuple(block, log.index)) {
            return say(ErrorKind::BadData, "is not behind the one before it");
        }
        if (before.block == log.block && entry.block_hash != hash_before_) {
            return say(ErrorKind::BadData, "names another block hash than the one before it");
        }
        return std::nullopt;
    }

    const LogFilter& filter_;
    const BlockRange& range_;
    const std::optional<Block>& pinned_;
    ondemand::parser parser_;
    std::vector<Log> logs_;
    core::Hash hash_before_{};
};

}  // namespace

bool matches(const LogFilter& filter, const Log& log) {
    if (!filter.addresses.empty() && std::find(filter.addresses.begin(), filter.addresses.end(),
                                               log.address) == filter.addresses.end()) {
        return false;
    }
    for (std::size_t i = 0; i < filter.topics.size(); ++i) {
        const std::vector<Topic>& wanted = filter.topics[i];
        // Even a position that takes every topic asks for one to be there.
        if (i >= log.topic_count ||
            (!wanted.empty() &&
             std::find(wanted.begin(), wanted.end(), log.topics.at(i)) == wanted.end())) {
            return false;
        }
    }
    return true;
}

core::Result<std::vector<Log>, LogsRefused> decode_logs(std::string json, const LogFilter& filter,
                                                        const BlockRange& range,
                                                        const std::optional<Block>& pinned) {
    return Decoder(filter, range, pinned).run(json);
}

}  // namespace margrave::chains::evm
