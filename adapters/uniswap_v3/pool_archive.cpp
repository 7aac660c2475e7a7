#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

#include "adapters/uniswap_v3/pool_venue.hpp"
#include "adapters/uniswap_v3/tick_math.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "margin/venue_token.hpp"

namespace margrave::adapters::uniswap_v3 {
namespace {

using core::Archive;
using core::InputError;

constexpr std::uint32_t kPips = 1'000'000;
constexpr std::int32_t kSpacingMax = 16384;  // UniswapV3Factory.enableFeeAmount
constexpr std::int32_t kWordMax = 32767;     // int16

/// A tick, a word or a spacing: decimal digits, with a sign when below zero.
std::int32_t read_int(const Archive& archive, std::string_view field, std::int32_t most) {
    const std::string& text = archive.text(field);
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most || value < -most ||
        fmt::format("{}", value) != text) {
        throw InputError(fmt::format("\"{}\" should be an integer from {} to {}, is \"{}\"", field,
                                     -most, most, core::printable(text, 40)));
    }
    return value;
}

Archive archive_ticks(const TickTable& table) {
    Archive::List out;
    for (std::size_t row = 0; row < table.ticks.size(); ++row) {
        const NetLiquidity& net = table.nets[row];
        Archive tick;
        tick.set("net", (net.is_negative ? "-" : "") + core::to_decimal(net.amount));
        tick.set("tick", fmt::format("{}", table.ticks[row]));
        out.push_back(std::move(tick));
    }
    return out;
}

NetLiquidity restore_net(const Archive& archive) {
    const std::string& text = archive.text("net");
    const bool is_negative = text.starts_with('-');
    const auto amount = core::parse_decimal(std::string_view(text).substr(is_negative ? 1 : 0));
    if (!amount || (is_negative && *amount == 0)) {
        throw InputError("\"net\" should be an integer, is \"" + core::printable(text, 60) + '"');
    }
    return {.is_negative = is_negative, .amount = *amount};
}

std::shared_ptr<const TickTable> restore_ticks(const Archive& archive) {
    auto table = std::make_shared<TickTable>();
    table->spacing = read_int(archive, "tick_spacing", kSpacingMax);
    table->word_low = read_int(archive, "word_low", kWordMax);
    table->word_high = read_int(archive, "word_high", kWordMax);
    if (table->spacing < 1) {
        throw InputError("\"tick_spacing\" should be at least 1");
    }
    for (const Archive& row : archive.list("ticks")) {
        const std::int32_t tick = read_int(row, "tick", kTickMax);
        const std::int32_t word = word_of(compress(tick, table->spacing));
        if (tick % table->spacing != 0 || word < table->word_low || word > table->word_high) {
            throw InputError(
                fmt::format("tick {} is between the ticks or outside the words", tick));
        }
        table->ticks.push_back(tick);
        table->nets.push_back(restore_net(row));
    }
    return table;
}

std::optional<core::Address> optional_address(const Archive& archive, std::string_view field) {
    return archive.has(field) ? std::optional(archive.address(field)) : std::nullopt;
}

}  // namespace

Archive PoolVenue::archive() const {
    const auto& [name, tokens, pool, routers] = state_;
    Archive out;
    out.set("address", name.address);
    out.set("chain", name.chain);
    out.set("fee_pips", std::uint64_t{pool.fee_pips});
    out.set("liquidity", pool.now.liquidity);
    out.set("sqrt_price_x96", pool.now.sqrt_price_x96);
    out.set_optional("swap_router", routers.swap_router);
    out.set_optional("swap_router_02", routers.swap_router_02);
    out.set("tick", fmt::format("{}", pool.now.tick));
    out.set("tick_spacing", fmt::format("{}", pool.ticks->spacing));
    out.set("ticks", archive_ticks(*pool.ticks));
    out.set("token0", margin::archive(tokens[0]));
    out.set("token1", margin::archive(tokens[1]));
    out.set("word_high", fmt::format("{}", pool.ticks->word_high));
    out.set("word_low", fmt::format("{}", pool.ticks->word_low));
    return out;
}

std::unique_ptr<PoolVenue> PoolVenue::restore(const Archive& archive) {
    const std::uint64_t fee = archive.u64("fee_pips");
    if (fee >= kPips) {
        throw InputError("\"fee_pips\" should be below a million");
    }
    State state{.name = {.kind = "uniswap_v3",
                         .chain = archive.text("chain"),
                         .address = archive.address("address")},
                .tokens = {margin::restore_venue_token(archive.at("token0")),
                           margin::restore_venue_token(archive.at("token1"))},
                .pool = {.fee_pips = static_cast<std::uint32_t>(fee),
                         .now = {.sqrt_price_x96 = archive.u256("sqrt_price_x96"),
                                 .tick = read_int(archive, "tick", kTickMax + 1),
                                 .liquidity = archive.u256("liquidity")},
                         .ticks = restore_ticks(archive)},
                .routers = {.swap_router = optional_address(archive, "swap_router"),
                            .swap_router_02 = optional_address(archive, "swap_router_02")}};
    if (const auto why = contradiction_in(state.pool)) {
        throw InputError(*why);
    }
    return std::make_unique<PoolVenue>(std::move(state));
}

}  // namespace margrave::adapters::uniswap_v3
