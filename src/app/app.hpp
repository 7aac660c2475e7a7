#pragma once

#include <string>
#include <vector>

#include "app/world.hpp"

namespace margrave::app {

/// The whole program: does what the arguments (without the program's name) ask for and returns its
/// exit status. What went wrong is one line on stderr.
[[nodiscard]] int run(World& world, const std::vector<std::string>& arguments);

}  // namespace margrave::app
