#pragma once

#include <curl/curl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "channels/http_post.hpp"

namespace margrave::channels {

/// The same posted to several receivers at once, on one thread: none keeps another one waiting.
class HttpRound {
  public:
    HttpRound();

    struct Receiver {
        HttpPost& post;
        std::string url;
        bool is_waited_for = true;  ///< also when another one has taken it
    };
    struct Answer {
        HttpAnswer http = {};
        bool is_late = false;  ///< it was given up, or failed behind the patience for others
    };
    struct Patience {
        std::function<bool(const HttpAnswer&)> is_taken;
        /// For those that are waited for, once one has taken it.
        std::chrono::milliseconds for_others{0};
        /// For all of it.
        std::chrono::steady_clock::time_point until;
    };
    /// In the receivers' order.
    [[nodiscard]] std::vector<Answer> post(std::span<Receiver> receivers, std::string_view json,
                                           const Patience& patience);

  private:
    struct MultiCleanup {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };

    std::unique_ptr<CURLM, MultiCleanup> multi_;
};

}  // namespace margrave::channels
