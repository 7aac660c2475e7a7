#include "app/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <string_view>

#include "app/account_choice.hpp"
#include "app/cli.hpp"
#include "app/commands.hpp"
#include "core/errors.hpp"
#include "store/sqlite.hpp"

namespace margrave::app {
namespace {

struct Dispatch {
    World& world;

    ExitCode operator()(const AuditOptions& options) const { return run_audit(world, options); }
    ExitCode operator()(const LiquidateOptions& options) const {
        return run_liquidate(world, options);
    }
    ExitCode operator()(const WhatIfOptions& options) const { return run_whatif(world, options); }
    ExitCode operator()(const GraphOptions& options) const { return run_graph(world, options); }
    ExitCode operator()(const CascadeOptions& options) const { return run_cascade(world, options); }
    ExitCode operator()(const BacktestOptions& options) const {
        return run_backtest(world, options);
    }
    ExitCode operator()(const IndexOptions& options) const { return run_index(world, options); }
    ExitCode operator()(const RescueOptions& options) const { return run_rescue(world, options); }
    ExitCode operator()(const SignKeyOptions& options) const {
        return run_sign_key(world, options);
    }
    ExitCode operator()(const VerifyOptions& options) const { return run_verify(world, options); }
    ExitCode operator()(const CheckConfigOptions& options) const {
        return run_check_config(world, options);
    }
    ExitCode operator()(const ChainsOptions& options) const { return run_chains(world, options); }
    ExitCode operator()(const DiffOptions& options) const { return run_diff(world, options); }
    ExitCode operator()(const WatchOptions& options) const { return run_watch(world, options); }
    ExitCode operator()(const AlertsListOptions& options) const {
        return run_alerts_list(world, options);
    }
    ExitCode operator()(const AlertsAckOptions& options) const {
        return run_alerts_ack(world, options);
    }
    ExitCode operator()(const AlertsSilenceOptions& options) const {
        return run_alerts_silence(world, options);
    }
    ExitCode operator()(const AlertsRetryOptions& options) const {
        return run_alerts_retry(world, options);
    }
    ExitCode operator()(const AlertsTestOptions& options) const {
        return run_alerts_test(world, options);
    }
    ExitCode operator()(const AlertsSendOptions& options) const {
        return run_alerts_send(world, options);
    }
    ExitCode operator()(const AlertsSnapshotOptions& options) const {
        return run_alerts_snapshot(world, options);
    }
    ExitCode operator()(const HistoryOptions& options) const { return run_history(world, options); }
    ExitCode operator()(const StatusOptions& options) const { return run_status(world, options); }
    ExitCode operator()(const CompletionsOptions& options) const {
        return run_completions(world, options);
    }
    ExitCode operator()(const ManOptions& options) const { return run_man(world, options); }
    ExitCode operator()(const ProtocolsOptions& options) const {
        return run_protocols(world, options);
    }
    ExitCode operator()(const DemoOptions& options) const { return run_demo(world, options); }
    ExitCode operator()(const ShowText& shown) const {
        write_result(world, shown.text);
        return ExitCode::Fine;
    }
};

/// Of a URL that was typed where none belongs, as behind a forgotten --rpc, nothing is quoted: it
/// may be a key.
std::string without_urls(std::string text, const std::vector<std::string>& arguments) {
    constexpr std::string_view kMark = "://";
    for (const std::string& word : arguments) {
        const auto at = word.find(kMark);
        if (at == std::string::npos) {
            continue;
        }
        // A message may have shortened it: it is known by how it begins.
        constexpr std::size_t kTelling = 4;
        const std::string begin = word.substr(at, kMark.size() + kTelling);
        for (auto found = text.find(begin); found != std::string::npos;
             found = text.find(begin, found + kMark.size())) {
            const auto end = std::min(text.find_first_of("\" ", found), text.size());
            text.replace(found + kMark.size(), end - found - kMark.size(), "***");
        }
    }
    return text;
}

ExitCode run_guarded(World& world, const std::vector<std::string>& arguments) {
    try {
        return std::visit(Dispatch{world}, parse_command_line(arguments));
    } catch (const store::StorageError& error) {
        say(world, error.what());
        return ExitCode::Internal;
    } catch (const core::InputError& error) {
        say(world, without_urls(error.what(), arguments));
        return ExitCode::Usage;
    } catch (const core::ConfigError& error) {
        say(world, without_urls(error.what(), arguments));
        return ExitCode::Usage;
    } catch (const UnreadError& error) {
        say(world, error.what());
        return error.code();
    } catch (const core::ChainError& error) {
        say(world, error.what());
        return ExitCode::Unreadable;
    } catch (const std::bad_alloc&) {
        say(world, "out of memory");
        return ExitCode::Internal;
    } catch (const std::exception& error) {
        say(world, fmt::format("internal error, please report it: {}", error.what()));
        return ExitCode::Internal;
    }
}

}  // namespace

int run(World& world, const std::vector<std::string>& arguments) {
    return static_cast<int>(run_guarded(world, arguments));
}

}  // namespace margrave::app
