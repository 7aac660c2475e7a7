// Signed reports between margrave and a wallet library, in both directions. Needs no chain: the recorded wallets of the
// demo are audited.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { keccak256, recoverTypedDataAddress, stringToBytes, verifyTypedData } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { margrave, skip, temporaryFolder } from "../lib/margrave.mjs";
import { Random } from "../lib/random.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { documentedProgram, hashOf, signedBy, typedData } from "../lib/signed_report.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const demo = path.join(here, "../../../config/demo");

describe("signed reports", { skip }, () => {
    const folder = temporaryFolder();
    const keyFile = path.join(folder, "reporting.key");
    const account = privateKeyToAccount(keccak256(stringToBytes("a reporting key of the tests")));
    let source, signer, text, report;

    const verify = async (content, ...options) => {
        const file = path.join(folder, "to-verify.json");
        fs.writeFileSync(file, content);
        return margrave(["verify", file, ...options]);
    };
    const audit = (...options) => margrave(["audit", ...source, ...options]);

    before(async () => {
        const wallets = fs.readFileSync(path.join(demo, "wallets.toml"), "utf8").matchAll(/address = "(.*)"/g);
        const config = ["--config", path.join(demo, "demo.toml")];
        const snapshot = path.join(folder, "snapshot.json");
        const replay = ["--replay", path.join(demo, "exchange.json"), "--snapshot-out", snapshot];
        const addresses = [...wallets].map(([, address]) => address);
        assert.equal((await margrave(["audit", ...addresses, ...config, ...replay])).code, 0);
        source = ["--snapshot", snapshot, ...config];
        const made = await margrave(["sign-key", keyFile]);
        assert.equal(made.code, 0, made.stderr);
        signer = made.stdout.trim();
        ({ stdout: text, json: report } = await audit("--json", "--sign", keyFile));
    });

    test("keep to the schema, and are the report with one more member", async () => {
        assertValid("report.schema.json", report);
        const { signature, ...content } = report;
        assert.deepEqual(content, (await audit("--json")).json);
        assert.throws(() => assertValid("report.schema.json", { ...content, signature: { ...signature, more: 1 } }));
    });

    test("by margrave verify with viem", async () => {
        const { signature, ...content } = report;
        assert.equal(signature.report_hash, hashOf(content));
        assert.equal(await recoverTypedDataAddress({ ...typedData(content), signature: signature.signature }), signer);
        assert.equal(signature.signer, signer);
        // What the report states of itself is the same typed data.
        const stated = {
            domain: signature.domain,
            types: signature.types,
            primaryType: signature.primary_type,
            message: { schema: content.schema, reportHash: signature.report_hash },
        };
        assert.ok(await verifyTypedData({ ...stated, address: signer, signature: signature.signature }));
    });

    test("are the one signature that viem makes with the same key", async () => {
        const secret = JSON.parse(fs.readFileSync(keyFile, "utf8")).secret;
        const { signature, ...content } = report;
        assert.deepEqual(await signedBy(privateKeyToAccount(secret), content), report);
    });

    test("by viem verify with margrave", async () => {
        const { signature, ...content } = report;
        const signed = JSON.stringify(await signedBy(account, content));
        const { code, json, stderr } = await verify(signed, "--signer", account.address, "--json");
        assert.equal(code, 0, stderr);
        assertValid("verification.schema.json", json);
        assert.equal(json.valid, true);
        assert.equal(json.signer, account.address);
        assert.equal(json.report_hash, hashOf(content));
        const other = await verify(signed, "--signer", signer, "--json");
        assert.equal(other.code, 6);
        assertValid("verification.schema.json", other.json);
        assert.match(other.stderr, new RegExp(`it is signed by ${account.address}, not by ${signer}\n$`));
    });

    test("verify when their text is not ASCII and their numbers are fractions", async () => {
        const odd = { schema: "margrave.report/1", "€": "\u2028 \u{1f600}", "\ufb33": [0.1, -1e-7, 1e21] };
        odd["\u{1f600}"] = { 10: 1, 9: 2 };
        assert.equal((await verify(JSON.stringify(await signedBy(account, odd)), "--signer", account.address)).code, 0);
    });

    test("verify by the program of docs/signed-reports.md, which notices a change", () => {
        // Beside node_modules, so that it finds viem.
        const program = path.join(here, `../.verify-${process.pid}.mjs`);
        const file = path.join(folder, "documented.json");
        const run = (content, expected) => {
            fs.writeFileSync(file, content);
            return spawnSync(process.execPath, [program, file, expected], { encoding: "utf8" });
        };
        try {
            fs.writeFileSync(program, documentedProgram());
            assert.equal(run(text, signer).stdout, `margrave.report/1 signed by ${signer}\n`);
            assert.notEqual(run(text, account.address).status, 0);
            assert.notEqual(run(text.replace('"healthy"', '"at_risk"'), signer).status, 0);
        } finally {
            fs.rmSync(program, { force: true });
        }
    });

    test("fail for any one flipped bit", async () => {
        assert.equal((await verify(text, "--signer", signer)).code, 0);
        const random = new Random("flips");
        const bytes = Buffer.from(text);
        for (let i = 0; i < 60; i++) {
            const flipped = Buffer.from(bytes);
            const at = random.below(bytes.length);
            flipped[at] ^= 1 << random.below(8);
            const { code, stdout, stderr } = await verify(flipped);
            assert.ok(code === 6 || code === 2, `byte ${at} flipped, exit code ${code}: ${stdout}`);
            assert.match(stderr, /^margrave: [^\n]+\n$/);
        }
    });

    test("are told from unsigned ones", async () => {
        const { code, json, stderr } = await verify((await audit("--json")).stdout, "--json");
        assert.equal(code, 6);
        assert.match(stderr, /it carries no signature/);
        assertValid("verification.schema.json", json);
    });
});
