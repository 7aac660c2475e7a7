#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "server/http.hpp"
#include "server/token.hpp"

namespace margrave::server {

/// What answers to which path. Paths below /v1/, and those that are guarded, are for those who show
/// the token, and for nobody where there is none; whoever does not is not even told which of them
/// exist.
class Router {
  public:
    using Handler = std::function<Response(const Request&)>;
    /// Told of a handler that threw; its words are not for clients.
    using Tell = std::function<void(std::string_view path, std::string_view why)>;

    void add(std::string path, Handler handler);
    void demand(const Token& token) { token_ = token; }
    void guard(std::string path) { guarded_.insert(std::move(path)); }
    void tell_failures_to(Tell tell) { tell_ = std::move(tell); }

    /// Never throws.
    [[nodiscard]] Response answer(const Request& request) const;

  private:
    [[nodiscard]] bool may_ask(const Request& request) const;

    std::map<std::string, Handler, std::less<>> handlers_;
    std::set<std::string, std::less<>> guarded_;
    std::optional<Token> token_;
    Tell tell_;
};

}  // namespace margrave::server
