#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/keccak.hpp"
#include "core/result.hpp"
#include "evidence/signing.hpp"

/// Reports with a signature that any wallet library can verify: EIP-712 over the Keccak-256 of the
/// report's canonical JSON. docs/signed-reports.md has the format.
namespace margrave::evidence {

/// Who signed which content.
struct Seal {
    core::Address signer;
    std::string schema;      ///< of the report, such as margrave.report/1
    core::Hash report_hash;  ///< of its canonical JSON without the member `signature`
    Signature signature{};
};

/// The digest that is signed: Report(string schema,bytes32 reportHash) in the domain of margrave 1.
[[nodiscard]] core::Hash report_digest(std::string_view schema, const core::Hash& report_hash);

/// Signs a report of margrave's. Throws InputError for what verify_report() could not read: a text
/// that is no report, is signed already or is larger than kReportBytesMax.
[[nodiscard]] Seal seal_report(std::string_view report_json, const SecretKey& key);

/// The report's text, indented, with the seal as its last member, `signature`.
[[nodiscard]] std::string attach_seal(std::string_view report_json, const Seal& seal);

/// A block that a report speaks of, as the report writes it.
struct ReportBlock {
    std::string chain;
    std::string number;
    std::string timestamp;  ///< chain seconds
};

struct VerifiedReport {
    Seal seal;
    std::vector<ReportBlock> blocks;
};

/// The report's seal, when it is a good one of just this content and, with `expected`, by that
/// signer; else why not. Throws InputError for a text that is no report at all.
[[nodiscard]] core::Result<VerifiedReport, std::string> verify_report(
    std::string_view text, const std::optional<core::Address>& expected);

}  // namespace margrave::evidence
