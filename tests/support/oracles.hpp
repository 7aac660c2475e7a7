#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "margin/oracle.hpp"

/// Price sources made by hand.
namespace margrave::test {

inline const core::Timestamp kOracleTime{1'760'000'000};

/// 0x…0a: an address that says which it is.
inline core::Address oracle_address(std::uint64_t number) {
    core::Address::Raw bytes{};
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[bytes.size() - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return core::Address(bytes);
}

inline margin::OracleSource source(std::uint64_t address, margin::OracleKind kind) {
    margin::OracleSource out;
    out.address = oracle_address(address);
    out.kind = kind;
    out.decimals = 8;
    out.read_at = kOracleTime;
    return out;
}

/// A feed that answered ten minutes ago.
inline std::shared_ptr<const margin::OracleSource> feed(std::uint64_t address, core::U256 answer,
                                                        std::string description) {
    margin::OracleSource out = source(address, margin::OracleKind::Feed);
    out.description = std::move(description);
    out.answer = std::move(answer);
    out.updated_at = core::Timestamp(kOracleTime.value() - 600);
    return std::make_shared<const margin::OracleSource>(std::move(out));
}

inline margin::OraclePart part_of(std::string role,
                                  std::shared_ptr<const margin::OracleSource> made_of) {
    return {.role = std::move(role),
            .source = made_of->address,
            .answer = made_of->answer.value_or(0),
            .updated_at = made_of->updated_at,
            .made_of = made_of};
}

inline margin::OraclePart number(std::string role, std::uint64_t source, core::U256 answer) {
    return {.role = std::move(role),
            .source = oracle_address(source),
            .answer = std::move(answer),
            .updated_at = std::nullopt,
            .made_of = nullptr};
}

struct Cap {
    core::U256 snapshot;
    std::uint64_t growth = 0;
    std::uint64_t scale = 1;
    std::uint64_t seconds = 0;  ///< since the snapshot
    core::U256 answer;
};

/// Of 18 decimals, at address 7; the ratio comes from address 8.
inline std::shared_ptr<const margin::OracleSource> capped_ratio(
    std::shared_ptr<const margin::OracleSource> base, core::U256 ratio, const Cap& cap) {
    margin::OracleSource out = source(7, margin::OracleKind::CappedRatio);
    out.description = "Capped X / Y / USD";
    out.parameters = {{"ratio_decimals", 18},
                      {"snapshot_ratio", cap.snapshot},
                      {"snapshot_timestamp", kOracleTime.value() - cap.seconds},
                      {"max_growth_per_second", cap.growth},
                      {"growth_scale", cap.scale}};
    out.parts = {part_of("base", std::move(base)), number("ratio", 8, std::move(ratio))};
    out.answer = cap.answer;
    return std::make_shared<const margin::OracleSource>(std::move(out));
}

}  // namespace margrave::test
