#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "app/command_words.hpp"
#include "app/commands.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {

ExitCode run_completions(World& world, const CompletionsOptions& options) {
    const auto& known = shells();
    if (std::find(known.begin(), known.end(), options.shell) == known.end()) {
        throw core::InputError(fmt::format("no completions for \"{}\"; the shells are {}",
                                           core::printable(options.shell), fmt::join(known, ", ")));
    }
    write_result(world, completion_script(command_words(), options.shell));
    return ExitCode::Fine;
}

ExitCode run_man(World& world, const ManOptions& /*options*/) {
    write_result(world, manual_page(command_words(), MARGRAVE_VERSION));
    return ExitCode::Fine;
}

}  // namespace margrave::app
