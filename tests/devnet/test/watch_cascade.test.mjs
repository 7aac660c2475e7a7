// `margrave watch` over a whole market of real pools: it tells how far its wallets are from where they really fall,
// everyone else's liquidations included. That this is where they do is what cascade.test.mjs shows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, beforeEach, describe, test } from "node:test";
import fs from "node:fs";
import path from "node:path";
import { playbookToml } from "../lib/cascade.mjs";
import { enterAccounts, rulesOf, startCascadeWorld } from "../lib/cascade_world.mjs";
import { margrave, skip, temporaryFolder, writeConfig } from "../lib/margrave.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { Watch, startReceiver, until, watchConfig, withConfig } from "../lib/watch.mjs";

const OWN = 3;

describe("watch of cascades", { skip, concurrency: false }, () => {
    let world, receiver, accounts, lenders, own, folder, running;

    before(async () => {
        world = await startCascadeWorld("margrave watch");
        receiver = await startReceiver();
        lenders = Object.values(world.lenders);
        accounts = await enterAccounts(world, { seed: "watched", lenders, count: 60, scale: 0.7, least: 8200 });
        own = accounts.slice(0, OWN).map(({ wallet }) => wallet);
        folder = temporaryFolder();
    });
    after(async () => {
        await running?.stop("SIGKILL");
        await receiver?.stop();
        await world?.devnet.stop();
    });
    beforeEach(async () => {
        await running?.stop("SIGKILL");
        running = undefined;
        receiver.messages.length = 0;
    });

    /// The file of a playbook over the whole market.
    function playbook(name, { more = [], book = null, of = lenders } = {}) {
        const file = path.join(folder, name);
        const wallets = accounts.map(({ wallet }) => wallet);
        const rules = { ...rulesOf(world, { sell: "to-debt", lenders: of }), rules: ['range = "none"'] };
        const text = playbookToml({ ...rules, lenders: of, wallets, own, more });
        const accountsLine = /^wallets = .*$/m;
        assert.match(text, accountsLine);
        fs.writeFileSync(file, book ? text.replace(accountsLine, `book = ${JSON.stringify(book)}`) : text);
        return file;
    }

    const rule = (file, rest = "") => `
[[rules]]
name = "really"
watch = "cascade_distance"
playbook = "${file}"
every_s = 1
severity = "critical"
fire_below = "0.9"
unknown_after_s = 1
${rest}`;

    function watch(rules) {
        running = new Watch(watchConfig(world.toml, receiver, rules), own).start();
        return running;
    }

    const told = (kind) =>
        until(
            () => receiver.messages.find((message) => message.rule === "really" && message.kind === kind),
            `a ${kind} of the cascade`,
            { timeoutMs: 60_000 },
        );

    /// The nearest move of each of the own accounts, by `margrave cascade`.
    async function nearestMoves(line, config) {
        const { json, stderr } = await margrave([...withConfig(line, config).split(" ").slice(1), "--json"]);
        assert.ok(json, stderr);
        return nearestOf(json);
    }

    /// The same by a command line that asks no node, in the folder of the watch's file.
    const nearestStored = (line, started) =>
        new Promise((resolve, reject) =>
            execFile(
                "bash",
                ["-c", `margrave() { "$MARGRAVE_BIN" "$@"; }; ${withConfig(line, started.config)} --json`],
                { cwd: path.dirname(started.store), maxBuffer: 1 << 26 },
                (error, stdout, stderr) => (stdout === "" ? reject(error ?? new Error(stderr)) : resolve(nearestOf(JSON.parse(stdout)))),
            ),
        );

    function nearestOf(json) {
        const out = new Map();
        for (const { wallet, market, cascade_move, naive_move } of json.own) {
            const move = Math.abs(Number(cascade_move));
            const known = out.get(`${wallet} ${market}`);
            if (cascade_move !== null && (!known || move < known.move)) {
                out.set(`${wallet} ${market}`, { move, naive: Math.abs(Number(naive_move)) });
            }
        }
        return out;
    }

    const valuesOf = (fired) =>
        new Map([fired, ...fired.others].map(({ wallet, market, value }) => [`${wallet} ${market}`, Number(value)]));

    test("what is told is what a cascade finds, and nearer than their own prices", async () => {
        const started = watch(rule(playbook("market.toml")));
        const fired = await told("fire");
        const { id, ...body } = fired;
        assertValid("alert.schema.json", body);
        assert.equal(fired.quantity, "cascade_distance");
        // The line that reproduces it does.
        assert.ok(fired.reproduce.startsWith("margrave cascade --playbook "));
        assert.ok(fired.reproduce.includes(` --block ${fired.block.hash}`));
        const expected = await nearestMoves(fired.reproduce, started.config);
        assert.equal(expected.size, OWN);
        assert.deepEqual(
            [...valuesOf(fired)].sort(),
            [...expected].map(([name, { move }]) => [name, move]).sort(),
        );
        assert.ok(
            [...expected.values()].some(({ move, naive }) => move < naive),
            "nobody falls earlier than alone",
        );

        // What falls, as it is at that block.
        for (const { wallet, protocol, market, inputs } of [fired, ...fired.others]) {
            const at = ["--chain", "devnet", "--block", fired.block.hash, "--config", started.config, "--json"];
            const { json } = await margrave(["audit", wallet, ...at]);
            const account = json.accounts.find((one) => one.protocol === protocol && one.market === market);
            assert.equal(inputs.health_factor, account.health_factor, market);
            assert.equal(inputs.legs.length + inputs.legs_left_out, account.legs.length);
        }

        // So does the one that asks no node.
        assert.match(fired.reproduce_stored, / \| margrave cascade /);
        assert.deepEqual([...(await nearestStored(fired.reproduce_stored, started))].sort(), [...expected].sort());

        // At the next block it is looked for again, and kept.
        const next = await world.chain.mine();
        const wallet = fired.wallet;
        const history = await until(
            async () => {
                const { json } = await started.command("history", wallet, "--watch", "cascade_distance", "--since", "9000d", "--config", started.config, "--json");
                const points = json?.series?.[0]?.points ?? [];
                return points.length > 0 && points;
            },
            "a point of history",
        );
        assert.equal(Number(history[0].value), Number(fired.value));
        assert.ok(Number(next.number) > Number(fired.block.number));
        assert.equal(receiver.messages.filter(({ rule }) => rule === "really").length, 1);
        assert.equal(await started.stop(), 0);
    });

    test("who pays no liquidator is as near as alone, and not safe", async () => {
        const more = ['[cascade.liquidators]\nonly_when_paying = true\ngas_usd = "1000000000"'];
        const started = watch(rule(playbook("unpaid.toml", { more })));
        const fired = await told("fire");
        const { json } = await margrave([...withConfig(fired.reproduce, started.config).split(" ").slice(1), "--json"]);
        // In Aave no call is worth that much gas.
        const unpaid = json.own.filter(({ protocol, cascade_move }) => protocol === "aave_v3" && cascade_move === null);
        assert.ok(unpaid.length > 0);
        assert.deepEqual(json.own.filter(({ protocol }) => protocol === "aave_v3"), unpaid);
        const alone = new Map();
        for (const { wallet, market, naive_move } of json.own.filter((row) => row.naive_move !== null)) {
            const name = `${wallet} ${market}`;
            alone.set(name, Math.min(alone.get(name) ?? Infinity, Math.abs(Number(naive_move))));
        }
        assert.equal(alone.size, OWN);
        assert.deepEqual([...valuesOf(fired)].sort(), [...alone].sort());
        assert.equal(await started.stop(), 0);
    });

    test("over a book it is of the book's block, until the book is a day old", async () => {
        const book = path.join(folder, "market.book");
        const where = ["--config", writeConfig(world.toml), "--chain", "devnet"];
        const of = lenders.filter(({ protocol }) => protocol === "aave_v3");
        const markets = of.flatMap(({ name }) => ["--market", `aave_v3/${name}`]);
        const indexed = await margrave(["index", "--book", book, ...where, ...markets]);
        assert.equal(indexed.code, 0, indexed.stderr);
        const started = watch(rule(playbook("book.toml", { book, of })));
        const fired = await told("fire");
        assert.match(fired.reproduce, /^margrave cascade --playbook \S+book\.toml --config \S+$/);
        const expected = await nearestMoves(fired.reproduce, started.config);
        assert.deepEqual(
            [...valuesOf(fired)].sort(),
            [...expected].map(([name, { move }]) => [name, move]).sort(),
        );
        await world.chain.mine({ seconds: 2 * 86_400 });
        const unknown = await told("unknown");
        assert.match(unknown.unknown_because, /the book is of block \d+, a day old or more: have `margrave index`/);
        assert.equal(await started.stop(), 0);
    });

    test("where a part of the market could not be read what was found is a bound", async () => {
        const book = path.join(folder, "parts.book");
        const where = ["--config", writeConfig(world.toml), "--chain", "devnet"];
        // Of some of Morpho's markets the oracles are gone.
        const markets = ["--market", "aave_v3/v36", "--market", `morpho_blue/${world.devnet.blue.name}`];
        const indexed = await margrave(["index", "--book", book, ...where, ...markets]);
        assert.equal(indexed.code, 4, indexed.stderr);
        const file = playbook("parts.toml", { book, of: lenders.filter(({ name }) => name === "v36") });
        const all = `markets = [ { protocol = "morpho_blue", market = "${world.devnet.blue.name}" },`;
        fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("markets = [", all));
        watch(rule(file).replace('"0.9"', '"0.0001"'));
        const unknown = await told("unknown");
        assert.match(unknown.unknown_because, /^of its market could not be read: /);
        assert.equal(receiver.messages.filter(({ rule, kind }) => rule === "really" && kind === "fire").length, 0);

        await running.stop();
        receiver.messages.length = 0;
        watch(rule(file)); // near enough, whoever else falls
        const fired = await told("fire");
        assert.match(fired.about, /^or worse: of its market could not be read: /);
        assert.equal(fired.unknown_because, null);
    });

    test("a playbook whose words name nothing is unknown, and told", async () => {
        const more = ['[[cascade.oracle]]\nasset = "NOPE"\nfollows = "WETH"\nratio = "1"'];
        const started = watch(rule(playbook("nothing.toml", { more })));
        await world.chain.mine();
        const unknown = await until(
            async () => {
                await world.chain.mine();
                return receiver.messages.find(({ rule, kind }) => rule === "really" && kind === "unknown");
            },
            "that it is unknown",
        );
        assert.match(unknown.unknown_because, /nothing\.toml could not be carried out: .*NOPE/);
        assert.equal(1 + unknown.others.length, OWN);
        assert.match(started.stderr, /chain devnet: the playbook .*nothing\.toml could not be carried out/);
        assert.equal(await started.stop(), 0);
    });

    test("a playbook that cannot be, or of a chain that is not watched, is refused", async () => {
        const refusal = async (rules) => {
            const refused = watch(rules);
            assert.equal(await refused.gone, 2);
            running = undefined;
            return refused.stderr;
        };
        const good = playbook("good.toml");
        assert.match(await refusal(rule(path.join(folder, "gone.toml"))), /gone\.toml/);
        const bad = path.join(folder, "bad.toml");
        fs.writeFileSync(bad, fs.readFileSync(good, "utf8").replace('engine = "exact"', 'engine = "magic"'));
        assert.match(await refusal(rule(bad)), /bad\.toml:\d+: .*expected exact or fast/);
        const far = path.join(folder, "far.toml");
        fs.writeFileSync(far, fs.readFileSync(good, "utf8").replace('chain = "devnet"', 'chain = "base"'));
        assert.match(await refusal(rule(far)), /far\.toml|base/);
        const second = rule(bad).replace('"really"', '"other"').replace(bad, playbook("second.toml"));
        assert.match(await refusal(rule(good) + second), /"really" and "other" watch chain devnet with another playbook/);
        assert.match(await refusal(rule(good).replace(/playbook = .*/, "")), /playbook/);
    });
});
