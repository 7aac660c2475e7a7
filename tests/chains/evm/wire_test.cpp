#include "chains/evm/wire.hpp"

#include <catch2/catch.hpp>

#include "core/errors.hpp"

namespace margrave::chains::evm {
namespace {

std::string words_for(const std::string& message) {
    const PendingCall question;
    const auto outcome =
        decode_alone(question, {core::Unexpected(RpcError{.kind = core::ErrorKind::Reverted,
                                                          .source = "node.example",
                                                          .code = 3,
                                                          .message = message,
                                                          .data = {}})});
    REQUIRE_FALSE(outcome);
    return outcome.error().detail;
}

TEST_CASE("a revert without data has the same words from every node", "[evm][wire][coverage]") {
    const auto* message = GENERATE("execution reverted", "VM execution error.",
                                   "execution reverted: ", "execution reverted: 0x",
                                   "invalid opcode: INVALID", "revert", "");
    CHECK(words_for(message) == "reverted without a reason");
}

TEST_CASE("a reason that a node gives in its message alone is kept", "[evm][wire][coverage]") {
    CHECK(words_for("execution reverted: position is healthy") == "reverted: position is healthy");
    CHECK(words_for("Execution Reverted: 55") == "reverted: 55");
}

}  // namespace
}  // namespace margrave::chains::evm
