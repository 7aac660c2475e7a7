// A running watch's HTTP interface: requests down to the byte, expositions, events, and its OpenAPI document.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";
import { until } from "./watch.mjs";

const docs = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../docs");
const read = (file) => JSON.parse(fs.readFileSync(path.join(docs, file), "utf8"));

export const openapi = read("openapi.json");

// Its references are relative to where it lies, in the folder as well as over HTTP.
const base = "https://margrave.invalid/v1/";
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ ...openapi, $id: `${base}openapi.json` });
for (const file of ["alert.schema.json", "alerts.schema.json", "report.schema.json", "status.schema.json"]) {
    ajv.addSchema({ ...read(file), $id: base + file });
}

/// The answer is one that the document has for this path and status.
export function assertDocumented(url, { status, type, body }) {
    const operation = openapi.paths[new URL(url).pathname]?.get;
    assert.ok(operation, `${url} is in the document`);
    let answer = operation.responses[status];
    assert.ok(answer, `${url} may answer ${status}`);
    if (answer.$ref) answer = openapi.components.responses[answer.$ref.split("/").at(-1)];
    const content = answer.content[type.split(";")[0]];
    assert.ok(content, `${url} may answer ${status} as ${type}`);
    if (!type.includes("json")) return;
    const resolve = (reference) => (reference.startsWith("#") ? `${base}openapi.json${reference}` : base + reference);
    const schema = content.schema.$ref ? { $ref: resolve(content.schema.$ref) } : content.schema;
    const validate = ajv.compile(schema);
    assert.ok(validate(JSON.parse(body)), `${url}: ${JSON.stringify(validate.errors?.slice(0, 5), null, 2)}`);
}

/// Sends these bytes and resolves to all that comes until the server hangs up, with how long that took.
export function raw(port, bytes, { pieces = [bytes], pauseMs = 0, host = "127.0.0.1" } = {}) {
    return new Promise((resolve, reject) => {
        const begun = performance.now();
        const chunks = [];
        const socket = net.connect(port, host, async () => {
            for (const piece of pieces) {
                if (socket.destroyed) return;
                socket.write(piece);
                await new Promise((done) => setTimeout(done, pauseMs));
            }
        });
        socket.setTimeout(60_000, () => socket.destroy(new Error("nobody hung up")));
        socket.on("data", (chunk) => chunks.push(chunk));
        const end = () => resolve({ text: Buffer.concat(chunks).toString("latin1"), ms: performance.now() - begun });
        socket.on("error", (error) => (["ECONNRESET", "EPIPE"].includes(error.code) ? end() : reject(error)));
        socket.on("close", end);
    });
}

/// An exposition as { types: {name: type}, series: {"name{labels}": number} }.
export function parseExposition(text) {
    const out = { types: {}, help: {}, series: {} };
    for (const line of text.split("\n").filter(Boolean)) {
        const meta = line.match(/^# (TYPE|HELP) (\S+) (.*)$/);
        if (meta) out[meta[1] === "TYPE" ? "types" : "help"][meta[2]] = meta[3];
        else out.series[line.slice(0, line.lastIndexOf(" "))] = Number(line.slice(line.lastIndexOf(" ") + 1));
    }
    return out;
}

/// The first series of that name with all of these labels.
export function valueOf({ series }, name, labels = {}) {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const found = Object.keys(series).find(
        (key) => (key === name || key.startsWith(`${name}{`)) && wanted.every((label) => key.includes(label)),
    );
    return found === undefined ? undefined : series[found];
}

/// Listens; `events` fills up with { id, event, data }.
export async function listen(url, headers) {
    const abort = new AbortController();
    const answer = await fetch(url, { headers, signal: abort.signal });
    const out = { status: answer.status, type: answer.headers.get("content-type"), events: [], stop: () => abort.abort() };
    out.ended = (async () => {
        let inbox = "";
        try {
            for await (const chunk of answer.body) {
                inbox += Buffer.from(chunk).toString();
                for (let end = inbox.indexOf("\n\n"); end >= 0; end = inbox.indexOf("\n\n")) {
                    const frame = inbox.slice(0, end).split("\n").filter((line) => !line.startsWith(":"));
                    inbox = inbox.slice(end + 2);
                    const event = Object.fromEntries(frame.map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]));
                    if (event.event) out.events.push({ ...event, data: JSON.parse(event.data) });
                }
            }
        } catch {
            // Hung up, by whomever.
        }
    })();
    return out;
}

/// Waits until the watch says where it listens, and lets it be asked: `get` a path with headers, by default those that
/// show its token; `json`; `metrics`, parsed.
export async function listening(watch, headersByDefault = {}) {
    const told = /listening on (http:\/\/127\.0\.0\.1:(\d+))/;
    [, watch.url, watch.port] = await until(() => watch.stderr.match(told), "a port");
    watch.get = async (what, headers = headersByDefault) => {
        const answer = await fetch(watch.url + what, { headers });
        const body = await answer.text();
        return { status: answer.status, type: answer.headers.get("content-type"), headers: answer.headers, body };
    };
    watch.json = async (what) => JSON.parse((await watch.get(what)).body);
    watch.metrics = async () => parseExposition((await watch.get("/metrics", {})).body);
    return watch;
}
