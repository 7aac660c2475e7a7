#include "channels/http_post.hpp"

#include <algorithm>
#include <utility>

namespace margrave::channels {
namespace {

constexpr long kConnectMs = 5'000;
constexpr long kTotalMs = 15'000;

/// What nobody reads is taken and forgotten.
std::size_t drop(char* /*data*/, std::size_t size, std::size_t count, void* /*unused*/) {
    return size * count;
}

std::size_t keep(char* data, std::size_t size, std::size_t count, void* kept) {
    auto& body = *static_cast<std::string*>(kept);
    const std::size_t taken = std::min(size * count, HttpPost::kBodyKept - body.size());
    body.append(data, taken);
    return taken;  // fewer than there are end it
}

}  // namespace

HttpAnswer HttpPost::post(const std::string& url, std::string_view json,
                          const std::vector<std::string>& headers) {
    return end(curl_easy_perform(begin(url, json, headers)));
}

CURL* HttpPost::begin(const std::string& url, std::string_view json,
                      const std::vector<std::string>& headers) {
    CURL* const handle = handle_.get();
    curl_easy_reset(handle);  // the connection stays
    headers_.reset();
    add(headers_, "Content-Type: application/json");
    add(headers_, "Expect:");
    for (const std::string& header : headers) {
        add(headers_, header);
    }
    answer_ = {};
    set(handle, CURLOPT_URL, url.c_str());
    set(handle, CURLOPT_HTTPHEADER, headers_.get());
    set(handle, CURLOPT_POST, 1L);
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
    set(handle, CURLOPT_POSTFIELDS, json.data());
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle, CURLOPT_PROXY, "");
    set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
    set(handle, CURLOPT_TIMEOUT_MS, kTotalMs);
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_WRITEFUNCTION, keep_ == Keep::Body ? keep : drop);
    set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&answer_.body));
    return handle;
}

HttpAnswer HttpPost::end(CURLcode code) {
    CURL* const handle = handle_.get();
    HttpAnswer answer = std::move(answer_);
    answer.is_whole = code == CURLE_OK;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_off_t retry_after = 0;
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
    if (retry_after > 0) {
        answer.retry_after_s = static_cast<std::uint64_t>(retry_after);
    }
    answer.is_too_long = code == CURLE_WRITE_ERROR && answer.body.size() == kBodyKept;
    // A body that is cut off behind a status says no less than one that is whole; but what comes
    // before a status (1xx) is none.
    if (answer.status < 200) {
        answer.status = 0;
        answer.failure = code == CURLE_OK ? "no answer came" : curl_easy_strerror(code);
    }
    return answer;
}

HttpAnswer post_or_plain(HttpPost& post, const Secret& url, const std::string& json,
                         const std::string& plain) {
    constexpr long kNotUnderstood = 400;
    HttpAnswer answer = post.post(url.reveal(), json);
    return answer.status == kNotUnderstood ? post.post(url.reveal(), plain) : answer;
}

}  // namespace margrave::channels
