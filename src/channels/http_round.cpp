#include "channels/http_round.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/errors.hpp"
#include "core/time.hpp"

namespace margrave::channels {
namespace {

using Moment = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

/// Handles of posts; nullptr of one that has ended.
using Posts = std::vector<CURL*>;

bool is_over(const Posts& posts, std::span<HttpRound::Receiver> receivers, bool is_taken) {
    for (std::size_t i = 0; i < posts.size(); ++i) {
        if (posts[i] != nullptr && (!is_taken || receivers[i].is_waited_for)) {
            return false;
        }
    }
    return true;
}

}  // namespace

HttpRound::HttpRound() {
    static_cast<void>(make_easy());  // libcurl is begun
    multi_.reset(curl_multi_init());
    core::ensure(multi_ != nullptr, "there is memory for connections");
}

std::vector<HttpRound::Answer> HttpRound::post(std::span<Receiver> receivers, std::string_view json,
                                               const Patience& patience) {
    constexpr milliseconds kSlice{1000};
    const Moment begun = core::system_clock().now();
    Posts posts;
    posts.reserve(receivers.size());
    for (const Receiver& one : receivers) {
        posts.push_back(one.post.begin(one.url, json));
        core::ensure(curl_multi_add_handle(multi_.get(), posts.back()) == CURLM_OK,
                     "a post that was begun can be added to others");
    }
    std::vector<Answer> out(receivers.size());
    std::optional<Moment> taken_at;
    for (;;) {
        int running = 0;
        curl_multi_perform(multi_.get(), &running);
        const Moment now = core::system_clock().now();
        int queued = 0;
        while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &queued)) {
            const auto at = std::find(posts.begin(), posts.end(), message->easy_handle);
            if (message->msg != CURLMSG_DONE || at == posts.end()) {
                continue;
            }
            const auto i = static_cast<std::size_t>(at - posts.begin());
            const CURLcode code = message->data.result;  // the message goes with the handle
            curl_multi_remove_handle(multi_.get(), std::exchange(*at, nullptr));
            out[i].http = receivers[i].post.end(code);
            out[i].is_late = out[i].http.status == 0 && now - begun > patience.for_others;
            if (!taken_at && patience.is_taken(out[i].http)) {
                taken_at = now;
            }
        }
        const Moment until =
            taken_at ? std::min(patience.until, *taken_at + patience.for_others) : patience.until;
        if (now >= until || is_over(posts, receivers, taken_at.has_value())) {
            break;
        }
        const auto left = std::chrono::ceil<milliseconds>(until - now);
        curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(std::min(left, kSlice).count()),
                        nullptr);
    }
    for (std::size_t i = 0; i < posts.size(); ++i) {
        if (posts[i] != nullptr) {
            curl_multi_remove_handle(multi_.get(), posts[i]);
            out[i].http.failure = "no answer came in time";
            out[i].is_late = true;
        }
    }
    return out;
}

}  // namespace margrave::channels
