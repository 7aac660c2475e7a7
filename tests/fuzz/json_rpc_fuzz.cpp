#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>

#include "chains/evm/json_rpc.hpp"

namespace {

using margrave::chains::evm::decode_reply;
using margrave::chains::evm::HttpReply;
using margrave::chains::evm::RpcRequest;

constexpr std::uint64_t kFirstId = 7;

}  // namespace

/// An endpoint may send anything: every reply must end as one outcome for each call, and a value
/// must be JSON that reads back as the same value. The first byte picks the size of the batch, the
/// second the HTTP status.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer gives the name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const RpcRequest request(1 + bytes[0] % 4, {.method = "eth_call", .params = "[]"});
    constexpr int kStatuses[] = {200, 200, 200, 204, 301, 400, 403, 429, 500};
    const HttpReply reply{.status = kStatuses[bytes[1] % std::size(kStatuses)],
                          .body = std::string(reinterpret_cast<const char*>(bytes) + 2, size - 2)};
    const auto outcomes = decode_reply(request, kFirstId, reply, "host");
    if (outcomes.size() != request.size()) {
        std::abort();
    }
    for (const auto& outcome : outcomes) {
        if (!outcome) {
            continue;
        }
        const HttpReply again{.status = 200,
                              .body = R"({"id":7,"result":)" + outcome.value() + "}"};
        const auto same = decode_reply({request[0]}, kFirstId, again, "host");
        if (!same[0] || same[0].value() != outcome.value()) {
            std::abort();
        }
    }
    return 0;
}
