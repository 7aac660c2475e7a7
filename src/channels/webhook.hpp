#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "channels/channel.hpp"
#include "channels/secret.hpp"
#include "core/hex.hpp"

namespace margrave::channels {

/// JSON in, the same JSON with a signature in it out, always the same for the same. Throws
/// core::InputError for what cannot be signed.
using Sign = std::function<std::string(std::string_view json)>;

struct WebhookTarget {
    Secret url;          ///< may hold a key
    core::Bytes secret;  ///< of 24 to 64 bytes
    Sign sign = {};      ///< none: the body is posted as it is
};

/// Posts the body as Standard Webhooks 1.0 asks: headers webhook-id, webhook-timestamp and
/// webhook-signature, "v1," and the HMAC-SHA256 of "ID.TIMESTAMP.BODY". 2xx is delivered; 408, 425,
/// 429, 5xx and what did not come through are worth another try; 410 is not; all else is refused.
[[nodiscard]] std::unique_ptr<Channel> make_webhook(WebhookTarget target);

/// "whsec_" and base64 of 24 to 64 bytes; throws core::InputError that does not show it.
[[nodiscard]] core::Bytes parse_webhook_secret(std::string_view text);

/// The value of webhook-signature.
[[nodiscard]] std::string webhook_signature(const core::Bytes& secret, std::string_view id,
                                            std::uint64_t timestamp, std::string_view body);

}  // namespace margrave::channels
