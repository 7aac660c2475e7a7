// The book of `margrave index` as docs/book.md has it, and the same accounts as the contracts have them.
import { spawn } from "node:child_process";
import fs from "node:fs";
import { getAddress, parseAbi } from "viem";
import { POOL } from "./aave.mjs";
import { MORPHO } from "./morpho.mjs";
import { readMany } from "./multicall3.mjs";

const SCALED = parseAbi([
    "function scaledBalanceOf(address) view returns (uint256)",
    "function principalBalanceOf(address) view returns (uint256)",
    "function getUserStableRate(address) view returns (uint256)",
    "function getUserLastUpdated(address) view returns (uint40)",
]);
const COLLATERAL = 1n;
const DEBT = 2n;
const STABLE = 4n;

/// The exported file: { header, shared, markets: { "protocol/market": { wallet: [numbers] } } }.
export function parseBook(file) {
    const text = fs.readFileSync(file, "utf8");
    const head = text.match(/^margrave\.book\/1\nkeccak 0x[0-9a-f]{64}\n/);
    let rest = text.slice(head[0].length);
    const section = (name) => {
        const [line, size] = rest.match(new RegExp(`^${name} (\\d+)\\n`));
        const body = rest.slice(line.length, line.length + Number(size));
        rest = rest.slice(line.length + Number(size) + 1);
        return JSON.parse(body);
    };
    const header = section("header");
    const shared = section("shared");
    const lines = rest.split("\n").slice(1, -1);
    const markets = {};
    for (const { protocol, markets: of } of header.deployments) {
        for (const { name, borrowers } of of) {
            const rows = lines.splice(0, Number(borrowers)).map((line) => line.split(" "));
            markets[`${protocol}/${name}`] = Object.fromEntries(
                rows.map(([wallet, numbers]) => [getAddress(wallet), numbers.split(",").map((hex) => BigInt(`0x${hex}`))]),
            );
        }
    }
    return { header, shared, markets };
}

/// What the book should say of the wallets in an Aave market, by the contracts' own views: only of those with debt.
export async function aaveRows(chain, market, wallets, block = "latest") {
    const ask = (functionName) =>
        readMany(chain, wallets.map((wallet) => ({ to: market.pool, abi: POOL, functionName, args: [wallet] })), block);
    const [configurations, emodes] = [await ask("getUserConfiguration"), await ask("getUserEMode")];
    const balances = async (tokenOf, functionName) => {
        const calls = market.reserves.flatMap((reserve) =>
            wallets.map((wallet) => ({ to: tokenOf(reserve), abi: SCALED, functionName, args: [wallet] })),
        );
        return readMany(chain, calls, block);
    };
    const supplies = await balances(({ aToken }) => aToken, "scaledBalanceOf");
    const debts = await balances(({ variableDebtToken }) => variableDebtToken, "scaledBalanceOf");
    const stable = { principal: [], rate: [], updated: [] };
    if (market.generation === "3.0") {
        stable.principal = await balances(({ stableDebtToken }) => stableDebtToken, "principalBalanceOf");
        stable.rate = await balances(({ stableDebtToken }) => stableDebtToken, "getUserStableRate");
        stable.updated = await balances(({ stableDebtToken }) => stableDebtToken, "getUserLastUpdated");
    }
    const rows = {};
    wallets.forEach((wallet, w) => {
        const row = [configurations[w], emodes[w]];
        let isBorrower = false;
        market.reserves
            .map((reserve, r) => ({ ...reserve, place: r * wallets.length + w }))
            .sort((a, b) => Number(a.id) - Number(b.id))
            .forEach(({ id, place }) => {
                const isCollateral = (configurations[w] >> BigInt(2 * Number(id) + 1)) & 1n;
                const supply = isCollateral ? supplies[place] : 0n;
                const principal = stable.principal[place] ?? 0n;
                const kinds = (supply ? COLLATERAL : 0n) | (debts[place] ? DEBT : 0n) | (principal ? STABLE : 0n);
                if (!kinds) return;
                isBorrower ||= Boolean(debts[place] || principal);
                row.push(BigInt(id) | (kinds << 8n));
                if (supply) row.push(supply);
                if (debts[place]) row.push(debts[place]);
                if (principal) row.push(principal, stable.rate[place], BigInt(stable.updated[place]));
            });
        if (isBorrower) rows[getAddress(wallet)] = row;
    });
    return rows;
}

/// The same of one Morpho market.
export async function morphoRows(chain, blue, { id }, wallets, block = "latest") {
    const calls = wallets.map((wallet) => ({ to: blue.morpho, abi: MORPHO, functionName: "position", args: [id, wallet] }));
    const positions = await readMany(chain, calls, block);
    return Object.fromEntries(
        positions
            .map(([supply, borrow, collateral], i) => [getAddress(wallets[i]), [borrow, collateral, supply]])
            .filter(([, [borrow]]) => borrow > 0n),
    );
}

/// Runs margrave and kills it, with no chance to tidy up, after so many milliseconds. Resolves to true when it had
/// finished before.
export function killAfter(milliseconds, args) {
    const child = spawn(process.env.MARGRAVE_BIN, args, { stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code, signal) => {
            clearTimeout(timer);
            resolve(signal === null);
        });
    });
}
