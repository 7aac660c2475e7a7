#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/descriptor.hpp"

namespace margrave::server {

/// An address of this machine on which connections wait to be taken. It outlives the servers that
/// take them: while one gives way to the next, clients wait and are not refused.
class Listener {
  public:
    /// An IPv4 or IPv6 address; port 0: any that is free. Throws core::InputError where it cannot
    /// listen there.
    Listener(const std::string& address, std::uint16_t port) : Listener(open(address, port)) {}

    [[nodiscard]] int descriptor() const { return descriptor_.get(); }
    /// As it is written by convention, without brackets.
    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] bool is_ipv6() const { return address_.find(':') != std::string::npos; }

  private:
    struct Opened {
        int descriptor = -1;
        std::string address;
        std::uint16_t port = 0;
    };
    static Opened open(const std::string& address, std::uint16_t port);
    explicit Listener(Opened opened)
        : descriptor_(opened.descriptor), address_(std::move(opened.address)), port_(opened.port) {}

    const core::Descriptor descriptor_;
    const std::string address_;
    const std::uint16_t port_;
};

}  // namespace margrave::server
