#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/chain_watch.hpp"
#include "app/channel_config.hpp"
#include "app/commands.hpp"
#include "app/crew.hpp"
#include "app/delivery.hpp"
#include "app/finality_watch.hpp"
#include "app/forget_old.hpp"
#include "app/given_up.hpp"
#include "app/heartbeat.hpp"
#include "app/left_chains.hpp"
#include "app/service_manager.hpp"
#include "app/watch_api.hpp"
#include "app/watch_endpoints.hpp"
#include "app/watch_health.hpp"
#include "app/watch_monitor.hpp"
#include "app/watch_setup.hpp"
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

std::vector<std::string> names(const Channels& channels) {
    std::vector<std::string> out;
    out.reserve(channels.size());
    for (const auto& [name, channel] : channels) {
        out.push_back(name);
    }
    return out;
}

/// Messages to channels that are not configured any more. Somebody took them out: that needs no
/// telling, what nobody else was told does.
void give_up_the_lost(World& world, store::WatchFile& file, const Channels& channels) {
    const std::string why = "the channel is not configured any more";
    for (const store::Outgoing& message : file.waiting()) {
        if (!channels.contains(message.channel)) {
            const std::uint64_t now_s = world.wall_s();
            file.mark_dead(message.id, why, now_s, [&] {
                return is_told_elsewhere(file, message)
                           ? std::vector<store::Outgoing>{}
                           : tell_others(file, message, why, names(channels), now_s);
            });
            say(world, fmt::format("channel {} is not configured any more: {} is given up",
                                   core::printable(message.channel), message.key));
        }
    }
}

MetricsSubjects subjects_of(const WatchSetup& setup) {
    MetricsSubjects out{.chains = {},
                        .channels = {},
                        .endpoints = {},
                        .started_at_s = setup.started_at_s,
                        .loaded_at_s = setup.loaded_at_s,
                        .version = MARGRAVE_VERSION};
    for (const ConnectedWallets& one : setup.chains) {
        const settings::Chain& chain = one.chosen.chain;
        out.chains.push_back(chain.name);
        for (const std::string& url : chain.rpc) {
            out.endpoints[chain.name].push_back(setup.endpoints->alias_of(url));
        }
    }
    for (const auto& [name, channel] : setup.channels) {
        out.channels.push_back(name);
    }
    return out;
}

/// Everything that works on one watch's file. Each has a connection of its own.
struct Watch {
    std::unique_ptr<WatchMonitor> monitor;
    std::vector<std::unique_ptr<ChainWatch>> chains;
    std::vector<store::WatchFile> files;  ///< of the couriers, who refer to them
    std::vector<Courier> couriers;
    std::unique_ptr<FinalityWatch> finality;
};

void add_chain(World& world, const WatchOptions& options, const WatchSetup& setup,
               ConnectedWallets& one, store::WatchFile& file, Watch& watch) {
    const std::string name = one.chosen.chain.name;
    say(world, fmt::format("watching {} wallets on {}, {} rules, to {} channels",
                           one.chosen.wallets.size(), name, setup.plan->rules.size(),
                           setup.channels.size()));
    watch.monitor->board.pin(name, [&](ChainNews& news) { news.block = file.last_block(name); });
    watch.finality->add(one.chosen.chain, connect_options(setup.source));
    auto transport = heard_by(*watch.monitor, world, name, std::move(one.transport));
    std::optional<CascadeWatch> cascade;
    const auto plan = setup.cascades.find(name);
    if (plan != setup.cascades.end()) {
        say(world, fmt::format("carrying out {} on {} every {} s", plan->second.playbook, name,
                               plan->second.every_s));
        cascade.emplace(setup.endpoints->world(), plan->second, setup.source, one.chosen.wallets);
    }
    watch.chains.push_back(std::make_unique<ChainWatch>(
        world, *setup.plan, std::move(one.chosen), std::move(transport),
        store::WatchFile::open(options.store), std::move(cascade)));
}

Watch begin(World& world, const WatchOptions& options, WatchSetup& setup, store::WatchFile& file) {
    give_up_the_lost(world, file, setup.channels);
    Watch watch;
    watch.monitor = std::make_unique<WatchMonitor>(world, subjects_of(setup));
    watch.finality = std::make_unique<FinalityWatch>(setup.endpoints->world(), *watch.monitor);
    setup.endpoints->tell(*watch.monitor);
    setup.plan->listener = watch.monitor.get();
    for (ConnectedWallets& one : setup.chains) {
        add_chain(world, options, setup, one, file, watch);
    }
    std::set<std::string> chains;
    for (const auto& chain : watch.chains) {
        chains.insert(chain->name());
    }
    for (const std::string& note : forget_left_chains(file, chains)) {
        say(world, note);
    }
    watch.files.reserve(setup.channels.size());
    for (const auto& [name, channel] : setup.channels) {
        watch.files.push_back(store::WatchFile::open(options.store));
        watch.couriers.emplace_back(world, watch.files.back(), name, *channel, *watch.monitor,
                                    names(setup.channels));
    }
    return watch;
}

ExitCode run_once(Watch& watch) {
    const auto never = [] { return false; };
    ExitCode code = ExitCode::Fine;
    for (const auto& chain : watch.chains) {
        chain->look(never);
        while (chain->report_aside() || chain->cascade_aside(never)) {
            chain->take_what_came();
        }
        code = chain->is_blind() ? ExitCode::Unreadable : code;
    }
    for (Courier& courier : watch.couriers) {
        courier.deliver(never);
    }
    return code;
}

/// Who is expected to get on. A chain's thread waits for a round of reads at most, and then works
/// on what it read, as that of its whole reports does; a channel's for a receiver, or for the
/// file.
void expect_progress(WatchMonitor& monitor, const WatchSetup& setup, const WatchOptions& options,
                     const std::vector<std::string>& chains) {
    constexpr std::chrono::milliseconds kWork = 60s;
    for (const std::string& name : chains) {
        const std::chrono::milliseconds configured(setup.plan->settings.chain(name).timeout_ms);
        const auto round =
            options.timeout ? std::chrono::milliseconds(*options.timeout) : configured;
        monitor.progress.expect(chain_worker(name),
                                round + std::chrono::milliseconds(options.poll_ms) + kWork);
        constexpr std::chrono::milliseconds kWholeWork = 600s;
        monitor.progress.expect(report_worker(name), kWholeWork);
        constexpr std::chrono::milliseconds kCascadeWork = 3600s;
        if (setup.cascades.contains(name)) {
            monitor.progress.expect(cascade_worker(name), kCascadeWork);
        }
    }
    for (const auto& [name, channel] : setup.channels) {
        monitor.progress.expect(channel_worker(name), kWork);
    }
}

/// nullptr where nobody is to be answered.
std::unique_ptr<WatchApi> serve(World& world, const WatchSetup& setup, WatchMonitor& monitor,
                                const std::string& store) {
    if (!setup.listener) {
        return nullptr;
    }
    const server::Listener& at = *setup.listener;
    say(world, fmt::format("listening on http://{}:{}",
                           at.is_ipv6() ? '[' + at.address() + ']' : at.address(), at.port()));
    return std::make_unique<WatchApi>(world, setup.http, at, *setup.plan, monitor, store);
}

/// A thread for what takes long: of those that want a processor it gets one last.
void add_aside(Crew& crew, Progress& progress, const std::string& worker,
               const std::function<void()>& work) {
    crew.add([&crew, &progress, worker, work] {
        constexpr int kBehindAll = 19;
        static_cast<void>(::nice(kBehindAll));  // of Linux: of the thread that asks
        while (!crew.is_asked_to_stop()) {
            work();
            progress.beat(worker);
            crew.rest(50ms);
        }
    });
}

/// A thread for each chain, its whole reports, and each channel: none keeps another waiting. What
/// is final, which nobody waits for, is one thread's for all chains.
void set_to_work(Watch& watch, Crew& crew, std::chrono::milliseconds poll) {
    WatchMonitor& monitor = *watch.monitor;
    for (const auto& chain : watch.chains) {
        crew.add([&crew, poll, chain = chain.get()] {
            while (!crew.is_asked_to_stop()) {
                chain->look([&crew] { return crew.is_asked_to_stop(); });
                crew.rest(poll);
            }
        });
        add_aside(crew, monitor.progress, report_worker(chain->name()),
                  [chain = chain.get()] { chain->report_aside(); });
        add_aside(crew, monitor.progress, cascade_worker(chain->name()),
                  [&crew, &monitor, chain = chain.get()] {
                      chain->cascade_aside([&] {
                          monitor.progress.beat(cascade_worker(chain->name()));
                          return crew.is_asked_to_stop();
                      });
                  });
    }
    crew.add([&crew, finality = watch.finality.get()] {
        while (!crew.is_asked_to_stop()) {
            finality->look([&crew] { return crew.is_asked_to_stop(); });
            crew.rest(1s);
        }
    });
    for (Courier& courier : watch.couriers) {
        crew.add([&crew, &monitor, courier = &courier] {
            std::uint64_t heard = 0;
            while (!crew.is_asked_to_stop()) {
                courier->deliver([&crew] { return crew.is_asked_to_stop(); });
                heard = monitor.messages.rest(heard, 200ms);  // what failed is due by time
            }
        });
    }
}

/// On a thread of its own, with a connection of its own.
void keep_beating(World& world, const WatchSetup& setup, const WatchMonitor& monitor,
                  const std::string& store, Crew& crew) {
    crew.add([&world, &setup, &monitor, &crew, store] {
        auto file = store::WatchFile::open(store);
        WatchHealth health(monitor.progress, monitor.board, setup.plan->rules,
                           std::chrono::seconds(setup.http.ready_within_s));
        Heartbeat heartbeat(world, *setup.heartbeat, [&] {
            return health.what_is_unready(file, world.clock.now(), world.wall_s());
        });
        while (!crew.is_asked_to_stop()) {
            heartbeat.beat();
            crew.rest(200ms);
        }
    });
}

/// On a thread of its own, with a connection of its own.
void keep_forgetting(World& world, const std::string& store, Crew& crew) {
    crew.add([&world, &crew, store] {
        auto file = store::WatchFile::open(store);
        while (!crew.is_asked_to_stop()) {
            forget_old(file, world.wall_s());
            crew.rest(1h);
        }
    });
}

/// What the configuration says now; nullopt, and a line, where it cannot be used.
std::optional<WatchSetup> prepare_anew(World& world, const WatchOptions& options,
                                       const WatchSetup& running) {
    try {
        return prepare_watch(world, options, &running);
    } catch (const std::exception& error) {
        say(world, fmt::format("the configuration is not reloaded, the one before goes on: {}",
                               error.what()));
        return std::nullopt;
    }
}

/// Until it ends: with what to go on with, when it was asked to reload.
std::optional<WatchSetup> supervise(World& world, const WatchOptions& options,
                                    const WatchSetup& setup, const Watch& watch, Crew& crew,
                                    ServiceManager& service) {
    const auto begun = world.clock.now();
    bool is_ready = false;
    while (!crew.is_asked_to_stop()) {
        if (is_asked_to_reload.exchange(false)) {
            service.reloading();
            if (auto next = prepare_anew(world, options, setup)) {
                crew.end();
                say(world, "the configuration is reloaded");
                return next;
            }
            watch.monitor->metrics.could_not_reload();
            service.ready("watching; the configuration could not be reloaded");
        }
        // Nodes that are gone are told of by alerts; they need not keep what starts after this.
        if (!is_ready &&
            (watch.monitor->board.all_were_read() || world.clock.now() - begun > 30s)) {
            is_ready = true;
            service.ready(fmt::format("watching {} chains", watch.chains.size()));
        }
        if (watch.monitor->progress.what_is_stuck().empty()) {
            service.feed_watchdog(world.clock.now());
        }
        crew.rest(100ms);
    }
    return std::nullopt;
}

/// With one configuration. True when it ended as asked, or is to go on with `next`.
bool run_with(World& world, const WatchOptions& options, WatchSetup& setup, store::WatchFile& file,
              ServiceManager& service, std::optional<WatchSetup>& next) {
    Watch watch = begin(world, options, setup, file);
    std::vector<std::string> chains;
    chains.reserve(watch.chains.size());
    for (const auto& chain : watch.chains) {
        chains.push_back(chain->name());
    }
    expect_progress(*watch.monitor, setup, options, chains);
    const auto api = serve(world, setup, *watch.monitor, options.store);
    Crew crew(world, [] { return is_asked_to_end.load(); });
    set_to_work(watch, crew, std::chrono::milliseconds(options.poll_ms));
    keep_forgetting(world, options.store, crew);
    if (setup.heartbeat) {
        keep_beating(world, setup, *watch.monitor, options.store, crew);
    }
    next = supervise(world, options, setup, watch, crew, service);
    if (!next) {
        service.stopping();
    }
    crew.wait();
    return !crew.has_failed();
}

/// True when it ended as asked.
bool run_until_asked(World& world, const WatchOptions& options, WatchSetup setup,
                     store::WatchFile& file) {
    ServiceManager service(world.environment);
    for (;;) {
        std::optional<WatchSetup> next;
        const bool is_well = run_with(world, options, setup, file, service, next);
        if (!next) {
            return is_well;
        }
        setup = std::move(*next);
    }
}

}  // namespace

ExitCode run_watch(World& world, const WatchOptions& options) {
    listen_to_signals();
    WatchSetup setup = prepare_watch(world, options, nullptr);
    auto file = store::WatchFile::open_or_create(options.store);  // holds its lock
    if (options.once) {
        Watch watch = begin(world, options, setup, file);
        return run_once(watch);
    }
    return run_until_asked(world, options, std::move(setup), file) ? ExitCode::Fine
                                                                   : ExitCode::Internal;
}

}  // namespace margrave::app
