#include "chains/evm/log_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chains/evm/head.hpp"
#include "core/text.hpp"

namespace margrave::chains::evm {
namespace {

using core::ChainError;
using core::ErrorKind;

constexpr std::uint64_t kEventsMax = 1'000'000;
/// Requests until what was read is saved for the first time, then after half as many again: saving
/// writes all of it.
constexpr std::uint64_t kSaveAfterRequests = 64;
constexpr std::chrono::seconds kTellEvery{5};

std::string subject(const LogFilter& filter) {
    return fmt::format("events of {}{}", filter.addresses.at(0).to_string(),
                       filter.addresses.size() > 1 ? " and others" : "");
}

}  // namespace

/// Adds what the requests cost while it lives.
class LogScanner::Meter {
  public:
    Meter(const LogScanner& scanner, Known& known)
        : scanner_(scanner),
          known_(known),
          traffic_(scanner.rpc_.traffic()),
          begin_(scanner.now()) {}
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;
    ~Meter() {
        const RpcTraffic now = scanner_.rpc_.traffic();
        known_.requests += now.requests - traffic_.requests;
        known_.bytes +=
            now.bytes_sent + now.bytes_received - traffic_.bytes_sent - traffic_.bytes_received;
        known_.time += scanner_.now() - begin_;
    }

  private:
    const LogScanner& scanner_;
    Known& known_;
    RpcTraffic traffic_;
    std::chrono::steady_clock::time_point begin_;
};

std::chrono::steady_clock::time_point LogScanner::now() const {
    return options_.clock != nullptr ? options_.clock->now()
                                     : std::chrono::steady_clock::time_point{};
}

core::Result<Block, ChainError> LogScanner::ask_block(const RpcCall& question) {
    return parse_block_reply(rpc_.send({{question}})[0][0]);
}

void LogScanner::tell(const std::string& line) const {
    if (options_.tell) {
        options_.tell(line);
    }
}

void LogScanner::tell_progress(const LogFilter& filter, const BlockRange& range,
                               std::uint64_t next) {
    if (options_.clock == nullptr || now() - told_ < kTellEvery || next > range.last) {
        return;
    }
    told_ = now();
    tell(fmt::format("{}: at block {} of {}, {} blocks a request", subject(filter), next,
                     range.last, ranges_.span().blocks()));
}

void LogScanner::tell_cost(const LogFilter& filter, const Known& known, std::uint64_t events) {
    std::string line =
        fmt::format("{}: {} found; {} blocks read in {} requests, {} bytes", subject(filter),
                    events, known.blocks, known.requests, known.bytes);
    if (options_.clock != nullptr) {
        line += fmt::format(", {:.1f} s", std::chrono::duration<double>(known.time).count());
    }
    if (known.kept_through) {
        line += fmt::format("; through block {} they were kept", known.kept_through->value());
    }
    tell(line);
}

void LogScanner::load(const LogFilter& filter, Known& known) {
    if (std::exchange(known.is_loaded, true) || options_.store == nullptr) {
        return;
    }
    const std::string name = log_cache_name(options_.chain_id, filter);
    auto text = options_.store->load(name);
    if (!text) {
        tell(fmt::format("kept events {}: {}; they are read anew", name, text.error()));
        return;
    }
    if (!*text) {
        return;
    }
    auto kept = parse_kept_logs(**text, options_.chain_id, filter);
    if (!kept) {
        tell(fmt::format("kept events {}: {}; they are read anew", name, kept.error()));
    } else if (kept->filter.from <= filter.from && kept->logs.size() <= kEventsMax) {
        known.kept = std::move(kept).value();
    }
}

void LogScanner::save(Known& known) {
    if (options_.store == nullptr || !known.kept) {
        return;
    }
    const std::string name = log_cache_name(options_.chain_id, known.kept->filter);
    known.kept->span = ranges_.span().blocks();
    if (const auto why = options_.store->save(name, to_text(*known.kept))) {
        tell(fmt::format("events could not be kept for the next run: {}", *why));
        options_.store = nullptr;
    }
}

std::optional<ChainError> LogScanner::check_kept(Known& known) {
    if (!known.kept) {
        return std::nullopt;
    }
    const auto block = ask_block(block_by_number(known.kept->through.value()));
    if (!block && block.error().kind() != ErrorKind::UnknownBlock) {
        return block.error();
    }
    if (!block || block->hash != known.kept->hash) {
        tell(
            fmt::format("{}: block {} is another one than when they were kept, the chain was "
                        "reorganised; they are read anew",
                        subject(known.kept->filter), known.kept->through.value()));
        known.kept.reset();
        return std::nullopt;
    }
    known.kept_through = known.kept->through;
    ranges_.span().begin_with(known.kept->span);
    return std::nullopt;
}

core::Result<std::optional<Block>, ChainError> LogScanner::last_final(const Block& head) {
    if (!final_) {
        const auto found = last_final_block(rpc_, head);
        if (!found || !found.value()) {
            return found;
        }
        final_ = **found;
    }
    return std::optional(head.number < final_->number ? head : *final_);
}

std::optional<ChainError> LogScanner::extend(const LogFilter& filter, Known& known,
                                             const Block& through) {
    const BlockRange range{
        .first = known.kept ? known.kept->through.value() + 1 : filter.from.value(),
        .last = through.number.value()};
    std::vector<Log> fresh;  // handed over, and not among the kept ones yet
    const auto keep_through = [&](std::uint64_t number) {
        const auto block = number == range.last ? core::Result<Block, ChainError>(through)
                                                : ask_block(block_by_number(number));
        if (!block || block->number.value() != number) {
            return;  // then these logs are read again
        }
        if (!known.kept) {
            known.kept.emplace();
            known.kept->chain_id = options_.chain_id;
            known.kept->filter = filter;
        }
        known.kept->through = block->number;
        known.kept->hash = block->hash;
        known.kept->logs.insert(known.kept->logs.end(), fresh.begin(), fresh.end());
        fresh.clear();
        save(known);
    };
    std::uint64_t next = range.first;
    std::uint64_t requests_until_save = kSaveAfterRequests;
    const std::uint64_t requests_before = ranges_.cost().requests;
    // What was read so far outlives a run that is killed.
    const auto progress = [&](std::uint64_t at) {
        known.blocks += at - next;
        next = at;
        tell_progress(filter, range, at);
        if (at > range.first && at <= range.last &&
            ranges_.cost().requests - requests_before >= requests_until_save) {
            keep_through(at - 1);
            requests_until_save += requests_until_save / 2;
        }
    };
    const std::uint64_t kept_count = known.kept ? known.kept->logs.size() : 0;
    const RangeScanEnd end = ranges_.scan(
        filter, range,
        {.pinned = std::nullopt, .logs_max = kEventsMax - kept_count, .progress = progress},
        [&](std::span<const Log> logs) { fresh.insert(fresh.end(), logs.begin(), logs.end()); });
    if (end.next > range.first) {
        keep_through(end.next - 1);
    }
    return end.failure;
}

std::optional<ChainError> LogScanner::prepare(const LogFilter& filter, const Block& head) {
    Known& known = known_[log_cache_name(options_.chain_id, filter)];
    const Meter meter(*this, known);
    if (!known.is_loaded) {
        load(filter, known);
        if (auto failure = check_kept(known)) {
            known.kept.reset();
            return failure;
        }
    }
    auto last = last_final(head);
    if (!last) {
        return last.error();
    }
    const std::uint64_t from = known.kept ? known.kept->through.value() + 1 : filter.from.value();
    if (!*last || (*last)->number.value() < from) {
        return std::nullopt;
    }
    return extend(filter, known, **last);
}

std::optional<ChainError> LogScanner::scan(const LogFilter& filter, const Block& block,
                                           const LogSink& sink) {
    auto failure = prepare(filter, block);
    Known& known = known_[log_cache_name(options_.chain_id, filter)];
    std::uint64_t events = 0;
    std::uint64_t next = filter.from.value();
    if (known.kept) {
        std::vector<Log> logs;
        std::copy_if(known.kept->logs.begin(), known.kept->logs.end(), std::back_inserter(logs),
                     [&](const Log& log) {
                         return !(log.block < filter.from) && !(block.number < log.block);
                     });
        events += logs.size();
        sink(logs);
        next = std::max(next, known.kept->through.value() + 1);
    }
    if (!failure && next <= block.number.value()) {
        const Meter meter(*this, known);
        const RangeScanEnd end =
            ranges_.scan(filter, {.first = next, .last = block.number.value()},
                         {.pinned = block, .logs_max = kEventsMax, .progress = {}},
                         [&](std::span<const Log> logs) {
                             events += logs.size();
                             sink(logs);
                         });
        known.blocks += end.next - next;
        failure = end.failure;
    }
    tell_cost(filter, known, events);
    if (failure) {
        tell(fmt::format("{}: the scan failed: {}", subject(filter), failure->what()));
    }
    return failure;
}

}  // namespace margrave::chains::evm
