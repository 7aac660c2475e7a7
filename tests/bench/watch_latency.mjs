// How long after a block is there the first byte of an alert about it leaves `margrave watch`, with a thousand wallets on
// a local chain of real contracts; and what the watch costs while nothing happens. Prints a table; nothing is asserted.
// Usage: MARGRAVE_BIN=… node watch_latency.mjs [BLOCKS]
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { startDevnet } from "../devnet/lib/devnet.mjs";
import { temporaryFolder } from "../devnet/lib/margrave.mjs";
import { etherAtPercent } from "../devnet/lib/prices.mjs";
import { Watch, until, watchConfig } from "../devnet/lib/watch.mjs";

const blocks = Number(process.argv[2] ?? 100);
const WALLETS = 1000;
const RULE = `
[[rules]]
name = "health"
watch = "health_factor"
severity = "critical"
fire_below = "1.1"
clear_above = "1.15"
clear_blocks = 0
flap_count = 0
`;

/// Seconds of processor, and bytes of memory, of a process.
function used(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
    return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, rss };
}
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const devnet = await startDevnet({ wallets: 700, observations: 0 });
const arrivals = []; // { at, block }
const server = http.createServer((incoming, outgoing) => {
    const at = performance.now(); // its headers are here
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
        arrivals.push({ at, block: Number(JSON.parse(Buffer.concat(chunks)).block.number) });
        outgoing.writeHead(200).end();
    });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const receiver = { url: `http://127.0.0.1:${server.address().port}/`, secret: `whsec_${randomBytes(32).toString("base64")}` };
const folder = temporaryFolder();
const list = path.join(folder, "wallets.txt");
const scenario = devnet.scenario.map(({ address }) => address);
const wallets = [...new Set([...scenario, ...devnet.wallets])].slice(0, WALLETS);
writeFileSync(list, wallets.join("\n"));
const watch = new Watch(watchConfig(devnet.configToml(), receiver, RULE), [], ["--addresses", list]);
watch.pollMs = 50;
const price = etherAtPercent(devnet);
const move = async (percent) => {
    const { number } = await price(percent);
    return { at: performance.now(), block: Number(number) };
};
try {
    await move(100n);
    watch.start();
    const first = await move(100n);
    const seen = async () => Number((await watch.alerts().catch(() => ({ blocks: [] }))).blocks[0]?.number ?? 0);
    await until(async () => (await seen()) >= first.block, "the first block", { timeoutMs: 60_000 });
    const before = used(watch.child.pid);
    const latencies = [];
    for (let i = 0; i < blocks; ++i) {
        const { at, block } = await move(i % 2 === 0 ? 35n : 100n);
        const arrival = await until(() => arrivals.find((one) => one.block === block), `an alert of block ${block}`);
        latencies.push(arrival.at - at);
        await sleep(1_000); // chains pause between blocks, too
    }
    const after = used(watch.child.pid);
    await sleep(2_000);
    const idle = used(watch.child.pid);
    await sleep(10_000);
    const rest = used(watch.child.pid);
    latencies.sort((a, b) => a - b);
    const quantile = (q) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))].toFixed(0);
    console.log(`wallets                      ${wallets.length}`);
    console.log(`blocks with an alert         ${blocks}, polled every 50 ms`);
    console.log(`block there -> alert leaves  p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, longest ${quantile(1)} ms (limit: p99 500 ms)`);
    console.log(`processor for a block        ${(((after.cpu - before.cpu) / blocks) * 1000).toFixed(0)} ms, polling included`);
    console.log(`processor between blocks     ${(((rest.cpu - idle.cpu) / 10) * 100).toFixed(1)} % of a core`);
    console.log(`memory                       ${(before.rss / 2 ** 20).toFixed(0)} MiB at first, ${(rest.rss / 2 ** 20).toFixed(0)} MiB at the end`);
} finally {
    await watch.stop("SIGKILL");
    process.stderr.write(watch.stderr);
    server.closeAllConnections();
    server.close();
    await devnet.stop();
}
