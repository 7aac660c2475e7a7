#include "chains/evm/aggregate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "chains/abi.hpp"
#include "core/address.hpp"
#include "core/text.hpp"

namespace margrave::chains::evm {
namespace {

using core::Address;
using core::Bytes;

using Call3 = std::tuple<Address, bool, Bytes>;
using Result3 = std::tuple<bool, Bytes>;
using Aggregate3 = abi::Function<"aggregate3", std::vector<Result3>(std::vector<Call3>)>;

constexpr std::string_view kData = R"("data":"0x)";

/// The hex of the call's data, without 0x.
std::string_view data_of(const RpcCall& call) {
    const std::string_view params = call.params;
    const std::size_t begin = params.find(kData);
    if (begin == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = params.substr(begin + kData.size());
    return rest.substr(0, rest.find('"'));
}

std::optional<std::vector<AggregateItem>> items_in(std::string_view quoted) {
    if (quoted.size() < 4 || quoted.front() != '"' || quoted.back() != '"') {
        return std::nullopt;
    }
    const auto data = core::parse_hex(quoted.substr(1, quoted.size() - 2));
    if (!data || data->empty()) {
        return std::nullopt;
    }
    try {
        std::vector<AggregateItem> items;
        for (auto& [success, bytes] : Aggregate3::decode(*data)) {
            items.push_back({.success = success, .data = std::move(bytes)});
        }
        return items;
    } catch (const abi::DecodeError&) {
        // A parsing edge: something else stands at the address.
        return std::nullopt;
    }
}

std::optional<AggregateReply> parse_disputed(std::string_view text) {
    const auto object = nlohmann::json::parse(text, nullptr, false);
    if (!object.is_object() || object.size() != 2 || !object.contains("result") ||
        !object.contains("disputed") || !object["disputed"].is_object() ||
        object["disputed"].empty()) {
        return std::nullopt;
    }
    auto items = items_in(object["result"].dump());
    if (!items) {
        return std::nullopt;
    }
    AggregateReply reply{.items = *std::move(items)};
    for (const auto& [place, detail] : object["disputed"].items()) {
        std::size_t item = 0;
        const auto [end, error] = std::from_chars(place.data(), place.data() + place.size(), item);
        if (error != std::errc{} || end != place.data() + place.size() ||
            item >= reply.items.size() || !detail.is_string()) {
            return std::nullopt;
        }
        reply.disputed.emplace(item, detail.get<std::string>());
    }
    return reply;
}

/// The selector, and the first argument without its leading zeros.
std::string shown_call(const Bytes& data) {
    const std::string hex = core::to_hex(data);
    constexpr std::size_t kSelector = 10;
    constexpr std::size_t kWord = 64;
    if (hex.size() < kSelector + kWord) {
        return hex;
    }
    const std::string word = hex.substr(kSelector, kWord);
    const std::string argument = word.substr(std::min(word.find_first_not_of('0'), kWord - 1));
    return hex.substr(0, kSelector) + "(0x" + argument +
           (hex.size() > kSelector + kWord ? ", …)" : ")");
}

}  // namespace

bool is_aggregate(const RpcCall& call) {
    return call.method == "eth_call" && call.params.starts_with(R"([{"to":)") &&
           data_of(call).starts_with(core::to_hex(Aggregate3::kSelector).substr(2));
}

std::optional<AggregateReply> parse_aggregate(std::string_view result) {
    if (result.starts_with('{')) {
        return parse_disputed(result);
    }
    auto items = items_in(result);
    return items ? std::optional(AggregateReply{.items = *std::move(items)}) : std::nullopt;
}

std::string write_aggregate(const AggregateReply& reply) {
    std::vector<Result3> items;
    items.reserve(reply.items.size());
    for (const AggregateItem& item : reply.items) {
        items.emplace_back(item.success, item.data);
    }
    abi::Encoder out;
    using Results = std::tuple<std::vector<Result3>>;
    abi::Codec<Results>::encode(Results(std::move(items)), out);
    std::string hex = "\"" + core::to_hex(out.out()) + "\"";
    if (reply.disputed.empty()) {
        return hex;
    }
    nlohmann::json disputed = nlohmann::json::object();
    for (const auto& [item, detail] : reply.disputed) {
        disputed[std::to_string(item)] = core::printable(detail, 600);
    }
    return R"({"result":)" + hex + R"(,"disputed":)" + disputed.dump() + "}";
}

std::string describe_item(const RpcCall& aggregate, std::size_t item) {
    constexpr std::size_t kSelectorBytes = 4;
    const auto data = core::parse_hex("0x" + std::string(data_of(aggregate)));
    if (data && data->size() > kSelectorBytes) {
        try {
            const abi::Decoder arguments(
                std::span<const std::uint8_t>(*data).subspan(kSelectorBytes));
            const auto [calls] = abi::Codec<std::tuple<std::vector<Call3>>>::decode(arguments, 0);
            if (item < calls.size()) {
                const auto& [to, allow, inner] = calls[item];
                return fmt::format("{} of {}", shown_call(inner), to.to_string());
            }
        } catch (const abi::DecodeError&) {
            // No aggregate of ours: said below.
        }
    }
    return fmt::format("part {} of an aggregate", item);
}

}  // namespace margrave::chains::evm
