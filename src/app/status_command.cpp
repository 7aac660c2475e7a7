#include "app/commands.hpp"
#include "app/watch_status.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

ExitCode run_status(World& world, const StatusOptions& options) {
    auto file = store::WatchFile::open(options.store);
    const WatchStatus status = read_status(file, options.store, world.wall_s());
    write_result(world, options.json ? to_json(status) : to_text(status));
    return ExitCode::Fine;
}

}  // namespace margrave::app
