#include <fmt/format.h>

#include "app/commands.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "store/watch_file.hpp"
#include "store/watch_snapshots.hpp"

namespace margrave::app {

ExitCode run_alerts_snapshot(World& world, const AlertsSnapshotOptions& options) {
    auto file = store::WatchFile::open(options.store);
    const auto text = store::read_snapshot(file.database(), options.block_hash);
    if (!text) {
        throw core::InputError(
            fmt::format("{} keeps no reading of block {}: only those of blocks at which something "
                        "was told, the "
                        "newest {} of them",
                        core::printable(options.store), core::printable(options.block_hash),
                        store::kSnapshotsKept));
    }
    write_result(world, *text);
    return ExitCode::Fine;
}

}  // namespace margrave::app
