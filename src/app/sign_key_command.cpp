#include <fmt/format.h>

#include "app/commands.hpp"
#include "core/text.hpp"
#include "evidence/key_file.hpp"

namespace margrave::app {

ExitCode run_sign_key(World& world, const SignKeyOptions& options) {
    const auto key = evidence::SecretKey::generate(evidence::system_entropy());
    evidence::create_key_file(options.file, *key);
    say(world,
        fmt::format(
            "{} holds a new reporting key; it controls no funds: send nothing to its address",
            core::printable(options.file)));
    write_result(world, key->address().to_string() + '\n');
    return ExitCode::Fine;
}

}  // namespace margrave::app
