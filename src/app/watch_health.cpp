#include "app/watch_health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "alert/alert.hpp"
#include "app/given_up.hpp"
#include "core/errors.hpp"

namespace margrave::app {

WatchHealth::WatchHealth(const Progress& progress, const Board& board,
                         const std::vector<alert::Rule>& rules, std::chrono::seconds read_within)
    : progress_(progress), board_(board), read_within_(read_within) {
    std::optional<core::Wad> oldest;
    for (const alert::Rule& rule : rules) {
        if (rule.quantity == alert::Quantity::BlockAge && (!oldest || rule.fires < *oldest)) {
            oldest = rule.fires;
        }
    }
    oldest_ = oldest.value_or(alert::whole(static_cast<std::uint64_t>(read_within.count())));
}

std::vector<std::string> WatchHealth::what_stands_still(Progress::Moment now) const {
    return progress_.what_is_stuck(now);
}

std::vector<std::string> WatchHealth::what_is_unready(store::WatchFile& file, Progress::Moment now,
                                                      std::uint64_t wall_s) {
    std::vector<std::string> out = progress_.what_is_stuck(now);
    for (const auto& [chain, news] : board_.all()) {
        check_chain(chain, news, now, wall_s, out);
    }
    try {
        check_store(file, now, wall_s, out);
    } catch (const core::InputError&) {
        // Which file, and why, is said on stderr by those who need it to go on.
        out.emplace_back("the store cannot be written");
    }
    return out;
}

void WatchHealth::check_chain(const std::string& chain, const ChainNews& news, Progress::Moment now,
                              std::uint64_t wall_s, std::vector<std::string>& out) const {
    if (!news.read_at || !news.block) {
        out.push_back(fmt::format("chain {}: not read yet", chain));
        return;
    }
    if (now - *news.read_at > read_within_) {
        const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - *news.read_at);
        out.push_back(fmt::format("chain {}: not read for {} s", chain, waited.count()));
    }
    const auto here =
        std::chrono::duration_cast<std::chrono::seconds>(now - news.block_at.value_or(now));
    const std::uint64_t since = std::max(news.block->timestamp, news.passed_over_s);
    const std::uint64_t age =
        std::max(wall_s > since ? wall_s - since : 0, static_cast<std::uint64_t>(here.count()));
    if (alert::whole(age) > oldest_) {
        out.push_back(fmt::format("chain {}: its last block is {} s old", chain, age));
    }
    if (news.accounts > 0 && news.unknown == news.accounts) {
        out.push_back(fmt::format("chain {}: nothing is known of any of its {} accounts", chain,
                                  news.accounts));
    }
}

void WatchHealth::check_store(store::WatchFile& file, Progress::Moment now, std::uint64_t wall_s,
                              std::vector<std::string>& out) {
    // Whoever may ask must not be able to keep the disk busy.
    constexpr std::chrono::seconds kBetweenWrites{5};
    if (!written_at_ || now - *written_at_ > kBetweenWrites) {
        written_at_.reset();
        file.check_writable();
        written_at_ = now;
    }
    for (const store::OutboxCount& one : file.outbox_counts()) {
        const std::uint64_t waited = wall_s > one.oldest ? wall_s - one.oldest : 0;
        if (one.is_urgent && !one.is_dead && waited > kUrgentWaitsS) {
            out.push_back(
                fmt::format("channel {}: an urgent message waits since {} s", one.channel, waited));
        }
    }
    check_given_up(file, out);
}

void WatchHealth::check_given_up(store::WatchFile& file, std::vector<std::string>& out) {
    std::set<std::string> channels;
    for (const store::Outgoing& message : file.dead()) {
        if (message.is_urgent && still_stands(file, message) &&
            !is_delivered_elsewhere(file, message)) {
            channels.insert(message.channel);
        }
    }
    for (const std::string& channel : channels) {
        out.push_back(fmt::format(
            "channel {}: an urgent message was given up, and nobody else was told", channel));
    }
}

}  // namespace margrave::app
