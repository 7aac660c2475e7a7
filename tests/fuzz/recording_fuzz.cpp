#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "chains/evm/recording.hpp"
#include "core/errors.hpp"

/// Any bytes are either refused with an InputError or become a recording that writes to a stable
/// text.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace margrave;
    using chains::evm::Recording;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const std::string once = Recording::from_json(text).to_json();
        std::string again;
        try {
            again = Recording::from_json(once).to_json();
        } catch (const core::InputError& error) {
            throw core::InvariantError("what margrave wrote is a recording");
        }
        core::ensure(again == once,
                     "a recording that margrave wrote is read and written unchanged");
    } catch (const core::InputError&) {
        // Refused, which is what most bytes deserve.
    }
    return 0;
}
