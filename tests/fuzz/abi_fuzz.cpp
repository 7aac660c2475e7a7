// Hostile bytes as the results of the functions that margrave calls: they decode, or throw
// DecodeError.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "adapters/aave_v3/contracts.hpp"
#include "chains/abi.hpp"
#include "chains/erc20.hpp"
#include "chains/evm/oracles/chainlink.hpp"
#include "core/errors.hpp"

namespace {

using namespace margrave;
using chains::abi::Function;

using Aggregate3 =
    Function<"aggregate3", std::vector<std::tuple<bool, core::Bytes>>(std::vector<core::U256>)>;
using Deep = Function<"deep", std::vector<std::vector<std::vector<std::string>>>()>;

template <class F>
void decode(std::span<const std::uint8_t> data) {
    try {
        const auto result = F::decode(data);
        // What decoded encodes to something that decodes.
        chains::abi::Encoder out;
        chains::abi::Codec<std::tuple<typename F::Result>>::encode(
            std::tuple<typename F::Result>(result), out);
        core::ensure(!out.out().empty(), "a result has an encoding");
    } catch (const chains::abi::DecodeError&) {
        return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace aave = adapters::aave_v3;
    if (size == 0) {
        return 0;
    }
    const std::span<const std::uint8_t> rest(data + 1, size - 1);
    switch (data[0] % 8) {
        case 0:
            decode<Aggregate3>(rest);
            break;
        case 1:
            decode<Deep>(rest);
            break;
        case 2:
            decode<aave::GetReserveData>(rest);
            break;
        case 3:
            decode<aave::GetReservesList>(rest);
            break;
        case 4:
            decode<aave::GetEModeCategoryData>(rest);
            break;
        case 5:
            decode<aave::GetUserAccountData>(rest);
            break;
        case 6:
            decode<chains::evm::oracles::LatestRoundData>(rest);
            break;
        default:
            static_cast<void>(chains::erc20::decode_symbol(core::Bytes(rest.begin(), rest.end())));
    }
    return 0;
}
