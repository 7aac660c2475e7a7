#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "app/chain_watch.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/delivery.hpp"
#include "app/factor_map.hpp"
#include "app/gather_parts.hpp"
#include "app/service_manager.hpp"
#include "app/watch_config.hpp"
#include "app/watch_plan.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {
namespace {

using namespace std::chrono_literals;

std::atomic<bool> is_asked_to_end = false;
std::atomic<bool> is_asked_to_reload = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

void ask_to_end(int /*signal*/) { is_asked_to_end = true; }
void ask_to_reload(int /*signal*/) { is_asked_to_reload = true; }

/// Nothing is stopped half-way: what is being evaluated is written first.
void listen_to_signals() {
    is_asked_to_end = false;
    is_asked_to_reload = false;
    std::signal(SIGTERM, ask_to_end);
    std::signal(SIGINT, ask_to_end);
    std::signal(SIGHUP, ask_to_reload);
}

/// Everything that the configuration decides.
struct Setup {
    std::unique_ptr<WatchPlan> plan;  ///< whose address stays
    Channels channels;
    std::vector<ConnectedWallets> chains;
};

WatchPlan make_plan(settings::Settings settings) {
    WatchPlan plan{.settings = std::move(settings), .rules = {}, .channels = {}, .report = {}};
    plan.rules = make_rules(plan.settings);
    plan.channels = plan_channels(plan.settings);
    if (plan.channels.empty()) {
        throw core::InputError(
            "nobody would be told: the configuration has no [[channels]]; add one, as in "
            "docs/watch.md");
    }
    plan.report = {.at = std::nullopt,
                   .at_risk_below = plan.settings.at_risk_below,
                   .factors = make_factor_map(plan.settings),
                   .wallets = {},
                   .suppositions = make_suppositions(plan.settings),
                   .feeds = make_feed_rules(plan.settings)};
    return plan;
}

/// All that the configuration names where nobody is typed.
SourceOptions whom_to_watch(const WatchOptions& options, const settings::Settings& settings) {
    SourceOptions out = static_cast<const SourceOptions&>(options);
    if (out.wallets.empty() && !out.wallets_file) {
        for (const auto& [name, wallet] : settings.wallets) {
            out.wallets.push_back(name);
        }
        for (const auto& [name, members] : settings.portfolios) {
            out.wallets.push_back(name);
        }
    }
    if (out.wallets.empty() && !out.wallets_file) {
        throw core::InputError(
            "nobody to watch: type an address, or name wallets in the configuration's [wallets]");
    }
    return out;
}

Setup prepare(World& world, const WatchOptions& options) {
    Setup out{
        .plan = std::make_unique<WatchPlan>(make_plan(load_settings(world, options.config_file))),
        .channels = {},
        .chains = {}};
    out.plan->store_name = std::filesystem::path(options.store).filename().string();
    const settings::Settings& settings = out.plan->settings;
    out.channels = make_channels(settings, world.environment);
    const SourceOptions source = whom_to_watch(options, settings);
    const auto wallets = gather_wallets(world, source, settings);
    out.chains = connect_chains(world, source, settings, wallets);
    return out;
}

/// Threads that end when they are asked to, or when one of them cannot go on.
class Crew {
  public:
    explicit Crew(World& world) : world_(world) {}
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() { end(); }

    [[nodiscard]] bool is_asked_to_stop() const { return is_asked_to_end || is_ended_; }
    [[nodiscard]] bool has_failed() const { return has_failed_; }

    /// `work` throws InputError where the watch's file cannot be used.
    void add(std::function<void()> work) {
        threads_.emplace_back([this, work = std::move(work)] {
            try {
                work();
            } catch (const std::exception& error) {
                // Nothing is lost: what was not written is evaluated, or sent, again.
                say(world_, fmt::format("the watch ends: {}", error.what()));
                has_failed_ = true;
                is_ended_ = true;
            }
        });
    }
    void rest(std::chrono::milliseconds time) const {
        constexpr auto kSlice = 50ms;
        const auto until = world_.clock.now() + time;
        while (!is_asked_to_stop() && world_.clock.now() < until) {
            world_.clock.sleep_for(std::min<std::chrono::milliseconds>(kSlice, time));
        }
    }
    void wait() {
        for (std::thread& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }
    void end() {
        is_ended_ = true;
        wait();
    }

  private:
    World& world_;
    std::atomic<bool> is_ended_ = false;
    std::atomic<bool> has_failed_ = false;
    std::vector<std::thread> threads_;
};

/// Messages to channels that are not configured any more.
void give_up_the_lost(World& world, store::WatchFile& file, const Channels& channels) {
    for (const store::Outgoing& message : file.waiting()) {
        if (!channels.contains(message.channel)) {
            file.mark_dead(message.id, "the channel is not configured any more", world.wall_s());
            say(world, fmt::format("channel {} is not configured any more: {} is given up",
                                   core::printable(message.channel), message.key));
        }
    }
}

/// Everything that works on one watch's file. Each has a connection of its own.
struct Watch {
    std::vector<std::unique_ptr<ChainWatch>> chains;
    std::vector<store::WatchFile> files;  ///< of the couriers, who refer to them
    std::vector<Courier> couriers;
};

Watch begin(World& world, const WatchOptions& options, Setup& setup, store::WatchFile& file) {
    give_up_the_lost(world, file, setup.channels);
    Watch watch;
    for (ConnectedWallets& one : setup.chains) {
        say(world, fmt::format("watching {} wallets on {}, {} rules, to {} channels",
                               one.chosen.wallets.size(), one.chosen.chain.name,
                               setup.plan->rules.size(), setup.channels.size()));
        watch.chains.push_back(std::make_unique<ChainWatch>(
            world, *setup.plan, std::move(one.chosen), std::move(one.transport),
            store::WatchFile::open(options.store)));
    }
    watch.files.reserve(setup.channels.size());
    for (const auto& [name, channel] : setup.channels) {
        watch.files.push_back(store::WatchFile::open(options.store));
        watch.couriers.emplace_back(world, watch.files.back(), name, *channel);
    }
    return watch;
}

ExitCode run_once(Watch& watch) {
    const auto never = [] { return false; };
    ExitCode code = ExitCode::Fine;
    for (const auto& chain : watch.chains) {
        chain->look(never);
        code = chain->is_blind() ? ExitCode::Unreadable : code;
    }
    for (Courier& courier : watch.couriers) {
        courier.deliver(never);
    }
    return code;
}

/// A thread for each chain and each channel: none keeps another waiting.
void set_to_work(Watch& watch, Crew& crew, std::chrono::milliseconds poll) {
    for (const auto& chain : watch.chains) {
        crew.add([&crew, poll, chain = chain.get()] {
            while (!crew.is_asked_to_stop()) {
                chain->look([&crew] { return crew.is_asked_to_stop(); });
                crew.rest(poll);
            }
        });
    }
    for (Courier& courier : watch.couriers) {
        crew.add([&crew, courier = &courier] {
            while (!crew.is_asked_to_stop()) {
                courier->deliver([&crew] { return crew.is_asked_to_stop(); });
                crew.rest(100ms);
            }
        });
    }
}

/// What the configuration says now; nullopt, and a line, where it cannot be used.
std::optional<Setup> prepare_anew(World& world, const WatchOptions& options) {
    try {
        return prepare(world, options);
    } catch (const std::exception& error) {
        say(world, fmt::format("the configuration is not reloaded, the one before goes on: {}",
                               error.what()));
        return std::nullopt;
    }
}

/// Until it ends: with what to go on with, when it was asked to reload.
std::optional<Setup> supervise(World& world, const WatchOptions& options, Crew& crew,
                               ServiceManager& service) {
    while (!crew.is_asked_to_stop()) {
        if (is_asked_to_reload.exchange(false)) {
            service.reloading();
            if (auto next = prepare_anew(world, options)) {
                crew.end();
                say(world, "the configuration is reloaded");
                return next;
            }
            service.ready("watching; the configuration could not be reloaded");
        }
        service.feed_watchdog(world.clock.now());
        crew.rest(100ms);
    }
    return std::nullopt;
}

/// True when it ended as asked.
bool run_until_asked(World& world, const WatchOptions& options, Setup setup,
                     store::WatchFile& file) {
    ServiceManager service(world.environment);
    for (;;) {
        std::optional<Setup> next;
        {
            Watch watch = begin(world, options, setup, file);
            Crew crew(world);
            set_to_work(watch, crew, std::chrono::milliseconds(options.poll_ms));
            service.ready(fmt::format("watching {} chains", watch.chains.size()));
            next = supervise(world, options, crew, service);
            if (!next) {
                service.stopping();
                crew.wait();
                return !crew.has_failed();
            }
        }
        setup = std::move(*next);
    }
}

}  // namespace

ExitCode run_watch(World& world, const WatchOptions& options) {
    listen_to_signals();
    Setup setup = prepare(world, options);
    auto file = store::WatchFile::open_or_create(options.store);  // holds its lock
    if (options.once) {
        Watch watch = begin(world, options, setup, file);
        return run_once(watch);
    }
    return run_until_asked(world, options, std::move(setup), file) ? ExitCode::Fine
                                                                   : ExitCode::Internal;
}

}  // namespace margrave::app
