// Every e-mode of a market is read, whoever is audited, so that entering one can be judged as the contract judges it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { encodeFunctionData, parseAbi } from "viem";
import { POOL } from "../lib/aave.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { agree, reasonOf } from "../lib/refusals.mjs";
import { Replay, skip } from "../lib/replay.mjs";

const LAST = 255;
// Not a category, but asked for in both markets.
const ABSENT = 9;
const NEWER = parseAbi([
    "function getEModeCategoryCollateralConfig(uint8 id) view returns (uint16 ltv, uint16 threshold, uint16 bonus)",
]);
const OLDER = parseAbi([
    "struct Category { uint16 ltv; uint16 threshold; uint16 bonus; address priceSource; string label; }",
    "function getEModeCategoryData(uint8 id) view returns (Category)",
]);

describe("e-modes", { skip, concurrency: false }, () => {
    let devnet, file, snapshot, wallet, block;

    before(async () => {
        devnet = await startDevnet({ wallets: 30, observations: 1 });
        block = devnet.observations[0].number;
        // One wallet, in no e-mode.
        wallet = devnet.scenario.find(({ label }) => label === "healthy").address;
        file = path.join(temporaryFolder(), "snapshot.json");
        const options = ["--config", writeConfig(devnet.configToml()), "--block", String(block)];
        const { code, stderr } = await margrave(["audit", wallet, ...options, "--snapshot-out", file]);
        assert.equal(code, 0, stderr);
        snapshot = JSON.parse(fs.readFileSync(file, "utf8"));
    });
    after(() => devnet?.stop());

    const stateOf = ({ name }) => snapshot.markets.find(({ state }) => state.market === name).state;

    async function termsOnChain({ pool, name }) {
        const [abi, functionName] = name === "v30" ? [OLDER, "getEModeCategoryData"] : [NEWER, "getEModeCategoryCollateralConfig"];
        const out = {};
        for (let id = 1; id <= LAST; id++) {
            const answer = await devnet.client.readContract({ address: pool, abi, functionName, args: [id], blockNumber: block });
            const [ltv, threshold, bonus] = Array.isArray(answer)
                ? answer
                : [answer.ltv, answer.threshold, answer.bonus];
            if (threshold) out[id] = [ltv, threshold, bonus].map(String);
        }
        return out;
    }

    test("are all there, with the contract's terms, with nobody in them", async () => {
        for (const market of devnet.markets) {
            const state = stateOf(market);
            const read = Object.fromEntries(
                state.emodes.map(({ id, ltv_bps, liquidation_threshold_bps, liquidation_bonus_bps }) => [
                    id,
                    [ltv_bps, liquidation_threshold_bps, liquidation_bonus_bps],
                ]),
            );
            assert.deepEqual(read, await termsOnChain(market), market.name);
            assert.deepEqual(Object.keys(read).map(Number), market.emodes.map(({ id }) => id), market.name);
            assert.deepEqual(state.unread_emodes, []);
        }
    });

    test("are entered, or refused, as the contract does", async () => {
        const replay = new Replay(file);
        try {
            const counted = { done: 0, refused: 0 };
            for (const market of devnet.markets) {
                if (!stateOf(market).accounts.some((account) => account.wallet.toLowerCase() === wallet.toLowerCase())) continue;
                for (const category of [...market.emodes.map(({ id }) => id), ABSENT, 0]) {
                    const answer = await replay.ask({
                        act: { market: market.name, wallet, kind: "emode", category },
                    });
                    const theirs = await refusalOnChain(market, category);
                    const ours = answer.ok ? null : answer.reason;
                    assert.ok(
                        ours === theirs || (ours && theirs && agree(ours, theirs)),
                        `${market.name} e-mode ${category}: ${ours}, contract ${theirs}`,
                    );
                    counted[ours ? "refused" : "done"]++;
                    // Back to where it was, for the next one.
                    if (answer.ok && category !== 0) await replay.ask({ act: { market: market.name, wallet, kind: "emode", category: 0 } });
                }
            }
            assert.ok(counted.done > 0 && counted.refused > 0, JSON.stringify(counted));
        } finally {
            replay.stop();
        }
    });

    async function refusalOnChain({ pool }, category) {
        const data = encodeFunctionData({ abi: POOL, functionName: "setUserEMode", args: [category] });
        try {
            await devnet.chain.rpc("eth_call", [{ from: wallet, to: pool, data }, `0x${block.toString(16)}`]);
            return null;
        } catch (error) {
            return reasonOf(error.data);
        }
    }
});
