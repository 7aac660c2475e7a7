#include <algorithm>
#include <map>

#include "core/hex.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "report/account_text.hpp"
#include "report/exposure_text.hpp"
#include "report/gap_advice.hpp"
#include "report/oracles_part.hpp"
#include "report/price_age.hpp"
#include "report/report.hpp"
#include "report/text_layout.hpp"
#include "report/wallet_text.hpp"

namespace margrave::report {

namespace {

using margin::Status;

constexpr std::size_t kDetailBytesMax = 1000;

Layout layout_of(const TextStyle& style, std::size_t indent) {
    return {.indent = indent, .columns = style.columns, .colour = style.colour};
}

/// "1 account", "2 accounts".
std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

std::string chain_line(const snapshot::ChainCut& cut, const TextStyle& style) {
    std::string line = painted(core::printable(cut.chain), Ink::Bold, style.colour);
    line += "  block " + std::to_string(cut.number.value());
    line += "  " + core::format_utc(cut.timestamp);
    line += cut.pinned_by_hash ? "" : "  (pinned by number, its hash read again afterwards)";
    if (cut.endpoints_agreeing > 1) {
        line += "  " + std::to_string(cut.endpoints_agreeing) + " endpoints agree";
    }
    line += style.verbose ? "\n  " + core::to_hex(cut.hash) : "";
    for (const std::string& disagreement : cut.disagreements) {
        line += "\n  outvoted: " + core::printable(disagreement, 400);
    }
    return line + '\n';
}

std::string heading(const Report& report, const TextStyle& style) {
    std::string out;
    for (const snapshot::ChainCut& cut : report.chains) {
        out += chain_line(cut, style);
    }
    if (report.chains.empty()) {
        out = "No chain was read.\n";
    }
    if (report.at) {
        out += "interest accrued to " + core::format_utc(*report.at) + ", prices as at the block\n";
    }
    return out;
}

std::string summary(const Report& report, const TextStyle& style) {
    std::map<Status, std::size_t> counts;
    for (const Account& account : report.accounts) {
        ++counts[account.health.status];
    }
    const auto part = [&](Status status, const char* words, Ink ink) {
        const std::size_t count = counts[status];
        return painted(std::to_string(count) + words, count == 0 ? Ink::Plain : ink, style.colour);
    };
    std::string line = counted(report.accounts.size(), "account") + ": ";
    line += part(Status::Liquidatable, " liquidatable", Ink::Red) + ", ";
    line += part(Status::AtRisk, " at risk", Ink::Yellow) + ", ";
    line += part(Status::Healthy, " healthy", Ink::Green) + ", ";
    line += part(Status::Unknown, " unknown", Ink::Magenta) + ", ";
    line += part(Status::NoDebt, " without debt", Ink::Plain) + '\n';
    if (!report.gaps.empty()) {
        const std::string gaps = counted(report.gaps.size(), "part") + " NOT READ, see the end";
        line += painted(gaps, Ink::Magenta, style.colour) + '\n';
    }
    return line;
}

std::string accounts(const Report& report, const TextStyle& style) {
    std::string out;
    for (const Account& account : report.accounts) {
        out += '\n' + account_text(account, report.suppositions,
                                   block_time(report, account.market.chain), style);
    }
    return out;
}

std::string gap_place(const snapshot::CoverageGap& gap) {
    std::string place = core::printable(gap.chain);
    if (!gap.protocol.empty()) {
        place = market_text({gap.protocol, gap.chain, gap.market});
    }
    return place + (gap.wallet ? ", " + gap.wallet->to_string() : ", every wallet");
}

std::string gaps(const Report& report, const TextStyle& style) {
    if (report.gaps.empty()) {
        return "";
    }
    const std::string title = "NOT READ: " + counted(report.gaps.size(), "part") +
                              ". What depends on it is unknown, not zero.";
    std::string out = painted(title, Ink::Magenta, style.colour) + '\n';
    for (const snapshot::CoverageGap& gap : report.gaps) {
        const std::string kind(core::to_string(gap.kind));
        out += wrapped_words(gap_place(gap) + ": " + kind, layout_of(style, 2));
        out += wrapped_words(core::printable(gap.detail, kDetailBytesMax), layout_of(style, 4));
        out += wrapped_words("-> " + std::string(advice(gap.kind)), layout_of(style, 4));
    }
    return out;
}

std::string differences_of(const Account& account, const TextStyle& style) {
    std::string out;
    for (const margin::Difference& difference : account.differences) {
        const std::string line = core::printable(difference.what) + ": margrave " +
                                 core::printable(difference.ours) + ", contract " +
                                 core::printable(difference.theirs);
        out += wrapped_words(line, layout_of(style, 4));
    }
    const std::string place = account.wallet.to_string() + " in " + market_text(account.market);
    return out.empty() ? out : wrapped_words(place, layout_of(style, 2)) + out;
}

/// "" unless the contracts' own views were read.
std::string verification(const Report& report, const TextStyle& style) {
    std::size_t compared = 0;
    std::string differing;
    std::size_t differing_count = 0;
    for (const Account& account : report.accounts) {
        compared += account.verified ? 1 : 0;
        differing_count += account.differences.empty() ? 0 : 1;
        differing += differences_of(account, style);
    }
    if (compared == 0) {
        return "";
    }
    const std::size_t others = report.accounts.size() - compared;
    const std::string rest =
        others == 0 ? "." : "; " + counted(others, "account") + " could not be compared.";
    if (differing_count == 0) {
        const std::string all = "verified: the contract agrees on " +
                                std::string(compared == 1 ? "" : "all ") +
                                counted(compared, "account");
        return wrapped_words(all + rest, layout_of(style, 0));
    }
    const std::string title = "DIFFERENT: the contract disagrees on " +
                              std::to_string(differing_count) + " of " +
                              counted(compared, "account") + rest;
    return painted(title, Ink::Red, style.colour) + '\n' + differing;
}

template <class Predicate>
bool any_leg(const Report& report, Predicate holds) {
    return std::any_of(report.accounts.begin(), report.accounts.end(), [&](const Account& account) {
        const core::Timestamp time = block_time(report, account.market.chain);
        return std::any_of(account.legs.begin(), account.legs.end(),
                           [&](const Leg& leg) { return holds(leg.leg, time); });
    });
}

bool has_suspect_price(const Report& report) {
    const bool in_legs = any_leg(report, [](const margin::Leg& leg, core::Timestamp time) {
        return leg.price && is_suspect(*leg.price, time);
    });
    return in_legs ||
           std::any_of(
               report.holdings.begin(), report.holdings.end(), [&report](const Holding& reported) {
                   const snapshot::Holding& holding = reported.holding;
                   return holding.price &&
                          is_suspect(holding.price->quote, block_time(report, holding.chain));
               });
}

bool has_fall(const Report& report) {
    return std::any_of(report.accounts.begin(), report.accounts.end(), [](const Account& account) {
        return account.collateral_fall && account.health.status != Status::Liquidatable;
    });
}

/// What the words and marks above mean, as far as they occur above.
std::string footnotes(const Report& report, const TextStyle& style) {
    std::vector<std::string> notes;
    if (has_fall(report)) {
        notes.emplace_back(
            "collateral may fall: all collateral of the account together, its debt unchanged, "
            "until it can be liquidated.");
    }
    if (any_leg(report, [](const margin::Leg& leg, core::Timestamp) {
            return leg.side == margin::Side::Supply;
        })) {
        notes.emplace_back("supply: lent, but not enabled as collateral.");
    }
    if (has_suspect_price(report)) {
        notes.emplace_back("!: the price is older than 25 hours, or later than its block.");
    }
    if (!report.accounts.empty() || !report.holdings.empty()) {
        notes.emplace_back("Figures are rounded down; a price's age is at its block's time.");
    }
    std::string out;
    for (const std::string& note : notes) {
        out += wrapped_words(note, layout_of(style, 0));
    }
    return out;
}

/// The sections that say something, an empty line between two.
std::string joined(const std::vector<std::string>& sections) {
    std::string out;
    for (const std::string& section : sections) {
        out += (out.empty() || section.empty() ? "" : "\n") + section;
    }
    return out;
}

}  // namespace

std::string to_text(const Report& report, const TextStyle& style) {
    const std::string body =
        joined({heading(report, style), summary(report, style) + accounts(report, style),
                holdings_text(report, style), totals_text(report, style),
                exposure_text(report, style), oracles_text(report, style)});
    return joined(
        {body, footnotes(report, style), verification(report, style), gaps(report, style)});
}

}  // namespace margrave::report
