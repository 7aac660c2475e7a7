#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "alert/observe.hpp"
#include "alert/rule.hpp"
#include "app/commands.hpp"
#include "app/duration.hpp"
#include "app/wallets.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "snapshot/archive_json.hpp"
#include "store/watch_file.hpp"
#include "store/watch_notes.hpp"

namespace margrave::app {
namespace {

/// Of a sentence that people write: it is shown wherever alerts are.
constexpr std::size_t kWordsMax = 200;

std::string author_of(const World& world, const std::string& typed) {
    const std::string name = typed.empty() ? world.environment("USER").value_or("somebody") : typed;
    return core::printable(name, kWordsMax);
}

struct Firing {
    std::string alert;
    std::uint64_t episode = 0;
};

std::vector<Firing> read_firing(store::WatchFile& file) {
    std::vector<Firing> out;
    for (const store::KeptAlert& kept : file.alerts()) {
        const auto state = alert::restore_state(snapshot::parse_json(kept.state, {}));
        if (state.fires_still() || state.is_unknown_told) {
            out.push_back({.alert = kept.key, .episode = state.episode});
        }
    }
    return out;
}

/// Those that were named, or all; throws InputError for a name that does not fire.
std::vector<Firing> choose(const std::vector<Firing>& firing, const AlertsAckOptions& options) {
    if (options.all) {
        return firing;
    }
    std::vector<Firing> out;
    for (const std::string& name : options.alerts) {
        const auto found = std::find_if(firing.begin(), firing.end(),
                                        [&](const Firing& one) { return one.alert == name; });
        if (found == firing.end()) {
            throw core::InputError(fmt::format(
                R"(no alert "{}" fires or is not known; `margrave alerts list` names those that do, to be )"
                "quoted whole",
                core::printable(name, kWordsMax)));
        }
        out.push_back(*found);
    }
    return out;
}

std::string describe(const store::Silence& silence) {
    std::string out;
    const auto add = [&](std::string_view what, const std::string& word) {
        if (!word.empty()) {
            out += fmt::format(" {} {}", what, core::printable(word, kWordsMax));
        }
    };
    add("rule", silence.rule);
    add("chain", silence.chain);
    add("market", silence.market);
    add("wallet", silence.wallet);
    return fmt::format("silence {}:{} up to {}, until {}", silence.id,
                       out.empty() ? " everything" : out, silence.severity,
                       core::format_utc(core::Timestamp(silence.until)));
}

store::Silence make_silence(const World& world, const AlertsSilenceOptions& options) {
    if (options.lasts.empty()) {
        throw core::InputError("--for is required: how long to be silent, as in --for 2h");
    }
    const std::uint64_t lasts_s = parse_duration(options.lasts, "--for");
    if (lasts_s == 0) {
        throw core::InputError("--for: for no time at all nothing is silent");
    }
    const std::uint64_t now = world.wall_s();
    return {
        .id = 0,
        .rule = options.rule,
        .chain = options.chain,
        .market = options.market,
        .wallet = options.wallet.empty() ? "" : parse_wallet(options.wallet).address.to_string(),
        .severity = options.severity,
        .author = author_of(world, options.author),
        .reason = core::printable(options.reason, kWordsMax),
        .begun = now,
        .until = now + lasts_s};
}

/// A misspelt name silences nothing, and looks as if it did. It is no error: what a rule speaks of
/// may never have been alerted of yet.
void warn_of_strange_names(World& world, store::WatchFile& file, const store::Silence& silence) {
    std::set<std::string> rules;
    std::set<std::string> chains;
    std::set<std::string> markets;
    for (const store::KeptAlert& kept : file.alerts()) {
        const auto subject = alert::restore_subject(snapshot::parse_json(kept.subject, {}));
        rules.insert(kept.rule);
        chains.insert(subject.chain);
        markets.insert(subject.protocol + '/' + subject.market);
    }
    const auto look = [&](const char* what, const std::string& word,
                          const std::set<std::string>& known) {
        if (word.empty() || known.contains(word)) {
            return;
        }
        const std::vector<std::string> names(known.begin(), known.end());
        const std::string close = core::nearest(word, names);
        say(world, fmt::format("warning: no alert of {} {} was ever kept in this file{}", what,
                               core::printable(word, kWordsMax),
                               close.empty() ? ""
                                             : fmt::format("; did you mean {}?",
                                                           core::printable(close, kWordsMax))));
    };
    look("rule", silence.rule, rules);
    look("chain", silence.chain, chains);
    look("market", silence.market, markets);
}

}  // namespace

ExitCode run_alerts_ack(World& world, const AlertsAckOptions& options) {
    if (options.alerts.empty() && !options.all) {
        throw core::InputError("which alert? Name one as `margrave alerts list` does, or --all");
    }
    auto file = store::WatchFile::open(options.store);
    const auto chosen = choose(read_firing(file), options);
    for (const Firing& one : chosen) {
        store::acknowledge(file.database(), {.alert = one.alert,
                                             .episode = one.episode,
                                             .author = author_of(world, options.author),
                                             .reason = core::printable(options.reason, kWordsMax),
                                             .at = world.wall_s()});
        write_result(world, fmt::format("acknowledged: {}\n", core::printable(one.alert, 300)));
    }
    if (chosen.empty()) {
        write_result(world, "No alert fires.\n");
    }
    return ExitCode::Fine;
}

ExitCode run_alerts_silence(World& world, const AlertsSilenceOptions& options) {
    auto file = store::WatchFile::open(options.store);
    if (options.end) {
        if (!store::end_silence(file.database(), *options.end, world.wall_s())) {
            throw core::InputError(fmt::format(
                "no silence {} is on; `margrave alerts list` shows those that are", *options.end));
        }
        write_result(world, fmt::format("silence {} is ended\n", *options.end));
        return ExitCode::Fine;
    }
    auto silence = make_silence(world, options);
    warn_of_strange_names(world, file, silence);
    silence.id = store::add_silence(file.database(), silence);
    write_result(world, describe(silence) + '\n');
    if (silence.severity != to_string(alert::Severity::Critical)) {
        say(world,
            "critical alerts are told all the same; --severity critical silences those, too");
    }
    return ExitCode::Fine;
}

}  // namespace margrave::app
