#include "tests/support/simulated_day.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "app/factor_map.hpp"
#include "app/watch_config.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "tests/support/delivery_audit.hpp"
#include "tests/support/full_disk.hpp"
#include "tests/support/simulated_rules.hpp"

namespace margrave::test {
namespace {

constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::uint64_t kPollMs = 60'000;  ///< --poll-ms
constexpr std::uint64_t kLookMs = 5'000;   ///< that a look takes at most
constexpr std::uint64_t kMailMs = 5'000;   ///< how often couriers look for mail
constexpr std::size_t kLogLines = 60;
constexpr Weather::Climate kWallClimate{
    .kinds = 2, .calm_s = 20'000, .fault_s = 1'500, .longest_s = 7'200};
constexpr Weather::Climate kDiskClimate{
    .kinds = 1, .calm_s = 20'000, .fault_s = 60, .longest_s = 600};

/// Commits are synced, which is waiting for a disk: in memory it takes no time.
std::filesystem::path folder() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

SimulatedDay::SimulatedDay(std::uint64_t seed, Options options)
    : options_(options),
      folder_(folder()),
      store_(folder_.file("watch.db")),
      dice_(seed, 4),
      wall_(Dice(seed, 5), kWallClimate),
      disk_(Dice(seed, 6), kDiskClimate),
      chain_(seed),
      node_(seed, chain_, time_),
      world_{.out = out_,
             .err = err_,
             .in = in_,
             .environment = [](const std::string&) { return std::nullopt; },
             .clock = time_,
             .open_endpoint = [this](const std::string&,
                                     const chains::evm::HttpLimits&) { return node_.connect(); },
             .seed = seed,
             .wall_s =
                 [this] {
                     pause("clock");
                     return now().wall_s;
                 }},
      plan_{.settings = node_.settings(simulated_rules()),
            .rules = {},
            .channels = {},
            .report = {}} {
    // Every third day has a pace: some five blocks.
    constexpr std::uint64_t kFarS = 1'500;
    WatchLedger::Terms terms = simulated_terms();
    terms.far_every_s = seed % 3 == 0 ? kFarS : 0;
    plan_.settings.chains.at("devnet").far_every_s = terms.far_every_s;
    plan_.rules = app::make_rules(plan_.settings);
    plan_.report.at_risk_below = plan_.settings.at_risk_below;
    plan_.report.factors = app::make_factor_map(plan_.settings);
    plan_.report.suppositions = app::make_suppositions(plan_.settings);
    plan_.report.feeds = app::make_feed_rules(plan_.settings);
    for (const std::string name : {"ops", "desk"}) {
        plan_.channels.push_back({.name = name, .is_grouped = false});
        desks_.push_back(
            {.name = name,
             .receiver = std::make_unique<SimulatedReceiver>(seed, desks_.size(), time_)});
    }
    make_file();
    ledger_ = std::make_unique<WatchLedger>(store_, chain_, node_, std::move(terms));
}

SimulatedDay::~SimulatedDay() = default;

/// A file's instance is made by chance that is not ours, and keys are made of it, and waits of
/// keys.
void SimulatedDay::make_file() {
    static_cast<void>(store::WatchFile::open_or_create(store_));
    store::Database(store_, store::Database::Mode::Existing)
        .execute("UPDATE watch SET instance = 'simulated'");
}

void SimulatedDay::run() {
    time_.pause = [this](std::string_view where) { pause(where); };
    const std::uint64_t end_ms = options_.hours * kHourMs;
    const std::uint64_t calm_ms = end_ms - options_.calm_hours * kHourMs;
    std::uint64_t hour = 0;
    while (time_.now_ms() < end_ms) {
        if (!is_calm_ && time_.now_ms() >= calm_ms) {
            calm_down();
        }
        if (time_.now_ms() >= (hour + 1) * kHourMs) {
            at_hour(++hour);
        }
        set_wall();
        if (!daemon_) {
            guard([this] { boot(); });
            continue;
        }
        std::uint64_t next_ms = next_look_ms_;
        for (const Desk& desk : desks_) {
            next_ms = desk.has_mail ? std::min(next_ms, desk.next_ms) : next_ms;
        }
        time_.advance_to(next_ms);
        guard([this] { turn(); });
        if (std::exchange(is_asked_to_end_, false) && daemon_) {
            die("it ends as asked", dice_.between(1'000, 60'000));
        }
    }
    check_end();
}

void SimulatedDay::set_wall() {
    const std::uint64_t fault = is_calm_ ? 0 : wall_.at(time_.now_ms());
    const std::int64_t offset = fault == 0 ? 0 : fault == 1 ? 3'600 : -3'600;
    if (std::exchange(wall_offset_s_, offset) != offset) {
        log(fmt::format("the clock on the wall is {} s off", offset));
    }
}

LedgerTime SimulatedDay::now() {
    const auto since = static_cast<std::int64_t>(time_.now_ms() / 1000);
    return {.now_ms = time_.now_ms(),
            .wall_s = static_cast<std::uint64_t>(
                static_cast<std::int64_t>(SimulatedChain::kStartS) + since + wall_offset_s_)};
}

/// Runs a piece of the daemon until it waits for time, ends or dies.
void SimulatedDay::guard(const std::function<void()>& work) {
    const bool is_full = !is_calm_ && disk_.at(time_.now_ms()) != 0;
    const auto down_ms = [this] {
        const std::uint64_t dice = dice_.below(50);
        return dice == 0   ? dice_.between(20'000'000, 26'000'000)  // more than it catches up
               : dice < 15 ? dice_.between(60'000, 2'000'000)
                           : dice_.between(500, 10'000);
    };
    try {
        const FullDisk disk(is_full);
        work();
    } catch (const Crash&) {
        ++figures_.crashes;
        die("it is killed", down_ms());
    } catch (const core::InputError& error) {
        if (!is_full) {
            throw Wrong{std::string("the watch ends: ") + error.what()};
        }
        ++figures_.full_disks;
        die("the disk is full", dice_.between(1'000, 30'000));
    }
}

void SimulatedDay::die(const std::string& why, std::uint64_t down_ms) {
    daemon_.reset();
    is_looking_ = false;
    for (Desk& desk : desks_) {
        desk.is_busy = false;
    }
    observe();
    ledger_->break_look(now());
    log(fmt::format("{}, for {} ms", why, down_ms));
    if (down_ms > 30'000 && dice_.one_in(3)) {
        chain_.advance_to(time_.now_ms());
        chain_.reorganise(dice_.between(1, 20), time_.now_ms());
    }
    // Before its last, calm hours it is there again.
    const std::uint64_t calm_ms = (options_.hours - options_.calm_hours) * kHourMs;
    const std::uint64_t up_ms = time_.now_ms() + down_ms;
    time_.advance_to(time_.now_ms() < calm_ms ? std::min(up_ms, calm_ms) : up_ms);
}

void SimulatedDay::boot() {
    ledger_->booted(now());
    boots_ms_.push_back(time_.now_ms());
    readable_since_ms_ = time_.now_ms();
    std::vector<std::unique_ptr<channels::Channel>> channels;
    for (const Desk& desk : desks_) {
        channels.push_back(std::make_unique<SimulatedChannel>(*desk.receiver));
    }
    daemon_ = std::make_unique<SimulatedDaemon>(world_, plan_, store_, std::move(channels));
    next_look_ms_ = time_.now_ms();
    look_at_mail();
}

/// Every thread of the daemon for which it is time, one after the other.
void SimulatedDay::turn() {
    if (!daemon_) {
        return;
    }
    if (!is_looking_ && time_.now_ms() >= next_look_ms_) {
        look();
    }
    for (std::size_t i = 0; i < desks_.size(); ++i) {
        Desk& desk = desks_[i];
        // Whoever is interrupted here would have to wait for a receiver that hangs, as in the
        // daemon nobody does.
        const bool would_wait =
            is_any_busy() && desk.receiver->fault() == SimulatedReceiver::Fault::Hangs;
        if (desk.is_busy || !desk.has_mail || time_.now_ms() < desk.next_ms) {
            continue;
        }
        if (would_wait) {
            desk.receiver->hold();
        } else {
            deliver(i);
        }
    }
}

bool SimulatedDay::is_any_busy() const {
    return is_looking_ ||
           std::any_of(desks_.begin(), desks_.end(), [](const Desk& desk) { return desk.is_busy; });
}

void SimulatedDay::pause(std::string_view where) {
    if (!is_calm_ && dice_.one_in(3'000)) {
        log(fmt::format("crash at {}", where));
        throw Crash{};
    }
    if (is_any_busy() && where != "clock") {
        turn();
    }
}

void SimulatedDay::look() {
    is_looking_ = true;
    ledger_->begin_look(now());
    node_.begin_look();
    bool was_asked_to_stop = false;
    daemon_->watch().look([&] {
        observe();
        was_asked_to_stop = was_asked_to_stop || (!is_calm_ && dice_.one_in(1'000));
        return was_asked_to_stop;
    });
    observe();
    ledger_->end_look(now(), daemon_->watch().is_blind());
    look_at_mail();
    check_clean_look(was_asked_to_stop);
    if (++looks_ % 3 == 0) {  // whole reports come some blocks late
        daemon_->watch().report_aside();
    }
    is_looking_ = false;
    next_look_ms_ = time_.now_ms() + kPollMs;
    is_asked_to_end_ = was_asked_to_stop;
}

void SimulatedDay::check_clean_look(bool was_asked_to_stop) {
    if (!node_.was_clean()) {
        log(fmt::format("a look with fault {}{}", static_cast<std::uint64_t>(node_.fault()),
                        daemon_->watch().is_blind() ? ", blind" : ""));
        readable_since_ms_ = time_.now_ms();
        return;
    }
    const auto head = node_.announced();
    const bool is_behind = ledger_->last_hash() != head && !(head && ledger_->may_pass_over(*head));
    if (daemon_->watch().is_blind() || (!was_asked_to_stop && is_behind)) {
        throw Wrong{"a block that could be read was not evaluated"};
    }
}

void SimulatedDay::observe() {
    const std::uint64_t before = ledger_->evaluated();
    ledger_->observe(now(), take_said());
    if (ledger_->evaluated() != before) {
        log(fmt::format("evaluated {}", core::to_hex(*ledger_->last_hash()).substr(0, 10)));
    }
    check_lateness();
}

/// How late what is new was written.
void SimulatedDay::check_lateness() {
    for (; rows_seen_ < ledger_->rows().size(); ++rows_seen_) {
        const LedgerRow& row = ledger_->rows()[rows_seen_];
        const ToldMessage& message = row.message;
        log(fmt::format("{} {} {} {} for {}", message.alert, message.kind, message.episode,
                        message.sequence, row.channel));
        const bool is_fire = message.kind == "fire";
        figures_.fires += is_fire ? 1 : 0;
        figures_.resolves += message.kind == "resolve" ? 1 : 0;
        figures_.unknowns += message.kind == "unknown" ? 1 : 0;
        const auto block = chain_.find(message.hash);
        if (!is_fire || !node_.was_clean() || !block || message.alert.starts_with("silence")) {
            continue;
        }
        // A block with which nobody had to be looked at may be the head again, later.
        const std::uint64_t far_ms = 1'000 * plan_.settings.chain("devnet").far_every_s;
        const std::uint64_t since =
            std::max(chain_.at(*block).born_ms + far_ms, readable_since_ms_);
        const std::uint64_t late = row.written_ms - std::min(row.written_ms, since);
        figures_.written_late_ms = std::max(figures_.written_late_ms, late);
        if (late > kPollMs + kLookMs) {
            throw Wrong{fmt::format("{} is written {} ms late", message.alert, late)};
        }
    }
}

void SimulatedDay::deliver(std::size_t i) {
    desks_[i].is_busy = true;
    daemon_->courier(i).deliver([] { return false; });
    desks_[i].is_busy = false;
    desks_[i].next_ms = time_.now_ms() + kMailMs;
    look_at_mail();
}

void SimulatedDay::look_at_mail() {
    for (Desk& desk : desks_) {
        desk.has_mail = ledger_->waiting(desk.name) > 0;
    }
}

void SimulatedDay::calm_down() {
    is_calm_ = true;
    chain_.calm_down();
    node_.calm_down();
    for (Desk& desk : desks_) {
        desk.receiver->calm_down();
    }
    log("all faults end");
}

void SimulatedDay::check_end() {
    if (!daemon_ || daemon_->watch().is_blind()) {
        throw Wrong{"the chain cannot be read at the end"};
    }
    if (!daemon_->file().waiting().empty() || !daemon_->file().dead().empty()) {
        throw Wrong{"some messages are not delivered in the end"};
    }
    for (const auto& [alert, reference] : ledger_->alerts()) {
        const std::string phase = ledger_->phase_of(alert);
        const bool fires = phase == "firing" || phase == "recovering";
        if (fires != reference.is_firing()) {
            throw Wrong{alert + " is " + phase + " in the end"};
        }
    }
    for (const Desk& desk : desks_) {
        figures_.delivered_late_ms =
            std::max(figures_.delivered_late_ms,
                     check_deliveries(desk.name, *desk.receiver, ledger_->rows(), boots_ms_));
    }
    figures_.blocks = ledger_->evaluated();
}

std::string SimulatedDay::take_said() {
    std::string said = err_.str();
    if (!said.empty()) {
        err_.str("");
        log(said.substr(0, said.size() - 1));
    }
    out_.str("");
    return said;
}

void SimulatedDay::log(const std::string& line) {
    constexpr std::uint64_t kPrime = 1'099'511'628'211;
    log_.push_back(fmt::format("{:>9} {}", time_.now_ms(), line));
    for (const char letter : log_.back()) {
        log_hash_ = (log_hash_ ^ static_cast<unsigned char>(letter)) * kPrime;
    }
    if (log_.size() > kLogLines) {
        log_.pop_front();
    }
}

std::string SimulatedDay::log_end() const {
    std::string out;
    for (const std::string& line : log_) {
        out += line + '\n';
    }
    return out;
}

}  // namespace margrave::test
