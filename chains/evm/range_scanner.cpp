#include "chains/evm/range_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "chains/evm/head.hpp"
#include "core/hex.hpp"

namespace margrave::chains::evm {
namespace {

using core::ChainError;
using core::ErrorKind;

/// As many as the transport has connections.
constexpr std::size_t kWidthMax = 8;
/// Ranges answered, but behind one that is not: with those under way all that memory holds.
constexpr std::size_t kSegmentsMax = 3 * kWidthMax;
/// Times in a row that an endpoint may ask to slow down, beyond the transport's own patience.
constexpr unsigned kRateLimitsMax = 3;

constexpr std::string_view kMethod = "eth_getLogs";

void append_any_of(const std::vector<Topic>& topics, std::string& out) {
    if (topics.empty()) {
        out += "null";
        return;
    }
    char separator = '[';
    for (const Topic& topic : topics) {
        out += separator;
        out += '"' + core::to_hex(topic) + '"';
        separator = ',';
    }
    out += ']';
}

/// A part of the range, on its way from asked to handed over.
struct Segment {
    BlockRange range;
    std::optional<std::vector<Log>> logs;  ///< once answered
};

}  // namespace

std::string logs_params(const LogFilter& filter, const BlockRange& range) {
    std::string out = "[{";
    if (!filter.addresses.empty()) {
        out += R"("address":[)";
        for (const core::Address& address : filter.addresses) {
            out += out.back() == '[' ? "" : ",";
            out += '"' + core::to_hex(address.raw()) + '"';
        }
        out += "],";
    }
    out += R"("topics":[)";
    for (const auto& topics : filter.topics) {
        out += out.back() == '[' ? "" : ",";
        append_any_of(topics, out);
    }
    return out + fmt::format(R"(],"fromBlock":"{}","toBlock":"{}"}}])", to_quantity(range.first),
                             to_quantity(range.last));
}

/// One scan under way.
class RangeScanner::Run {
  public:
    Run(RangeScanner& scanner, const LogFilter& filter, const BlockRange& range,
        const RangeScanOptions& options, const LogSink& sink)
        : scanner_(scanner), filter_(filter), options_(options), sink_(sink) {
        segments_.push_back({.range = range, .logs = std::nullopt});
        end_.next = range.first;
    }

    RangeScanEnd run() {
        while (!end_.failure && !segments_.empty()) {
            const auto wave = choose();
            std::vector<RpcRequest> requests;
            requests.reserve(wave.size());
            for (const auto segment : wave) {
                requests.push_back(request_for(segment->range));
            }
            scanner_.cost_.requests += requests.size();
            const auto outcomes = scanner_.rpc_.send(requests);
            for (std::size_t i = 0; i < wave.size(); ++i) {
                take(wave[i], requests[i], outcomes[i]);
            }
            hand_over();
            if (options_.progress) {
                options_.progress(end_.next);
            }
        }
        return end_;
    }

  private:
    using Place = std::list<Segment>::iterator;

    /// The first ranges without an answer, cut to the present span.
    std::vector<Place> choose() {
        std::vector<Place> wave;
        for (auto at = segments_.begin(); at != segments_.end() && wave.size() < scanner_.width_ &&
                                          segments_.size() < kSegmentsMax;
             ++at) {
            if (!at->logs) {
                cut(at, scanner_.span_.blocks());
                wave.push_back(at);
            }
        }
        if (wave.empty()) {  // enough is answered already behind the first
            const auto first = std::find_if(segments_.begin(), segments_.end(),
                                            [](const Segment& segment) { return !segment.logs; });
            cut(first, scanner_.span_.blocks());
            wave.push_back(first);
        }
        return wave;
    }

    /// Leaves `blocks` at most in the segment, the rest in one behind it.
    void cut(Place at, std::uint64_t blocks) {
        if (at->range.last - at->range.first < blocks) {
            return;
        }
        const std::uint64_t middle = at->range.first + blocks;
        segments_.insert(std::next(at), {.range = {.first = middle, .last = at->range.last},
                                         .logs = std::nullopt});
        at->range.last = middle - 1;
    }

    [[nodiscard]] bool ends_at_pinned(const BlockRange& range) const {
        return options_.pinned && range.last == options_.pinned->number.value();
    }

    [[nodiscard]] RpcRequest request_for(const BlockRange& range) const {
        RpcRequest request{{.method = std::string(kMethod), .params = logs_params(filter_, range)}};
        if (ends_at_pinned(range) && scanner_.batches_) {
            request.push_back(block_by_number(range.last));
        }
        return request;
    }

    void take(Place segment, const RpcRequest& request, const std::vector<RpcOutcome>& outcomes) {
        if (!outcomes[0]) {
            refuse(segment, request.size() > 1, outcomes[0].error());
            return;
        }
        auto logs = decode_logs(outcomes[0].value(), filter_, segment->range, options_.pinned);
        if (!logs) {
            fail(logs.error().kind, logs.error().detail);
            return;
        }
        if (ends_at_pinned(segment->range) && !knows_pinned(request, outcomes)) {
            return;
        }
        if (is_suspicious_count(logs->size()) && segment->range.size() > 1) {
            cut(segment, segment->range.size() / 2);  // both halves are asked for
            return;
        }
        rate_limits_ = 0;
        scanner_.width_ = std::min(kWidthMax, 2 * scanner_.width_);
        scanner_.span_.accepted(segment->range.size(), outcomes[0].value().size());
        segment->logs = std::move(logs).value();
    }

    void refuse(Place segment, bool in_batch, const RpcError& error) {
        ++scanner_.cost_.refusals;
        const bool may_be_the_batch =
            error.kind == ErrorKind::Unsupported || error.kind == ErrorKind::BadRequest ||
            error.kind == ErrorKind::BadReply || error.kind == ErrorKind::RequestTooLarge;
        if (in_batch && may_be_the_batch && scanner_.batches_) {
            scanner_.batches_ = false;
            return;
        }
        if (error.kind == ErrorKind::RateLimited && ++rate_limits_ <= kRateLimitsMax) {
            scanner_.width_ = std::max<std::size_t>(1, scanner_.width_ / 2);
            return;
        }
        // One of a wave has spoken for the others of its size.
        const std::uint64_t blocks = segment->range.size();
        if (blocks <= scanner_.span_.blocks() && !scanner_.span_.refused(blocks, error)) {
            end_.failure =
                to_chain_error(error, fmt::format("{} of blocks {} to {}", kMethod,
                                                  segment->range.first, segment->range.last));
        }
    }

    /// The node that answered must have the block; behind one URL are many nodes, and one that lags
    /// knows no logs either.
    bool knows_pinned(const RpcRequest& request, const std::vector<RpcOutcome>& outcomes) {
        const RpcOutcome outcome =
            request.size() > 1
                ? outcomes[1]
                : scanner_.rpc_.send({{block_by_number(options_.pinned->number.value())}})[0][0];
        const auto block = parse_block_reply(outcome);
        if (!block) {
            fail(block.error().kind(), block.error().what());
            return false;
        }
        if (block->hash != options_.pinned->hash) {
            fail(ErrorKind::WrongBlock,
                 fmt::format("block {} has another hash where its logs were read",
                             options_.pinned->number.value()));
            return false;
        }
        return true;
    }

    void fail(ErrorKind kind, const std::string& detail) {
        if (!end_.failure) {
            end_.failure = ChainError(kind, kMethod, detail);
        }
    }

    void hand_over() {
        while (!segments_.empty() && segments_.front().logs) {
            const std::vector<Log>& logs = *segments_.front().logs;
            handed_ += logs.size();
            if (options_.logs_max && handed_ > *options_.logs_max) {
                fail(ErrorKind::ReplyTooLarge,
                     fmt::format("more than {} events", *options_.logs_max));
                return;
            }
            if (!logs.empty()) {
                sink_(logs);
            }
            scanner_.cost_.logs += logs.size();
            end_.next = segments_.front().range.last + 1;
            segments_.pop_front();
        }
    }

    RangeScanner& scanner_;
    const LogFilter& filter_;
    const RangeScanOptions& options_;
    const LogSink& sink_;
    std::list<Segment> segments_;
    RangeScanEnd end_;
    std::uint64_t handed_ = 0;
    unsigned rate_limits_ = 0;
};

RangeScanEnd RangeScanner::scan(const LogFilter& filter, const BlockRange& range,
                                const RangeScanOptions& options, const LogSink& sink) {
    core::ensure(range.first <= range.last, "a scan has a block to read");
    return Run(*this, filter, range, options, sink).run();
}

}  // namespace margrave::chains::evm
