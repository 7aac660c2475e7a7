#include "app/restore.hpp"

#include <fmt/format.h>

#include "adapters/adapter.hpp"
#include "adapters/venue_kind.hpp"
#include "app/files.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "oracle/model.hpp"

namespace margrave::app {
namespace {

std::unique_ptr<margin::Market> restore_market(std::string_view protocol,
                                               const core::Archive& archive) {
    const auto* known = adapters::find_protocol(protocol);
    if (known == nullptr) {
        throw core::InputError(
            fmt::format("protocol \"{}\" is not known to this margrave; see `margrave protocols`",
                        core::printable(protocol)));
    }
    return known->restore_market(archive);
}

std::unique_ptr<margin::Venue> restore_venue(std::string_view kind, const core::Archive& archive) {
    const auto* known = adapters::find_venue_kind(kind);
    if (known == nullptr) {
        throw core::InputError(
            fmt::format("pools of kind \"{}\" are not known to this margrave; see `margrave "
                        "protocols`",
                        core::printable(kind)));
    }
    return known->restore_venue(archive);
}

}  // namespace

snapshot::Snapshot read_snapshot(const std::string& file) {
    return parse_snapshot(file, read_file(file, kDataBytesMax));
}

snapshot::Snapshot parse_snapshot(const std::string& file, std::string_view text) {
    try {
        return snapshot::from_json(text, restore_market, oracle::make_model, restore_venue);
    } catch (const core::InputError& error) {
        throw core::InputError(fmt::format("{}: {}", core::printable(file), error.what()));
    }
}

}  // namespace margrave::app
