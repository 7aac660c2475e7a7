// The margrave configuration that describes a devnet.
import { getAddress } from "viem";
import { CHAIN_ID } from "./anvil.mjs";
import { MULTICALL3 } from "./multicall3.mjs";

/// TOML. `rpc` may be a proxy in front of the node; without `multicall3` margrave has to ask call by call.
/// `market_ids` replaces the list of Morpho's markets, or leaves it out where it is false.
export function configToml(
    { tokens, native, markets, blue },
    { rpc, multicall3 = MULTICALL3, market_ids, pre_liquidation_factory },
) {
    return [
        table("[chains.devnet]", {
            chain_id: CHAIN_ID,
            rpc: [rpc],
            native: "ETH",
            multicall3: multicall3 ?? undefined,
        }),
        ...markets.map(({ name, provider }) =>
            table("[[markets]]", {
                protocol: "aave_v3",
                chain: "devnet",
                name,
                pool_addresses_provider: getAddress(provider),
                from_block: 0,
            }),
        ),
        ...(blue ? [morphoTable(blue, { market_ids, pre_liquidation_factory })] : []),
        table("[[assets]]", { chain: "devnet", native: true, symbol: "ETH", chainlink_feed: getAddress(native.feed) }),
        ...Object.values(tokens).map(({ symbol, address, feed }) =>
            table("[[assets]]", {
                chain: "devnet",
                address: getAddress(address),
                symbol,
                chainlink_feed: feed ? getAddress(feed) : undefined,
            }),
        ),
    ].join("\n");
}

function morphoTable({ name, morpho, adaptiveIrm, markets }, { market_ids, pre_liquidation_factory }) {
    return table("[[markets]]", {
        protocol: "morpho_blue",
        chain: "devnet",
        name,
        morpho: getAddress(morpho),
        from_block: 0,
        adaptive_curve_irms: [getAddress(adaptiveIrm)],
        market_ids: market_ids === false ? undefined : (market_ids ?? markets.map(({ id }) => id)),
        pre_liquidation_factory: pre_liquidation_factory && getAddress(pre_liquidation_factory),
    });
}

// A JSON string, number, boolean or flat list of them is TOML as it stands.
function table(header, entries) {
    const lines = Object.entries(entries).filter(([, value]) => value !== undefined);
    return [header, ...lines.map(([key, value]) => `${key} = ${JSON.stringify(value)}`), ""].join("\n");
}
