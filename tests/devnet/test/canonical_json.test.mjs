// margrave's canonical JSON (RFC 8785) is JavaScript's own, byte for byte, whatever the document and however it is
// spelled. Needs no chain.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { canonical } from "../lib/signed_report.mjs";
import { Random } from "../lib/random.mjs";

const binary = process.env.MARGRAVE_CANONICAL_BIN;
const skip = binary ? false : "MARGRAVE_CANONICAL_BIN names no canonical_lines binary";
const DOCUMENTS = process.env.MARGRAVE_LONG ? 100_000 : 5_000;

function canonicalLines(lines) {
    const input = lines.map((line) => `${line}\n`).join("");
    const { status, stdout, stderr } = spawnSync(binary, { input, maxBuffer: 2 ** 30 });
    assert.equal(status, 0, String(stderr));
    return stdout.toString().split("\n").slice(0, -1);
}

const word = (random) => random.below(2 ** 32);

/// Any bits at all, until they are a finite number.
function anyDouble(random) {
    const view = new DataView(new ArrayBuffer(8));
    do {
        view.setUint32(0, word(random));
        view.setUint32(4, word(random));
    } while (!Number.isFinite(view.getFloat64(0)));
    return view.getFloat64(0);
}

// Where the plain form ends and the exponent begins, and where whole numbers stop being exact.
const edges = [1e21, 1e-6, 2 ** 53, 1e-7, 999999999999999900000, 5e-324];

const numbers = {
    bits: anyDouble,
    edge: (random) => random.pick(edges) * random.pick([1, -1, 0.1, 10, 1 + 2 ** -52]),
    power: (random) => Number(`${random.below(10)}e${random.below(633) - 325}`),
    small: (random) => random.below(2000) - 1000,
    whole: (random) => Math.trunc(random.between(-1, 1) * 2 ** random.below(70)),
    decimal: (random) => random.below(10 ** 9) / 10 ** random.below(12),
};

const units = {
    ascii: [0x20, 0x7f],
    control: [0x00, 0x20],
    latin: [0x80, 0x250],
    asian: [0x4e00, 0x9fff],
    beforeSurrogates: [0xd7f0, 0xd800],
    afterSurrogates: [0xe000, 0x10000],
    beyond: [0x10000, 0x110000],
    separators: [0x2028, 0x202a],
};

function anyString(random) {
    const length = random.below(6);
    return Array.from({ length }, () => {
        const [low, high] = random.pick(Object.values(units));
        return String.fromCodePoint(low + random.below(high - low));
    }).join("");
}

// Names that JavaScript treats in ways of its own.
const oddNames = ["__proto__", "constructor", "10", "9", "-1", "", "toJSON", "\\", '"'];

function anyDocument(random, depth = 0) {
    const kinds = { number: 3, string: 2, literal: 1, ...(depth > 4 ? {} : { list: 2, object: 4 }) };
    const length = random.below(6);
    switch (random.weighted(kinds)) {
        case "number":
            return random.pick(Object.values(numbers))(random);
        case "string":
            return anyString(random);
        case "literal":
            return random.pick([null, true, false]);
        case "list":
            return Array.from({ length }, () => anyDocument(random, depth + 1));
        default: {
            const anyName = () => (random.chance(0.2) ? random.pick(oddNames) : anyString(random));
            const names = Array.from({ length }, anyName);
            return Object.fromEntries(names.map((name) => [name, anyDocument(random, depth + 1)]));
        }
    }
}

/// The same document, written as nobody would: other escapes, other digits, space, another order.
function spelled(value, random) {
    const space = () => random.pick(["", "", " ", "\t", " \t "]);
    const string = (text) => {
        const parts = [...text].map((character) => {
            if (random.chance(0.7)) return JSON.stringify(character).slice(1, -1);
            const escapes = character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
            const escaped = escapes.join("");
            return random.chance(0.5) ? escaped : escaped.replaceAll(/[a-f]/g, (digit) => digit.toUpperCase());
        });
        return `"${parts.join("")}"`;
    };
    if (typeof value === "string") return string(value);
    if (typeof value === "number") {
        if (Object.is(value, -0)) return random.pick(["-0", "-0.0", "-0e5"]);
        const exponential = value.toExponential();
        return random.pick([String(value), exponential, exponential.toUpperCase(), exponential.replace("e+", "e+00")]);
    }
    if (value === null || typeof value === "boolean") return String(value);
    const parts = Array.isArray(value)
        ? value.map((item) => spelled(item, random))
        : random
              .shuffled(Object.keys(value))
              .map((name) => `${string(name)}${space()}:${space()}${spelled(value[name], random)}`);
    const [open, close] = Array.isArray(value) ? "[]" : "{}";
    return `${open}${space()}${parts.join(`${space()},${space()}`)}${space()}${close}`;
}

describe("canonical JSON", { skip }, () => {
    test("of seeded random documents is JavaScript's, however they are spelled", () => {
        const random = new Random(`canonical ${process.env.MARGRAVE_SEED ?? "margrave"}`);
        const documents = Array.from({ length: DOCUMENTS }, () => anyDocument(random));
        const lines = documents.map((document) => spelled(document, random));
        for (const [i, line] of lines.entries()) {
            assert.equal(canonical(JSON.parse(line)), canonical(documents[i]), "the spelling is the document");
        }
        assert.deepEqual(canonicalLines(lines), documents.map(canonical));
    });

    test("of 100,000 doubles of any bits is JavaScript's", () => {
        const random = new Random(`doubles ${process.env.MARGRAVE_SEED ?? "margrave"}`);
        const doubles = Array.from({ length: 100_000 }, () => anyDouble(random));
        const lines = doubles.map((double) => double.toExponential());
        assert.deepEqual(canonicalLines(lines), doubles.map(canonical));
    });

    test("refuses what JavaScript takes in its own way", () => {
        const lines = ['{"a":1,"a":2}', "9007199254740993", '"\\ud800"', "1e400"];
        for (const [i, answer] of canonicalLines(lines).entries()) {
            JSON.parse(lines[i]);
            assert.match(answer, /^refused: /);
        }
    });
});
