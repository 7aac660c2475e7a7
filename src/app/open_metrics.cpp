#include "app/open_metrics.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "core/text.hpp"

namespace margrave::app {
namespace {

constexpr std::string_view kTotal = "_total";

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> out;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(at, from), text.size());
        out.push_back(text.substr(from, to - from));
        from = to + 1;
    }
    return out;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    const std::size_t from = text.find_first_not_of(kBlank);
    return from == std::string_view::npos
               ? std::string_view{}
               : text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

/// One of the ranges of an Accept: "text/plain;version=0.0.4;q=0.5".
struct Range {
    std::string type;
    std::string version;
    double quality = 1;  ///< 0 also for one that is no number
};

Range parse_range(std::string_view text) {
    const auto parts = split(text, ';');
    Range out{.type = core::lower(trimmed(parts.front())), .version = {}};
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::string parameter = core::lower(trimmed(parts[i]));
        const auto at = std::min(parameter.find('='), parameter.size());
        std::string value = parameter.substr(std::min(at + 1, parameter.size()));
        std::erase(value, '"');
        if (parameter.starts_with("q=")) {
            out.quality = 0;
            static_cast<void>(
                std::from_chars(value.data(), value.data() + value.size(), out.quality));
        } else if (parameter.starts_with("version=")) {
            out.version = value;
        }
    }
    return out;
}

/// Of the most specific of these types that is asked for.
double quality_of(const std::vector<Range>& ranges, const std::vector<std::string>& types,
                  std::string_view version) {
    for (const std::string& type : types) {
        std::optional<double> best;
        for (const Range& range : ranges) {
            if (range.type == type && (range.version.empty() || range.version == version)) {
                best = std::max(best.value_or(0), range.quality);
            }
        }
        if (best) {
            return *best;
        }
    }
    return 0;
}

/// "# TYPE margrave_reorgs_total counter" for a family without its ending; a help's quotes escaped.
std::string comment(std::string_view line, const std::vector<std::string_view>& counters) {
    const std::size_t name_at = line.find(' ', 2) + 1;
    const std::size_t name_end = line.find(' ', name_at);
    std::string_view name = line.substr(name_at, name_end - name_at);
    if (std::find(counters.begin(), counters.end(), name) != counters.end() &&
        name.ends_with(kTotal)) {
        name.remove_suffix(kTotal.size());
    }
    std::string out(line.substr(0, name_at));
    out += name;
    for (const char c : line.substr(std::min(name_end, line.size()))) {
        out += c == '"' ? "\\\"" : std::string(1, c);
    }
    return out;
}

/// le="5" as le="5.0".
std::string sample(std::string_view line) {
    constexpr std::string_view kBound = "le=\"";
    const std::size_t at = line.find(kBound);
    const std::size_t from = at + kBound.size();
    const bool is_bound =
        at != std::string_view::npos && (line[at - 1] == '{' || line[at - 1] == ',');
    const std::size_t to = is_bound ? line.find('"', from) : std::string_view::npos;
    if (to == std::string_view::npos) {
        return std::string(line);
    }
    const std::string_view bound = line.substr(from, to - from);
    const bool is_whole = bound.find_first_not_of("0123456789") == std::string_view::npos;
    std::string out(line);
    return is_whole ? out.insert(to, ".0") : out;
}

/// Names of families, as "# TYPE name counter" has them.
std::vector<std::string_view> counters_of(const std::vector<std::string_view>& lines) {
    std::vector<std::string_view> out;
    constexpr std::string_view kType = "# TYPE ";
    constexpr std::string_view kCounter = " counter";
    for (const std::string_view line : lines) {
        if (line.starts_with(kType) && line.ends_with(kCounter)) {
            out.push_back(line.substr(kType.size(), line.size() - kType.size() - kCounter.size()));
        }
    }
    return out;
}

}  // namespace

bool wants_open_metrics(std::string_view accept) {
    std::vector<Range> ranges;
    for (const std::string_view one : split(accept, ',')) {
        ranges.push_back(parse_range(one));
    }
    return quality_of(ranges, {"application/openmetrics-text"}, "1.0.0") >
           quality_of(ranges, {"text/plain", "text/*", "*/*"}, "0.0.4");
}

std::string to_open_metrics(std::string_view exposition) {
    const auto lines = split(exposition, '\n');
    const auto counters = counters_of(lines);
    std::string out;
    out.reserve(exposition.size() + exposition.size() / 16);
    for (const std::string_view line : lines) {
        if (!line.empty()) {
            out += line.starts_with('#') ? comment(line, counters) : sample(line);
            out += '\n';
        }
    }
    return out + "# EOF\n";
}

}  // namespace margrave::app
