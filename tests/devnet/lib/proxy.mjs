// An HTTP proxy in front of a node that records every exchange and may change any.
import http from "node:http";

/// A reply that is not JSON-RPC: return it from a hook to answer with any status, headers and body.
export class RawReply {
    constructor({ status = 200, headers = {}, body = "" }) {
        Object.assign(this, { status, headers, body });
    }
}

/// Starts a proxy on a free port. `hook(request, forward, wire)` gets the parsed JSON-RPC request (an object, or an
/// array for a batch), and answers with JSON or a RawReply; `forward(request)` asks the node; `wire` is
/// { bytes, headers, socket } of the HTTP request, so that a hook may also hang up. What a hook throws becomes a 502. Resolves to { url, log, stop() };
/// the log holds { start, end, request, requestBytes, replyBytes } in milliseconds and bytes.
export async function startProxy(target, hook = (request, forward) => forward(request)) {
    const log = [];
    const server = http.createServer(async (incoming, outgoing) => {
        const entry = { start: performance.now(), request: null, requestBytes: 0, replyBytes: 0, end: Infinity };
        log.push(entry);
        const reply = await answer(incoming, entry, target, hook).catch(
            (error) => new RawReply({ status: 502, body: error.message }),
        );
        entry.replyBytes = send(outgoing, reply instanceof RawReply ? reply : jsonReply(reply));
        entry.end = performance.now();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const stop = () =>
        new Promise((resolve) => {
            server.closeAllConnections();
            server.close(resolve);
        });
    return { url: `http://127.0.0.1:${server.address().port}`, log, stop };
}

/// A hook that changes answers one by one, in batches, too: change(answer, request) is what is said instead.
export const changing = (change) => async (request, forward) => {
    const answer = await forward(request);
    if (!Array.isArray(request)) return change(answer, request);
    return answer.map((one) => change(one, request.find(({ id }) => id === one.id)));
};

async function answer(incoming, entry, target, hook) {
    const body = await readAll(incoming);
    entry.request = JSON.parse(body);
    entry.requestBytes = body.length;
    const wire = { bytes: body.length, headers: incoming.headers, socket: incoming.socket };
    return hook(entry.request, (request) => post(target, request), wire);
}

/// How many requests had to wait for one another: groups of exchanges that do not overlap in time.
export function roundsOf(log) {
    let rounds = 0,
        end = -Infinity;
    for (const entry of [...log].sort((a, b) => a.start - b.start)) {
        if (entry.start > end) rounds++;
        end = Math.max(end, entry.end);
    }
    return rounds;
}

function jsonReply(value) {
    return new RawReply({ headers: { "content-type": "application/json" }, body: JSON.stringify(value) ?? "" });
}

function send(outgoing, { status, headers, body }) {
    if (outgoing.destroyed) return 0;
    outgoing.writeHead(status, headers);
    outgoing.end(body);
    return Buffer.byteLength(body);
}

async function readAll(stream) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
}

// Not fetch(), which keeps a limited pool of connections of its own and would serialise what arrives at once.
function post(target, request) {
    const body = JSON.stringify(request);
    const options = {
        method: "POST",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    };
    return new Promise((resolve, reject) => {
        const call = http.request(target, options, async (answer) => resolve(JSON.parse(await readAll(answer))));
        call.on("error", reject);
        call.end(body);
    });
}
