#include "chains/evm/recording.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "chains/evm/json_text.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::chains::evm {

namespace {

using core::ErrorKind;
using Members = std::vector<JsonText::Member>;

constexpr std::string_view kFormat = "margrave.recording/1";
constexpr std::size_t kBytesMax = std::size_t{512} << 20U;
constexpr std::size_t kExchangesMax = 1'000'000;

/// As a JSON string. nlohmann would need a copy of every megabyte of a result to write it next to
/// this.
std::string json_string(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out += "\\u00";
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 0xfU];
        } else {
            out += c;
        }
    }
    return out += '"';
}

/// JSON text on one line. A raw line break is only ever space between tokens.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
}

void append_outcome(const RpcOutcome& outcome, std::string& out) {
    if (outcome) {
        out += R"("result":)" + one_line(outcome.value());
        return;
    }
    const RpcError& error = outcome.error();
    out += R"("error":{"kind":)" + json_string(core::to_string(error.kind));
    out += R"(,"code":)" + std::to_string(error.code);
    out += R"(,"message":)" + json_string(error.message);
    out += R"(,"data":)" + json_string(error.data) + "}";
}

/// Reads the file form. Everything it does not know is refused: a recording stands in for a chain.
class RecordingReader {
  public:
    explicit RecordingReader(const std::string& text) : json_(text) {}

    /// Calls `add` for every exchange.
    template <class Add>
    void read(const Add& add) {
        const Members members = object(json_.whole(), {"format", "exchanges"});
        if (text(required(members, "format")) != kFormat) {
            fail("its format is not " + std::string(kFormat));
        }
        const auto exchanges = json_.elements(required(members, "exchanges"), kExchangesMax);
        if (!exchanges) {
            fail("\"exchanges\" is no list, or longer than " + std::to_string(kExchangesMax));
        }
        for (const std::string_view exchange : *exchanges) {
            ++exchange_;
            const Members parts = object(exchange, {"method", "params", "result", "error"});
            const std::string_view params = required(parts, "params");
            if (!params.starts_with('[')) {
                fail("\"params\" is no list");
            }
            add(RpcCall{.method = text(required(parts, "method")), .params = std::string(params)},
                outcome(parts));
        }
    }

  private:
    RpcOutcome outcome(const Members& parts) {
        const auto result = find_member(parts, "result").value;
        const auto error = find_member(parts, "error").value;
        if (result.has_value() == error.has_value()) {
            fail(R"(an exchange has either a "result" or an "error")");
        }
        if (result) {
            return std::string(*result);
        }
        const Members members = object(*error, {"kind", "code", "message", "data"});
        const std::string name = text(required(members, "kind"));
        const auto kind = core::parse_error_kind(name);
        if (!kind) {
            fail("unknown kind of error \"" + core::printable(name) + "\"");
        }
        return core::Unexpected(
            RpcError{.kind = *kind,
                     .source = "recording",
                     .code = integer(required(members, "code")),
                     .message = core::printable(text(required(members, "message"))),
                     .data = text(required(members, "data"))});
    }

    /// The members of an object that has no others than `known`, each at most once.
    Members object(std::string_view slice, std::initializer_list<std::string_view> known) {
        auto members = json_.members(slice);
        if (!members) {
            fail("not valid JSON, or no object where one is expected");
        }
        for (const auto& member : *members) {
            if (std::find(known.begin(), known.end(), member.key) == known.end()) {
                fail("unknown key \"" + core::printable(member.key) + "\"");
            }
            if (find_member(*members, member.key).repeated) {
                fail("the key \"" + member.key + "\" twice");
            }
        }
        return std::move(*members);
    }

    std::string_view required(const Members& members, std::string_view key) const {
        const auto value = find_member(members, key).value;
        if (!value) {
            fail("the key \"" + std::string(key) + "\" is missing");
        }
        return *value;
    }

    std::string text(std::string_view slice) {
        auto value = json_.string(slice);
        if (!value) {
            fail("a string is expected instead of " + core::printable(slice.substr(0, 100)));
        }
        return std::move(*value);
    }

    std::int64_t integer(std::string_view slice) const {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(slice.data(), slice.data() + slice.size(), value);
        if (error != std::errc{} || end != slice.data() + slice.size()) {
            fail("an integer is expected instead of " + core::printable(slice.substr(0, 100)));
        }
        return value;
    }

    [[noreturn]] void fail(const std::string& what) const {
        const std::string where = exchange_ == 0 ? "" : ", exchange " + std::to_string(exchange_);
        throw core::InputError("recording" + where + ": " + what);
    }

    JsonText json_;
    std::size_t exchange_ = 0;  ///< counted from one; 0 before the first
};

class RecordTransport final : public RpcTransport {
  public:
    RecordTransport(std::unique_ptr<RpcTransport> inner, Recording& recording)
        : inner_(std::move(inner)), recording_(recording) {}

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        auto outcomes = inner_->send(requests);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            for (std::size_t k = 0; k < requests[i].size(); ++k) {
                recording_.add(requests[i][k], outcomes[i][k]);
            }
        }
        return outcomes;
    }

    [[nodiscard]] RpcTraffic traffic() const override { return inner_->traffic(); }
    [[nodiscard]] Agreement agreement() const override { return inner_->agreement(); }
    void abandon() override { inner_->abandon(); }

  private:
    std::unique_ptr<RpcTransport> inner_;
    Recording& recording_;
};

class ReplayTransport final : public RpcTransport {
  public:
    explicit ReplayTransport(Recording recording) : recording_(std::move(recording)) {}

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::vector<std::vector<RpcOutcome>> outcomes(requests.size());
        for (std::size_t i = 0; i < requests.size(); ++i) {
            for (const RpcCall& call : requests[i]) {
                const RpcOutcome* recorded = recording_.find(call);
                outcomes[i].push_back(recorded != nullptr ? *recorded : not_recorded(call));
            }
        }
        return outcomes;
    }

    /// Nothing crosses a wire.
    [[nodiscard]] RpcTraffic traffic() const override { return {}; }

  private:
    static RpcOutcome not_recorded(const RpcCall& call) {
        return core::Unexpected(
            RpcError{.kind = ErrorKind::NotRecorded,
                     .source = "recording",
                     .message = core::printable(call.method + " " + call.params.substr(0, 200)),
                     .data = {}});
    }

    Recording recording_;
};

}  // namespace

void Recording::add(const RpcCall& call, const RpcOutcome& outcome) {
    const auto [entry, added] = outcomes_.try_emplace(call, outcome);
    // A call may fail and succeed when it is sent again; the answer is what stays.
    if (!added && (outcome || !entry->second)) {
        entry->second = outcome;
    }
}

const RpcOutcome* Recording::find(const RpcCall& call) const {
    const auto entry = outcomes_.find(call);
    return entry == outcomes_.end() ? nullptr : &entry->second;
}

std::string Recording::to_json() const {
    std::string out = R"({"format":)" + json_string(kFormat) + R"(,"exchanges":[)";
    const char* separator = "\n";
    for (const auto& [call, outcome] : outcomes_) {
        out += separator;
        out += R"({"method":)" + json_string(call.method) + R"(,"params":)" +
               one_line(call.params) + ",";
        append_outcome(outcome, out);
        out += '}';
        separator = ",\n";
    }
    return out += "\n]}\n";
}

Recording Recording::from_json(std::string_view text) {
    if (text.size() > kBytesMax) {
        throw core::InputError("recording: larger than " + std::to_string(kBytesMax) + " bytes");
    }
    std::string padded;
    padded.reserve(text.size() + JsonText::kPadding);
    padded = text;
    Recording recording;
    RecordingReader(padded).read([&recording](const RpcCall& call, const RpcOutcome& outcome) {
        if (!recording.outcomes_.try_emplace(call, outcome).second) {
            throw core::InputError("recording: the call " + core::printable(call.method) +
                                   " is recorded twice with the same parameters");
        }
    });
    return recording;
}

std::unique_ptr<RpcTransport> make_record_transport(std::unique_ptr<RpcTransport> inner,
                                                    Recording& recording) {
    core::ensure(inner != nullptr, "a recording transport has something to record");
    return std::make_unique<RecordTransport>(std::move(inner), recording);
}

std::unique_ptr<RpcTransport> make_replay_transport(Recording recording) {
    return std::make_unique<ReplayTransport>(std::move(recording));
}

}  // namespace margrave::chains::evm
