#include "report/report_csv.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/text.hpp"
#include "core/u256.hpp"

namespace margrave::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kColumns{"kind",   "chain",         "protocol",  "market",     "wallet",
                              "status", "health_factor", "side",      "symbol",     "asset",
                              "amount", "price_usd",     "value_usd", "amount_raw", "detail"};

/// A formula's beginnings. OWASP, "CSV Injection".
bool looks_like_formula(std::string_view text) {
    return !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string::npos;
}

/// Numbers of margrave's own may begin with a minus; whatever else does is a name from a chain.
std::string cell(const std::string& text, bool is_name) {
    std::string out = is_name && looks_like_formula(text) ? "'" + text : text;
    if (out.find_first_of("\",\r\n") == std::string::npos) {
        return out;
    }
    std::string quoted = "\"";
    for (const char c : out) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + '"';
}

std::string text_of(const Json& value) {
    return value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
}

/// Whole tokens.
Json amount_of(const Json& entry) {
    const auto raw = core::parse_decimal(text_of(entry.value("amount_raw", Json())));
    const Json decimals = entry.value("decimals", Json());
    if (!raw || !decimals.is_number_unsigned()) {
        return {};
    }
    const unsigned places = decimals.get<unsigned>();
    return core::format_fixed(*raw, places, places);
}

class Writer {
  public:
    Writer() {
        for (const char* column : kColumns) {
            add(column, false);
        }
        end();
    }

    /// Fields of the first that has them.
    void row(const Json& balance, const Json& account) {
        for (const std::string_view column : kColumns) {
            const std::string key(column);
            const Json& from = balance.contains(key) ? balance : account;
            const bool is_name = key == "symbol" || key == "detail" || key == "market";
            add(core::printable(text_of(from.value(key, Json())), kDetailBytesMax), is_name);
        }
        end();
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    static constexpr std::size_t kDetailBytesMax = 1000;

    void add(const std::string& text, bool is_name) {
        out_ += is_first_ ? "" : ",";
        out_ += cell(text, is_name);
        is_first_ = false;
    }
    void end() {
        out_ += "\r\n";
        is_first_ = true;
    }

    std::string out_;
    bool is_first_ = true;
};

}  // namespace

std::string to_csv(const Report& report) {
    const Json document = Json::parse(to_json(report));
    Writer writer;
    for (const Json& account : document.at("accounts")) {
        Json head = account;
        head["kind"] = "account";
        head["detail"] = account.at("unknown_because");
        for (Json leg : account.at("legs")) {
            leg["amount"] = amount_of(leg);
            writer.row(leg, head);
        }
        if (account.at("legs").empty()) {
            writer.row(Json::object(), head);
        }
    }
    for (Json holding : document.at("holdings")) {
        holding["kind"] = "holding";
        holding["amount"] = amount_of(holding);
        writer.row(holding, Json::object());
    }
    for (Json gap : document.at("gaps")) {
        gap["status"] = gap.at("kind");
        gap["kind"] = "gap";
        writer.row(gap, Json::object());
    }
    return writer.take();
}

}  // namespace margrave::report
