#include "report/foreign_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::report {

nlohmann::json parse_foreign_json(const std::string& name, const std::string& text) {
    using Json = nlohmann::json;
    constexpr int kDepthMax = 64;
    const auto is_shallow = [&](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
        if (depth > kDepthMax) {
            throw core::InputError(fmt::format("{}: is nested deeper than {} objects and lists",
                                               core::printable(name), kDepthMax));
        }
        return true;
    };
    return Json::parse(text, is_shallow, false);
}

}  // namespace margrave::report
