#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace margrave::server {

/// Under which names this server may be asked. Listening on this machine alone keeps no web page
/// out that a browser here shows: a name of the page's own, which by then leads here (DNS
/// rebinding), comes with that name as Host.
class Gate {
  public:
    /// The address and port that are listened on, localhost, 127.0.0.1 and [::1], and `names`:
    /// "monitor.example", which is good without a port, too, or "monitor.example:8443".
    Gate(std::string_view address, std::uint16_t port, const std::vector<std::string>& names);

    /// In either case, with or without the final dot of a name.
    [[nodiscard]] bool knows_host(std::string_view host) const;
    /// Whether a page of that origin may ask: one of this server itself.
    [[nodiscard]] bool knows_origin(std::string_view origin) const;

    /// Whether a configured name is one: a host and maybe a port, without user or path.
    [[nodiscard]] static bool is_name(std::string_view text);

  private:
    std::vector<std::string> hosts_;  ///< with port where they need one
};

}  // namespace margrave::server
