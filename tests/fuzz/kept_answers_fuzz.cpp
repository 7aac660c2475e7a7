#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "chains/evm/kept_answers.hpp"
#include "core/errors.hpp"

/// Any bytes of the cache folder are either no kept answers, or such that write to stable bytes.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace margrave;
    namespace evm = chains::evm;
    const auto kept = evm::parse_kept_answers({data, data + size});
    if (kept) {
        const std::string once = evm::to_bytes(*kept);
        const auto again = evm::parse_kept_answers(once);
        core::ensure(again.has_value(), "what margrave wrote are kept answers");
        core::ensure(evm::to_bytes(*again) == once,
                     "kept answers that margrave wrote are read and written unchanged");
    }
    return 0;
}
