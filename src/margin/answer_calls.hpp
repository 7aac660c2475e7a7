#pragma once

#include <vector>

#include "core/address.hpp"
#include "core/hex.hpp"

namespace margrave::margin {

/// The call by which a market's contracts ask for one of its oracle answers; its result is one
/// word.
struct AnswerCall {
    core::Address asset;  ///< as Market::answers() names it
    core::Address contract;
    core::Bytes data;
};

/// A market whose oracle answers can be asked for at other blocks than its own, without reading it
/// again.
class AnswerCalls {
  public:
    virtual ~AnswerCalls() = default;

    /// One for each of answers(), in their order.
    [[nodiscard]] virtual std::vector<AnswerCall> answer_calls() const = 0;
};

}  // namespace margrave::margin
