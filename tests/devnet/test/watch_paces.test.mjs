// `margrave watch` with a pace: who is far from a liquidation is looked at now and then, who is near with every block.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { getAddress, parseUnits } from "viem";
import { skip } from "../lib/margrave.mjs";
import { assertValid } from "../lib/schemas.mjs";
import { Watch, until, watchConfig } from "../lib/watch.mjs";
import { HEALTH_RULE, startWatchWorld } from "../lib/watch_world.mjs";

const FAR_S = 60;
const NEAR = 4n * 10n ** 18n; // of a third: a health factor of 4 / 3

describe("paces of a watch", { skip, concurrency: false }, () => {
    let world, devnet, healthy, other, receiver;

    before(async () => {
        world = await startWatchWorld();
        ({ devnet, healthy, other, receiver } = world);
    });
    after(() => world?.stop());
    beforeEach(() => world.reset());

    function watch(wallets) {
        const toml = devnet.configToml({ rpc: world.proxy.url }).replace("[chains.devnet]\n", `$&far_every_s = ${FAR_S}\n`);
        assert.match(toml, /far_every_s/);
        const started = new Watch(watchConfig(toml, receiver, HEALTH_RULE), wallets).start();
        world.running.push(started);
        return started;
    }

    async function chainOf(started) {
        const { json } = await started.command("status", "--json");
        if (!json) return undefined; // at first there is no file
        assertValid("status.schema.json", json);
        return json.chains.find(({ chain }) => chain === "devnet");
    }
    const evaluated = (started, { number }) =>
        until(async () => (await chainOf(started))?.block.number === String(number), `block ${number}`);
    /// Looks come every 100 ms.
    const someLooks = () => new Promise((resolve) => setTimeout(resolve, 800));

    /// A block at which the account is near its limit, and not beyond a rule's.
    async function comeNear() {
        for (let percent = 95n; percent > 40n; percent -= 2n) {
            const block = await world.price(percent);
            if (3n * (await world.healthOf(healthy, BigInt(block.number))) < NEAR) return block;
        }
        throw new Error("no price brings it near");
    }

    test("a far wallet's blocks are passed over; near, none is, and each is told to the wei", async () => {
        const started = watch([healthy, other]);
        const first = await devnet.chain.mine();
        await evaluated(started, first);
        assert.deepEqual((await chainOf(started)).schedule, { wallets: 2, far_every_s: String(FAR_S), near: [] });

        // Nobody is near: no block within the minute is read.
        await devnet.chain.mine({ seconds: 20 });
        await devnet.chain.mine({ seconds: 20 });
        await someLooks();
        assert.equal((await chainOf(started)).block.number, String(first.number));
        const second = await devnet.chain.mine({ seconds: 20 });
        await evaluated(started, second);

        // What brings a far wallet near is seen with the next block at which all are read.
        await comeNear();
        const third = await devnet.chain.mine({ seconds: FAR_S });
        await evaluated(started, third);
        assert.deepEqual((await chainOf(started)).schedule.near, [getAddress(healthy)]);
        assert.deepEqual(receiver.messages, []);
        const text = (await started.command("status")).stdout;
        assert.match(text, new RegExp(`1 of 2 wallets with every block, others every 60 s\n    ${getAddress(healthy)}`));

        // From there on with every block, however soon it comes.
        const soon = await devnet.chain.mine({ seconds: 1 });
        await evaluated(started, soon);
        const low = await world.fall();
        const [fired] = await world.told("fire");
        assert.equal(fired.block.number, String(low.number));
        assert.equal(parseUnits(fired.value, 18), await world.healthOf(healthy, BigInt(low.number)));

        // It resolves as it does without a pace, and then it is far again.
        await world.rise();
        await devnet.chain.mine();
        const last = await devnet.chain.mine();
        const [resolved] = await world.told("resolve");
        assert.equal(resolved.block.number, String(last.number));
        await devnet.chain.mine({ seconds: FAR_S });
        await until(async () => (await chainOf(started)).schedule.near.length === 0, "a far wallet");
        assert.deepEqual(receiver.messages.map(({ kind, wallet }) => [kind, wallet]), [
            ["fire", getAddress(healthy)],
            ["resolve", getAddress(healthy)],
        ]);
        assert.equal(await started.stop(), 0);
        assert.doesNotMatch(started.stderr, /not evaluated/);
    });

    test("a start reads all, and a wallet whose alert fires is near", async () => {
        // Before the watch is there: a far one would be looked at a minute later.
        const low = await world.fall();
        const started = watch([healthy, other]);
        await world.told("fire");
        await until(async () => (await chainOf(started))?.schedule.near.length === 1, "a near wallet");
        assert.equal(await started.stop("SIGKILL"), "SIGKILL");
        // While nobody watches it is healthy for one block, and not for the next one.
        const high = await world.rise();
        const again = await world.fall();
        started.start();
        await evaluated(started, again);
        assert.deepEqual((await chainOf(started)).schedule.near, [getAddress(healthy)]);
        const { json } = await started.command("history", healthy, "--since", "9000d", "--config", started.config, "--json");
        const health = json.series.find(({ protocol }) => protocol === "aave_v3");
        const blocks = health.points.map(({ block }) => block);
        for (const { number } of [low, high, again]) assert.ok(blocks.includes(String(number)), `${number} of ${blocks}`);
        assert.equal(receiver.messages.length, 1);
        assert.equal(await started.stop(), 0);
    });
});
