#include "server/router.hpp"

#include <exception>

namespace margrave::server {

void Router::add(std::string path, Handler handler) {
    handlers_.insert_or_assign(std::move(path), std::move(handler));
}

bool Router::may_ask(const Request& request) const {
    const bool is_guarded = request.path == "/v1" || request.path.starts_with("/v1/") ||
                            guarded_.contains(request.path);
    return !is_guarded || (token_ && token_->is_shown_by(request.authorization));
}

Response Router::answer(const Request& request) const {
    if (!may_ask(request)) {
        Response out = problem(401, "this needs a bearer token");
        out.headers.emplace_back("WWW-Authenticate", "Bearer");
        return out;
    }
    const auto found = handlers_.find(request.path);
    if (found == handlers_.end()) {
        return problem(404, "there is nothing at this path");
    }
    try {
        return found->second(request);
    } catch (const std::exception& error) {
        // One answer that cannot be made ends no server.
        if (tell_) {
            tell_(request.path, error.what());
        }
        return problem(500, "the answer could not be made");
    }
}

}  // namespace margrave::server
