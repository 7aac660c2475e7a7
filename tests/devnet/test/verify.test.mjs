// `margrave audit --verify` asks the contracts' own account views too and says whether they agree.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, writeConfig } from "../lib/margrave.mjs";
import { startProxy } from "../lib/proxy.mjs";
import { tamperWithAccountData } from "../lib/tamper.mjs";

describe("audit --verify", { skip }, () => {
    let devnet, block;

    before(async () => {
        devnet = await startDevnet({ wallets: 40, observations: 1 });
        block = String(devnet.observations[0].number);
    });
    after(() => devnet?.stop());

    const verify = (config) =>
        margrave(["audit", ...devnet.wallets, "--config", config, "--block", block, "--verify", "--json"]);

    test("agrees with honest contracts and exits 0", async () => {
        const { code, stderr } = await verify(writeConfig(devnet.configToml()));
        assert.equal(code, 0, stderr);
    });

    test("exits 1 when the contracts' own answer differs by a single unit of debt", async () => {
        const proxy = await startProxy(
            devnet.rpcUrl,
            tamperWithAccountData(({ debt, ...rest }) => ({ ...rest, debt: debt + 1n })),
        );
        try {
            const { code, stderr } = await verify(writeConfig(devnet.configToml({ rpc: proxy.url })));
            assert.equal(code, 1, stderr);
        } finally {
            await proxy.stop();
        }
    });
});
