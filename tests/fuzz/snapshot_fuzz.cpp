#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/errors.hpp"
#include "report/report.hpp"
#include "snapshot/snapshot.hpp"
#include "tests/support/fake_market.hpp"

/// Any bytes are either refused with an InputError or become a snapshot that writes back to a
/// stable text and can be reported on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace margrave;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto restore = [](std::string_view, const core::Archive& archive) {
            return test::FakeMarket::restore(archive);
        };
        const snapshot::Snapshot read = snapshot::from_json(text, restore);
        const std::string once = snapshot::to_json(read);
        core::ensure(snapshot::to_json(snapshot::from_json(once, restore)) == once,
                     "a file that margrave wrote is read and written unchanged");
        const report::Report report = report::make_report(
            read, {.at = std::nullopt, .at_risk_below = core::Wad(core::U256(1'100'000'000))});
        static_cast<void>(report::to_json(report));
        static_cast<void>(report::to_text(report, {.colour = true, .verbose = true}));
    } catch (const core::InputError&) {
        // Refused, which is what most bytes deserve.
    }
    return 0;
}
