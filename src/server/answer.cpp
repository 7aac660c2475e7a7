#include "server/answer.hpp"

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>
#include <string>
#include <utility>

namespace margrave::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

using Parser = http::request_parser<http::empty_body>;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// Line ends that other readers on the way may take otherwise than this one does.
bool has_only_plain_lines(std::string_view head) {
    for (std::size_t i = 0; i < head.size(); ++i) {
        const bool is_folded =
            head[i] == '\n' && i + 1 < head.size() && (head[i + 1] == ' ' || head[i + 1] == '\t');
        const bool is_bare = (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) ||
                             (head[i] == '\r' && (i + 1 == head.size() || head[i + 1] != '\n'));
        if (is_folded || is_bare || head[i] == '\0') {
            return false;
        }
    }
    return true;
}

std::ptrdiff_t count_of(const Parser::value_type& message, http::field field) {
    const auto range = message.equal_range(field);
    return std::distance(range.first, range.second);
}

std::string_view text_of(const Parser::value_type& message, http::field field) {
    const auto found = message.find(field);
    return found == message.end() ? std::string_view() : view(found->value());
}

/// Path and query; nullopt where the target is no such thing.
std::optional<Request> read_target(std::string_view target) {
    if (!target.starts_with('/')) {
        return std::nullopt;
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    Decoded path = percent_decoded(target.substr(0, mark));
    Request out{.path = std::move(path.text)};
    bool is_good = path.is_good;
    std::string_view rest = mark < target.size() ? target.substr(mark + 1) : std::string_view();
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        Decoded name = percent_decoded(pair.substr(0, equals));
        Decoded value = percent_decoded(pair.substr(std::min(pair.size(), equals + 1)));
        is_good = is_good && name.is_good && value.is_good;
        out.query.insert_or_assign(std::move(name.text), std::move(value.text));
    }
    return is_good ? std::optional(std::move(out)) : std::nullopt;
}

/// Why it may not be asked, in the order in which that is looked at.
std::optional<Response> refusal(const Parser& parser, const Gate& gate) {
    const auto& message = parser.get();
    constexpr unsigned kHttp11 = 11;
    if (message.version() != kHttp11) {
        return problem(400, "only HTTP/1.1 is spoken here");
    }
    if (count_of(message, http::field::host) != 1 ||
        !gate.knows_host(text_of(message, http::field::host))) {
        return problem(421, "this server does not go by that name");
    }
    const auto origins = count_of(message, http::field::origin);
    if (origins > 1 ||
        (origins == 1 && !gate.knows_origin(text_of(message, http::field::origin)))) {
        return problem(403, "pages of other origins may not ask here");
    }
    if (message.method() != http::verb::get && message.method() != http::verb::head) {
        Response out = problem(405, "only GET and HEAD are answered");
        out.headers.emplace_back("Allow", "GET, HEAD");
        return out;
    }
    const auto length = parser.content_length();
    if (count_of(message, http::field::transfer_encoding) > 0 || (length && *length > 0)) {
        return problem(413, "a request has no body here");
    }
    return std::nullopt;
}

}  // namespace

Reply answer(std::string_view head, const Gate& gate, const Router& router) {
    if (head.size() > kHeadBytesMax) {
        return {.response = problem(431, "the headers are too long")};
    }
    Reply malformed{.response = problem(400, "this is no HTTP/1.1 request")};
    if (!has_only_plain_lines(head)) {
        return malformed;
    }
    Parser parser;
    parser.header_limit(kHeadBytesMax);
#ifndef __clang_analyzer__  // it loses what Beast's parser sets by reference
    beast::error_code error;
    parser.put(boost::asio::buffer(head.data(), head.size()), error);
#endif
    if (!parser.is_header_done()) {
        return malformed;
    }
    const auto& message = parser.get();
    Reply out{.is_head_only = message.method() == http::verb::head};
    if (auto refused = refusal(parser, gate)) {
        // Whatever comes behind it is not read.
        out.response = std::move(*refused);
        return out;
    }
    auto request = read_target(view(message.target()));
    if (!request) {
        out.response = problem(400, "the target is no path");
        return out;
    }
    if (count_of(message, http::field::authorization) == 1) {
        request->authorization = text_of(message, http::field::authorization);
    }
    for (const auto& field : message) {
        if (field.name() == http::field::accept) {
            request->accept +=
                (request->accept.empty() ? "" : ",") + std::string(view(field.value()));
        }
    }
    const auto last_event_id = message.find("Last-Event-ID");
    if (last_event_id != message.end()) {
        out.last_event_id = view(last_event_id->value());
    }
    out.keep_alive = message.keep_alive();
    out.response = router.answer(*request);
    return out;
}

}  // namespace margrave::server
