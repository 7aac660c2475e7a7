// A chain without Multicall3 takes more requests and gives the same report.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { audit, skip, writeConfig } from "../lib/margrave.mjs";
import { MULTICALL3, installMulticall3 } from "../lib/multicall3.mjs";

const ELSEWHERE = "0x000000000000000000000000000000000000cA11";
const NOWHERE = "0x000000000000000000000000000000000000dEaD";

describe("a chain without Multicall3", { skip }, () => {
    let devnet, block, expected;

    before(async () => {
        devnet = await startDevnet({ wallets: 20, observations: 1 });
        await installMulticall3(devnet.chain, ELSEWHERE);
        await devnet.chain.rpc("anvil_setCode", [MULTICALL3, "0x"]);
        block = (await devnet.chain.mine()).number;
        expected = await auditWith(ELSEWHERE);
        assert.ok(expected.accounts.length > 20);
    });
    after(() => devnet?.stop());

    async function auditWith(multicall3) {
        const { accounts, holdings, exposure, gaps } = await audit(
            writeConfig(devnet.configToml({ multicall3 })),
            devnet.wallets,
            { block },
        );
        return { accounts, holdings, exposure, gaps };
    }

    test("is audited the same when the configuration names none", async () => {
        assert.deepEqual(await auditWith(null), expected);
    });

    test("is audited the same when the configured address has no code", async () => {
        assert.deepEqual(await auditWith(NOWHERE), expected);
        assert.deepEqual(await auditWith(MULTICALL3), expected);
    });
});
