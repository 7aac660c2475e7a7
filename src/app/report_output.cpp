#include "app/report_output.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/hex.hpp"
#include "evidence/signed_report.hpp"
#include "report/report_csv.hpp"

namespace margrave::app {
namespace {

bool use_colour(const World& world, const OutputOptions& options) {
    const auto no_color = world.environment("NO_COLOR");
    return world.out_is_terminal && !options.no_color && (!no_color || no_color->empty()) &&
           world.environment("TERM") != "dumb";
}

std::string show_bytes(std::uint64_t bytes) {
    constexpr std::uint64_t kKilo = 1000;
    return bytes < kKilo ? fmt::format("{} B", bytes)
                         : fmt::format("{}.{} kB", bytes / kKilo, bytes % kKilo / 100);
}

}  // namespace

report::TextStyle text_style(const World& world, const OutputOptions& options) {
    return {
        .colour = use_colour(world, options), .verbose = options.verbose, .columns = world.columns};
}

std::string render(const World& world, const report::Report& report, const OutputOptions& options) {
    if (options.json) {
        return report::to_json(report);
    }
    if (options.csv) {
        return report::to_csv(report);
    }
    return report::to_text(report, text_style(world, options));
}

std::string render_signed(const World& world, const report::Report& report,
                          const OutputOptions& options, const evidence::SecretKey& key) {
    const auto json = report::to_json(report);
    const auto seal = evidence::seal_report(json, key);
    if (options.json) {
        return evidence::attach_seal(json, seal);
    }
    return render(world, report, options) + fmt::format(
                                                "\nThis report as --json writes it is signed by "
                                                "{}\n  hash       {}\n  signature  {}\n",
                                                seal.signer.to_string(),
                                                core::to_hex(seal.report_hash),
                                                core::to_hex(seal.signature));
}

std::string describe(const collect::ReadingCost& cost, std::size_t wallets) {
    const auto& traffic = cost.traffic;
    const auto bytes = traffic.bytes_sent + traffic.bytes_received;
    std::string known;
    if (cost.was_kept) {
        known = "; the block is that of an earlier run, whose reading was kept";
    } else if (cost.stood_since) {
        known = fmt::format("; answers of block {} stood for whom no event names since",
                            cost.stood_since->value());
    }
    return fmt::format(
        "{}: {} rounds, {} requests with {} calls, {} splits, {} retries, {} sent, {} received, {} "
        "per wallet{}",
        cost.chain, cost.rounds, traffic.requests, traffic.calls, cost.splits, traffic.retries,
        show_bytes(traffic.bytes_sent), show_bytes(traffic.bytes_received),
        show_bytes(bytes / std::max<std::size_t>(wallets, 1)), known);
}

}  // namespace margrave::app
