// Secrets that can be told from everything else, and the search for them in whatever a program writes.
import fs from "node:fs";
import path from "node:path";

/// What of base64 does not depend on what stands before and behind: of each of the three places where it may begin.
function inBase64(bytes) {
    return [0, 1, 2].flatMap((before) => {
        const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
        const sure = text.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3));
        return [sure, sure.replaceAll("+", "-").replaceAll("/", "_")];
    });
}

function percentEncoded(bytes) {
    const escaped = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    return [encodeURIComponent(bytes.toString("latin1")), escaped, escaped.toUpperCase()];
}

export class Canaries {
    #forms = new Map();

    get names() {
        return [...this.#forms.keys()];
    }
    /// A text of the test's own choice, or one that is made up: with a character that URLs escape, but where it is `plain`.
    make(name, { plain = false } = {}) {
        const i = this.#forms.size;
        return this.add(name, `c4nary${plain ? "x" : "+"}${i}x${(i * 7919 + 104729).toString(36)}`);
    }
    /// `bytes` are what the text stands for, where it is an encoding itself.
    add(name, text, bytes = null) {
        if (this.#forms.has(name)) throw new Error(`a second ${name}`);
        const plain = Buffer.from(text, "latin1");
        const all = [text, ...percentEncoded(plain), ...inBase64(plain), ...(bytes ? inBase64(bytes) : [])];
        this.#forms.set(name, [...new Set(all)]);
        return text;
    }
    /// A URL to that host with one in every part that may hold a key.
    url(name, host) {
        const [user, password, folder, key, value] = ["user", "password", "path", "query's name", "query"].map((part) => this.make(`${name}'s ${part}`));
        return `http://${user}:${password}@${host}/v2/${folder}?${key}=${value}`;
    }
    formsOf(name) {
        return this.#forms.get(name);
    }
    /// [name, form] of what stands in the text.
    in(text) {
        return this.names.flatMap((name) => this.formsOf(name).filter((form) => text.includes(form)).map((form) => [name, form]));
    }
}

/// Files of a folder that were written since it was looked at last.
export class Folder {
    #seen = new Map();

    constructor(folder) {
        this.folder = folder;
    }
    /// { file, text }, the text byte by byte.
    changed() {
        const files = fs.readdirSync(this.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
        return files.flatMap((entry) => {
            const file = path.join(entry.parentPath ?? entry.path, entry.name);
            const { mtimeMs, size } = fs.statSync(file);
            if (this.#seen.get(file) === `${mtimeMs} ${size}`) return [];
            this.#seen.set(file, `${mtimeMs} ${size}`);
            return [{ file: path.relative(this.folder, file), text: fs.readFileSync(file, "latin1") }];
        });
    }
}
