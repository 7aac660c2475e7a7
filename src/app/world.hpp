#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chains/evm/http_transport.hpp"
#include "chains/evm/rpc.hpp"
#include "core/time.hpp"
#include "settings/settings.hpp"

namespace margrave::app {

/// Seconds since 1970 by this machine's clock.
[[nodiscard]] std::uint64_t wall_seconds();

/// Makes the transport that really sends to an endpoint; a test puts a fake here.
using OpenEndpoint = std::function<std::unique_ptr<chains::evm::RpcTransport>(
    const std::string& url, const chains::evm::HttpLimits& limits)>;

/// Everything outside the program that a command touches, except files.
struct World {
    std::ostream& out;  ///< results
    std::ostream& err;  ///< everything else
    std::istream& in;
    settings::Environment environment;
    core::Clock& clock;
    OpenEndpoint open_endpoint;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    unsigned columns = 100;                            ///< of that terminal
    std::optional<std::uint64_t> seed = std::nullopt;  ///< of all chance; nullopt: there is none
    std::function<std::uint64_t()> wall_s = wall_seconds;
};

/// Writes a result. A reader that went away, as `head` does, is no failure; throws InputError for
/// any other reason that the result cannot be written, such as a full disk.
void write_result(World& world, std::string_view text);

/// A line on stdout, whole whatever other threads print, for who reads along: it is no failure that
/// nobody can.
void print_line(World& world, std::string_view text);

/// "margrave: TEXT" on stderr, one line, whole whatever other threads say, in the place of one that
/// is drawn.
void say(World& world, std::string_view text);

/// On a terminal's stderr: a line that the next one is drawn or said over. Cut to its width.
void draw_line(World& world, std::string_view text);
void clear_line(World& world);

}  // namespace margrave::app
