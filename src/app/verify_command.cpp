#include <fmt/format.h>

#include <istream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/files.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/u256.hpp"
#include "evidence/canonical_json.hpp"
#include "evidence/signed_report.hpp"

namespace margrave::app {
namespace {

using Verification = core::Result<evidence::VerifiedReport, std::string>;

std::string show_block(const evidence::ReportBlock& block) {
    const auto seconds = core::parse_u64(block.timestamp);
    const auto time =
        seconds ? " (" + core::format_utc(core::Timestamp(*seconds)) + ")" : std::string();
    return fmt::format("{} at block {}{}", core::printable(block.chain, 40),
                       core::printable(block.number, 40), time);
}

std::string to_text(const evidence::VerifiedReport& report, bool is_expected) {
    const auto& seal = report.seal;
    std::string out = fmt::format("Signed by {}, and unchanged since\n  report  {}\n",
                                  seal.signer.to_string(), core::printable(seal.schema, 80));
    for (const auto& block : report.blocks) {
        out += fmt::format("  of      {}\n", show_block(block));
    }
    out += fmt::format("  hash    {}\n", core::to_hex(seal.report_hash));
    out += is_expected
               ? "That is the signer you asked for.\n"
               : "This alone proves only that this key signed it, not whose key it is: compare the "
                 "address with one\nthat you have from its owner, as in --signer ADDRESS.\n";
    return out;
}

std::string to_json(const Verification& verification,
                    const std::optional<core::Address>& expected) {
    using Json = nlohmann::ordered_json;
    constexpr int kIndent = 2;
    constexpr bool kAscii = true;
    const auto* seal = verification ? &verification->seal : nullptr;
    const Json json{
        {"schema", "margrave.verification/1"},
        {"valid", verification.has_value()},
        {"reason", seal != nullptr ? Json() : Json(verification.error())},
        {"signer", seal != nullptr ? Json(seal->signer.to_string()) : Json()},
        {"expected_signer", expected ? Json(expected->to_string()) : Json()},
        {"report_schema", seal != nullptr ? Json(seal->schema) : Json()},
        {"report_hash", seal != nullptr ? Json(core::to_hex(seal->report_hash)) : Json()}};
    return json.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + '\n';
}

/// What --signer names.
std::optional<core::Address> expected_signer(const VerifyOptions& options) {
    return options.signer ? std::optional(core::Address::parse(*options.signer)) : std::nullopt;
}

Verification verify(const std::string& name, const std::string& text,
                    const std::optional<core::Address>& expected) {
    try {
        return evidence::verify_report(text, expected);
    } catch (const core::InputError& error) {
        throw core::InputError(fmt::format("{}: {}", name, error.what()));
    }
}

}  // namespace

ExitCode run_verify(World& world, const VerifyOptions& options) {
    const auto expected = expected_signer(options);
    const bool is_stdin = options.file == "-";
    const auto name = is_stdin ? std::string("stdin") : core::printable(options.file);
    const auto text = is_stdin ? read_stream(world.in, name, evidence::kReportBytesMax)
                               : read_file(options.file, evidence::kReportBytesMax);
    const auto verification = verify(name, text, expected);
    if (options.json) {
        write_result(world, to_json(verification, expected));
    } else if (verification) {
        write_result(world, to_text(*verification, expected.has_value()));
    }
    if (!verification) {
        say(world, fmt::format("{}: {}", name, verification.error()));
    }
    return exit_code({.bad_signature = !verification});
}

}  // namespace margrave::app
