#include "channels/webhook.hpp"

#include <cryptopp/hmac.h>
#include <cryptopp/sha.h>
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "channels/base64.hpp"
#include "channels/http_post.hpp"
#include "channels/verdict.hpp"
#include "core/errors.hpp"

namespace margrave::channels {
namespace {

constexpr std::size_t kSecretBytesMin = 24;
constexpr std::size_t kSecretBytesMax = 64;

class Webhook : public Channel {
  public:
    explicit Webhook(WebhookTarget target) : target_(std::move(target)) {}

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t now_s) override {
        try {
            const std::string body = target_.sign ? target_.sign(message.body) : message.body;
            return judge(Receiver::Webhook,
                         post_.post(target_.url.reveal(), body, headers_of(message, now_s, body)));
        } catch (const core::InputError& error) {
            return {.outcome = Delivery::Outcome::Never,
                    .why = fmt::format("it cannot be signed: {}", error.what())};
        }
    }

  private:
    [[nodiscard]] std::vector<std::string> headers_of(const Message& message, std::uint64_t now_s,
                                                      std::string_view body) const {
        return {
            "webhook-id: " + message.key, fmt::format("webhook-timestamp: {}", now_s),
            "webhook-signature: " + webhook_signature(target_.secret, message.key, now_s, body)};
    }

    WebhookTarget target_;
    HttpPost post_;
};

}  // namespace

std::unique_ptr<Channel> make_webhook(WebhookTarget target) {
    return std::make_unique<Webhook>(std::move(target));
}

core::Bytes parse_webhook_secret(std::string_view text) {
    constexpr std::string_view kPrefix = "whsec_";
    core::Bytes out;
    if (text.starts_with(kPrefix)) {
        out = from_base64(text.substr(kPrefix.size()));
    }
    if (out.size() < kSecretBytesMin || out.size() > kSecretBytesMax) {
        throw core::InputError(
            "a webhook's secret is whsec_ and the base64 of 24 to 64 random bytes, as from "
            "`openssl rand -base64 32`");
    }
    return out;
}

std::string webhook_signature(const core::Bytes& secret, std::string_view id,
                              std::uint64_t timestamp, std::string_view body) {
    const std::string head = fmt::format("{}.{}.", id, timestamp);
    CryptoPP::HMAC<CryptoPP::SHA256> hmac(secret.data(), secret.size());
    hmac.Update(reinterpret_cast<const std::uint8_t*>(head.data()), head.size());
    hmac.Update(reinterpret_cast<const std::uint8_t*>(body.data()), body.size());
    std::array<std::uint8_t, CryptoPP::SHA256::DIGESTSIZE> digest{};
    hmac.Final(digest.data());
    return "v1," + to_base64(digest);
}

}  // namespace margrave::channels
