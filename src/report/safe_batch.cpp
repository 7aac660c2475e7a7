#include "report/safe_batch.hpp"

#include <cstdint>
#include <span>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "report/json_fields.hpp"

namespace margrave::report {
namespace {

// Sorted keys, unlike the documents that margrave prints.
using Sorted = nlohmann::json;

/// As JavaScript's JSON.stringify: no spaces, UTF-8 as it is.
std::string compact(const Sorted& value) {
    return value.dump(-1, ' ', false, Sorted::error_handler_t::replace);
}

/// `{["a","b"]1,2,}`: an object's keys, then its values, each with a comma behind it.
std::string serialized(const Sorted& value) {
    if (value.is_array()) {
        std::string out;
        for (const Sorted& element : value) {
            out += (out.empty() ? "" : ",") + serialized(element);
        }
        return '[' + out + ']';
    }
    if (!value.is_object()) {
        return compact(value);
    }
    Sorted keys = Sorted::array();
    std::string values;
    for (const auto& [key, field] : value.items()) {
        keys.push_back(key);
        values += serialized(field) + ',';
    }
    return '{' + compact(keys) + values + '}';
}

Json transaction_json(const margin::UnsignedCall& call) {
    return {{"to", call.to.to_string()},
            {"value", raw(call.value)},
            {"data", core::to_hex(call.data)},
            {"contractMethod", Json()},
            {"contractInputsValues", Json()}};
}

}  // namespace

std::string safe_checksum(const std::string& document) {
    auto batch = Sorted::parse(document, nullptr, false);
    if (!batch.is_object() || !batch.contains("meta") || !batch["meta"].is_object()) {
        throw core::InputError("a batch file is a JSON object with a meta");
    }
    batch["meta"]["name"] = nullptr;
    const std::string text = serialized(batch);
    return core::to_hex(core::keccak256(
        std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())));
}

std::string safe_batch_json(const SafeBatch& batch) {
    constexpr std::uint64_t kMsInSecond = 1000;
    std::string what;
    for (const margin::UnsignedCall& call : batch.calls) {
        what += (what.empty() ? "" : "; ") + call.what;
    }
    Json out{{"version", "1.0"},
             {"chainId", std::to_string(batch.chain_id.value())},
             {"createdAt", batch.block_time.value() * kMsInSecond},
             {"meta",
              {{"name", "margrave rescue"},
               {"description", what},
               {"createdFromSafeAddress", batch.safe.to_string()},
               {"createdFromOwnerAddress", ""}}},
             {"transactions", list(batch.calls, transaction_json)}};
    // What is hashed is what a reader of the file finds in it.
    out["meta"]["checksum"] = safe_checksum(printed(out));
    return printed(out);
}

}  // namespace margrave::report
