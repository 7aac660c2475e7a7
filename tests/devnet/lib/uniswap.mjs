// Deploys Uniswap v3 from its npm packages, and fills pools with positions.
import { createRequire } from "node:module";
import { zeroAddress } from "viem";
import { ADMIN } from "./chain.mjs";
import { compile } from "./compile.mjs";
import { mintMany, trust } from "./tokens.mjs";

const require = createRequire(import.meta.url);
const core = (name) => require(`@uniswap/v3-core/artifacts/contracts/${name}.sol/${name}.json`);
const periphery = (folder, name) =>
    require(`@uniswap/v3-periphery/artifacts/contracts/${folder}${name}.sol/${name}.json`);

export const POOL_ABI = core("UniswapV3Pool").abi;
export const QUOTER_ABI = periphery("lens/", "QuoterV2").abi;
const FACTORY_ABI = core("UniswapV3Factory").abi;
const MANAGER_ABI = periphery("", "NonfungiblePositionManager").abi;
export const SWAPPER_ABI = compile(["devnet/Swapper.sol"]).Swapper.abi;

const WETH9 = require("@aave/core-v3/artifacts/contracts/dependencies/weth/WETH9.sol/WETH9.json");
const ROUTER_02 = require("@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json");

/// Fee (in millionths) → tick spacing; the first is no part of the original deployment.
export const SPACINGS = { 100: 1, 500: 10, 3000: 60, 10000: 200 };
export const TICK_MAX = 887_272;
const PLENTY = 10n ** 40n;
const GAS = 30_000_000n;

/// Queues everything but pools. The wrapped coin is a contract of its own unless `weth` is given.
export function deployUniswap(chain, { weth = chain.deploy(WETH9) } = {}) {
    const factory = chain.deploy(core("UniswapV3Factory"));
    chain.send({ to: factory, abi: FACTORY_ABI, functionName: "enableFeeAmount", args: [100, SPACINGS[100]] });
    return {
        weth,
        factory,
        manager: chain.deploy(periphery("", "NonfungiblePositionManager"), [factory, weth, zeroAddress]),
        router: chain.deploy(periphery("", "SwapRouter"), [factory, weth]),
        router02: chain.deploy(ROUTER_02, [zeroAddress, factory, zeroAddress, weth]),
        quoter: chain.deploy(periphery("lens/", "QuoterV2"), [factory, weth]),
        swapper: chain.deploy(compile(["devnet/Swapper.sol"]).Swapper),
    };
}

/// Queues tokens for whoever fills pools or swaps, who then need no approval.
export function supplyTokens(chain, { manager, router, router02, swapper }, tokens) {
    for (const token of tokens) {
        mintMany(chain, token, [ADMIN, swapper], [PLENTY, PLENTY]);
        for (const spender of [manager, router, router02]) trust(chain, token, spender);
    }
}

/// Resolves to { address, token0, token1, fee, spacing }: a pool of two tokens at sqrt(price) * 2^96.
export async function makePool(chain, { factory }, a, b, fee, sqrtPrice) {
    const [token0, token1] = BigInt(a.address) < BigInt(b.address) ? [a, b] : [b, a];
    const args = [token0.address, token1.address, fee];
    chain.send({ to: factory, abi: FACTORY_ABI, functionName: "createPool", args, gas: GAS });
    await chain.mine();
    const address = await chain.read({ to: factory, abi: FACTORY_ABI, functionName: "getPool", args });
    chain.send({ to: address, abi: POOL_ABI, functionName: "initialize", args: [sqrtPrice], gas: GAS });
    await chain.mine();
    return { address, token0, token1, fee, spacing: SPACINGS[fee] };
}

/// Queues a position of at most so much of either token.
export function addPosition(chain, { manager }, pool, lower, upper, amount0, amount1) {
    const params = {
        token0: pool.token0.address,
        token1: pool.token1.address,
        fee: pool.fee,
        tickLower: lower,
        tickUpper: upper,
        amount0Desired: amount0,
        amount1Desired: amount1,
        amount0Min: 0n,
        amount1Min: 0n,
        recipient: ADMIN,
        deadline: 2n ** 40n,
    };
    chain.send({ to: manager, abi: MANAGER_ABI, functionName: "mint", args: [params], gas: GAS });
}

/// A price of whole tokens as the pool keeps it, rounded down.
export function sqrtPriceOf(token0, token1, price) {
    const [numerator, denominator] = price;
    const ratio = (numerator * 10n ** BigInt(token1.decimals) << 192n) / (denominator * 10n ** BigInt(token0.decimals));
    return integerRoot(ratio);
}

export function integerRoot(value) {
    let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
    for (;;) {
        const next = (root + value / root) >> 1n;
        if (next >= root) return root;
        root = next;
    }
}

/// sqrt(1.0001^tick) * 2^96, close enough to be a price limit.
export function sqrtPriceNear(tick) {
    return BigInt(Math.floor(1.0001 ** (tick / 2) * 2 ** 52)) << 44n;
}

/// What the pool says of itself.
export async function readState(chain, pool, block = "latest") {
    const read = (functionName) => chain.read({ to: pool.address, abi: POOL_ABI, functionName, block });
    const [slot, liquidity] = [await read("slot0"), await read("liquidity")];
    return { sqrt_price_x96: String(slot[0]), tick: String(slot[1]), liquidity: String(liquidity) };
}

/// [[pools]] of the configuration.
export function poolsToml(pools, { router, router02, band = 10_000 } = {}) {
    const key = (name, address) => (address ? [`${name} = "${address}"`] : []);
    return pools
        .map(({ address }) =>
            [
                "[[pools]]",
                'kind = "uniswap_v3"',
                'chain = "devnet"',
                `address = "${address}"`,
                `band_bps = ${band}`,
                ...key("swap_router", router),
                ...key("swap_router_02", router02),
                "",
            ].join("\n"),
        )
        .join("\n");
}
