#include "channels/email.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include "channels/curl_handle.hpp"

namespace margrave::channels {
namespace {

using Outcome = Delivery::Outcome;

constexpr long kConnectMs = 10'000;

constexpr int kPermanent = 500;
constexpr int kTemporary = 400;

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

/// Whether libcurl ends with it because of what the server answered. Where the connection broke, or
/// nothing came in time, the last answer was to something else.
bool is_an_answer(CURLcode code) {
    return code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY ||
           code == CURLE_LOGIN_DENIED || code == CURLE_REMOTE_ACCESS_DENIED ||
           code == CURLE_USE_SSL_FAILED;
}

/// It was sent to nobody, whoever it was for.
Delivery failed(CURLcode code, int last_answer) {
    if (!is_an_answer(code) || last_answer < kTemporary) {
        return {.outcome = Outcome::Later, .why = curl_easy_strerror(code)};
    }
    return {.outcome = last_answer < kPermanent ? Outcome::Later : Outcome::Refused,
            .why = fmt::format("the mail server answers {}", last_answer)};
}

class Email : public Channel {
  public:
    Email(EmailTarget target, core::Clock& clock) : target_(std::move(target)), clock_(clock) {}

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t now_s) override {
        const auto [at, is_new] = letters_.try_emplace(message.key);
        Letter& letter = at->second;
        if (is_new) {
            letter.open.resize(target_.to.size());
            std::iota(letter.open.begin(), letter.open.end(), 0);
        }
        Upload upload{.text = mail_of(read_alert(message.body), message.key, target_, now_s)};
        const Said said = say(upload, letter.open);
        const auto codes = recipient_codes(said.answers, letter.open.size());
        const bool is_taken = said.code == CURLE_OK;
        const bool nobody_is_taken =
            codes.size() == letter.open.size() &&
            std::all_of(codes.begin(), codes.end(), [](int code) { return code >= kTemporary; });
        const bool is_broken_off = !codes.empty() && codes.size() < letter.open.size();
        letter.is_taken = is_taken || letter.is_taken;
        Delivery out = is_taken || (is_an_answer(said.code) && nobody_is_taken)
                           ? note(codes, letter)
                           : failed(is_broken_off ? CURLE_RECV_ERROR : said.code,
                                    said.answers.empty() ? 0 : said.answers.back());
        const bool begins_anew = out.outcome == Outcome::Refused && !letter.is_taken;
        if (out.outcome == Outcome::Delivered || begins_anew) {
            letters_.erase(at);
        }
        return out;
    }

  private:
    using Moment = std::chrono::steady_clock::time_point;

    /// A message that is not done with.
    struct Letter {
        std::vector<std::size_t> open = {};  ///< whom it is owed, by their places in `to`
        std::vector<std::string> lost = {};  ///< who does not get it
        bool is_taken = false;               ///< by anybody
    };
    struct Said {
        CURLcode code = CURLE_OK;
        std::vector<int> answers;
    };
    /// A recipient that is refused for now, whatever the message.
    struct PutOff {
        Moment since;
        Moment last;
    };

    [[nodiscard]] Said say(Upload& upload, const std::vector<std::size_t>& to) const {
        std::vector<int> answers;
        Lines recipients;
        const Easy easy = make_easy();  // the first to go: it takes its leave of the server
        CURL* const handle = easy.get();
        for (const std::size_t place : to) {
            add(recipients, "<" + target_.to[place] + ">");
        }
        const std::string from = "<" + target_.from + ">";
        set(handle, CURLOPT_URL, target_.url.c_str());
        set(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        set(handle, CURLOPT_PROXY, "");
        set(handle, CURLOPT_USE_SSL,
            static_cast<long>(target_.allow_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
        set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
        set(handle, CURLOPT_TIMEOUT_MS, target_.timeout_ms);
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

    /// Who was taken has got it. Whoever was not is owed it while that may still change soon.
    [[nodiscard]] Delivery note(const std::vector<int>& codes, Letter& letter) {
        std::vector<std::size_t> open;
        std::vector<std::string> soon;
        std::vector<std::string> put_off;
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const std::size_t place = letter.open[i];
            const std::string name = fmt::format("recipient {} ({})", place + 1, codes[i]);
            if (codes[i] < kTemporary || codes[i] >= kPermanent) {
                put_off_.erase(place);
            }
            if (codes[i] >= kPermanent) {
                letter.lost.push_back(name);
            } else if (codes[i] >= kTemporary) {
                open.push_back(place);
                (is_put_off_for_long(place) ? put_off : soon).push_back(name);
            }
        }
        const bool is_for_nobody = !letter.is_taken && !open.empty();
        if (!soon.empty() || is_for_nobody) {
            letter.open = std::move(open);
            soon.insert(soon.end(), put_off.begin(), put_off.end());
            return {.outcome = Outcome::Later,
                    .why = name_all(soon, "are not taken now"),
                    .is_alone = letter.is_taken};
        }
        std::vector<std::string> lost = std::move(letter.lost);
        lost.insert(lost.end(), put_off.begin(), put_off.end());
        return {.outcome = letter.is_taken ? Outcome::Delivered : Outcome::Refused,
                .why = lost.empty() ? std::string() : name_all(lost, "are not taken")};
    }

    /// By their places: their addresses may have come from where secrets come from.
    [[nodiscard]] std::string name_all(const std::vector<std::string>& names,
                                       std::string_view what) const {
        return fmt::format("{} of {} recipients {}: {}", names.size(), target_.to.size(), what,
                           fmt::join(names, ", "));
    }

    /// For longer than greylisting takes. A refusal that nobody saw for an hour begins anew.
    [[nodiscard]] bool is_put_off_for_long(std::size_t place) {
        constexpr std::chrono::minutes kLong{10};
        constexpr std::chrono::hours kForgottenAfter{1};
        const Moment now = clock_.now();
        PutOff& one = put_off_.try_emplace(place, PutOff{.since = now, .last = now}).first->second;
        one.since = now - one.last > kForgottenAfter ? now : one.since;
        one.last = now;
        return now - one.since >= kLong;
    }

    EmailTarget target_;
    core::Clock& clock_;
    std::map<std::string, Letter> letters_;  ///< by the message's key
    std::map<std::size_t, PutOff> put_off_;  ///< by place
};

}  // namespace

std::unique_ptr<Channel> make_email(EmailTarget target, core::Clock& clock) {
    return std::make_unique<Email>(std::move(target), clock);
}

std::vector<int> recipient_codes(const std::vector<int>& codes, std::size_t recipients) {
    constexpr int kReady = 220;     // the greeting, and STARTTLS
    constexpr int kLoggedIn = 235;  // what comes next is MAIL
    const auto is_good = [](int code) { return code / 100 == 2; };
    auto at = std::find_if(codes.rbegin(), codes.rend(), [](int code) {
                  return code == kReady || code == kLoggedIn;
              }).base();
    if (at == codes.begin()) {
        return {};
    }
    if (*std::prev(at) == kReady) {
        at = std::find_if(at, codes.end(), is_good);  // to EHLO, or to HELO in its place
        at = at == codes.end() ? at : std::next(at);
    }
    if (at == codes.end() || !is_good(*at)) {
        return {};
    }
    ++at;
    const auto count = std::min(static_cast<std::ptrdiff_t>(recipients), codes.end() - at);
    return {at, at + count};
}

}  // namespace margrave::channels
