// A vault's shares are looked through to the markets that it lends in: what the vault lends in each of them, with
// interest, is what Morpho's own library says.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { getAddress } from "viem";
import { compile } from "../lib/compile.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { audit, margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { MORPHO } from "../lib/morpho.mjs";
import { addressOf } from "../lib/random.mjs";
import { mintMany } from "../lib/tokens.mjs";

const Vault = compile(["devnet/LendingVault.sol"]).LendingVault;
const holder = addressOf("margrave devnet", "vault holder");
const other = addressOf("margrave devnet", "other vault holder");
const AMOUNTS = [1_234_567_890_123n, 777_777_777_777n, 99_999_999n, 0n];
const SHARES = 31_415_926_535_897n;

describe("a vault over Morpho Blue", { skip }, () => {
    let devnet, chain, vault, markets, block;

    before(async () => {
        devnet = await startDevnet({ wallets: 80, observations: 1, aave: false, morpho: true });
        chain = devnet.chain;
        const { USDC } = devnet.tokens;
        // A mock's rate with a fee, the adaptive one, the idle market, and one in which nothing is lent.
        const lends = devnet.blue.markets.filter(({ loan }) => loan === USDC);
        const pick = (holds) => lends.find(holds);
        markets = [
            pick(({ rates, fee }) => rates === "mock" && fee),
            pick(({ rates }) => rates === "adaptive"),
            pick(({ collateral }) => !collateral),
            lends.at(1),
        ];
        vault = chain.deploy(Vault, [USDC.address, devnet.blue.morpho, markets.map(({ id }) => id)]);
        await chain.mine();
        mintMany(chain, USDC, [vault], [10n ** 13n]);
        await chain.mine();
        AMOUNTS.forEach((amount, place) => amount && send("lend", place, amount));
        send("give", holder, SHARES);
        send("give", other, 3n * SHARES);
        await chain.mine();
        ({ number: block } = await chain.mine({ seconds: 40 * 86_400 })); // interest that no market has stored
    });
    after(() => devnet?.stop());

    const send = (functionName, ...args) => chain.send({ to: vault, abi: Vault.abi, functionName, args });
    const read = (functionName, ...args) => chain.read({ to: vault, abi: Vault.abi, functionName, args }, block);
    const config = () =>
        writeConfig(
            `${devnet.configToml()}\n[[assets]]\nchain = "devnet"\nsymbol = "lvUSDC"\naddress = "${getAddress(vault)}"\n`,
        );

    test("each market's part equals Morpho's own figure at the block", async () => {
        const report = await audit(config(), [holder]);
        const parts = report.portfolio.lent_by_vaults;
        const total = await read("totalAssets");
        const worth = await read("convertToAssets", SHARES);
        assert.deepEqual(
            parts.map(({ market }) => market),
            markets.slice(0, 3).map(({ id }) => id),
        );
        for (const [place, part] of parts.entries()) {
            const lent = await read("lent", BigInt(place));
            assert.notEqual(lent, 0n);
            assert.equal(part.vault_lent_raw, String(lent));
            assert.equal(part.ours_raw, String((worth * lent) / total));
            assert.equal(part.vault, getAddress(vault));
            assert.equal(part.collateral_symbol, markets[place].collateral?.symbol ?? "none");
        }
        // Interest is in it, and it is not what the market has stored.
        assert.ok(BigInt(parts[0].vault_lent_raw) > AMOUNTS[0]);
        const stored = await chain.read(
            { to: devnet.blue.morpho, abi: MORPHO, functionName: "market", args: [markets[0].id] },
            block,
        );
        assert.ok(BigInt(parts[0].market_supplied_raw) > stored[0]);
        const sum = parts.reduce((all, part) => all + BigInt(part.vault_lent_raw), 0n);
        assert.equal(sum, total);
    });

    test("a market that fails takes its part of the shares along", async () => {
        const args = ["graph", holder, "--config", config(), "--fails", `market:devnet/morpho_blue/${markets[0].id}`, "--json"];
        const { code, json } = await margrave(args);
        assert.equal(code, 0);
        const edge = json.edges.find(({ relation, to }) => relation === "lent in" && to.endsWith(markets[0].id));
        const total = await read("totalAssets");
        const lent = await read("lent", 0n);
        const part = (lent * 10n ** 18n) / total;
        assert.equal(BigInt(edge.part.replace(".", "").replace(/^0+/, "").padEnd(1, "0")), part);
        assert.equal(json.failure.lost.length, 1);
        assert.match(json.failure.lost[0].by, /lent in morpho_blue/);
    });

    test("a cascade that writes off debt where the vault lends takes the holder's part", async () => {
        const [{ id, loan }] = markets;
        const parts = (await audit(config(), [holder])).portfolio.lent_by_vaults;
        const playbook = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "margrave-vault-")), "playbook.toml");
        fs.writeFileSync(
            playbook,
            `[cascade]\nchain = "devnet"\nmarkets = [ { protocol = "morpho_blue", market = "${id}" } ]\n` +
                `wallets = ${JSON.stringify(devnet.wallets)}\nown = ["${holder}"]\n` +
                `[cascade.shock]\nprice = { "ETH/USD" = "-70%" }\n`,
        );
        const command = ["cascade", "--playbook", playbook, "--config", config(), "--json"];
        const { json, stderr } = await margrave([...command, "--block", String(block)]);
        assert.ok(json, stderr);
        const lent = json.lent.find(({ market, symbol }) => market === id && symbol === loan.symbol);
        const writtenOff = BigInt(lent.written_off_raw);
        assert.ok(writtenOff > 0n, "nothing is written off");
        assert.equal(lent.own_by_others_raw, parts[0].ours_raw);
        assert.equal(lent.own_before_raw, "0");
        const supplied = BigInt(lent.before.supplied_raw);
        assert.equal(lent.own_loss_raw, String((writtenOff * BigInt(parts[0].ours_raw)) / supplied));
        assert.equal(lent.before.supplied_raw, parts[0].market_supplied_raw);

        // Over an indexed book it is the same: what the vault lends stands in no borrower's row.
        const book = path.join(path.dirname(playbook), "market.book");
        const target = `morpho_blue/${id}`;
        const indexed = await margrave(["index", "--market", target, "--chain", "devnet", "--book", book, "--config", config()]);
        assert.ok(fs.existsSync(book), indexed.stderr);
        const words = fs.readFileSync(playbook, "utf8");
        fs.writeFileSync(playbook, words.replace(/^wallets = .*$/m, `book = ${JSON.stringify(book)}`));
        const byBook = await margrave(command);
        assert.ok(byBook.json, byBook.stderr);
        assert.deepEqual(byBook.json.lent, json.lent);
    });

    test("a vault whose market cannot be read is a gap", async () => {
        const broken = devnet.blue.markets.find(({ loan }) => loan === devnet.tokens.USDC);
        const missing = `0x${"77".repeat(32)}`;
        const bad = chain.deploy(Vault, [devnet.tokens.USDC.address, broken.oracle, [missing]]);
        await chain.mine();
        chain.send({ to: bad, abi: Vault.abi, functionName: "give", args: [holder, 1n] });
        await chain.mine();
        const toml = `${devnet.configToml()}\n[[assets]]\nchain = "devnet"\nsymbol = "bad"\naddress = "${getAddress(bad)}"\n`;
        const { code, json } = await margrave(["audit", holder, "--config", writeConfig(toml), "--json"]);
        assert.equal(code, 4);
        assert.ok(json.gaps.some(({ detail }) => detail.includes(`look-through of ${getAddress(bad)}`)));
    });
});
