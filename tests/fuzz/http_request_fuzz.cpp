#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/text.hpp"
#include "server/answer.hpp"

namespace {

namespace server = margrave::server;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

struct Asked {
    bool open = false;
    bool guarded = false;
};
Asked asked;

server::Router make_router() {
    server::Router out;
    out.demand(server::Token(kSecret));
    out.add("/open", [](const server::Request& request) {
        asked.open = true;
        for (const auto& [name, value] : request.query) {
            if ((name + value).find_first_of("\r\n") != std::string::npos) {
                std::abort();
            }
        }
        return server::Response{};
    });
    out.add("/v1/guarded", [](const server::Request&) {
        asked.guarded = true;
        return server::Response{};
    });
    return out;
}

}  // namespace

/// A client may send anything: there is one answer, whose status is known; nothing is asked of a
/// handler for who names another host, nor what is guarded for who does not show the token; and
/// nobody is answered as if a second request stood in the first.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const server::Gate kGate("127.0.0.1", 9469, {"monitor.example"});
    static const server::Router kRouter = make_router();
    const std::string_view head(reinterpret_cast<const char*>(bytes), size);
    asked = {};
    const server::Reply reply = server::answer(head, kGate, kRouter);
    if (server::reason(reply.response.status) == "Error") {
        std::abort();
    }
    const bool is_answered = asked.open || asked.guarded;
    const std::string lower = margrave::core::lower(head);
    bool names_host = false;
    for (const char* host : {"localhost", "127.0.0.1:9469", "[::1]:9469", "monitor.example"}) {
        names_host = names_host || lower.find(host) != std::string::npos;
    }
    if (is_answered && !names_host) {
        std::abort();
    }
    if (asked.guarded && head.find(kSecret) == std::string_view::npos) {
        std::abort();
    }
    return 0;
}
