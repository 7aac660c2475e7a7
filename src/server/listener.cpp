#include "server/listener.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string_view>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Listener::Opened Listener::open(const std::string& address, std::uint16_t port) {
    const auto refuse = [&](std::string_view why) {
        throw core::InputError(
            fmt::format("cannot listen on {} port {}: {}", core::printable(address), port, why));
    };
    error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) {
        refuse("this is no IP address");
    }
    asio::io_context context;
    tcp::acceptor acceptor(context);
    const tcp::endpoint endpoint(ip, port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) {
        // Else what a watch before it left in TIME_WAIT would keep this one from starting.
        acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (!error) {
        acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        refuse(error.message());
    }
    const std::uint16_t bound = acceptor.local_endpoint().port();
    const int descriptor = acceptor.release();
    // No program that is started may keep the port.
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return {.descriptor = descriptor, .address = ip.to_string(), .port = bound};
}

}  // namespace margrave::server
