// What tests of `margrave watch` share: a devnet behind a node that can fail, a receiver, and a price that falls.
import { startDevnet } from "./devnet.mjs";
import { POOL } from "./aave.mjs";
import { etherAtPercent } from "./prices.mjs";
import { startProxy, RawReply } from "./proxy.mjs";
import { Watch, startReceiver, until, watchConfig } from "./watch.mjs";

/// One rule on the health factor of every account, which is quick to resolve and to admit that it knows nothing.
export const HEALTH_RULE = `
[[rules]]
name = "health"
watch = "health_factor"
severity = "critical"
fire_below = "1.1"
clear_above = "1.15"
clear_blocks = 2
flap_count = 0
unknown_after_s = 1
`;

export async function startWatchWorld() {
    const world = { cut: false, bend: null, running: [] };
    const devnet = await startDevnet({ wallets: 0, observations: 0 });
    const receiver = await startReceiver();
    const proxy = await startProxy(devnet.rpcUrl, async (request, forward) => {
        if (world.cut) return new RawReply({ status: 503, body: "gone" });
        const reply = await forward(request);
        if (!world.bend) return reply;
        return Array.isArray(reply)
            ? reply.map((one) => world.bend(request.find(({ id }) => id === one.id), one))
            : world.bend(request, reply);
    });
    const labelled = (name) => devnet.scenario.find(({ label }) => label === name).address;
    const market = devnet.markets.find(({ name }) => name === "v36");
    const price = etherAtPercent(devnet);
    return Object.assign(world, {
        devnet,
        receiver,
        proxy,
        market,
        healthy: labelled("healthy"), // 2.4 in v36, WETH and USDC against DAI
        other: labelled("isolated"), // ENS against USDC: ETH is nothing to it
        price,
        fall: () => price(35n),
        rise: () => price(100n),
        async healthOf(wallet, blockNumber) {
            const args = { address: market.pool, abi: POOL, functionName: "getUserAccountData", args: [wallet] };
            return (await devnet.client.readContract({ ...args, blockNumber }))[5];
        },
        watch(wallets = [world.healthy], rules = HEALTH_RULE, options = []) {
            const config = watchConfig(devnet.configToml({ rpc: proxy.url }), receiver, rules);
            const started = new Watch(config, wallets, options).start();
            world.running.push(started);
            return started;
        },
        told: (kind, count = 1) =>
            until(() => {
                const found = receiver.messages.filter((message) => message.kind === kind);
                return found.length >= count && found;
            }, `${count} ${kind}`),
        evaluated: (started, block) =>
            until(async () => {
                // At first there is no file yet.
                const { blocks } = await started.alerts().catch(() => ({ blocks: [] }));
                return blocks.find(({ chain }) => chain === "devnet")?.number === String(block);
            }, `block ${block}`),
        /// As it is at the beginning of every test.
        async reset() {
            await Promise.all(world.running.splice(0).map((watch) => watch.stop("SIGKILL")));
            world.cut = false;
            world.bend = null;
            receiver.messages.length = receiver.tries.length = 0;
            receiver.mood = () => 200;
            await world.rise();
        },
        async stop() {
            await Promise.all(world.running.map((watch) => watch.stop("SIGKILL")));
            await Promise.all([devnet.stop(), receiver.stop(), proxy.stop()]);
        },
    });
}
