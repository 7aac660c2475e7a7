#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/errors.hpp"
#include "evidence/canonical_json.hpp"
#include "evidence/signed_report.hpp"

/// Any bytes are refused with an InputError, do not verify, or are a good report; and what is read
/// has a canonical text that is read as the same document.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace margrave;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto document = evidence::read_strict_json(text);
        const auto once = evidence::canonical_json(document);
        const auto again = evidence::read_strict_json(once);
        core::ensure(again == document, "the canonical text is the same document");
        core::ensure(evidence::canonical_json(again) == once, "and is canonical itself");
        const auto verified = evidence::verify_report(text, std::nullopt);
        core::ensure(verified.has_value() || !verified.error().empty(), "a refusal has a reason");
    } catch (const core::InputError&) {
        // Refused, which is what most bytes deserve.
    }
    return 0;
}
