#include "channels/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace margrave::channels {
namespace {

using Outcome = Delivery::Outcome;

/// Statuses from `first` to `last`, of one kind of receiver or of all.
struct Row {
    std::optional<Receiver> receiver;
    long first = 0;
    long last = 0;
    Outcome outcome = Outcome::Later;
};

/// The first row that fits counts; a status without one is refused.
constexpr auto kRows = std::to_array<Row>({
    // The hook was taken away by its owner. Only standard webhooks say so by 410 alone.
    {Receiver::Webhook, 410, 410, Outcome::Never},
    // action_prohibited and invalid_token; no_service, no_team and channel_not_found;
    // channel_is_archived. Slack itself says that these do not mend.
    {Receiver::Slack, 403, 404, Outcome::Never},
    {Receiver::Slack, 410, 410, Outcome::Never},
    {Receiver::Slack, 200, 200, Outcome::Delivered},
    {Receiver::Slack, 201, 299, Outcome::Refused},
    // The webhook was deleted, or its token is another.
    {Receiver::Discord, 401, 401, Outcome::Never},
    {Receiver::Discord, 404, 404, Outcome::Never},
    // The bot was blocked or put out of the chat.
    {Receiver::Telegram, 403, 403, Outcome::Never},
    {Receiver::Telegram, 200, 200, Outcome::Delivered},
    {Receiver::Telegram, 201, 299, Outcome::Refused},
    // The event is invalid: PagerDuty asks not to send it again.
    {Receiver::PagerDuty, 400, 400, Outcome::Never},
    {Receiver::PagerDuty, 202, 202, Outcome::Delivered},
    {Receiver::PagerDuty, 200, 299, Outcome::Refused},
    {Receiver::Alertmanager, 200, 200, Outcome::Delivered},
    {Receiver::Alertmanager, 201, 299, Outcome::Refused},
    // Of all.
    {std::nullopt, 200, 299, Outcome::Delivered},
    {std::nullopt, 0, 199, Outcome::Later},
    {std::nullopt, 408, 408, Outcome::Later},
    {std::nullopt, 425, 425, Outcome::Later},
    {std::nullopt, 429, 429, Outcome::Later},
    {std::nullopt, 500, 999, Outcome::Later},
});

Outcome outcome_of(Receiver receiver, long status) {
    const auto* const row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) {
        return one.receiver.value_or(receiver) == receiver && one.first <= status &&
               status <= one.last;
    });
    return row == kRows.end() ? Outcome::Refused : row->outcome;
}

}  // namespace

Delivery judge(Receiver receiver, const HttpAnswer& answer) {
    Delivery out;
    out.outcome = outcome_of(receiver, answer.status);
    if (answer.status == 0) {
        out.why = answer.failure;
    } else if (out.outcome != Outcome::Delivered) {
        out.why = fmt::format("the receiver answers with HTTP status {}", answer.status);
    }
    if (out.outcome == Outcome::Later) {
        out.retry_after_s = answer.retry_after_s;
    }
    return out;
}

Delivery no_receipt(const HttpAnswer& answer, const char* why) {
    // What was cut off may well have said it. What is too long to be read will be so again.
    const bool is_cut_off = !answer.is_whole && !answer.is_too_long;
    return {.outcome = is_cut_off ? Outcome::Later : Outcome::Refused,
            .why = fmt::format("the receiver answers with HTTP status {}, but {}", answer.status,
                               is_cut_off           ? "the answer is cut off"
                               : answer.is_too_long ? "the answer is too long"
                                                    : why)};
}

}  // namespace margrave::channels
