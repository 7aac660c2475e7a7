// Every answer in JSON keeps to its schema in docs/: of the recorded wallets of the demo, and of a devnet where some
// things cannot be read.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertValid } from "../lib/schemas.mjs";
import { startDevnet } from "../lib/devnet.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";

const demo = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../config/demo");
const schemaOf = (json) => `${json.schema.replace(/^margrave\./, "").replace(/\/1$/, "")}.schema.json`;

async function ask(args, codes = [0]) {
    const { code, stderr, json } = await margrave([...args, "--json"]);
    assert.ok(codes.includes(code) && json, `margrave ${args.slice(0, 12).join(" ")} exited with ${code}: ${stderr}`);
    assertValid(schemaOf(json), json);
    return json;
}

test("alerts of every quantity keep to their schema", { skip }, async () => {
    const config = writeConfig('[[rules]]\nname = "x"\nwatch = "nonsense"\nseverity = "info"\nfire_below = "1"\n');
    const { stderr } = await margrave(["check-config", "--config", config]);
    const quantities = stderr.match(/"nonsense" is none of (.*)/)[1].trim().split(", ");
    const schema = JSON.parse(fs.readFileSync(path.join(demo, "../../docs/alert.schema.json"), "utf8"));
    assert.ok(quantities.length > 10);
    assert.deepEqual([...schema.properties.quantity.enum].sort(), quantities.sort());
});

test("the chains keep to theirs, with all that is known of one and with nothing", { skip }, async () => {
    const { chains } = await ask(["chains", "--config", writeConfig("[chains.bare]\nchain_id = 31337\n")]);
    const of = (name) => chains.find(({ chain }) => chain === name);
    assert.deepEqual([of("bare").finality, of("bare").block_number], [null, "own"]);
    assert.deepEqual([of("arbitrum").finality, of("arbitrum").block_number], ["parent", "parent"]);
    assert.deepEqual(new Set(chains.map(({ finality }) => finality)), new Set(["instant", "votes", "epochs", "parent", "proof", null]));
});

describe("answers about the recorded wallets", { skip }, () => {
    const source = [];
    const wallets = {};

    before(async () => {
        const text = fs.readFileSync(path.join(demo, "wallets.toml"), "utf8");
        for (const [, address, label] of text.matchAll(/address = "(.*)"\nlabel = "(.*)"/g)) wallets[label] = address;
        const file = path.join(temporaryFolder(), "demo.json");
        const config = ["--config", path.join(demo, "demo.toml")];
        const replay = ["--replay", path.join(demo, "exchange.json"), "--snapshot-out", file];
        await ask(["audit", ...Object.values(wallets), ...config, ...replay]);
        source.push("--snapshot", file, ...config);
    });

    test("a report", () => ask(["audit", ...source]));

    test("a liquidation that is done, one that is refused and one that is not modelled", async () => {
        const call = ["liquidate", wallets.liquidatable, ...source, "--collateral", "WETH", "--debt"];
        assert.equal((await ask([...call, "USDC"])).eligible, true);
        assert.equal((await ask([...call, "DAI"])).eligible, false);
        assert.equal((await ask([...call, "USDC", "--seize", "1"])).eligible, null);
        assert.equal((await ask([...call, "USDC"])).schema, "margrave.liquidation/1");
    });

    test("the liquidations of every account", async () => {
        const options = ["--protocol", "aave_v3"];
        for (const wallet of Object.values(wallets).filter((wallet) => wallet !== wallets.idle)) {
            const { schema, options: found } = await ask(["liquidate", wallet, ...source, ...options]);
            assert.equal(schema, "margrave.liquidations/1");
            assert.ok(found.length > 0);
        }
    });

    test("what-ifs of every kind of step, done and refused", async () => {
        const wallet = wallets.liquidatable;
        const steps = ["ETH=-20%", "USDC=0.97", "rate:USDC=+5%", "LT:WETH=78%", "pause:LINK", "days=30"];
        const actions = ["repay:USDC:1000@aave-v3", "borrow:USDC:max@aave-v3", "emode:1@aave-v3"];
        const { steps: told } = await ask(["whatif", wallet, ...steps, ...actions, ...source]);
        const effects = told.flatMap(({ effects }) => effects);
        assert.ok(effects.some(({ done }) => done) && effects.some(({ done }) => !done));
    });

    test("rescue plans that are needed and not needed", async () => {
        const verdicts = new Set();
        for (const options of [["--target", "1.5"], ["--target", "1.01"], ["--target", "9", "--idle-only"]]) {
            const { accounts } = await ask(["rescue", ...source, ...options]);
            for (const { verdict } of accounts) verdicts.add(verdict);
        }
        assert.deepEqual([...verdicts].sort(), ["not_needed", "planned"]);
    });

    test("a graph, and what falls in it", async () => {
        await ask(["graph", ...source]);
        for (const question of ["ETH/USD", "ETH/USD=-20%", `wallet:${wallets.near}`]) {
            assert.ok((await ask(["graph", ...source, "--fails", question])).failure.falls.length > 0);
        }
    });
});

describe("answers with gaps", { skip }, () => {
    let devnet, source;

    before(async () => {
        devnet = await startDevnet({ wallets: 40, observations: 1, aave: false, morpho: true });
        source = ["--config", writeConfig(devnet.configToml())];
    });
    after(() => devnet?.stop());

    // One market's oracle reverts.
    test("keep to the schemas too", async () => {
        const gaps = [4];
        const { accounts } = await ask(["audit", ...devnet.wallets, ...source], gaps);
        const unknown = accounts.find(({ status }) => status === "unknown");
        const place = ["--protocol", "morpho_blue", "--market", unknown.market];
        const { eligible } = await ask(["liquidate", unknown.wallet, ...source, ...place, "--repay", "max"], gaps);
        assert.notEqual(eligible, true);
        await ask(["liquidate", unknown.wallet, ...source, ...place], gaps);
        await ask(["whatif", ...devnet.wallets, "ETH=-20%", ...source], gaps);
        const rescue = await ask(["rescue", unknown.wallet, ...source], gaps);
        assert.ok(rescue.accounts.some(({ verdict }) => verdict === "unknown"));
        await ask(["graph", unknown.wallet, ...source], gaps);
    });
});

describe("the schemas", () => {
    const example = { schema: "margrave.graph/1", nodes: [], edges: [], shared_oracles: [], failure: null, gaps: [] };

    test("notice what is missing, added or of another kind", () => {
        assertValid("graph.schema.json", example);
        const { gaps, ...without } = example;
        for (const wrong of [without, { ...example, more: 1 }, { ...example, edges: [{}] }, { ...example, gaps: null }]) {
            assert.throws(() => assertValid("graph.schema.json", wrong));
        }
    });
});
