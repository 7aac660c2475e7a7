#include "channels/email.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "channels/curl_handle.hpp"
#include "core/errors.hpp"

namespace margrave::channels {
namespace {

using Outcome = Delivery::Outcome;

constexpr long kConnectMs = 10'000;
/// Servers take their time with strangers.
constexpr long kTotalMs = 30'000;

constexpr int kPermanent = 500;
constexpr int kTemporary = 400;

bool is_loopback(const std::string& host) {
    in_addr address{};
    if (::inet_pton(AF_INET, host.c_str(), &address) == 1) {
        return (ntohl(address.s_addr) >> 24U) == 127;
    }
    return host == "localhost" || host == "[::1]";
}

struct UrlCleanup {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlCleanup>;

std::string part_of(CURLU* url, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK) {
        return {};
    }
    const std::unique_ptr<char, decltype(&curl_free)> owned(text, &curl_free);
    return owned.get();
}

/// What libcurl asks for, piece by piece.
struct Upload {
    std::string text;
    std::size_t given = 0;
};

std::size_t read_upload(char* into, std::size_t size, std::size_t count, void* from) {
    auto& upload = *static_cast<Upload*>(from);
    const std::size_t bytes = std::min(size * count, upload.text.size() - upload.given);
    std::copy_n(upload.text.data() + upload.given, bytes, into);
    upload.given += bytes;
    return bytes;
}

/// The server's answers, of which the code of each last line is kept.
std::size_t note_answer(char* data, std::size_t size, std::size_t count, void* into) {
    const std::string_view line(data, size * count);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    constexpr std::size_t kCodeDigits = 3;
    const bool is_last = line.size() > kCodeDigits && line[kCodeDigits] != '-' &&
                         std::all_of(line.begin(), line.begin() + kCodeDigits, is_digit);
    if (is_last) {
        auto& codes = *static_cast<std::vector<int>*>(into);
        codes.push_back((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
    }
    return size * count;
}

class Email : public Channel {
  public:
    explicit Email(EmailTarget target) : target_(std::move(target)) {}

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t now_s) override {
        if (message.key != key_) {
            key_ = message.key;
            open_ = target_.to;
        }
        Upload upload{.text = mail_of(read_alert(message.body), message.key, target_, now_s)};
        const Said said = say(upload);
        if (said.code != CURLE_OK) {
            return failed(said);
        }
        return taken(recipient_codes(said.answers, open_.size()));
    }

  private:
    struct Said {
        CURLcode code = CURLE_OK;
        std::vector<int> answers;
    };

    [[nodiscard]] Said say(Upload& upload) const {
        std::vector<int> answers;
        Lines recipients;
        const Easy easy = make_easy();  // the first to go: it takes its leave of the server
        CURL* const handle = easy.get();
        for (const std::string& address : open_) {
            add(recipients, "<" + address + ">");
        }
        const std::string from = "<" + target_.from + ">";
        set(handle, CURLOPT_URL, target_.url.c_str());
        set(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        set(handle, CURLOPT_PROXY, "");
        set(handle, CURLOPT_USE_SSL,
            static_cast<long>(target_.allow_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
        set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
        set(handle, CURLOPT_TIMEOUT_MS, kTotalMs);
        set(handle, CURLOPT_NOSIGNAL, 1L);
        if (!target_.username.empty()) {
            set(handle, CURLOPT_USERNAME, target_.username.c_str());
            set(handle, CURLOPT_PASSWORD, target_.password.reveal().c_str());
        }
        set(handle, CURLOPT_MAIL_FROM, from.c_str());
        set(handle, CURLOPT_MAIL_RCPT, recipients.get());
#if LIBCURL_VERSION_NUM >= 0x080200
        set(handle, CURLOPT_MAIL_RCPT_ALLOWFAILS, 1L);
#else
        set(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
#endif
        set(handle, CURLOPT_UPLOAD, 1L);
        set(handle, CURLOPT_READFUNCTION, read_upload);
        set(handle, CURLOPT_READDATA, static_cast<void*>(&upload));
        set(handle, CURLOPT_HEADERFUNCTION, note_answer);
        set(handle, CURLOPT_HEADERDATA, static_cast<void*>(&answers));
        const CURLcode code = curl_easy_perform(handle);
        return {.code = code, .answers = answers};
    }

    /// It was sent to nobody. Of several recipients it is enough that one is refused for now alone.
    [[nodiscard]] Delivery failed(const Said& said) const {
        const int last = said.answers.empty() ? 0 : said.answers.back();
        if (last < kTemporary) {
            return {.outcome = Outcome::Later, .why = curl_easy_strerror(said.code)};
        }
        const auto count = std::min(open_.size(), said.answers.size());
        const bool is_for_now =
            std::any_of(said.answers.end() - static_cast<std::ptrdiff_t>(count), said.answers.end(),
                        [](int code) { return code >= kTemporary && code < kPermanent; });
        return {.outcome = is_for_now ? Outcome::Later : Outcome::Refused,
                .why = fmt::format("the mail server answers {}", last)};
    }

    /// It was sent to those whose code says so; the next try is for those who are to be tried.
    [[nodiscard]] Delivery taken(const std::vector<int>& codes) {
        std::vector<std::string> later;
        std::size_t refused = 0;
        for (std::size_t i = 0; i < codes.size(); ++i) {
            if (codes[i] >= kPermanent) {
                ++refused;
            } else if (codes[i] >= kTemporary) {
                later.push_back(open_[i]);
            }
        }
        if (!later.empty()) {
            open_ = std::move(later);
            return {.outcome = Outcome::Later,
                    .why = fmt::format("{} of {} recipients are not taken now", open_.size(),
                                       target_.to.size())};
        }
        return {.outcome = Outcome::Delivered,
                .why = refused == 0 ? std::string()
                                    : fmt::format("{} of {} recipients are refused", refused,
                                                  target_.to.size())};
    }

    EmailTarget target_;
    std::string key_;                ///< of the message that was tried last
    std::vector<std::string> open_;  ///< who has not got it yet
};

}  // namespace

std::unique_ptr<Channel> make_email(EmailTarget target) {
    return std::make_unique<Email>(std::move(target));
}

void check_mail_url(const std::string& url, bool allow_plain) {
    const Url parsed(curl_url());
    // libcurl forgives "smtps:/host" and "smtps:///host".
    const auto slashes = url.find("://");
    const bool is_odd = slashes == std::string::npos || url.substr(slashes + 3).starts_with('/');
    if (is_odd || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
        throw core::ConfigError("it is no URL; expected smtps://host or smtp://host:587");
    }
    const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    if (scheme != "smtps" && scheme != "smtp") {
        throw core::ConfigError("expected smtps://host or smtp://host:587");
    }
    if (!part_of(parsed.get(), CURLUPART_USER).empty()) {
        throw core::ConfigError("who logs in stands in username and password, not in the URL");
    }
    if (allow_plain && !is_loopback(part_of(parsed.get(), CURLUPART_HOST))) {
        throw core::ConfigError("allow_plain is for this machine alone: mail leaves it over TLS");
    }
}

std::vector<int> recipient_codes(const std::vector<int>& codes, std::size_t recipients) {
    constexpr int kGoAhead = 354;
    const auto data = std::find(codes.begin(), codes.end(), kGoAhead);
    const auto before = static_cast<std::size_t>(data - codes.begin());
    if (data == codes.end() || before < recipients) {
        return {};
    }
    const auto count = static_cast<std::ptrdiff_t>(recipients);
    return {data - count, data};
}

}  // namespace margrave::channels
