#include "app/book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <map>
#include <tuple>
#include <utility>

#include "app/files.hpp"
#include "app/restore.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "margin/kept_rows.hpp"
#include "store/book_text.hpp"

namespace margrave::app {
namespace {

using core::ErrorKind;
using core::InputError;
using core::printable;

constexpr std::string_view kSqliteMagic = "SQLite format 3";

bool is_sqlite(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::array<char, kSqliteMagic.size()> begin{};
    in.read(begin.data(), begin.size());
    return in.gcount() == static_cast<std::streamsize>(begin.size()) &&
           std::string_view(begin.data(), begin.size()) == kSqliteMagic;
}

/// The market of the snapshot that a market of the book stands for.
margin::Market* find_market(snapshot::Snapshot& snapshot, const std::string& protocol,
                            const std::string& name) {
    const auto found =
        std::find_if(snapshot.markets.begin(), snapshot.markets.end(), [&](const auto& market) {
            return market->name().protocol == protocol && market->name().name == name;
        });
    return found == snapshot.markets.end() ? nullptr : found->get();
}

snapshot::CoverageGap gap_of(const margin::MarketName& name, ErrorKind kind, std::string detail) {
    return {.chain = name.chain,
            .protocol = name.protocol,
            .market = name.name,
            .wallet = std::nullopt,
            .kind = kind,
            .detail = std::move(detail)};
}

void add_sum_gap(const margin::MarketName& name, const margin::DebtSum& sum,
                 std::vector<snapshot::CoverageGap>& gaps) {
    if (!sum.of_market) {
        gaps.push_back(gap_of(name, ErrorKind::MissingState,
                              sum.what + ": the market's own sum is not known, so nothing tells "
                                         "whether borrowers are missing"));
    } else if (sum.of_accounts != *sum.of_market) {
        gaps.push_back(
            gap_of(name, ErrorKind::BadData,
                   fmt::format("{}: the accounts of the book add up to {}, the market says {}: {}",
                               sum.what, core::to_decimal(sum.of_accounts),
                               core::to_decimal(*sum.of_market),
                               report::difference_text(sum.of_accounts, *sum.of_market))));
    }
}

/// What of the market is unknown to the accounts that are in it now; what all of it lacks is told
/// already.
void add_missing(const margin::Market& market, std::vector<snapshot::CoverageGap>& gaps) {
    for (const margin::Missing& missing : market.missing()) {
        snapshot::CoverageGap gap =
            gap_of(market.name(), missing.kind, missing.what + ": " + missing.detail);
        gap.wallet = missing.wallet;
        if (std::find(gaps.begin(), gaps.end(), gap) == gaps.end()) {
            gaps.push_back(std::move(gap));
        }
    }
}

report::IndexedMarket counted(const store::BookFile& book, std::int64_t id,
                              const margin::MarketName& name) {
    const store::BookCounts counts = book.counts(id);
    return {.name = name,
            .deployment = "",
            .accounts = counts.accounts,
            .borrowers = counts.borrowers,
            .unread = counts.unread,
            .bytes = counts.bytes + counts.borrowers * std::tuple_size_v<core::Address::Raw>,
            .sums = {}};
}

/// What accounts share there could not be read: they cannot be in the snapshot.
report::IndexedMarket unread_market(const store::BookFile& book, std::int64_t id,
                                    const margin::MarketName& name,
                                    std::vector<snapshot::CoverageGap>& gaps) {
    report::IndexedMarket out = counted(book, id, name);
    out.sums = {{.what = "debts", .of_accounts = 0, .of_market = std::nullopt}};
    gaps.push_back(gap_of(name, ErrorKind::MissingState,
                          fmt::format("the market could not be read, so its {} borrowers are not "
                                      "here",
                                      out.borrowers)));
    return out;
}

report::IndexedMarket fill(const store::BookFile& book, std::int64_t id, margin::Market& market,
                           std::vector<snapshot::CoverageGap>& gaps) {
    auto* rows = dynamic_cast<margin::KeptRows*>(&market);
    if (rows == nullptr) {
        throw InputError(printable(book.path()) + ": this margrave keeps no accounts of " +
                         printable(market.name().protocol));
    }
    report::IndexedMarket out = counted(book, id, market.name());
    book.each_borrower(id, [&](const core::Address& wallet, std::span<const core::U256> numbers) {
        rows->add_row(wallet, numbers);
    });
    if (out.unread > 0) {
        gaps.push_back(gap_of(market.name(), ErrorKind::MissingState,
                              fmt::format("{} of {} accounts that borrowed could not be read",
                                          out.unread, out.accounts)));
    }
    add_missing(market, gaps);
    out.sums = rows->debt_sums();
    for (const margin::DebtSum& sum : out.sums) {
        add_sum_gap(market.name(), sum, gaps);
    }
    std::erase_if(out.sums, [](const margin::DebtSum& sum) {
        return sum.of_accounts == 0 && sum.of_market == core::U256(0);
    });
    return out;
}

std::set<cascade::AccountName> unread_accounts(const store::BookFile& book) {
    constexpr std::size_t kAtOnce = 10'000;
    std::map<std::int64_t, std::string> protocols;
    for (const store::BookDeployment& deployment : book.deployments()) {
        protocols[deployment.id] = deployment.protocol;
    }
    std::map<std::int64_t, cascade::AccountName> markets;
    for (const store::BookMarket& market : book.markets()) {
        markets[market.id] = {
            .protocol = protocols[market.deployment], .market = market.name, .wallet = {}};
    }
    std::set<cascade::AccountName> out;
    store::BookAccount last;
    for (;;) {
        const auto some = book.unread(kAtOnce, last);
        for (const store::BookAccount& one : some) {
            cascade::AccountName name = markets[one.market];
            name.wallet = one.wallet;
            out.insert(std::move(name));
        }
        if (some.size() < kAtOnce) {
            return out;
        }
        last = some.back();
    }
}

}  // namespace

OpenBook read_book(const store::BookFile& book) {
    const auto shared = book.shared();
    const auto block = book.block();
    if (!shared || !block) {
        throw InputError(printable(book.path()) +
                         ": the book is not finished: `margrave index` goes on with it");
    }
    OpenBook out;
    out.snapshot = parse_snapshot(book.path(), *shared);
    const auto& chains = out.snapshot.chains;
    if (chains.size() != 1 || chains[0].hash != block->hash || chains[0].number != block->number) {
        throw InputError(printable(book.path()) +
                         ": what its accounts share is of another block than they are");
    }
    out.gaps = std::move(out.snapshot.gaps);
    out.snapshot.gaps.clear();
    const auto deployments = book.deployments();
    for (const store::BookMarket& market : book.markets()) {
        const auto deployment =
            std::find_if(deployments.begin(), deployments.end(),
                         [&](const auto& one) { return one.id == market.deployment; });
        core::ensure(deployment != deployments.end(), "markets() joins the two");
        margin::Market* found = find_market(out.snapshot, deployment->protocol, market.name);
        out.markets.push_back(found != nullptr ? fill(book, market.id, *found, out.gaps)
                                               : unread_market(book, market.id,
                                                               {.protocol = deployment->protocol,
                                                                .chain = chains[0].chain,
                                                                .name = market.name},
                                                               out.gaps));
        out.markets.back().deployment = deployment->name;
    }
    out.unread = unread_accounts(book);
    return out;
}

store::BookFile open_book(const std::string& path) {
    if (is_sqlite(path)) {
        return store::BookFile::open(path);
    }
    auto book = store::BookFile::in_memory();
    import_book(path, book);
    return book;
}

void import_book(const std::string& path, store::BookFile& book) {
    const std::string text = read_file(path, kDataBytesMax);
    try {
        store::read_text(text, book);
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", printable(path), error.what()));
    }
}

}  // namespace margrave::app
