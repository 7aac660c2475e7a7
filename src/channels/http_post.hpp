#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/curl_handle.hpp"
#include "channels/secret.hpp"

namespace margrave::channels {

/// What came of one POST.
struct HttpAnswer {
    long status = 0;           ///< 0: none came, or only one that announces another (1xx)
    std::string body;          ///< its beginning, at most kBodyKept; empty where none is kept
    bool is_whole = false;     ///< nothing was cut off, nor left out for its length
    bool is_too_long = false;  ///< it was left out for that
    std::optional<std::uint64_t> retry_after_s;  ///< of the header, not 0
    std::string failure;                         ///< why no status came; quotes nothing
};

/// Posts over one connection, which it keeps. Certificates are verified, TLS is 1.2 or later, no
/// redirect is followed and no proxy asked; connecting takes 5 s at most, all together 15 s. One
/// thread uses it at a time.
class HttpPost {
  public:
    enum class Keep : bool { Nothing, Body };
    /// Enough for what a receiver says of a message.
    static constexpr std::size_t kBodyKept = 65536;

    explicit HttpPost(Keep keep = Keep::Nothing) : keep_(keep), handle_(make_easy()) {}

    /// `url` may hold secrets: nothing that is returned quotes it. `headers` are whole lines,
    /// besides that of the content's type, JSON.
    [[nodiscard]] HttpAnswer post(const std::string& url, std::string_view json,
                                  const std::vector<std::string>& headers = {});

    /// For whoever drives several posts at once: what is to be performed, which needs `json` until
    /// it has ended, and what came of it.
    [[nodiscard]] CURL* begin(const std::string& url, std::string_view json,
                              const std::vector<std::string>& headers = {});
    [[nodiscard]] HttpAnswer end(CURLcode code);

  private:
    Keep keep_;
    Lines headers_ = {};  ///< of the post that was begun, as all here
    HttpAnswer answer_ = {};
    Easy handle_;
};

/// The first, and where the receiver does not understand it (400) the plain one in its place, so
/// that no message is lost by its looks.
[[nodiscard]] HttpAnswer post_or_plain(HttpPost& post, const Secret& url, const std::string& json,
                                       const std::string& plain);

}  // namespace margrave::channels
