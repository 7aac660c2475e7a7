#include "channels/webhook.hpp"

#include <cryptopp/hmac.h>
#include <cryptopp/sha.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/binary_from_base64.hpp>
#include <boost/archive/iterators/dataflow_exception.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::channels {
namespace {

constexpr long kConnectMs = 5'000;
constexpr long kTotalMs = 15'000;
constexpr std::size_t kSecretBytesMin = 24;
constexpr std::size_t kSecretBytesMax = 64;

std::string base64(std::span<const std::uint8_t> bytes) {
    using boost::archive::iterators::base64_from_binary;
    using boost::archive::iterators::transform_width;
    using Digits = base64_from_binary<transform_width<const std::uint8_t*, 6, 8>>;
    std::string out(Digits(bytes.data()), Digits(bytes.data() + bytes.size()));
    out.append((3 - bytes.size() % 3) % 3, '=');
    return out;
}

/// Nothing where it is no base64.
core::Bytes from_base64(std::string_view text) {
    using boost::archive::iterators::binary_from_base64;
    using boost::archive::iterators::transform_width;
    using Octets = transform_width<binary_from_base64<const char*>, 8, 6>;
    const std::string_view digits = text.substr(0, text.find('='));
    try {
        core::Bytes out(Octets(digits.data()), Octets(digits.data() + digits.size() / 4 * 4));
        // What is left over of a group of four is an octet less.
        Octets rest(digits.data() + digits.size() / 4 * 4);
        for (std::size_t i = 1; i < digits.size() % 4; ++i) {
            out.push_back(static_cast<std::uint8_t>(*rest++));
        }
        return base64(out) == text ? out : core::Bytes();
    } catch (const boost::archive::iterators::dataflow_exception&) {
        return {};
    }
}

struct EasyCleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyCleanup>;
struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, ListFree>;

void add(Headers& headers, const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
    core::ensure(longer != nullptr, "there is memory for a header");
    static_cast<void>(headers.release());
    headers.reset(longer);
}

/// Nothing that a receiver answers is of use, so nothing of it is kept.
std::size_t drop(char* /*data*/, std::size_t size, std::size_t count, void* /*unused*/) {
    return size * count;
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(handle, option, value);
    core::ensure(code == CURLE_OK, "libcurl knows the options of a webhook");
}

/// What an HTTP status says of trying again.
Delivery judge(long status, curl_off_t retry_after) {
    Delivery out;
    const bool is_taken = status >= 200 && status < 300;
    const bool is_temporary =
        status < 200 || status == 408 || status == 425 || status == 429 || status >= 500;
    out.outcome = is_taken        ? Delivery::Outcome::Delivered
                  : is_temporary  ? Delivery::Outcome::Later
                  : status == 410 ? Delivery::Outcome::Never
                                  : Delivery::Outcome::Refused;
    if (!is_taken) {
        out.why = fmt::format("the receiver answers with HTTP status {}", status);
    }
    if (is_temporary && retry_after > 0) {
        out.retry_after_s = static_cast<std::uint64_t>(retry_after);
    }
    return out;
}

class Webhook : public Channel {
  public:
    explicit Webhook(WebhookTarget target) : target_(std::move(target)) {
        static std::once_flag once;
        std::call_once(once, [] {
            core::ensure(curl_global_init(CURL_GLOBAL_DEFAULT) == 0, "libcurl can be begun");
        });
        handle_.reset(curl_easy_init());
        core::ensure(handle_ != nullptr, "there is memory for a connection");
    }

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t now_s) override {
        CURL* const handle = handle_.get();
        curl_easy_reset(handle);  // the connection stays
        const Headers headers = headers_of(message, now_s);
        set(handle, CURLOPT_URL, target_.url.c_str());
        set(handle, CURLOPT_HTTPHEADER, headers.get());
        set(handle, CURLOPT_POST, 1L);
        set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(message.body.size()));
        set(handle, CURLOPT_POSTFIELDS, message.body.data());
        set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
        set(handle, CURLOPT_FOLLOWLOCATION, 0L);
        set(handle, CURLOPT_PROXY, "");
        set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
        set(handle, CURLOPT_TIMEOUT_MS, kTotalMs);
        set(handle, CURLOPT_NOSIGNAL, 1L);
        set(handle, CURLOPT_WRITEFUNCTION, drop);
        const CURLcode code = curl_easy_perform(handle);
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        curl_off_t retry_after = 0;
        curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
        // A body that is cut off behind a status says no less than one that is whole; but what
        // comes before a status (1xx) is none.
        if (code != CURLE_OK && status < 200) {
            return {.outcome = Delivery::Outcome::Later,
                    .why = curl_easy_strerror(code),
                    .retry_after_s = std::nullopt};
        }
        return judge(status, retry_after);
    }

  private:
    [[nodiscard]] Headers headers_of(const Message& message, std::uint64_t now_s) const {
        Headers headers;
        add(headers, "Content-Type: application/json");
        add(headers, "Expect:");
        add(headers, "webhook-id: " + message.key);
        add(headers, fmt::format("webhook-timestamp: {}", now_s));
        add(headers, "webhook-signature: " +
                         webhook_signature(target_.secret, message.key, now_s, message.body));
        return headers;
    }

    WebhookTarget target_;
    Easy handle_;
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
    return "v1," + base64(digest);
}

}  // namespace margrave::channels
