#include "adapters/aave_v3/behaviour.hpp"

#include <algorithm>
#include <array>

namespace margrave::adapters::aave_v3 {
namespace {

constexpr std::string_view kByContract =
    "equal to the contract's own answers on a local node, wei for wei (tests/devnet)";
constexpr std::string_view kByVectors =
    "published vectors of the compounding, the formulas of its source at that tag, hand-worked "
    "cases (tests/adapters/aave_v3)";

using enum DebtGrowth;
using enum EmodeKind;
using VirtualBalance::Always;
using VirtualBalance::ByFlag;
constexpr VirtualBalance kNoVirtual = VirtualBalance::None;

// Sources: aave/aave-v3-core@v1.19.3 (3.0) and aave-dao/aave-v3-origin at the tags v3.1.0 … v3.6.0
// and 4fbd7442 (3.7): GenericLogic.calculateUserAccountData, ReserveLogic, MathUtils, TokenMath,
// ValidationLogic.
// clang-format off
constexpr auto kBehaviours = std::to_array<Behaviour>({
    //                                     against stable grace   sentinel balance isolated virtual  deficit
    {"3.0", Binomial, OnePerAsset,         false,  true,  false,  true,    false,  false, kNoVirtual, false, kByContract},
    {"3.1", Binomial, OnePerAsset,         false,  true,  true,   true,    false,  false, ByFlag,     false, kByVectors},
    {"3.2", Binomial, Bitmaps,             false,  false, true,   true,    false,  false, ByFlag,     false, kByVectors},
    {"3.3", Binomial, Bitmaps,             false,  false, true,   true,    true,   false, ByFlag,     true,  kByVectors},
    {"3.4", Taylor,   Bitmaps,             false,  false, true,   true,    false,  false, Always,     true,  kByVectors},
    {"3.5", Taylor,   Bitmaps,             true,   false, true,   true,    false,  false, Always,     true,  kByVectors},
    {"3.6", Taylor,   OwnTerms,            true,   false, true,   true,    false,  false, Always,     true,  kByContract},
    {"3.7", Taylor,   OwnTerms,            true,   false, true,   false,   false,  true,  Always,     true,  kByVectors},
});
// clang-format on

}  // namespace

std::span<const Behaviour> behaviours() { return kBehaviours; }

const Behaviour* find_behaviour(std::string_view name) {
    const auto* found = std::find_if(kBehaviours.begin(), kBehaviours.end(),
                                     [&](const Behaviour& row) { return row.name == name; });
    return found == kBehaviours.end() ? nullptr : found;
}

}  // namespace margrave::adapters::aave_v3
