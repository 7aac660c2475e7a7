// Compiles Solidity once and remembers the result.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));

/// Where an import that begins with the key is found.
const ROOTS = {
    "devnet/": path.join(here, "../contracts/"),
    "aave-v3/": packageFolder("@aave-dao/aave-v3-origin", "src/"),
    "openzeppelin-contracts/contracts/": packageFolder("@openzeppelin/contracts", ""),
    "solidity-utils/": packageFolder("@bgd-labs/solidity-utils", "src/"),
    "morpho-blue/": packageFolder("@morpho-org/morpho-blue", "src/"),
};

/// A compiler is a package, the settings it is called with, and the packages whose sources it sees.
const USUAL = {
    solc: "solc",
    packages: ["@aave-dao/aave-v3-origin", "@openzeppelin/contracts", "@bgd-labs/solidity-utils", "@morpho-org/morpho-blue"],
    settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: "shanghai" },
};
/// As Morpho Blue was compiled for its deployment; its source demands this very version.
export const FOR_MORPHO = {
    solc: "solc-0.8.19",
    packages: ["@morpho-org/morpho-blue"],
    settings: { optimizer: { enabled: true, runs: 999_999 }, viaIR: true, evmVersion: "paris" },
};

/// Contract name → { abi, bytecode, linkReferences } for every contract in the named files.
export function compile(files, compiler = USUAL) {
    const cached = path.join(cacheFolder(), `${key(files, compiler)}.json`);
    if (fs.existsSync(cached)) return JSON.parse(fs.readFileSync(cached, "utf8"));
    const artifacts = runCompiler(files, compiler);
    fs.mkdirSync(cacheFolder(), { recursive: true });
    // Renamed into place, because several test files may compile at once.
    const draft = `${cached}.${process.pid}`;
    fs.writeFileSync(draft, JSON.stringify(artifacts));
    fs.renameSync(draft, cached);
    return artifacts;
}

function cacheFolder() {
    return process.env.MARGRAVE_DEVNET_CACHE || path.join(here, "../.cache");
}

// Packages are pinned, so their version stands for their text; our own files are hashed.
function key(files, { solc, packages, settings }) {
    const versions = [solc, ...packages].map((name) => [name, require(`${name}/package.json`).version]);
    const own = files.filter((file) => file.startsWith("devnet/")).map((file) => readSource(file));
    return createHash("sha256")
        .update(JSON.stringify([settings, versions, files, own]))
        .digest("hex")
        .slice(0, 32);
}

function runCompiler(files, { solc, settings }) {
    const input = {
        language: "Solidity",
        sources: Object.fromEntries(files.map((file) => [file, { content: readSource(file) }])),
        settings: {
            ...settings,
            outputSelection: Object.fromEntries(files.map((file) => [file, { "*": ["abi", "evm.bytecode"] }])),
        },
    };
    const output = JSON.parse(require(solc).compile(JSON.stringify(input), { import: findImport }));
    const errors = (output.errors ?? []).filter((entry) => entry.severity === "error");
    if (errors.length) throw new Error(errors.map((entry) => entry.formattedMessage).join("\n"));
    const artifacts = {};
    for (const file of files) {
        for (const [name, { abi, evm }] of Object.entries(output.contracts[file])) {
            artifacts[name] = {
                abi,
                bytecode: `0x${evm.bytecode.object}`,
                linkReferences: evm.bytecode.linkReferences,
            };
        }
    }
    return artifacts;
}

function findImport(name) {
    try {
        return { contents: readSource(name) };
    } catch (error) {
        return { error: error.message };
    }
}

function readSource(name) {
    const prefix = Object.keys(ROOTS).find((candidate) => name.startsWith(candidate));
    if (!prefix) throw new Error(`nobody knows where ${name} is`);
    return fs.readFileSync(path.join(ROOTS[prefix], name.slice(prefix.length)), "utf8");
}

function packageFolder(name, folder) {
    return path.join(path.dirname(require.resolve(`${name}/package.json`)), folder);
}
