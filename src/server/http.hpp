#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A small HTTP/1.1 server for reading: GET and HEAD, for people and programs on the same machine.
namespace margrave::server {

/// What is asked for, once it may be asked at all.
struct Request {
    std::string path;  ///< decoded, "/v1/alerts"
    /// Decoded; of a name that stands twice the last.
    std::map<std::string, std::string, std::less<>> query = {};
    std::string authorization = {};  ///< as it was sent; never shown
    std::string accept = {};         ///< as it was sent, several joined by commas
};

struct Response {
    unsigned status = 200;
    std::string type = "application/json";
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    bool is_stream = false;  ///< the body is events, for as long as the client listens
};

/// An error as RFC 9457 has it, "application/problem+json". `detail` is a sentence for the client,
/// without anything of the inside.
[[nodiscard]] Response problem(unsigned status, std::string_view detail);

/// "Not Found" and so on.
[[nodiscard]] std::string_view reason(unsigned status);

/// A text as a JSON string with its quotes; what is not ASCII is escaped, what is not UTF-8
/// replaced.
[[nodiscard]] std::string json_string(std::string_view text);

/// "a%20b" as "a b"; nothing that is no such text, or has a control character in it, passes: it is
/// "" and `is_good` is false.
struct Decoded {
    std::string text = {};
    bool is_good = true;
};
[[nodiscard]] Decoded percent_decoded(std::string_view text);

}  // namespace margrave::server
