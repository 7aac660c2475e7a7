#include "chains/evm/log_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "chains/evm/log_decoder.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"

namespace margrave::chains::evm {
namespace {

constexpr std::string_view kFormat = "margrave.logs/1";

core::Hash hash_of(std::string_view text) {
    return core::keccak256(
        {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});  // NOLINT: bytes
}

void append_line(const Log& log, std::string& out) {
    fmt::format_to(std::back_inserter(out), "{} {} {} ", log.block.value(), log.index,
                   core::to_hex(log.address.raw()));
    for (std::size_t i = 0; i < log.topic_count; ++i) {
        out += i == 0 ? "" : ",";
        out += core::to_hex(log.topics.at(i));
    }
    out += log.topic_count == 0 ? "- 0x" : " 0x";
    core::append_hex(log.data, out);
    out += '\n';
}

/// What comes before the next `end`; takes it and `end` from `text`. nullopt without one.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view word = text.substr(0, at);
    text.remove_prefix(at + 1);
    return word;
}

std::optional<std::uint64_t> number(std::optional<std::string_view> digits) {
    std::uint64_t value = 0;
    if (!digits) {
        return std::nullopt;
    }
    const auto [end, error] =
        std::from_chars(digits->data(), digits->data() + digits->size(), value);
    const bool whole = error == std::errc{} && end == digits->data() + digits->size();
    return whole ? std::optional(value) : std::nullopt;
}

template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> fixed_bytes(std::optional<std::string_view> hex) {
    const auto bytes = hex ? core::parse_hex(*hex) : std::nullopt;
    if (!bytes || bytes->size() != N) {
        return std::nullopt;
    }
    std::array<std::uint8_t, N> out{};
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return out;
}

bool parse_topics(std::string_view text, Log& log) {
    if (text == "-") {
        return true;
    }
    for (bool is_last = false; !is_last;) {
        const auto before = take_until(text, ',');
        is_last = !before;
        const auto topic = fixed_bytes<32>(is_last ? text : *before);
        if (!topic || log.topic_count == log.topics.size()) {
            return false;
        }
        log.topics.at(log.topic_count++) = *topic;
    }
    return true;
}

std::optional<Log> parse_line(std::string_view line) {
    Log log;
    const auto block = number(take_until(line, ' '));
    const auto index = number(take_until(line, ' '));
    const auto address = fixed_bytes<20>(take_until(line, ' '));
    const auto topics = take_until(line, ' ');
    auto data = core::parse_hex(line);
    if (!block || !index || !address || !topics || !data || !parse_topics(*topics, log)) {
        return std::nullopt;
    }
    log.block = core::BlockNumber(*block);
    log.index = *index;
    log.address = core::Address(*address);
    log.data = *std::move(data);
    return log;
}

/// The value of a header line "NAME VALUE"; nullopt for another name.
std::optional<std::string_view> header(std::string_view& text, std::string_view name) {
    auto line = take_until(text, '\n');
    if (!line || !line->starts_with(name) || line->size() <= name.size() ||
        (*line)[name.size()] != ' ') {
        return std::nullopt;
    }
    return line->substr(name.size() + 1);
}

core::Unexpected<std::string> wrong(std::string why) { return core::Unexpected(std::move(why)); }

/// The lines after the header.
core::Result<std::vector<Log>, std::string> parse_logs(std::string_view body,
                                                       const KeptLogs& kept) {
    std::vector<Log> logs;
    while (!body.empty()) {
        const auto line = take_until(body, '\n');
        auto log = line ? parse_line(*line) : std::nullopt;
        if (!log || !matches(kept.filter, *log) || log->block < kept.filter.from ||
            log->block > kept.through) {
            return wrong(fmt::format("its event {} is not one of this file", logs.size() + 1));
        }
        const auto place = [](const Log& one) { return std::tuple(one.block.value(), one.index); };
        if (!logs.empty() && place(logs.back()) >= place(*log)) {
            return wrong(fmt::format("its event {} is out of order", logs.size() + 1));
        }
        logs.push_back(*std::move(log));
    }
    return logs;
}

}  // namespace

std::string events_text(const LogFilter& filter) {
    std::string out;
    for (const core::Address& address : filter.addresses) {
        out += out.empty() ? "" : ",";
        out += core::to_hex(address.raw());
    }
    for (const auto& topics : filter.topics) {
        out += ' ';
        for (const Topic& topic : topics) {
            out += out.back() == ' ' ? "" : ",";
            out += core::to_hex(topic);
        }
        out += topics.empty() ? "*" : "";
    }
    return out;
}

std::string log_cache_name(core::ChainId chain_id, const LogFilter& filter) {
    constexpr std::size_t kHashBytes = 8;
    const core::Hash hash = hash_of(events_text(filter));
    return fmt::format("{}/{}-{}.logs", chain_id.value(),
                       core::to_hex(filter.addresses.at(0).raw()).substr(2),
                       core::to_hex(std::span(hash).first(kHashBytes)).substr(2));
}

std::string to_text(const KeptLogs& kept) {
    std::string body;
    for (const Log& log : kept.logs) {
        append_line(log, body);
    }
    std::string head =
        fmt::format("{}\nchain {}\nevents {}\nfrom {}\nthrough {} {}\nspan {}\nlogs {}\n", kFormat,
                    kept.chain_id.value(), events_text(kept.filter), kept.filter.from.value(),
                    kept.through.value(), core::to_hex(kept.hash), kept.span, kept.logs.size());
    const core::Hash sum = hash_of(head + body);
    return head + "keccak " + core::to_hex(sum) + '\n' + body;
}

core::Result<KeptLogs, std::string> parse_kept_logs(std::string_view text, core::ChainId chain_id,
                                                    const LogFilter& filter) {
    std::string_view rest = text;
    if (take_until(rest, '\n') != kFormat) {
        return wrong("it does not begin with " + std::string(kFormat));
    }
    KeptLogs kept{.chain_id = chain_id, .filter = filter, .through = {}, .logs = {}};
    const bool is_chain = number(header(rest, "chain")) == chain_id.value();
    const bool is_subject = header(rest, "events") == events_text(filter);
    if (!is_chain || !is_subject) {
        return wrong("it is about other events");
    }
    const auto from = number(header(rest, "from"));
    auto position = header(rest, "through");
    const auto through = position ? number(take_until(*position, ' ')) : std::nullopt;
    const auto hash = fixed_bytes<32>(position);
    const auto span = number(header(rest, "span"));
    const auto count = number(header(rest, "logs"));
    const std::string_view before_sum = text.substr(0, text.size() - rest.size());
    const auto sum = fixed_bytes<32>(header(rest, "keccak"));
    if (!from || !through || !hash || !span || !count || !sum) {
        return wrong("its header is malformed");
    }
    if (hash_of(std::string(before_sum) + std::string(rest)) != *sum) {
        return wrong("its checksum does not hold");
    }
    kept.filter.from = core::BlockNumber(*from);
    kept.through = core::BlockNumber(*through);
    kept.hash = *hash;
    kept.span = *span;
    auto logs = parse_logs(rest, kept);
    if (!logs) {
        return wrong(logs.error());
    }
    if (logs->size() != *count) {
        return wrong("it holds another number of events than it says");
    }
    kept.logs = std::move(logs).value();
    return kept;
}

}  // namespace margrave::chains::evm
