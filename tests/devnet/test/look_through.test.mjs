// What tokens are claims on, and who acts for whom, equals what the contracts answer.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { getAddress, parseAbi } from "viem";
import { compile } from "../lib/compile.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { audit, margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { addressOf } from "../lib/random.mjs";
import { mintMany } from "../lib/tokens.mjs";

const require = createRequire(import.meta.url);
const SAFE = "@safe-global/safe-contracts/build/artifacts/contracts";
const Safe = require(`${SAFE}/Safe.sol/Safe.json`);
const SafeProxyFactory = require(`${SAFE}/proxies/SafeProxyFactory.sol/SafeProxyFactory.json`);
const claims = (name) => compile(["devnet/Claims.sol"])[name];
const ZERO = "0x0000000000000000000000000000000000000000";

const HELD = 7_000_000_000_000_000_013n; // odd, so that every rounding shows
const holder = addressOf("margrave devnet", "claims holder");
const signer = addressOf("margrave devnet", "claims signer");
const stranger = addressOf("margrave devnet", "claims stranger");

describe("look-through", { skip }, () => {
    let devnet, chain, vault, nested, stake, aToken, registry, safe, proxy;

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 1 });
        chain = devnet.chain;
        const { WETH, USDC } = devnet.tokens;
        vault = chain.deploy(claims("Vault"), [WETH.address, "vWETH"]);
        stake = chain.deploy(claims("WrappedStake"), [WETH.address, 1_234_567n, 1_000_003n]);
        await chain.mine();
        nested = chain.deploy(claims("Vault"), [vault, "vvWETH"]);
        await chain.mine();
        const give = (to, who, amount) =>
            chain.send({ to, abi: claims("Vault").abi, functionName: "give", args: [who, amount] });
        give(vault, nested, 5n * 10n ** 18n);
        give(nested, holder, HELD);
        give(stake, holder, HELD);
        mintMany(chain, WETH, [vault], [11n * 10n ** 18n + 1n]);

        // A balance in the pool: its token is a claim, and the account as well.
        const market = devnet.markets.at(-1);
        mintMany(chain, WETH, [holder], [10n ** 18n]);
        mintMany(chain, USDC, [signer], [5_000_000n]);
        const pool = parseAbi(["function supply(address,uint256,address,uint16)"]);
        const supply = [WETH.address, 10n ** 18n, holder, 0];
        chain.send({ from: holder, to: market.pool, abi: pool, functionName: "supply", args: supply });
        await chain.mine();
        aToken = await chain.read({
            to: market.pool,
            abi: parseAbi(["function getReserveAToken(address) view returns (address)"]),
            functionName: "getReserveAToken",
            args: [WETH.address],
        });

        // A real Safe of two owners, one of them the signer, and the registry's proxy of the holder.
        const singleton = chain.deploy(Safe);
        const factory = chain.deploy(SafeProxyFactory);
        registry = chain.deploy(claims("ProxyRegistry"));
        await chain.mine();
        const { abi } = SafeProxyFactory;
        const args = [singleton, "0x", 7n];
        safe = await chain.read({ to: factory, abi, functionName: "createProxyWithNonce", args });
        chain.send({ to: factory, abi, functionName: "createProxyWithNonce", args });
        await chain.mine();
        chain.send({
            to: safe,
            abi: Safe.abi,
            functionName: "setup",
            args: [[stranger, signer], 2n, ZERO, "0x", ZERO, ZERO, 0n, ZERO],
        });
        chain.send({ to: registry, abi: claims("ProxyRegistry").abi, functionName: "build", args: [holder] });
        await chain.mine();
        proxy = await read(registry, "ProxyRegistry", "proxies", holder);
        mintMany(chain, WETH, [proxy, safe], [3n * 10n ** 18n, 10n ** 18n]);
        await chain.mine();
    });
    after(() => devnet?.stop());

    const assets = () =>
        [
            ["vWETH", vault],
            ["vvWETH", nested],
            ["wstake", stake],
            ["aWETH", aToken],
        ]
            .map(([symbol, address]) => [
                "[[assets]]",
                'chain = "devnet"',
                `symbol = "${symbol}"`,
                `address = "${getAddress(address)}"\n`,
            ])
            .map((lines) => lines.join("\n"))
            .join("\n");
    const config = ({ safeAt = safe } = {}) => {
        const chainId = "chain_id = 31337";
        const base = devnet.configToml().replace(chainId, `${chainId}\nproxy_registry = "${getAddress(registry)}"`);
        const account = `[[smart_accounts]]\nchain = "devnet"\nkind = "safe"\naddress = "${getAddress(safeAt)}"\n`;
        return writeConfig([base, assets(), account].join("\n"));
    };
    const read = (to, name, functionName, ...args) => chain.read({ to, abi: claims(name).abi, functionName, args });

    test("amounts equal the contracts' answers at every level", async () => {
        const report = await audit(config(), [holder]);
        const token = (address) => report.portfolio.look_through.find(({ asset }) => asset === getAddress(address));

        const shares = await read(nested, "Vault", "convertToAssets", HELD);
        const ether = await read(vault, "Vault", "convertToAssets", shares);
        const twice = token(nested);
        assert.equal(twice.amount_raw, String(HELD));
        assert.equal(twice.worth_raw, String(ether));
        assert.equal(twice.worth_is_answered, true);
        assert.deepEqual(
            twice.claims.map(({ kind, underlying }) => [kind, underlying]),
            [
                ["erc4626", getAddress(vault)],
                ["erc4626", getAddress(devnet.tokens.WETH.address)],
            ],
        );
        assert.equal(twice.claims[0].rate_raw, String(await read(nested, "Vault", "convertToAssets", 10n ** 18n)));

        const staked = token(stake);
        assert.equal(staked.worth_raw, String(await read(stake, "WrappedStake", "getStETHByWstETH", HELD)));
        assert.equal(staked.claims[0].kind, "wsteth");
        assert.equal(staked.claims[0].rate_raw, String(await read(stake, "WrappedStake", "stEthPerToken")));
    });

    test("a pool's token is a claim, and counts once beside its account", async () => {
        const report = await audit(config(), [holder]);
        const held = report.holdings.find(({ asset }) => asset === getAddress(aToken));
        assert.ok(held);
        assert.equal(held.counted_in, `aave_v3/${devnet.markets.at(-1).name}`);
        const supplied = report.accounts.find(({ wallet }) => wallet === getAddress(holder)).legs[0];
        assert.equal(held.amount_raw, supplied.amount_raw);
    });

    test("a Safe's owner and a proxy's owner bring their accounts along", async () => {
        const report = await audit(config(), [holder, signer]);
        const found = report.portfolio.smart_accounts;
        assert.deepEqual(new Set(found.map(({ wallet }) => wallet)), new Set([getAddress(safe), getAddress(proxy)]));
        const ofSafe = found.find(({ kind }) => kind === "safe");
        assert.deepEqual(new Set(ofSafe.owners), new Set([stranger, signer].map((owner) => getAddress(owner))));
        assert.equal(ofSafe.threshold, 2);
        const weth = (wallet) =>
            report.holdings.find((one) => one.wallet === getAddress(wallet) && one.symbol === "WETH")?.amount_raw;
        assert.equal(weth(proxy), String(3n * 10n ** 18n));
        assert.equal(weth(safe), String(10n ** 18n));
    });

    test("nobody's Safe stays out, and one that is none is a gap", async () => {
        const alone = await audit(config(), [addressOf("margrave devnet", "claims nobody")]);
        assert.deepEqual(alone.portfolio.smart_accounts, []);
        const { code, json } = await margrave(["audit", holder, "--config", config({ safeAt: registry }), "--json"]);
        assert.equal(code, 4);
        const named = ({ protocol, detail }) => protocol === "safe" && detail.includes(getAddress(registry));
        assert.ok(json.gaps.some(named));
    });
});
