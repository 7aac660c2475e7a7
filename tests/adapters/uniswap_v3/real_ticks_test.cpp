// A real pool's ticks and published figures about it, where the data folder is there: USDC/WETH
// 0.05 % of Ethereum, one block of January 2026. The files went through doubles, so figures agree
// to about nine digits.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "adapters/uniswap_v3/pool.hpp"
#include "adapters/uniswap_v3/tick_math.hpp"

using namespace margrave;
using namespace margrave::adapters::uniswap_v3;
using core::U256;

namespace {

namespace fs = std::filesystem;

constexpr std::int32_t kTick = 196429;
const char* const kRoot = "1459071770269315203845095385394772";
const char* const kLiquidity = "11263751935226816506";

/// The folder with the file of ticks; empty, with a line that says so, without it.
fs::path data_folder() {
    const char* given = std::getenv("MARGRAVE_DATA");
    const fs::path folder = fs::path(given == nullptr ? "" : given) / "amm";
    if (fs::exists(folder / "uniswap_v3_usdc_weth_005_ticks.csv")) {
        return folder;
    }
    std::cout << "skipped: MARGRAVE_DATA names no folder with amm/uniswap_v3_usdc_weth_005_*.csv\n";
    return {};
}

/// Rows of comma-separated words, without the heading.
std::vector<std::vector<std::string>> rows_of(const fs::path& file) {
    std::vector<std::vector<std::string>> out;
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::istringstream words(line);
        out.emplace_back();
        for (std::string word; std::getline(words, word, ',');) {
            out.back().push_back(word);
        }
    }
    return out;
}

Pool real_pool(const fs::path& folder, std::uint32_t fee_pips) {
    auto table = std::make_shared<TickTable>();
    table->spacing = 10;
    table->word_low = -400;
    table->word_high = 400;
    for (const auto& row : rows_of(folder / "uniswap_v3_usdc_weth_005_ticks.csv")) {
        const std::string& net = row.at(2);
        if (row.at(1) != "0") {
            table->ticks.push_back(std::stoi(row.at(0)));
            const bool is_negative = net.front() == '-';
            table->nets.push_back(
                {.is_negative = is_negative, .amount = U256(is_negative ? net.substr(1) : net)});
        }
    }
    return {.fee_pips = fee_pips,
            .now = {.sqrt_price_x96 = U256(kRoot), .tick = kTick, .liquidity = U256(kLiquidity)},
            .ticks = std::move(table)};
}

PoolSwap order(bool zero_for_one, bool exact_out, double amount, unsigned decimals) {
    U256 units = static_cast<std::uint64_t>(amount * 10 + 0.5);
    units *= core::pow10(decimals - 1);
    return {.zero_for_one = zero_for_one,
            .exact_out = exact_out,
            .amount = units,
            .price_limit = zero_for_one ? U256(sqrt_price_min() + 1) : U256(sqrt_price_max() - 1)};
}

/// USDC for a WETH where the pool stands.
double spot(const Pool& pool) {
    const double root = pool.now.sqrt_price_x96.convert_to<double>() / 0x1p96;
    return 1e12 / (root * root);
}

}  // namespace

TEST_CASE("sales into the real pool fetch what was worked out for them", "[uniswap_v3][data]") {
    const fs::path folder = data_folder();
    if (folder.empty()) {
        return;
    }
    // Worked apart in floating point, fee 0.05 %: sold WETH, USDC received, and where the price
    // ends.
    const auto [weth, usdc, after] = GENERATE(table<double, double, double>(
        {{100, 294563.711041, 2945.68975234}, {5000, 12180154.7484, 2146.02063576}}));
    Pool pool = real_pool(folder, 500);
    CHECK(spot(pool) == Approx(2948.53208253).epsilon(1e-11));
    const auto moved = swap(pool, order(false, false, weth, 18));
    REQUIRE(moved);
    CHECK(moved->remaining == 0);
    CHECK(moved->out.convert_to<double>() / 1e6 == Approx(usdc).epsilon(1e-9));
    CHECK(spot(pool) == Approx(after).epsilon(1e-9));
}

TEST_CASE("the published slippage of the real pool is found again", "[uniswap_v3][data]") {
    const fs::path folder = data_folder();
    if (folder.empty()) {
        return;
    }
    // The tables take no fee and start at the tick's own price. Despite their names they are of
    // purchases of so much, which their prices show: they rise with USDC bought, fall with WETH.
    const bool buys_usdc = GENERATE(true, false);
    const std::string name = std::string("uniswap_v3_usdc_weth_005_published_slippage_") +
                             (buys_usdc ? "usdc" : "weth") + "_in.csv";
    for (const auto& row : rows_of(folder / name)) {
        Pool pool = real_pool(folder, 0);
        pool.now.sqrt_price_x96 = sqrt_price_at(kTick);
        const double amount = std::stod(row.at(0));
        const auto moved = swap(pool, order(!buys_usdc, true, amount, buys_usdc ? 6 : 18));
        REQUIRE(moved);
        const double usdc = (buys_usdc ? moved->out : moved->in).convert_to<double>() / 1e6;
        const double weth = (buys_usdc ? moved->in : moved->out).convert_to<double>() / 1e18;
        CHECK(weth / usdc == Approx(std::stod(row.at(1))).epsilon(1e-7));
    }
}
