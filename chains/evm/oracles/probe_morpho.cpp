#include <array>
#include <utility>

#include "chains/evm/oracles/probe_parts.hpp"
#include "chains/evm/oracles/probes.hpp"

namespace margrave::chains::evm::oracles {
namespace {

using core::Address;
using core::U256;
using margin::OracleKind;

/// One side's vault; the first version has one, of the base, under another name.
struct Vault {
    std::optional<Address> address;
    std::optional<U256> sample;

    [[nodiscard]] bool is_there() const { return address && !address->is_zero() && sample; }
};

struct Said {
    std::optional<U256> price;
    std::optional<U256> scale_factor;
    Vault base;
    Vault quote;
    std::array<std::optional<Address>, 2> base_feeds;
    std::array<std::optional<Address>, 2> quote_feeds;

    [[nodiscard]] bool is_chain() const {
        return scale_factor && base_feeds[0] && base_feeds[1] && quote_feeds[0] && quote_feeds[1] &&
               base.address;
    }
};

Task<Said> ask(Reader& chain, Address source) {
    auto price = chain.try_call(source, MorphoPrice{});
    auto scale_factor = chain.try_call(source, ScaleFactor{});
    auto base_vault = chain.try_call(source, BaseVault{});
    auto base_sample = chain.try_call(source, BaseVaultSample{});
    auto first_vault = chain.try_call(source, FirstVault{});
    auto first_sample = chain.try_call(source, FirstVaultSample{});
    auto quote_vault = chain.try_call(source, QuoteVault{});
    auto quote_sample = chain.try_call(source, QuoteVaultSample{});
    auto base_feed_1 = chain.try_call(source, BaseFeed1{});
    auto base_feed_2 = chain.try_call(source, BaseFeed2{});
    auto quote_feed_1 = chain.try_call(source, QuoteFeed1{});
    auto quote_feed_2 = chain.try_call(source, QuoteFeed2{});
    Said said;
    said.price = answered(co_await price);
    said.scale_factor = answered(co_await scale_factor);
    said.base.address = answered(co_await base_vault);
    said.base.sample = answered(co_await base_sample);
    const auto first_address = answered(co_await first_vault);
    const auto first_amount = answered(co_await first_sample);
    if (!said.base.address) {
        said.base = {.address = first_address, .sample = first_amount};
    }
    said.quote.address = answered(co_await quote_vault);
    said.quote.sample = answered(co_await quote_sample);
    said.base_feeds[0] = answered(co_await base_feed_1);
    said.base_feeds[1] = answered(co_await base_feed_2);
    said.quote_feeds[0] = answered(co_await quote_feed_1);
    said.quote_feeds[1] = answered(co_await quote_feed_2);
    co_return said;
}

Task<std::optional<U256>> read_assets(Reader& chain, Vault vault) {
    std::optional<U256> out;
    if (vault.is_there()) {
        const auto assets =
            co_await chain.try_call(*vault.address, ConvertToAssets{}, *vault.sample);
        out = answered(assets);
    }
    co_return out;
}

void add_side(Probed& out, const std::string& side, const Vault& vault,
              const std::optional<U256>& assets,
              const std::array<std::optional<Address>, 2>& feeds) {
    if (vault.is_there()) {
        take_number(out, side + "_vault", *vault.address, assets.value_or(0));
    }
    for (std::size_t i = 0; i < feeds.size(); ++i) {
        if (feeds[i] && !feeds[i]->is_zero()) {
            take_number(out, side + "_feed_" + std::to_string(i + 1), *feeds[i], 0);
            out.is_source.back() = true;
        }
    }
}

}  // namespace

Task<Probed> probe_morpho(Reader& chain, Address address) {
    const Said said = co_await ask(chain, address);
    Probed out;
    out.source.address = address;
    out.source.read_at = chain.block().timestamp;
    out.source.answer = said.price;
    if (!said.is_chain()) {
        co_return out;
    }
    SharedTask<std::optional<U256>> base(read_assets(chain, said.base));
    SharedTask<std::optional<U256>> quote(read_assets(chain, said.quote));
    base.start();
    quote.start();
    const std::optional<U256> base_assets = co_await base;
    const std::optional<U256> quote_assets = co_await quote;
    out.source.kind = OracleKind::MorphoChain;
    out.source.parameters["scale_factor"] = *said.scale_factor;
    add_side(out, "base", said.base, base_assets, said.base_feeds);
    add_side(out, "quote", said.quote, quote_assets, said.quote_feeds);
    co_return out;
}

Task<Probed> probe(Reader& chain, Address source, PriceQuestion question) {
    if (question == PriceQuestion::Price) {
        Probed chained = co_await probe_morpho(chain, source);
        co_return chained;
    }
    Probed adapter = co_await probe_adapter(chain, source);
    co_return adapter;
}

}  // namespace margrave::chains::evm::oracles
