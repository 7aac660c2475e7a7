#include "adapters/aave_v3/emodes.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "adapters/aave_v3/contracts.hpp"
#include "chains/balances.hpp"

namespace margrave::adapters::aave_v3 {
namespace {

using chains::Reader;
using chains::SharedTask;
using chains::Task;

constexpr std::uint64_t kLastId = 255;
/// Markets of 3.0 and 3.1 have a handful of categories, numbered from 1; each answer is long.
constexpr std::uint64_t kOldIds = 16;

/// The LTV of a category, the first word of its terms; it exists where that is not zero
/// (PoolConfigurator.setEModeCategory). The id stands where an address would, so that all ids are
/// asked as balances of the pool.
struct EmodeLtv {
    using Result = U256;
    static constexpr auto kSelector = GetEModeCategoryCollateralConfig::kSelector;
    static std::string_view name() { return GetEModeCategoryCollateralConfig::name(); }
    static core::Bytes encode(const Address& id) {
        return GetEModeCategoryCollateralConfig::encode(id.raw().back());
    }
    static U256 decode(std::span<const std::uint8_t> data) {
        return std::get<0>(GetEModeCategoryCollateralConfig::decode(data));
    }
};

Address as_address(std::uint64_t id) {
    Address::Raw raw{};
    raw.back() = static_cast<std::uint8_t>(id);
    return Address(raw);
}

ReserveBitmap to_bitmap(const Uint<128>& word) {
    ReserveBitmap out;
    for (unsigned id = 0; id < out.size(); ++id) {
        out.set(id, bit_test(word.value, id));
    }
    return out;
}

template <class Terms>
void set_terms(const Terms& terms, EmodeCategory& category) {
    category.ltv_bps = std::get<0>(terms);
    category.liquidation_threshold_bps = std::get<1>(terms);
    category.liquidation_bonus_bps = std::get<2>(terms);
}

Task<EmodeCategory> read_old_emode(Reader& chain, EntryPoints entry, std::uint64_t category) {
    const auto answer = co_await chain.call(entry.pool, GetEModeCategoryData{},
                                            static_cast<std::uint8_t>(category));
    const OldEmode& data = std::get<0>(answer);
    EmodeCategory out;
    out.id = category;
    set_terms(data, out);
    const Address price_source = std::get<3>(data);
    if (!price_source.is_zero()) {
        // The source is a key of the oracle, as if it were an asset
        // (EModeLogic.getEModeConfiguration). When it reverts, so does every health check in the
        // category; when it answers 0 the assets' own prices count.
        const U256 answer_raw = co_await chain.call(entry.oracle, GetAssetPrice{}, price_source);
        out.price =
            margin::PriceQuote{.answer = answer_raw, .source = price_source, .updated_at = {}};
    }
    co_return out;
}

/// Since 3.6.
Task<ReserveBitmap> read_zero_ltv(Reader& chain, Address pool, const Behaviour& behaviour,
                                  std::uint8_t id) {
    ReserveBitmap out;
    if (behaviour.emode == EmodeKind::OwnTerms) {
        out = to_bitmap(co_await chain.call(pool, GetEModeCategoryLtvzeroBitmap{}, id));
    }
    co_return out;
}

/// Since 3.7.
Task<bool> read_is_isolated(Reader& chain, Address pool, const Behaviour& behaviour,
                            std::uint8_t id) {
    bool out = false;
    if (behaviour.has_isolated_emodes) {
        out = co_await chain.call(pool, GetIsEModeCategoryIsolated{}, id);
    }
    co_return out;
}

}  // namespace

Task<EmodeIds> read_emode_ids(Reader& chain, EntryPoints entry, const Behaviour& behaviour) {
    EmodeIds out;
    if (behaviour.emode == EmodeKind::OnePerAsset) {
        out.asked = kOldIds;
        for (std::uint64_t id = 1; id <= kOldIds; ++id) {
            out.candidates.push_back(id);
        }
        co_return out;
    }
    out.asked = kLastId;
    const auto pool = std::make_shared<const chains::Tokens<EmodeLtv>>(
        std::vector<Address>{entry.pool}, chains::TokenList::Stands::Nothing);
    std::vector<Task<chains::Balances>> asking;
    for (std::uint64_t id = 1; id <= kLastId; ++id) {
        asking.push_back(chains::read_balances(chain, pool, as_address(id)));
    }
    const auto answers = co_await chains::settle_all(std::move(asking));
    for (std::uint64_t id = 1; id <= kLastId; ++id) {
        const auto& ltv = answers[id - 1]->front();
        if (!ltv) {
            out.unread.emplace(id, ltv.error().what());
        } else if (*ltv != 0) {
            out.candidates.push_back(id);
        }
    }
    co_return out;
}

Task<EmodeCategory> read_emode(Reader& chain, EntryPoints entry, const Behaviour& behaviour,
                               std::uint64_t category) {
    if (behaviour.emode == EmodeKind::OnePerAsset) {
        EmodeCategory old = co_await read_old_emode(chain, entry, category);
        co_return old;
    }
    const auto id = static_cast<std::uint8_t>(category);
    auto asked_terms = chain.call(entry.pool, GetEModeCategoryCollateralConfig{}, id);
    auto asked_collateral = chain.call(entry.pool, GetEModeCategoryCollateralBitmap{}, id);
    auto asked_borrowable = chain.call(entry.pool, GetEModeCategoryBorrowableBitmap{}, id);
    SharedTask<ReserveBitmap> zero_ltv(read_zero_ltv(chain, entry.pool, behaviour, id));
    SharedTask<bool> isolated(read_is_isolated(chain, entry.pool, behaviour, id));
    zero_ltv.start();
    isolated.start();
    const EmodeTerms terms = co_await asked_terms;
    EmodeCategory out;
    out.id = category;
    set_terms(terms, out);
    out.collateral = to_bitmap(co_await asked_collateral);
    out.borrowable = to_bitmap(co_await asked_borrowable);
    out.zero_ltv = co_await zero_ltv;
    out.is_isolated = co_await isolated;
    co_return out;
}

}  // namespace margrave::adapters::aave_v3
