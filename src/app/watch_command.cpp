#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "app/chain_watch.hpp"
#include "app/channel_config.hpp"
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/delivery.hpp"
#include "app/factor_map.hpp"
#include "app/gather_parts.hpp"
#include "app/watch_config.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {
namespace {

using namespace std::chrono_literals;

std::atomic<bool> is_asked_to_end = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

void ask_to_end(int /*signal*/) { is_asked_to_end = true; }

/// Nothing is stopped half-way: what is being evaluated is written first.
void listen_to_signals() {
    is_asked_to_end = false;
    std::signal(SIGTERM, ask_to_end);
    std::signal(SIGINT, ask_to_end);
}

WatchPlan make_plan(settings::Settings settings) {
    WatchPlan plan{.settings = std::move(settings), .rules = {}, .channels = {}, .report = {}};
    plan.rules = make_rules(plan.settings);
    for (const settings::Section& channel : plan.settings.channels) {
        plan.channels.push_back(channel.text("name"));
    }
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

/// A thread for each chain and each channel: none keeps another waiting. True when it ended as
/// asked.
bool run_until_asked(World& world, Watch& watch, std::chrono::milliseconds poll) {
    Crew crew(world);
    const auto is_asked_to_stop = [&] { return crew.is_asked_to_stop(); };
    for (const auto& chain : watch.chains) {
        crew.add([&, chain = chain.get()] {
            while (!crew.is_asked_to_stop()) {
                chain->look(is_asked_to_stop);
                crew.rest(poll);
            }
        });
    }
    for (Courier& courier : watch.couriers) {
        crew.add([&, courier = &courier] {
            while (!crew.is_asked_to_stop()) {
                courier->deliver(is_asked_to_stop);
                crew.rest(100ms);
            }
        });
    }
    crew.wait();
    return !crew.has_failed();
}

}  // namespace

ExitCode run_watch(World& world, const WatchOptions& options) {
    listen_to_signals();
    const WatchPlan plan = make_plan(load_settings(world, options.config_file));
    Channels channels = make_channels(plan.settings, world.environment);
    const SourceOptions source = whom_to_watch(options, plan.settings);
    const auto wallets = gather_wallets(world, source, plan.settings);
    auto file = store::WatchFile::open_or_create(options.store);  // holds its lock
    give_up_the_lost(world, file, channels);
    Watch watch;
    for (ConnectedWallets& one : connect_chains(world, source, plan.settings, wallets)) {
        say(world, fmt::format("watching {} wallets on {}, {} rules, to {} channels",
                               one.chosen.wallets.size(), one.chosen.chain.name, plan.rules.size(),
                               channels.size()));
        watch.chains.push_back(std::make_unique<ChainWatch>(world, plan, std::move(one.chosen),
                                                            std::move(one.transport),
                                                            store::WatchFile::open(options.store)));
    }
    watch.files.reserve(channels.size());
    for (const auto& [name, channel] : channels) {
        watch.files.push_back(store::WatchFile::open(options.store));
        watch.couriers.emplace_back(world, watch.files.back(), name, *channel);
    }
    if (options.once) {
        return run_once(watch);
    }
    const bool ended_as_asked =
        run_until_asked(world, watch, std::chrono::milliseconds(options.poll_ms));
    return ended_as_asked ? ExitCode::Fine : ExitCode::Internal;
}

}  // namespace margrave::app
