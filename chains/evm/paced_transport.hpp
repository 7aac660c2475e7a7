#pragma once

#include <chrono>
#include <memory>

#include "chains/evm/rpc.hpp"
#include "core/time.hpp"

namespace margrave::chains::evm {

/// Sends as `inner` does until one of several requests is refused for its rate. From then on no
/// more go out at once than were accepted then, and as many again only when the time has passed
/// that the endpoint asks for (a second where it names none, five at most). Another refusal halves
/// the number, a calm while adds one. A send() that cannot end within `total` that way has the rest
/// of its calls fail as RateLimited.
[[nodiscard]] std::unique_ptr<RpcTransport> make_paced_transport(
    std::unique_ptr<RpcTransport> inner, std::chrono::milliseconds total, core::Clock& clock);

}  // namespace margrave::chains::evm
