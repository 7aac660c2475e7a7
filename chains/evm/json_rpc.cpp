#include "chains/evm/json_rpc.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "chains/evm/json_text.hpp"
#include "core/text.hpp"

namespace margrave::chains::evm {

namespace {

using core::ErrorKind;
using core::printable;

constexpr std::size_t kExcerptBytes = 200;
/// A revert with more data than this is no message to a caller; 64 KiB as hex.
constexpr std::size_t kRevertDataMax = std::size_t{128} << 10U;

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
    Integer value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string excerpt(std::string_view text) {
    return printable(text.substr(0, 2 * kExcerptBytes), kExcerptBytes);
}

/// Nethermind and OpenEthereum write "Reverted 0x…".
std::string_view without_reverted(std::string_view text) {
    constexpr std::string_view kPrefix = "Reverted ";
    return text.starts_with(kPrefix) ? text.substr(kPrefix.size()) : text;
}

bool is_hex_data(std::string_view text) {
    const std::string_view hex = without_reverted(text);
    const auto is_digit = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    return hex.starts_with("0x") && hex.size() % 2 == 0 &&
           std::all_of(hex.begin() + 2, hex.end(), is_digit);
}

/// The first hex string in an error's data, however deep: nodes nest it in objects of their own.
std::string revert_data(JsonText& json, std::string_view data) {
    const auto found = json.find_string(data, is_hex_data);
    if (!found || found->size() > kRevertDataMax) {
        return {};
    }
    const std::string_view hex = without_reverted(*found);
    return hex == "0x" ? std::string{} : std::string(hex);
}

bool is_success(int http_status) { return http_status >= 200 && http_status < 300; }

/// The kind of a reply that is no JSON-RPC. The status tells most; of the text only what an
/// intermediary can know is believed, since a page of words is no contract's answer.
ErrorKind kind_of_foreign_body(int http_status, std::string_view body) {
    const bool markup =
        body.empty() || std::string_view("<{[\"").find(body[0]) != std::string_view::npos;
    const ErrorKind by_text =
        markup ? ErrorKind::ServerFault : classify(http_status, 0, excerpt(body), "", "");
    switch (by_text) {
        case ErrorKind::RateLimited:
        case ErrorKind::QuotaExceeded:
        case ErrorKind::RequestTooLarge:
        case ErrorKind::ReplyTooLarge:
        case ErrorKind::Unauthorized:
            return by_text;
        default:
            return is_success(http_status) ? ErrorKind::BadReply
                                           : classify(http_status, 0, "", "", "");
    }
}

/// A limiter answers for whole requests, a contract only for one call: an error that names no call
/// cannot be a revert.
bool is_answer_to_one_call(ErrorKind kind) {
    return kind == ErrorKind::Reverted || kind == ErrorKind::OutOfGas;
}

/// The method of every call; "" of calls of several.
std::string_view common_method(const RpcRequest& request) {
    const std::string& first = request.front().method;
    const bool is_common =
        std::all_of(request.begin(), request.end(),
                    [&first](const RpcCall& call) { return call.method == first; });
    return is_common ? std::string_view(first) : std::string_view{};
}

std::string told(const std::string& message) {
    return message.empty() ? "an error without a message" : message;
}

/// One response object.
struct Response {
    std::optional<std::uint64_t> id;  ///< nullopt when null or absent
    std::optional<RpcOutcome> outcome;
};

class Decoder {
  public:
    Decoder(const RpcRequest& request, std::uint64_t first_id, const HttpReply& reply,
            const std::string& source)
        : request_(request),
          first_id_(first_id),
          reply_(reply),
          source_(source),
          json_(reply.body),
          outcomes_(request.size()) {}

    std::vector<RpcOutcome> run() {
        if (const auto failure = decode()) {
            outcomes_.assign(outcomes_.size(), core::Unexpected(*failure));
        }
        std::vector<RpcOutcome> all;
        all.reserve(outcomes_.size());
        for (auto& outcome : outcomes_) {
            all.push_back(outcome ? std::move(*outcome) : missing());
        }
        return all;
    }

  private:
    /// Fills outcomes_, or says what is wrong with the reply as a whole.
    std::optional<RpcError> decode() {
        if (reply_.status >= 300 && reply_.status < 400) {
            return failure(ErrorKind::BadReply,
                           http() + ": a redirect, which is not followed; configure the final URL");
        }
        const std::string_view body = trimmed(reply_.body);
        if (body.empty()) {
            return failure(kind_of_foreign_body(reply_.status, body),
                           http() + " with an empty body");
        }
        return body[0] == '[' ? decode_batch() : decode_single(body);
    }

    std::optional<RpcError> decode_single(std::string_view body) {
        const auto members = json_.members(json_.whole());
        if (!members) {
            return failure(kind_of_foreign_body(reply_.status, body),
                           http() + ", body is not JSON-RPC: " + excerpt(body));
        }
        auto response = parse_response(*members);
        if (!response) {
            return response.error();
        }
        if (outcomes_.size() == 1 && response.value().id) {
            return accept(std::move(response.value()));
        }
        if (response.value().outcome->has_value()) {
            return bad_reply("one result for a batch");
        }
        return whole_request(response.value().outcome->error());
    }

    std::optional<RpcError> decode_batch() {
        if (outcomes_.size() == 1) {
            return bad_reply("a list for a single call");
        }
        // Past one item for each call there is at least a duplicate id; the second half is for
        // errors without id.
        const auto items = json_.elements(json_.whole(), 2 * outcomes_.size());
        if (!items) {
            return failure(
                kind_of_foreign_body(reply_.status, "["),
                http() + ", body is not a list of JSON-RPC replies: " + excerpt(reply_.body));
        }
        for (const std::string_view item : *items) {
            if (auto failed = decode_item(item)) {
                return failed;
            }
        }
        return std::nullopt;
    }

    std::optional<RpcError> decode_item(std::string_view item) {
        const auto members = json_.members(item);
        if (!members) {
            return bad_reply("an item is no object: " + excerpt(item));
        }
        auto response = parse_response(*members);
        if (!response) {
            return response.error();
        }
        if (response.value().id) {
            return accept(std::move(response.value()));
        }
        if (response.value().outcome->has_value()) {
            return bad_reply("a result without an id");
        }
        unattributed_ = whole_request(response.value().outcome->error());
        return std::nullopt;
    }

    /// Files a response under its call.
    std::optional<RpcError> accept(Response response) {
        auto& slot = outcomes_[*response.id - first_id_];
        if (slot) {
            return bad_reply("two replies with the id " + std::to_string(*response.id));
        }
        slot = std::move(response.outcome);
        return std::nullopt;
    }

    /// Fails when the id is not one of the request's: then the whole reply belongs to somebody
    /// else.
    core::Result<Response, RpcError> parse_response(const std::vector<JsonText::Member>& members) {
        Response response;
        const FoundMember id = find_member(members, "id");
        if (id.value && *id.value != "null") {
            response.id = parse_integer<std::uint64_t>(*id.value);
            if (!response.id || *response.id < first_id_ ||
                *response.id - first_id_ >= outcomes_.size()) {
                return core::Unexpected(bad_reply("a foreign id " + excerpt(*id.value)));
            }
        }
        if (id.repeated) {
            return core::Unexpected(bad_reply("the member \"id\" twice"));
        }
        response.outcome =
            parse_outcome(members, response.id ? request_[*response.id - first_id_].method
                                               : common_method(request_));
        return response;
    }

    RpcOutcome parse_outcome(const std::vector<JsonText::Member>& members,
                             std::string_view method) {
        const FoundMember result = find_member(members, "result");
        const FoundMember error = find_member(members, "error");
        const bool failed = error.value && *error.value != "null";
        if (result.repeated || error.repeated) {
            return core::Unexpected(bad_reply("a member of the reply twice"));
        }
        if (failed && result.value && *result.value != "null") {
            return core::Unexpected(bad_reply("both a result and an error"));
        }
        if (failed) {
            return core::Unexpected(parse_error(*error.value, method));
        }
        if (!is_success(reply_.status)) {
            return core::Unexpected(failure(classify(reply_.status, 0, "", "", method),
                                            http() + " without a JSON-RPC error"));
        }
        if (!result.value) {
            return core::Unexpected(bad_reply("neither a result nor an error"));
        }
        return std::string(*result.value);
    }

    RpcError parse_error(std::string_view text, std::string_view method) {
        if (text.front() == '"') {
            const std::string message = json_.string(text).value_or("");
            return failure(classify(reply_.status, 0, message, "", method), told(message));
        }
        const auto members = json_.members(text);
        if (!members) {
            return bad_reply("an error that is no object: " + excerpt(text));
        }
        const FoundMember code = find_member(*members, "code");
        const FoundMember message = find_member(*members, "message");
        const FoundMember data = find_member(*members, "data");
        if (code.repeated || message.repeated || data.repeated) {
            return bad_reply("a member of the error twice");
        }
        return make_error(code.value.value_or(""), message.value.value_or(""),
                          data.value.value_or(""), method);
    }

    RpcError make_error(std::string_view code, std::string_view message, std::string_view data,
                        std::string_view method) {
        // Some servers quote the code.
        const bool quoted = code.size() > 2 && code.front() == '"';
        const auto number =
            parse_integer<std::int64_t>(quoted ? code.substr(1, code.size() - 2) : code);
        const std::string words =
            message.starts_with('"') ? json_.string(message).value_or("") : std::string{};
        RpcError error =
            failure(classify(reply_.status, number.value_or(0), words, data, method), told(words));
        error.code = number.value_or(0);
        if (error.kind == ErrorKind::Reverted && !data.empty()) {
            error.data = revert_data(json_, data);
        }
        return error;
    }

    /// An error that belongs to every call.
    RpcError whole_request(const RpcError& error) const {
        return is_answer_to_one_call(error.kind)
                   ? bad_reply("an error of one call that names none: " + error.message)
                   : error;
    }

    RpcOutcome missing() const {
        return core::Unexpected(unattributed_ ? *unattributed_
                                              : bad_reply("no item with the id of this call"));
    }

    std::string http() const { return "HTTP " + std::to_string(reply_.status); }

    RpcError bad_reply(const std::string& what) const {
        return failure(ErrorKind::BadReply, "not a valid JSON-RPC reply: " + what);
    }

    RpcError failure(ErrorKind kind, const std::string& message) const {
        return {.kind = kind,
                .source = source_,
                .message = printable(message, kExcerptBytes),
                .data = {},
                .retry_after = reply_.retry_after};
    }

    const RpcRequest& request_;
    std::uint64_t first_id_;
    const HttpReply& reply_;
    const std::string& source_;
    JsonText json_;
    std::vector<std::optional<RpcOutcome>> outcomes_;
    std::optional<RpcError> unattributed_;  ///< an error without id, for the calls without a reply
};

void append_call(const RpcCall& call, std::uint64_t id, std::string& out) {
    out += R"({"jsonrpc":"2.0","id":)";
    out += std::to_string(id);
    out += R"(,"method":")";
    out += call.method;
    out += R"(","params":)";
    out += call.params;
    out += '}';
}

}  // namespace

std::string encode_request(const RpcRequest& request, std::uint64_t first_id) {
    core::ensure(!request.empty(), "a request has at least one call");
    std::string body;
    if (request.size() == 1) {
        append_call(request.front(), first_id, body);
        return body;
    }
    for (const RpcCall& call : request) {
        body += body.empty() ? '[' : ',';
        append_call(call, first_id++, body);
    }
    return body += ']';
}

std::vector<RpcOutcome> decode_reply(const RpcRequest& request, std::uint64_t first_id,
                                     const HttpReply& reply, const std::string& source) {
    return Decoder(request, first_id, reply, source).run();
}

}  // namespace margrave::chains::evm
