#include "report/number_text.hpp"

#include <algorithm>

namespace margrave::report {

namespace {

constexpr unsigned kWadDecimals = 18;
constexpr std::size_t kWholeDigitsMax = 15;

/// A number cut at its point, for `decimals` of any size.
struct Digits {
    std::string whole;
    std::string fraction;  ///< cut to the digits asked for
};

Digits split(const core::U256& value, unsigned decimals, unsigned digits) {
    const std::string text = core::to_decimal(value);
    const std::size_t whole = text.size() > decimals ? text.size() - decimals : 0;
    const std::size_t zeros = text.size() < decimals ? decimals - text.size() : 0;
    std::string fraction(std::min<std::size_t>(zeros, digits), '0');
    fraction += text.substr(whole);
    fraction.resize(digits, '0');
    return {.whole = whole == 0 ? "0" : text.substr(0, whole), .fraction = std::move(fraction)};
}

bool is_zero(const std::string& digits) {
    return digits.find_first_not_of('0') == std::string::npos;
}

std::string with_separators(const std::string& whole) {
    std::string out;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        if (i != 0 && (whole.size() - i) % 3 == 0) {
            out += ',';
        }
        out += whole[i];
    }
    return out;
}

std::string scientific(const std::string& whole) {
    return whole.substr(0, 1) + '.' + whole.substr(1, 4) + 'e' + std::to_string(whole.size() - 1);
}

/// The smallest number with so many digits after the point: "0.01".
std::string smallest(unsigned digits) {
    return digits == 0 ? "1" : "0." + std::string(digits - 1, '0') + '1';
}

/// grouped(), with `before` in front of the digits and "<" in front of what is too small for them.
std::string shown(const std::string& before, const core::U256& value, unsigned decimals,
                  unsigned digits) {
    const Digits cut = split(value, decimals, digits);
    if (value != 0 && is_zero(cut.whole) && is_zero(cut.fraction)) {
        return '<' + before + smallest(digits);
    }
    return before + grouped(value, decimals, digits);
}

}  // namespace

std::string grouped(const core::U256& value, unsigned decimals, unsigned digits) {
    const Digits cut = split(value, decimals, digits);
    if (cut.whole.size() > kWholeDigitsMax) {
        return scientific(cut.whole);
    }
    return with_separators(cut.whole) + (digits == 0 ? "" : '.' + cut.fraction);
}

std::string amount_text(const core::U256& amount, unsigned decimals) {
    if (amount == 0) {
        return "0";
    }
    constexpr std::size_t kThousands = 4;
    const std::string whole = split(amount, decimals, 0).whole;
    const unsigned digits = whole == "0" ? 6 : (whole.size() < kThousands ? 4 : 2);
    return shown("", amount, decimals, std::min(digits, decimals));
}

std::string usd_text(const core::Usd& value) { return shown("$", value.value(), kWadDecimals, 2); }

std::string price_text(const core::Usd& price) {
    const core::U256& value = price.value();
    const core::U256 ten_cents = core::pow10(kWadDecimals - 1);
    if (value >= core::pow10(kWadDecimals + 1)) {
        return shown("$", value, kWadDecimals, 2);
    }
    if (value == 0 || value >= ten_cents) {
        return shown("$", value, kWadDecimals, 4);
    }
    // 1234 of 1e18 has four digits, so the first stands 15 places after the point.
    const auto digits_of_value = static_cast<unsigned>(core::to_decimal(value).size());
    constexpr unsigned kSignificant = 4;
    const unsigned digits = kWadDecimals - digits_of_value + kSignificant;
    return shown("$", value, kWadDecimals, std::min(digits, kWadDecimals));
}

std::string health_factor_text(const core::Wad& health_factor) {
    return shown("", health_factor.value(), kWadDecimals, 4);
}

std::string bps_text(std::uint64_t bps) { return grouped(bps, 2, 2) + " %"; }

std::string fall_text(const core::Wad& fall) {
    constexpr unsigned kPercentDecimals = kWadDecimals - 2;
    const bool below_one_percent = fall.value() < core::pow10(kPercentDecimals);
    return shown("", fall.value(), kPercentDecimals, below_one_percent ? 2 : 1) + " %";
}

}  // namespace margrave::report
