// A saved snapshot gives the report again, byte for byte, without a node; both files keep to their schemas.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { assertValid } from "../lib/schemas.mjs";

describe("a snapshot", { skip }, () => {
    let devnet, config, live;
    const file = path.join(temporaryFolder(), "snapshot.json");

    before(async () => {
        devnet = await startDevnet({ wallets: 60, observations: 1 });
        config = writeConfig(devnet.configToml());
        live = { json: await auditLive(["--json"]), text: await auditLive([]) };
        // Nothing below may ask the node.
        await devnet.stop();
    });
    after(() => devnet?.stop());

    const auditLive = (options) =>
        succeed([
            "audit",
            ...devnet.wallets,
            "--config",
            config,
            "--block",
            String(devnet.observations[0].number),
            "--snapshot-out",
            file,
            ...options,
        ]);
    const auditSaved = (options) => succeed(["audit", "--snapshot", file, "--config", config, ...options]);

    test("gives the same JSON", async () => assert.equal(await auditSaved(["--json"]), live.json));
    test("gives the same text", async () => assert.equal(await auditSaved([]), live.text));

    test("keeps to docs/snapshot.schema.json", () => {
        assertValid("snapshot.schema.json", JSON.parse(fs.readFileSync(file, "utf8")));
    });

    test("makes a report that keeps to docs/report.schema.json", () => {
        const report = JSON.parse(live.json);
        assertValid("report.schema.json", report);
        assert.ok(report.accounts.length > 60);
    });
});

async function succeed(args) {
    const { code, stdout, stderr } = await margrave(args);
    assert.equal(code, 0, stderr);
    return stdout;
}
