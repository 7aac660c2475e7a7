#include "evidence/signed_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "evidence/canonical_json.hpp"
#include "evidence/eip712.hpp"

namespace margrave::evidence {
namespace {

using Json = nlohmann::ordered_json;
using Failure = core::Unexpected<std::string>;

constexpr std::string_view kDomainName = "margrave";
constexpr std::string_view kDomainVersion = "1";

/// As docs/signed-reports.md describes it.
Json seal_json(const Seal& seal) {
    return {{"scheme", "eip712"},
            {"signer", seal.signer.to_string()},
            {"domain", {{"name", kDomainName}, {"version", kDomainVersion}}},
            {"types",
             {{"Report",
               {{{"name", "schema"}, {"type", "string"}},
                {{"name", "reportHash"}, {"type", "bytes32"}}}}}},
            {"primary_type", "Report"},
            {"report_hash", core::to_hex(seal.report_hash)},
            {"signature", core::to_hex(seal.signature)}};
}

/// The schema of a document that is a report of margrave's; throws InputError for another.
std::string schema_of(const nlohmann::json& document) {
    constexpr std::string_view kPrefix = "margrave.";
    const auto schema = document.is_object() ? document.find("schema") : document.end();
    if (schema == document.end() || !schema->is_string() ||
        !schema->get_ref<const std::string&>().starts_with(kPrefix)) {
        throw core::InputError(
            "no report of margrave: it has no `schema` such as \"margrave.report/1\"");
    }
    return schema->get<std::string>();
}

core::Hash hash_of(const nlohmann::json& report) { return string_word(canonical_json(report)); }

/// A member of `stated` if it is a text, else "".
std::string text_at(const nlohmann::json& stated, const char* name) {
    const auto found = stated.find(name);
    return found != stated.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<Signature> parse_signature(const std::string& text) {
    const auto bytes = core::parse_hex(text);
    Signature signature{};
    if (!bytes || bytes->size() != signature.size()) {
        return std::nullopt;
    }
    std::copy(bytes->begin(), bytes->end(), signature.begin());
    return signature;
}

/// Why `stated` is not written exactly as margrave writes this seal; "" when it is. Nothing but the
/// signature covers these members, so that each must be the only one possible.
std::string find_oddity(const nlohmann::json& stated, const Seal& seal) {
    const nlohmann::json wanted = seal_json(seal);
    for (const auto& [name, value] : wanted.items()) {
        if (!stated.contains(name)) {
            return fmt::format("its `signature` lacks `{}`", name);
        }
        if (stated.at(name) != value) {
            return fmt::format("`signature.{}` is not {}", name, value.dump());
        }
    }
    for (const auto& [name, value] : stated.items()) {
        if (!wanted.contains(name)) {
            return fmt::format("its `signature` has a member `{}`, which is not part of one",
                               core::printable(name, 40));
        }
    }
    return {};
}

/// The block that `said` speaks of, if it does.
void add_block(const nlohmann::json& said, std::vector<ReportBlock>& blocks) {
    if (said.is_object() && said.contains("block") && said.at("block").is_object()) {
        const auto& block = said.at("block");
        blocks.push_back({.chain = text_at(said, "chain"),
                          .number = text_at(block, "number"),
                          .timestamp = text_at(block, "timestamp")});
    }
}

std::vector<ReportBlock> blocks_of(const nlohmann::json& report) {
    std::vector<ReportBlock> blocks;
    add_block(report, blocks);  // an alert is of one
    const auto chains = report.find("chains");
    if (chains != report.end() && chains->is_array()) {
        for (const auto& chain : *chains) {
            add_block(chain, blocks);
        }
    }
    return blocks;
}

/// The seal that `stated` claims for a report of this schema and hash, checked.
core::Result<Seal, std::string> check_seal(const nlohmann::json& stated, std::string schema,
                                           const core::Hash& report_hash) {
    if (!stated.is_object()) {
        return Failure("its `signature` is no object");
    }
    const auto claimed = text_at(stated, "report_hash");
    if (stated.contains("report_hash") && claimed != core::to_hex(report_hash)) {
        return Failure(
            fmt::format("the content is not what was signed: its hash is {}, that of the "
                        "signature {}",
                        core::to_hex(report_hash), core::printable(claimed, 80)));
    }
    const auto signature = parse_signature(text_at(stated, "signature"));
    if (!signature) {
        return Failure("`signature.signature` is not 0x and the 130 digits of r, s and v");
    }
    const auto signer = recover(report_digest(schema, report_hash), *signature);
    if (!signer) {
        return Failure("the signature is no valid one: " + signer.error());
    }
    Seal seal{.signer = *signer,
              .schema = std::move(schema),
              .report_hash = report_hash,
              .signature = *signature};
    if (const auto claimed_signer = core::Address::try_parse(text_at(stated, "signer"));
        claimed_signer && *claimed_signer != *signer) {
        return Failure(fmt::format("the signature is not that of the signer it names, {}",
                                   claimed_signer->to_string()));
    }
    if (auto oddity = find_oddity(stated, seal); !oddity.empty()) {
        return Failure(std::move(oddity));
    }
    return seal;
}

}  // namespace

core::Hash report_digest(std::string_view schema, const core::Hash& report_hash) {
    const auto domain = struct_hash("EIP712Domain(string name,string version)",
                                    {string_word(kDomainName), string_word(kDomainVersion)});
    const auto message =
        struct_hash("Report(string schema,bytes32 reportHash)", {string_word(schema), report_hash});
    return typed_data_digest(domain, message);
}

Seal seal_report(std::string_view report_json, const SecretKey& key) {
    const auto report = read_strict_json(report_json);
    auto schema = schema_of(report);
    if (report.contains("signature")) {
        throw core::InputError("the report is signed already");
    }
    const auto hash = hash_of(report);
    const auto signature = key.sign(report_digest(schema, hash));
    return {.signer = key.address(),
            .schema = std::move(schema),
            .report_hash = hash,
            .signature = signature};
}

std::string attach_seal(std::string_view report_json, const Seal& seal) {
    constexpr int kIndent = 2;
    constexpr bool kAscii = true;  // as reports are
    auto report = Json::parse(report_json);
    report["signature"] = seal_json(seal);
    return report.dump(kIndent, ' ', kAscii) + '\n';
}

core::Result<VerifiedReport, std::string> verify_report(
    std::string_view text, const std::optional<core::Address>& expected) {
    auto report = read_strict_json(text);
    auto schema = schema_of(report);
    const auto found = report.find("signature");
    if (found == report.end()) {
        return Failure("it carries no signature; `margrave audit --json --sign KEYFILE` makes one");
    }
    const nlohmann::json stated = std::move(*found);
    report.erase(found);
    auto seal = check_seal(stated, std::move(schema), hash_of(report));
    if (!seal) {
        return Failure(seal.error());
    }
    if (expected && seal->signer != *expected) {
        return Failure(fmt::format("it is signed by {}, not by {}", seal->signer.to_string(),
                                   expected->to_string()));
    }
    return VerifiedReport{.seal = std::move(seal).value(), .blocks = blocks_of(report)};
}

}  // namespace margrave::evidence
