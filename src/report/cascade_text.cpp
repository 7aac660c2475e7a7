#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "report/cascade_parts.hpp"
#include "report/number_text.hpp"
#include "report/text_layout.hpp"

namespace margrave::report {
namespace {

using cascade::Call;
using cascade::Round;
using cascade::Sale;
using core::U256;

class Text {
  public:
    Text(const CascadeReport& report, unsigned columns)
        : report_(report), columns_(std::max(columns, 60U)) {}

    std::string print() const {
        const cascade::Outcome& outcome = report_.outcome;
        std::string out =
            fmt::format("Cascade on {}, an estimate by the {} engine\n",
                        core::printable(report_.chain), report_.near ? "fast" : "exact");
        out += shock_text();
        out += fmt::format(
            "\n{} liquidations in {} rounds{}\n", outcome.liquidations(), outcome.rounds.size(),
            outcome.is_settled ? "" : "; it had not settled when the playbook ended it");
        out += near_text();
        for (const Round& round : outcome.rounds) {
            out += round_text(round);
        }
        out += static_text() + own_text() + ladder_text() + sweep_text() + losses_text() +
               range_text(report_, columns_) + lent_text(report_, columns_);
        out += "\nAssumed\n";
        for (const auto& [name, value] : report_.assumptions) {
            out += wrapped_words(fmt::format("{}: {}", name, core::printable(value, 400)),
                                 {.indent = 2, .columns = columns_});
        }
        for (const std::string& note : outcome.notes) {
            out += wrapped_words("note: " + core::printable(note, 400),
                                 {.indent = 2, .columns = columns_});
        }
        for (const snapshot::CoverageGap& gap : report_.gaps) {
            out += wrapped_words(fmt::format("gap: {} {} {}: {}", gap.chain, gap.protocol,
                                             gap.market, core::printable(gap.detail, 400)),
                                 {.indent = 2, .columns = columns_});
        }
        return out;
    }

  private:
    /// Both branches, where doubles cannot tell.
    [[nodiscard]] std::string near_text() const {
        if (!report_.near || report_.near->accounts.empty()) {
            return "";
        }
        return wrapped_words(
            fmt::format("{} accounts came within {:g} of what decides: between {} and {} accounts "
                        "fall (--json names them)",
                        report_.near->accounts.size(), report_.near->epsilon,
                        std::min(report_.near->least.size(), report_.near->most.size()),
                        std::max(report_.near->least.size(), report_.near->most.size())),
            {.indent = 2, .columns = columns_});
    }
    [[nodiscard]] std::string static_text() const {
        if (!report_.static_ends) {
            return "";
        }
        const auto line = [](const char* name, const cascade::FixedPoint& end) {
            return fmt::format("  {}: {} accounts, bad debt ${:.2f}\n", name, end.fallen,
                               end.bad_debt);
        };
        return "\nWithout rounds, oracles at the market\n" +
               line("forecast", report_.static_ends->greatest) +
               line("worst that holds itself", report_.static_ends->least);
    }
    [[nodiscard]] std::string symbol(const core::Address& asset) const {
        return core::printable(cascade_symbol(*report_.begin, asset), 40);
    }
    [[nodiscard]] std::string amount(const core::Address& asset, const U256& value) const {
        for (const auto& venue : report_.begin->venues) {
            if (const margin::VenueToken* token = venue->find_token(asset)) {
                return amount_text(value, token->decimals) + " " + symbol(asset);
            }
        }
        for (const auto& market : report_.begin->markets) {
            for (const margin::OracleAnswer& answer : market->answers()) {
                if (answer.asset == asset) {
                    return amount_text(value, answer.decimals) + " " + symbol(asset);
                }
            }
        }
        return core::to_decimal(value) + " base units of " + symbol(asset);
    }
    [[nodiscard]] std::string sale_text(const Sale& sale) const {
        return fmt::format("{} sold for {}", amount(sale.asset, sale.amount),
                           amount(sale.into, sale.received));
    }
    /// How far each answer is from today's.
    [[nodiscard]] std::string prices_text(const std::vector<cascade::PriceChange>& changes) const {
        std::map<std::string, std::string> moved;
        for (const cascade::PriceChange& change : changes) {
            for (const margin::OracleAnswer& today :
                 report_.begin->markets[change.market]->answers()) {
                if (today.asset == change.asset && today.quote && today.quote->answer != 0) {
                    const double move = change.answer.convert_to<double>() /
                                            today.quote->answer.convert_to<double>() -
                                        1;
                    moved[core::printable(change.symbol, 40)] =
                        fmt::format("{:+.2f} %", move * 100);
                }
            }
        }
        std::string out;
        for (const auto& [name, move] : moved) {
            out += (out.empty() ? "" : ", ") + name + " " + move;
        }
        return out;
    }

    [[nodiscard]] std::string shock_text() const {
        std::string out;
        for (const Sale& sale : report_.outcome.shock_sales) {
            out += "shock: " + sale_text(sale) + "\n";
        }
        const std::string prices = prices_text(report_.outcome.shock_prices);
        if (!prices.empty()) {
            out += "oracles after the shock: " + prices + "\n";
        }
        return out.empty() ? "no shock\n" : out;
    }

    [[nodiscard]] std::string call_text(const Call& call) const {
        const margin::Market& market = *report_.begin->markets[call.place.market];
        const std::string who = fmt::format("{} {}", market.wallet(call.place.row).to_string(),
                                            core::printable(market.name().name, 20));
        if (!call.ok) {
            return fmt::format("  {}  refused: {}\n", who, call.reason);
        }
        std::string out =
            fmt::format("  {}  {} for {}", who, amount(call.pair.debt, call.outcome.repaid),
                        amount(call.pair.collateral, call.outcome.seized));
        for (const margin::Deficit& deficit : call.outcome.deficits) {
            out += fmt::format(", {} written off", amount(deficit.asset, deficit.amount));
        }
        return out + "\n";
    }

    [[nodiscard]] std::string round_text(const Round& round) const {
        constexpr std::size_t kCallsShown = 8;
        std::string out = fmt::format(
            "\nround {}{}: {} liquidated{}\n", round.number,
            round.block == 0 ? "" : fmt::format(", {} blocks on", round.block), round.successes(),
            round.successes() == round.calls.size()
                ? ""
                : fmt::format(", {} refused", round.calls.size() - round.successes()));
        for (std::size_t i = 0; i < std::min(round.calls.size(), kCallsShown); ++i) {
            out += call_text(round.calls[i]);
        }
        if (round.calls.size() > kCallsShown) {
            out += fmt::format("  and {} more (--json lists them)\n",
                               round.calls.size() - kCallsShown);
        }
        for (const Sale& sale : round.outside) {
            out += "  outside: " + sale_text(sale) + "\n";
        }
        for (const auto& [asset, sale] : sales_by_asset(round)) {
            out += "  " + sale_text(sale) + "\n";
        }
        const std::string prices = prices_text(round.prices);
        return prices.empty() ? out : out + "  oracles: " + prices + "\n";
    }

    using SalesByAsset = std::map<std::pair<core::Address, core::Address>, Sale>;
    [[nodiscard]] static SalesByAsset sales_by_asset(const Round& round) {
        SalesByAsset out;
        for (const Sale& sale : round.all_sales()) {
            Sale& sum = out[{sale.asset, sale.into}];
            sum.asset = sale.asset;
            sum.into = sale.into;
            sum.amount += sale.amount;
            sum.received += sale.received;
        }
        return out;
    }

    [[nodiscard]] static std::string remark(const cascade::Headline& headline) {
        if (headline.unknown_from_bps) {
            return fmt::format("unknown from {}.{:02} % on", *headline.unknown_from_bps / 100,
                               *headline.unknown_from_bps % 100);
        }
        return headline.non_monotone ? "a larger move spares it" : "";
    }
    /// A price that was not found is none only where everything was known.
    [[nodiscard]] static std::string found_text(const cascade::Headline& headline,
                                                const std::optional<std::uint32_t>& bps) {
        return !bps && headline.unknown_from_bps ? "unknown" : move_text(headline.direction, bps);
    }

    [[nodiscard]] std::string own_text() const {
        if (report_.own.empty()) {
            return "";
        }
        Table table({{}, {}, {Align::Right}, {Align::Right}, {Align::Right}, {Align::Right}, {}});
        table.add({{"account"},
                   {"factor"},
                   {"alone"},
                   {"in the cascade"},
                   {"half the depth"},
                   {"amplified"},
                   {""}});
        for (const OwnPrice& own : report_.own) {
            const cascade::Headline& headline = own.headline;
            const margin::Market& market = *report_.begin->markets[headline.place.market];
            table.add(
                {{fmt::format("{} {}", market.wallet(headline.place.row).to_string(),
                              core::printable(market.name().name, 20))},
                 {headline.factor.empty() ? "none" : core::printable(headline.factor, 30)},
                 {found_text(headline, headline.naive_bps)},
                 {found_text(headline, headline.cascade_bps), Ink::Bold},
                 {found_text(own.half_depth, own.half_depth.cascade_bps)},
                 {headline.amplification ? fmt::format("{:.2f}x", *headline.amplification) : ""},
                 {remark(headline)}});
        }
        return "\nOutside move at which own accounts are liquidated\n" +
               table.print({.indent = 2, .columns = columns_});
    }

    [[nodiscard]] std::string ladder_text() const {
        if (!report_.ladder) {
            return "";
        }
        const cascade::Ladder& ladder = *report_.ladder;
        Table table({{Align::Right},
                     {Align::Right},
                     {Align::Right},
                     {Align::Right},
                     {Align::Right},
                     {Align::Right},
                     {Align::Right}});
        table.add(
            {{"down to"}, {"accounts"}, {"collateral"}, {"debt"}, {"seized"}, {"depth"}, {"gain"}});
        for (const cascade::Rung& rung : ladder.rungs) {
            const bool is_cliff = rung.gain && *rung.gain >= 1;
            table.add({{move_text(cascade::Direction::Down, rung.move_bps)},
                       {fmt::format("{}", rung.accounts)},
                       {usd_text(rung.collateral)},
                       {usd_text(rung.debt)},
                       {amount(ladder.asset, rung.seized)},
                       {amount(ladder.asset, rung.depth)},
                       {rung.gain ? fmt::format("{:.2f}", *rung.gain) : "",
                        is_cliff ? Ink::Red : Ink::Plain}});
        }
        const cascade::Rung* cliff = ladder.next_cliff();
        return fmt::format(
                   "\nThe ladder of {}: who comes to be liquidatable, and what pools take\n",
                   core::printable(ladder.factor, 30)) +
               table.print({.indent = 2, .columns = columns_}) +
               (cliff == nullptr
                    ? "  no step carries itself on\n"
                    : fmt::format("  the next cliff is at {}: what is seized there moves the price "
                                  "{:.1f} times as far\n",
                                  move_text(cascade::Direction::Down, cliff->move_bps),
                                  *cliff->gain));
    }

    [[nodiscard]] std::string sweep_text() const {
        if (report_.sweep.empty()) {
            return "";
        }
        std::size_t most = 1;
        for (const cascade::SweepPoint& point : report_.sweep) {
            most = std::max(most, point.fallen.size());
        }
        const std::size_t width = columns_ > 40 ? columns_ - 40 : 20;
        std::string out = fmt::format("\nAccounts that fall, by the outside move of {}\n",
                                      core::printable(report_.own.front().headline.factor, 30));
        for (const cascade::SweepPoint& point : report_.sweep) {
            const std::size_t bar = point.fallen.size() * width / most;
            out += fmt::format(
                "  {:>9} {:>6} {}\n",
                move_text(report_.own.front().headline.direction, point.move_bps),
                point.fallen.size(),
                std::string(bar, '#') + (point.unknown_because.empty() ? "" : " or more"));
        }
        return out;
    }

    [[nodiscard]] std::string losses_text() const {
        if (!report_.losses) {
            return "";
        }
        const cascade::Losses& all = *report_.losses;
        Table table({{}, {Align::Right}});
        const auto add = [&](const std::string& name, const cascade::SignedUsd& value) {
            const bool is_negative = value < 0;
            const U256 magnitude(is_negative ? cascade::SignedUsd(-value) : value);
            table.add({{name},
                       {(is_negative ? "-" : "") + usd_text(core::Usd(magnitude)),
                        is_negative ? Ink::Red : Ink::Plain}});
        };
        add("owners of the accounts", all.owners);
        add("  of them our own", all.own);
        add("liquidators", all.liquidators);
        add("lenders (written off)", all.lenders);
        add("treasuries", all.treasuries);
        add("pools and who trades with them", all.pools);
        return "\nWho gains and loses, at the market prices after the shock\n" +
               table.print({.indent = 2, .columns = columns_});
    }

    const CascadeReport& report_;
    unsigned columns_;
};

}  // namespace

std::string move_text(cascade::Direction direction, const std::optional<std::uint32_t>& bps) {
    if (!bps) {
        return "never";
    }
    const bool is_fall = direction == cascade::Direction::Down && *bps != 0;
    return fmt::format("{}{}.{:02} %", is_fall ? "-" : "+", *bps / 100, *bps % 100);
}

std::string to_text(const CascadeReport& report, unsigned columns) {
    return Text(report, columns).print();
}

}  // namespace margrave::report
