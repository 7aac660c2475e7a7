#include "chains/evm/http_transport.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "chains/evm/gunzip.hpp"
#include "chains/evm/http_url.hpp"
#include "chains/evm/json_rpc.hpp"
#include "chains/evm/json_text.hpp"

#ifndef MARGRAVE_VERSION
#define MARGRAVE_VERSION "unversioned"
#endif

namespace margrave::chains::evm {

namespace {

using core::ErrorKind;

struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct HeadersDeleter {
    void operator()(curl_slist* headers) const { curl_slist_free_all(headers); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using Headers = std::unique_ptr<curl_slist, HeadersDeleter>;

void initialise_curl_once() {
    static std::once_flag once;
    std::call_once(once, [] {
        core::ensure(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl can start");
    });
}

template <class Value>
void set_option(CURL* easy, CURLoption option, Value value) {
    core::ensure(curl_easy_setopt(easy, option, value) == CURLE_OK,
                 "libcurl is built with what margrave asks of it");
}

Headers request_headers() {
    curl_slist* list = nullptr;
    // No "Expect": it would cost large requests a round trip.
    for (const char* header : {"Content-Type: application/json", "Accept: application/json",
                               "Accept-Encoding: gzip", "Expect:"}) {
        list = curl_slist_append(list, header);
    }
    return Headers(list);
}

ErrorKind kind_of(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return ErrorKind::Timeout;
        case CURLE_FILESIZE_EXCEEDED:
            return ErrorKind::ReplyTooLarge;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PROXY:
            return ErrorKind::Unreachable;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_CLIENTCERT:
            return ErrorKind::TlsFailed;
        case CURLE_PARTIAL_FILE:
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:  // The reply has no status line.
        case CURLE_WRITE_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return ErrorKind::BadReply;
        default:
            return ErrorKind::ServerFault;
    }
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

/// The value of a header line when it is the header `name`.
std::optional<std::string_view> header_value(std::string_view line, std::string_view name) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !equal_ignoring_case(line.substr(0, colon), name)) {
        return std::nullopt;
    }
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = line.find_first_not_of(kSpace, colon + 1);
    return first == std::string_view::npos
               ? std::string_view{}
               : line.substr(first, line.find_last_not_of(kSpace) - first + 1);
}

/// What is wrong with a reply while it comes in; the transfer ends at once.
struct Refusal {
    ErrorKind kind;
    std::string message;
};

/// Collects a reply under its limits.
class Inbox {
  public:
    explicit Inbox(const HttpLimits& limits) : limits_(limits) {}

    /// False ends the transfer; refusal() then says why.
    bool take_header(std::string_view line) {
        constexpr std::size_t kHeaderBytesMax = std::size_t{64} << 10U;
        header_bytes_ += line.size();
        if (header_bytes_ > kHeaderBytesMax) {
            return refuse(ErrorKind::ReplyTooLarge, "the reply's headers are too large");
        }
        const auto encoding = header_value(line, "Content-Encoding");
        if (!encoding || equal_ignoring_case(*encoding, "identity")) {
            return true;
        }
        if (gunzip_ || !equal_ignoring_case(*encoding, "gzip")) {
            return refuse(ErrorKind::BadReply,
                          "the reply is in an encoding that was not asked for");
        }
        gunzip_.emplace(limits_.decoded_bytes_max);
        return true;
    }

    bool take_body(std::string_view bytes) {
        wire_bytes_ += bytes.size();
        if (wire_bytes_ > limits_.wire_bytes_max) {
            return refuse_size(limits_.wire_bytes_max, "on the wire");
        }
        if (!gunzip_) {
            if (bytes.size() > limits_.decoded_bytes_max - body_.size()) {
                return refuse_size(limits_.decoded_bytes_max, "");
            }
            body_.append(bytes);
            return true;
        }
        switch (gunzip_->feed(bytes, body_)) {
            case Gunzip::State::TooLarge:
                return refuse_size(limits_.decoded_bytes_max, "unpacked");
            case Gunzip::State::Broken:
                return refuse_gzip();
            default:
                return true;
        }
    }

    /// To be called when the last byte is in: a gzip stream may have ended too early.
    void close() {
        if (gunzip_ && wire_bytes_ > 0 && gunzip_->state() != Gunzip::State::Finished) {
            refuse_gzip();
        }
    }

    [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }

    /// With room for the JSON parser to read it in place.
    [[nodiscard]] std::string take() {
        body_.reserve(body_.size() + JsonText::kPadding);
        return std::move(body_);
    }

  private:
    bool refuse(ErrorKind kind, std::string message) {
        if (!refusal_) {
            refusal_ = Refusal{.kind = kind, .message = std::move(message)};
        }
        return false;
    }
    bool refuse_size(std::size_t bytes_max, const std::string& where) {
        return refuse(ErrorKind::ReplyTooLarge, "the reply exceeds our limit of " +
                                                    std::to_string(bytes_max) + " bytes" +
                                                    (where.empty() ? "" : " " + where));
    }
    bool refuse_gzip() {
        return refuse(ErrorKind::BadReply, "the reply's gzip encoding is damaged or cut off");
    }

    const HttpLimits& limits_;
    std::optional<Gunzip> gunzip_;
    std::optional<Refusal> refusal_;
    std::string body_;
    std::size_t header_bytes_ = 0;
    std::size_t wire_bytes_ = 0;
};

// What throws here would have to pass libcurl, which is C: only a lack of memory does, and ends the
// program. NOLINTNEXTLINE(bugprone-exception-escape)
std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* inbox) noexcept {
    const std::size_t length = size * count;
    return static_cast<Inbox*>(inbox)->take_header({bytes, length}) ? length : 0;
}

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* inbox) noexcept {
    const std::size_t length = size * count;
    // A return of another length than was offered ends the transfer.
    return static_cast<Inbox*>(inbox)->take_body({bytes, length}) ? length : length + 1;
}

/// A request on its way. Its address is known to libcurl.
struct Transfer {
    Transfer(std::size_t index, std::uint64_t id, std::string text, const HttpLimits& limits)
        : request(index), first_id(id), body(std::move(text)), inbox(limits) {}

    std::size_t request;
    std::uint64_t first_id;
    std::string body;
    Inbox inbox;
    Easy easy;
};

class HttpTransport final : public RpcTransport {
  public:
    HttpTransport(const std::string& url, const HttpLimits& limits)
        : url_(url),
          limits_(limits),
          name_(endpoint_name(url)),
          secrets_(url),
          headers_(request_headers()),
          multi_(curl_multi_init()) {
        const auto connections = static_cast<long>(limits.connections_max);
        curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
        curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, connections);
    }

    ~HttpTransport() override { drop_running(); }
    HttpTransport(const HttpTransport&) = delete;
    HttpTransport& operator=(const HttpTransport&) = delete;

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        drop_running();  // What an earlier send() may have left behind by throwing.
        abandoned_ = false;
        std::vector<std::vector<RpcOutcome>> outcomes(requests.size());
        std::size_t next = 0;
        while (next < requests.size() || !running_.empty()) {
            while (next < requests.size() && running_.size() < limits_.connections_max) {
                start(requests[next], next, outcomes[next]);
                ++next;
            }
            if (!running_.empty()) {
                advance(requests, outcomes);
            }
            if (abandoned_) {
                break;
            }
        }
        fail_unanswered(requests, outcomes);
        return outcomes;
    }

    void abandon() override {
        abandoned_ = true;
        curl_multi_wakeup(multi_.get());
    }

    [[nodiscard]] RpcTraffic traffic() const override { return traffic_; }

  private:
    /// Hands a request to libcurl, or fills `outcome` when it may not be sent.
    void start(const RpcRequest& request, std::size_t index, std::vector<RpcOutcome>& outcome) {
        if (request.empty()) {
            return;
        }
        // Ids are never used twice, so that a reply to an earlier request is known for what it is.
        std::string body = encode_request(request, next_id_);
        if (body.size() > limits_.request_bytes_max) {
            outcome = all_failed(request.size(), ErrorKind::RequestTooLarge,
                                 "the request exceeds our limit of " +
                                     std::to_string(limits_.request_bytes_max) + " bytes");
            return;
        }
        running_.push_back(std::make_unique<Transfer>(index, next_id_, std::move(body), limits_));
        next_id_ += request.size();
        traffic_.requests += 1;
        traffic_.calls += request.size();
        Transfer& transfer = *running_.back();
        transfer.easy = idle_.empty() ? make_easy() : std::move(idle_.back());
        if (!idle_.empty()) {
            idle_.pop_back();
        }
        CURL* easy = transfer.easy.get();
        set_option(easy, CURLOPT_POSTFIELDS, transfer.body.data());
        set_option(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(transfer.body.size()));
        set_option(easy, CURLOPT_WRITEDATA, static_cast<void*>(&transfer.inbox));
        set_option(easy, CURLOPT_HEADERDATA, static_cast<void*>(&transfer.inbox));
        core::ensure(curl_multi_add_handle(multi_.get(), easy) == CURLM_OK,
                     "a handle is added to libcurl once");
    }

    Easy make_easy() {
        Easy easy(curl_easy_init());
        core::ensure(easy != nullptr, "libcurl hands out handles");
        CURL* handle = easy.get();
        set_option(handle, CURLOPT_URL, url_.c_str());
        set_option(handle, CURLOPT_PROTOCOLS_STR, "http,https");
        set_option(handle, CURLOPT_FOLLOWLOCATION, 0L);
        set_option(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
        // Waiting for the first TLS connection shows whether the others can share it.
        set_option(handle, CURLOPT_PIPEWAIT, url_.starts_with("https") ? 1L : 0L);
        set_option(handle, CURLOPT_SSL_VERIFYPEER, 1L);
        set_option(handle, CURLOPT_SSL_VERIFYHOST, 2L);
        set_option(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set_option(handle, CURLOPT_HTTPHEADER, headers_.get());
        set_option(handle, CURLOPT_USERAGENT, "margrave/" MARGRAVE_VERSION);
        set_option(handle, CURLOPT_WRITEFUNCTION, &on_body);
        set_option(handle, CURLOPT_HEADERFUNCTION, &on_header);
        set_option(handle, CURLOPT_MAXFILESIZE_LARGE,
                   static_cast<curl_off_t>(limits_.wire_bytes_max));
        set_option(handle, CURLOPT_NOSIGNAL, 1L);
        set_time_limits(handle);
        return easy;
    }

    void set_time_limits(CURL* handle) const {
        using std::chrono::seconds;
        set_option(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(limits_.connect_timeout.count()));
        set_option(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits_.total_timeout.count()));
        // A node may think about a call for a while without sending anything, so a stall is only
        // given up after half of the time.
        const auto stall = std::chrono::duration_cast<seconds>(limits_.total_timeout / 2);
        set_option(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
        set_option(handle, CURLOPT_LOW_SPEED_TIME,
                   static_cast<long>(std::max(stall, seconds(1)).count()));
        // A flow that a middlebox forgot is noticed in seconds rather than hours.
        set_option(handle, CURLOPT_TCP_KEEPALIVE, 1L);
        set_option(handle, CURLOPT_TCP_KEEPIDLE, 15L);
        set_option(handle, CURLOPT_TCP_KEEPINTVL, 5L);
    }

    /// Lets libcurl work, waits when there is nothing to do, and files what has finished.
    void advance(const std::vector<RpcRequest>& requests,
                 std::vector<std::vector<RpcOutcome>>& outcomes) {
        int active = 0;
        core::ensure(curl_multi_perform(multi_.get(), &active) == CURLM_OK,
                     "libcurl's transfers are used as its manual says");
        bool finished = false;
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
            if (message->msg == CURLMSG_DONE) {
                finish(message->easy_handle, message->data.result, requests, outcomes);
                finished = true;
            }
        }
        if (!finished) {
            // libcurl returns earlier when one of its own timers is due.
            constexpr int kWaitMs = 1000;
            curl_multi_poll(multi_.get(), nullptr, 0, kWaitMs, nullptr);
        }
    }

    void finish(CURL* easy, CURLcode code, const std::vector<RpcRequest>& requests,
                std::vector<std::vector<RpcOutcome>>& outcomes) {
        const auto found =
            std::find_if(running_.begin(), running_.end(),
                         [easy](const auto& transfer) { return transfer->easy.get() == easy; });
        core::ensure(found != running_.end(), "libcurl finishes only what was started");
        const std::unique_ptr<Transfer> transfer = std::move(*found);
        running_.erase(found);
        count_bytes(easy);
        curl_multi_remove_handle(multi_.get(), easy);
        outcomes[transfer->request] = outcome_of(*transfer, code, requests[transfer->request]);
        idle_.push_back(std::move(transfer->easy));
    }

    std::vector<RpcOutcome> outcome_of(Transfer& transfer, CURLcode code,
                                       const RpcRequest& request) {
        if (code == CURLE_OK) {
            transfer.inbox.close();
        }
        if (const auto& refusal = transfer.inbox.refusal()) {
            return all_failed(request.size(), refusal->kind, refusal->message);
        }
        if (code != CURLE_OK) {
            return all_failed(request.size(), kind_of(code), describe(transfer.easy.get(), code));
        }
        long status = 0;
        curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
        const HttpReply reply{.status = static_cast<int>(status),
                              .body = transfer.inbox.take(),
                              .retry_after = retry_after_of(transfer.easy.get())};
        auto outcomes = decode_reply(request, transfer.first_id, reply, name_);
        for (RpcOutcome& outcome : outcomes) {
            if (!outcome) {
                RpcError error = outcome.error();
                error.message = secrets_.redact(std::move(error.message));
                outcome = core::Unexpected(std::move(error));
            }
        }
        return outcomes;
    }

    /// Of seconds or of a date: libcurl takes both, and gives 0 or less for what is neither or is
    /// past. More than a day is told as a day, so that nothing made of it overflows.
    static std::optional<std::chrono::seconds> retry_after_of(CURL* easy) {
        constexpr curl_off_t kRetryAfterMaxS = 86'400;
        curl_off_t seconds = 0;
        curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
        return seconds > 0 ? std::optional<std::chrono::seconds>(std::min(seconds, kRetryAfterMaxS))
                           : std::nullopt;
    }

    /// libcurl's fixed sentence for the code and the system's for its own; never its error buffer,
    /// which may quote the URL.
    static std::string describe(CURL* easy, CURLcode code) {
        std::string message = curl_easy_strerror(code);
        if (code == CURLE_OPERATION_TIMEDOUT) {
            curl_off_t elapsed_us = 0;
            curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
            message += " after " + std::to_string(elapsed_us / 1000) + " ms";
        }
        long system_error = 0;
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system_error);
        if (kind_of(code) == ErrorKind::Unreachable && system_error != 0) {
            message += std::string(" (") + std::strerror(static_cast<int>(system_error)) + ")";
        }
        return message;
    }

    std::vector<RpcOutcome> all_failed(std::size_t calls, ErrorKind kind,
                                       const std::string& message) const {
        const RpcError error{.kind = kind, .source = name_, .message = message, .data = {}};
        std::vector<RpcOutcome> outcomes(calls, core::Unexpected(error));
        return outcomes;
    }

    void count_bytes(CURL* easy) {
        long request_sent = 0;
        long headers_received = 0;
        curl_off_t body_sent = 0;
        curl_off_t body_received = 0;
        curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_sent);
        curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &body_sent);
        curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &headers_received);
        curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &body_received);
        // libcurl counts a body of up to 64 KiB with the headers and a larger one apart.
        const curl_off_t sent = request_sent >= body_sent ? request_sent : request_sent + body_sent;
        traffic_.bytes_sent += static_cast<std::uint64_t>(sent);
        traffic_.bytes_received += static_cast<std::uint64_t>(headers_received + body_received);
    }

    /// What was not waited for.
    void fail_unanswered(const std::vector<RpcRequest>& requests,
                         std::vector<std::vector<RpcOutcome>>& outcomes) {
        drop_running();
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (outcomes[i].size() != requests[i].size()) {
                outcomes[i] = all_failed(requests[i].size(), ErrorKind::Timeout,
                                         "another endpoint was faster");
            }
        }
    }

    void drop_running() {
        for (const auto& transfer : running_) {
            if (transfer->easy) {
                curl_multi_remove_handle(multi_.get(), transfer->easy.get());
            }
        }
        running_.clear();
    }

    std::string url_;
    HttpLimits limits_;
    std::string name_;
    UrlSecrets secrets_;
    Headers headers_;
    RpcTraffic traffic_;
    std::uint64_t next_id_ = 1;
    Multi
        multi_;  // libcurl wants the handles gone before it: declared, so destroyed, in this order
    std::vector<Easy> idle_;
    std::vector<std::unique_ptr<Transfer>> running_;
    std::atomic<bool> abandoned_ = false;
};

}  // namespace

std::unique_ptr<RpcTransport> make_http_transport(const std::string& url,
                                                  const HttpLimits& limits) {
    check_endpoint_url(url, limits.allow_plain_http);
    core::ensure(limits.connections_max > 0, "an endpoint is allowed at least one connection");
    initialise_curl_once();
    return std::make_unique<HttpTransport>(url, limits);
}

}  // namespace margrave::chains::evm
