#include "app/playbook_book.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

/// A playbook names a deployment, or a market inside one.
bool names(const PlaybookMarket& word, const report::IndexedMarket& market) {
    return word.protocol == market.name.protocol &&
           (word.market == market.name.name || word.market == market.deployment);
}

/// Leaves in the book what the playbook speaks of.
void keep_named_markets(OpenBook& book, const PlaybookFile& file) {
    for (const PlaybookMarket& word : file.markets) {
        const bool is_there = std::any_of(book.markets.begin(), book.markets.end(),
                                          [&](const auto& market) { return names(word, market); });
        if (!is_there) {
            throw core::ConfigError(fmt::format(
                "{}: the book {} holds no {}/{}", word.where, core::printable(*file.book),
                core::printable(word.protocol), core::printable(word.market)));
        }
    }
    const auto is_another = [&](const std::string& protocol, const std::string& name) {
        return std::any_of(book.markets.begin(), book.markets.end(), [&](const auto& market) {
            return market.name.protocol == protocol && market.name.name == name &&
                   std::none_of(file.markets.begin(), file.markets.end(),
                                [&](const PlaybookMarket& word) { return names(word, market); });
        });
    };
    std::erase_if(book.snapshot.markets, [&](const auto& market) {
        return is_another(market->name().protocol, market->name().name);
    });
    std::erase_if(book.gaps, [&](const snapshot::CoverageGap& gap) {
        return is_another(gap.protocol, gap.market);
    });
}

}  // namespace

OpenBook read_named_book(const PlaybookFile& file) {
    OpenBook book = read_book(open_book(*file.book));
    keep_named_markets(book, file);
    return book;
}

}  // namespace margrave::app
