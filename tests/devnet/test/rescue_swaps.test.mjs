// Plans of `margrave rescue` that swap at a real Uniswap pool are carried out on real Aave, call by call: the target is
// reached, and what the pool takes is what margrave said. MARGRAVE_SEED takes another history.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fs from "node:fs";
import path from "node:path";
import { parseAbi } from "viem";
import { POOL } from "../lib/aave.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { addressOf } from "../lib/random.mjs";
import { readHealth } from "../lib/rescue.mjs";
import { mintMany } from "../lib/tokens.mjs";
import {
    TICK_MAX,
    SWAPPER_ABI,
    addPosition,
    deployUniswap,
    makePool,
    poolsToml,
    sqrtPriceOf,
    supplyTokens,
} from "../lib/uniswap.mjs";

const seed = process.env.MARGRAVE_SEED ?? "margrave";
const TARGET = 15n * 10n ** 17n;
const VALID_FOR_S = 3600;
const VARIABLE = 2n;
// What WETH is worth once it has fallen by a tenth, in dollars.
const PRICE = [2253n, 1n];
const ERC20 = parseAbi([
    "function balanceOf(address) view returns (uint256)",
    "function transfer(address, uint256) returns (bool)",
]);
const SHOP = "0x5000000000000000000000000000000000000001";
const WETH9 = parseAbi(["function deposit() payable", "function approve(address, uint256) returns (bool)"]);
const ETHER = 10n ** 18n;
const MANY = 50_000n;

/// Each has WETH as collateral, owes so many dollars of the debt for a WETH, which are spent, and holds something idle.
const OWNERS = [
    { label: "idle WETH", market: "v36", weth: 20n, debt: "USDC", dollars: 1400n, idle: { WETH: 30n } },
    { label: "idle WETH, other debt", market: "v30", weth: 7n, debt: "DAI", dollars: 1350n, idle: { WETH: 30n } },
    { label: "nothing idle", market: "v36", weth: 11n, debt: "DAI", dollars: 1300n, idle: {} },
    { label: "nothing idle, older", market: "v30", weth: 300n, debt: "USDC", dollars: 1390n, idle: {} },
    { label: "native coin", market: "v36", weth: 9n, debt: "USDC", dollars: 1420n, idle: { DAI: 1n }, wei: 40n * ETHER },
    { label: "large", market: "v36", weth: 2500n, debt: "USDC", dollars: 1400n, idle: { WETH: 5000n } },
];

describe(`rescue plans that swap, seed "${seed}"`, { skip }, () => {
    let devnet, uniswap, pools, report, config;

    before(async () => {
        devnet = await startDevnet({ seed: `${seed} swaps`, wallets: 20, observations: 1 });
        const { chain, tokens } = devnet;
        uniswap = deployUniswap(chain);
        await chain.mine();
        const coin = { symbol: "WETH9", decimals: 18, address: uniswap.weth };
        supplyTokens(chain, uniswap, [tokens.WETH, tokens.USDC, tokens.DAI]);
        await wrap(coin);
        pools = [
            await fillPool(tokens.WETH, tokens.USDC, 500),
            await fillPool(tokens.WETH, tokens.DAI, 3000),
            await fillPool(coin, tokens.USDC, 3000),
        ];
        for (const owner of OWNERS) enter(owner);
        await chain.mine();
        const routed = poolsToml(pools.slice(0, 2), { router: uniswap.router, band: 5000 });
        const routed02 = poolsToml(pools.slice(2), { router02: uniswap.router02, band: 5000 });
        config = writeConfig([devnet.configToml(), routed, routed02].join("\n"));
        report = await plan(OWNERS.map(({ address }) => address));
    });
    after(() => devnet?.stop());

    async function wrap({ address }) {
        const { chain } = devnet;
        const holder = "0xad00000000000000000000000000000000000001";
        await chain.setBalances([[holder, 10n * MANY * ETHER]]);
        chain.sendRaw({ to: address, data: "0xd0e30db0", value: MANY * ETHER });
        chain.send({ to: address, abi: WETH9, functionName: "approve", args: [uniswap.manager, 2n ** 255n] });
        await chain.mine();
    }

    async function fillPool(weth, dollars, fee) {
        const isFirst = BigInt(weth.address) < BigInt(dollars.address);
        const [token0, token1] = isFirst ? [weth, dollars] : [dollars, weth];
        const price = isFirst ? PRICE : [...PRICE].reverse();
        const pool = await makePool(devnet.chain, uniswap, weth, dollars, fee, sqrtPriceOf(token0, token1, price));
        const end = Math.floor(TICK_MAX / pool.spacing) * pool.spacing;
        const [ethers, others] = [10_000n * ETHER, 22_530_000n * 10n ** BigInt(dollars.decimals)];
        addPosition(devnet.chain, uniswap, pool, -end, end, isFirst ? ethers : others, isFirst ? others : ethers);
        await devnet.chain.mine();
        return pool;
    }

    function enter(owner) {
        const { chain, tokens } = devnet;
        owner.address = addressOf("margrave swaps", owner.label);
        const market = devnet.markets.find(({ name }) => name === owner.market);
        const give = (symbol, whole) =>
            mintMany(chain, tokens[symbol], [owner.address], [whole * 10n ** BigInt(tokens[symbol].decimals)]);
        const call = (functionName, ...args) =>
            chain.send({ from: owner.address, to: market.pool, abi: POOL, functionName, args });
        give("WETH", owner.weth);
        call("supply", tokens.WETH.address, owner.weth * ETHER, owner.address, 0);
        const debt = tokens[owner.debt];
        const owed = owner.weth * owner.dollars * 10n ** BigInt(debt.decimals);
        call("borrow", debt.address, owed, VARIABLE, 0, owner.address);
        const args = [SHOP, owed];
        chain.send({ from: owner.address, to: debt.address, abi: ERC20, functionName: "transfer", args });
        for (const [symbol, whole] of Object.entries(owner.idle)) give(symbol, whole);
    }

    async function plan(wallets, ...options) {
        for (const owner of OWNERS.filter(({ wei }) => wei)) await devnet.chain.setBalances([[owner.address, owner.wei]]);
        const { json, stderr, code } = await margrave([
            ...["rescue", ...wallets, "--json", "--config", config, "--target", "1.5"],
            ...["--valid-for", String(VALID_FOR_S), "--idle-only", ...options],
        ]);
        assert.equal(code, 0, stderr);
        return json;
    }

    const ownerOf = (account) => OWNERS.find(({ address }) => address.toLowerCase() === account.wallet.toLowerCase());
    const swapsOf = (plan) => plan.steps.filter(({ action }) => action === "swap");

    /// Every plan that swaps and consists of calls alone.
    const executable = () =>
        report.accounts.flatMap((account) =>
            (account.plan ? [account.plan, ...account.alternatives] : [])
                .filter((plan) => swapsOf(plan).length > 0 && plan.not_encoded.length === 0)
                .map((plan) => ({ account, plan })),
        );

    async function carryOut({ wallet }, { calls }, seconds) {
        for (const { to, data, value } of calls) {
            devnet.chain.sendRaw({ from: wallet.toLowerCase(), to, data, value: BigInt(value) });
        }
        return devnet.chain.mine({ seconds });
    }

    const balance = (token, wallet) =>
        token
            ? devnet.chain.read({ to: token, abi: ERC20, functionName: "balanceOf", args: [wallet] })
            : devnet.chain.rpc("eth_getBalance", [wallet, "latest"]).then(BigInt);

    test("every owner has a plan whose swaps have calls", () => {
        const owners = new Set(executable().map(({ account }) => ownerOf(account).label));
        assert.deepEqual([...owners].sort(), OWNERS.map(({ label }) => label).sort());
        for (const { plan } of executable()) {
            for (const { pool, sold } of swapsOf(plan)) {
                assert.equal(pool.kind, "uniswap_v3");
                // Half a percent of slippage, rounded up.
                const most = (BigInt(pool.quoted_raw) * 10_050n + 9_999n) / 10_000n;
                assert.equal(BigInt(sold.amount_raw), most);
            }
        }
    });

    test("carried out at the end of the validity or at once, the calls reach the target", async (context) => {
        const plans = executable();
        let native = 0;
        for (const { account, plan } of plans) {
            const name = `${ownerOf(account).label}: ${plan.steps.map(({ action }) => action).join(", ")}`;
            for (const seconds of [0, VALID_FOR_S]) {
                const health = await devnet.chain.onSnapshot(async () => {
                    await carryOut(account, plan, seconds);
                    return readHealth(devnet, account);
                });
                assert.ok(health === null || health >= TARGET, `${name}: ${health}`);
                const expected = seconds ? plan.after_late : plan.after;
                assert.equal(expected.health_factor_raw, health === null ? null : String(health), name);
            }
            if (swapsOf(plan).some(({ sold }) => sold.asset === null)) native++;
        }
        context.diagnostic(`${plans.length} plans carried out, ${native} of them pay with the native coin`);
        assert.ok(plans.length >= OWNERS.length && native > 0);
    });

    test("the pool takes what was quoted, and the rest stays in the wallet", async () => {
        const plans = executable().filter(({ plan }) => swapsOf(plan).length === 1);
        assert.ok(plans.length >= OWNERS.length);
        for (const { account, plan } of plans) {
            const [{ pool, sold, asset, amount_raw }] = swapsOf(plan);
            const moved = plan.steps
                .filter(({ action, asset }) => ["withdraw", "supply"].includes(action) && asset === sold.asset)
                .reduce((sum, { action, amount_raw }) => sum + (action === "withdraw" ? 1n : -1n) * BigInt(amount_raw), 0n);
            await devnet.chain.onSnapshot(async () => {
                const before = await balance(sold.asset, account.wallet);
                await carryOut(account, plan, 0);
                const taken = before + moved - (await balance(sold.asset, account.wallet));
                // The native coin pays for gas, too, which costs next to nothing here.
                const gas = sold.asset === null ? 10n ** 12n : 0n;
                const beyond = taken - BigInt(pool.quoted_raw);
                assert.ok(beyond >= 0n && beyond <= gas, `${ownerOf(account).label}: ${beyond}`);
                assert.ok(asset && BigInt(amount_raw) > 0n);
            });
        }
    });

    test("a price that has moved beyond the slippage makes the swap fail, not dearer", async () => {
        const { account, plan } = executable().find(({ account }) => ownerOf(account).label === "idle WETH");
        const [pool] = pools;
        const zeroForOne = pool.token0.symbol === "WETH";
        const limit = zeroForOne ? 4295128740n : 1461446703485210103287273052203988822378723970341n;
        await devnet.chain.onSnapshot(async () => {
            const args = [pool.address, zeroForOne, 200n * ETHER, limit];
            devnet.chain.send({ to: uniswap.swapper, abi: SWAPPER_ABI, functionName: "swap", args });
            await devnet.chain.mine({ seconds: 0 });
            await assert.rejects(() => carryOut(account, plan, 0), /Too much requested/);
        });
    });

    test("a Safe's batch holds the calls with their values", async () => {
        const file = path.join(temporaryFolder(), "batch.json");
        const { address } = OWNERS.find(({ wei }) => wei);
        const one = await plan([address], "--safe-out", file);
        const { transactions } = JSON.parse(fs.readFileSync(file, "utf8"));
        const plain = ({ to, value, data }) => ({ to, value, data });
        assert.deepEqual(transactions.map(plain), one.accounts[0].plan.calls.map(plain));
        assert.ok(swapsOf(one.accounts[0].plan).length > 0);
    });

    test("the cost of a swap is the pool's fee, its impact, and how far it stands off the oracle", () => {
        const { plan } = executable().find(({ account }) => ownerOf(account).label === "large");
        const [{ sold, pool, amount_raw }] = swapsOf(plan);
        // In millionths of a dollar, by the feeds' answers now.
        const paid = (BigInt(pool.quoted_raw) * devnet.tokens.WETH.price) / 10n ** 20n;
        const got = (BigInt(amount_raw) * devnet.tokens.USDC.price) / 10n ** 8n;
        const reported = BigInt(Math.round(Number(plan.swap_cost_usd) * 1e6));
        assert.ok(sold.symbol === "WETH");
        assert.ok(reported - (paid - got) < 1000n && paid - got - reported < 1000n, `${reported} ${paid - got}`);
        // 0.05 % of fee is the least of it: a thousandth of the pool moves its price more.
        assert.ok(reported * 1000n > got * 2n);
    });
});
