// The demo's recorded cascade, real Aave markets and a real Uniswap v3 pool, by both engines: the same accounts in the
// same rounds, amounts to 1e-7; and a report of the fast one keeps to its schema.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { margrave, skip, temporaryFolder } from "../lib/margrave.mjs";
import { assertValid } from "../lib/schemas.mjs";

const demo = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../config/demo");

async function play(text) {
    const playbook = path.join(temporaryFolder(), "playbook.toml");
    fs.writeFileSync(playbook, text);
    const source = ["--config", path.join(demo, "demo.toml"), "--replay", path.join(demo, "cascade_exchange.json")];
    const { code, stderr, json } = await margrave(["cascade", "--playbook", playbook, ...source, "--json"]);
    assert.equal(code, 0, stderr);
    assertValid("cascade.schema.json", json);
    return json;
}

const isClose = (a, b) => Math.abs(Number(a) - Number(b)) <= 1e-7 * Math.max(Number(a), Number(b)) + 100;

test("both engines liquidate the same accounts in the same rounds", { skip }, async () => {
    const text = fs.readFileSync(path.join(demo, "playbook.toml"), "utf8");
    for (const fall of [3, 8]) {
        const shock = text.replace(/"ETH\/USD" = "[^"]*"/, `"ETH/USD" = "-${fall}%"`);
        const exact = await play(shock);
        const fast = await play(shock.replace('engine = "exact"', 'engine = "fast"'));
        assert.deepEqual([exact.engine, exact.near, fast.engine], ["exact", null, "fast"]);
        assert.deepEqual(fast.near.accounts, [], "near accounts");
        const keys = ["protocol", "market", "wallet", "collateral", "debt", "ok", "reason"];
        const who = ({ rounds }) =>
            rounds.map((round) => round.liquidations.map((call) => keys.map((key) => call[key]).join(" ")));
        assert.deepEqual(who(fast), who(exact), `a fall of ${fall} %`);
        assert.ok(exact.rounds.length > 0, `nobody falls at ${fall} %`);
        exact.rounds.forEach((round, i) =>
            round.liquidations.forEach((call, k) => {
                for (const key of ["repaid_raw", "seized_raw", "fee_raw"]) {
                    const found = fast.rounds[i].liquidations[k][key];
                    assert.ok(isClose(call[key], found), `${key} ${call[key]}, fast ${found}`);
                }
            }),
        );
        exact.own.forEach((own, i) => assert.equal(fast.own[i].cascade_move, own.cascade_move));
        assert.ok(fast.static.greatest.accounts <= fast.static.least.accounts);
    }
});
