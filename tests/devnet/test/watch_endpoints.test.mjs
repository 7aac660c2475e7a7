// What a watch says of its endpoints in its figures, while they agree, lie, part, and answer what is none.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startDevnet } from "../lib/devnet.mjs";
import { listening, valueOf } from "../lib/http.mjs";
import { skip } from "../lib/margrave.mjs";
import { RawReply, changing, startProxy } from "../lib/proxy.mjs";
import { HEALTH_RULE, Watch, startReceiver, until, watchConfig } from "../lib/watch.mjs";

const honest = (request, forward) => forward(request);

const ofCalls = (change) => (answer, call) => (call.method === "eth_call" && answer.result ? { ...answer, result: change(answer.result) } : answer);
const ofHeads = (change) => (answer, call) =>
    call.method === "eth_getBlockByNumber" && answer.result ? { ...answer, result: { ...answer.result, ...change(answer.result) } } : answer;
/// Another last digit of every word.
const otherWords = (hex) => "0x" + hex.slice(2).replace(/.{64}/g, (word) => word.slice(0, 63) + (parseInt(word[63], 16) ^ 1).toString(16));

describe("endpoints of a watch", { skip, concurrency: false }, () => {
    let devnet, healthy, receiver, proxies, watch, hooks;

    before(async () => {
        devnet = await startDevnet({ wallets: 0, observations: 0 });
        healthy = devnet.scenario.find(({ label }) => label === "healthy").address;
        receiver = await startReceiver();
        hooks = [honest, honest, honest];
        proxies = await Promise.all(hooks.map((_, i) => startProxy(devnet.rpcUrl, (request, forward) => hooks[i](request, forward))));
        const rpc = `rpc = [${proxies.map(({ url }) => JSON.stringify(url)).join(", ")}]\nquorum = 2\n`;
        const config = watchConfig(devnet.configToml({ rpc: "" }).replace(/rpc = .*\n/, rpc), receiver, HEALTH_RULE);
        watch = new Watch(config, [healthy], ["--listen", "127.0.0.1:0"]).start();
        await listening(watch);
        await until(async () => (await watch.get("/readyz")).status === 200, "a watch that is ready");
    });
    after(async () => {
        await watch?.stop("SIGKILL");
        await Promise.all([devnet?.stop(), receiver?.stop(), ...(proxies ?? []).map((proxy) => proxy.stop())]);
    });
    beforeEach(async () => {
        hooks.fill(honest);
        await calm();
    });

    const seen = async (name, labels) => valueOf(await watch.metrics(), `margrave_${name}`, labels);
    const evaluated = async (block) => until(async () => (await seen("evaluated_block_number", { chain: "devnet" })) >= Number(block.number), `block ${block.number}`);
    const stateOf = async (endpoint) => {
        const metrics = await watch.metrics();
        const states = ["in_use", "distrusted", "resting", "excluded"].filter((state) => valueOf(metrics, "margrave_rpc_endpoint_state", { endpoint, state }) === 1);
        assert.equal(states.length, 1, `${endpoint} is ${states}`);
        return states[0];
    };
    /// Blocks until all are trusted again: a good answer halves what was held against an endpoint.
    async function calm() {
        await until(async () => {
            await evaluated(await devnet.chain.mine());
            return (await Promise.all([1, 2, 3].map((i) => stateOf(`devnet-${i}`)))).every((state) => state === "in_use");
        }, "three endpoints in use", { timeoutMs: 60_000 });
    }
    const sum = ({ series }, name, label) =>
        Object.entries(series).reduce((all, [key, value]) => all + (key.startsWith(`margrave_${name}{`) && key.includes(label) ? value : 0), 0);

    test("while they agree: a head that is verified, no split, no dispute, and how much is final", async () => {
        const block = await devnet.chain.mine();
        await evaluated(block);
        const metrics = await watch.metrics();
        const of = (name) => valueOf(metrics, `margrave_${name}`, { chain: "devnet" });
        assert.equal(of("chain_verified_head_number"), Number(block.number));
        assert.equal(of("chain_view_split"), 0);
        assert.equal(of("rpc_quorum_disputes_total"), 0);
        assert.equal(sum(metrics, "rpc_integrity_failures_total", ""), 0);
        assert.ok(sum(metrics, "rpc_requests_total", 'method="eth_call"') + sum(metrics, "rpc_requests_total", 'method="batch"') > 0);
        assert.equal(sum(metrics, "rpc_requests_total", 'method="other"'), 0);
        // anvil calls final what is two epochs old.
        await until(async () => (await seen("chain_finality_lag_blocks", { chain: "devnet" })) !== undefined, "what is final");
    });

    test("one that says other numbers is outvoted, distrusted, and counted; nothing is told for it", async () => {
        const before = await seen("rpc_quorum_disputes_total", { chain: "devnet" });
        hooks[1] = changing(ofCalls(otherWords));
        await until(async () => {
            await evaluated(await devnet.chain.mine());
            return (await seen("rpc_integrity_failures_total", { endpoint: "devnet-2", check: "outvoted" })) > 0;
        }, "a lie that is found out");
        assert.equal(await stateOf("devnet-2"), "distrusted");
        assert.ok((await seen("rpc_quorum_disputes_total", { chain: "devnet" })) > before);
        for (const other of ["devnet-1", "devnet-3"]) {
            assert.equal(await seen("rpc_integrity_failures_total", { endpoint: other, check: "outvoted" }), 0, other);
        }
        assert.equal(await seen("chain_view_split", { chain: "devnet" }), 0);
        assert.deepEqual(receiver.messages, []);
    });

    test("one on a branch of its own is a split, for as long as it shows that", async () => {
        hooks[2] = changing(ofHeads(() => ({ hash: `0x${"ab".repeat(32)}` })));
        await devnet.chain.mine();
        await until(async () => (await seen("chain_view_split", { chain: "devnet" })) === 1, "a split");
        hooks[2] = honest;
        await devnet.chain.mine();
        await until(async () => (await seen("chain_view_split", { chain: "devnet" })) === 0, "its end");
    });

    test("one of another chain is left out for good, one whose answers are none is counted", async () => {
        hooks[0] = () => new RawReply({ body: '{"jsonrpc":' });
        await until(async () => {
            await devnet.chain.mine();
            return (await seen("rpc_integrity_failures_total", { endpoint: "devnet-1", check: "garbled" })) > 0;
        }, "an answer that is none");
        hooks[0] = honest;
        await calm();
        hooks[2] = changing((answer, { method }) => (method === "eth_chainId" ? { ...answer, result: "0x539" } : answer));
        await until(async () => {
            await devnet.chain.mine();
            return (await stateOf("devnet-3")) === "excluded";
        }, "one of another chain");
        assert.equal(await seen("rpc_integrity_failures_total", { endpoint: "devnet-3", check: "wrong_chain" }), 1);
        await evaluated(await devnet.chain.mine()); // with the two that are left
    });
});
