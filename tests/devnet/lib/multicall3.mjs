// Multicall3 at its canonical address, and reading thousands of views through it.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { decodeFunctionResult, encodeFunctionData, multicall3Abi } from "viem";

// viem ships the creation code but does not export it.
const viem = path.dirname(createRequire(import.meta.url).resolve("viem/package.json"));
const { multicall3Bytecode } = await import(pathToFileURL(path.join(viem, "_esm/constants/contracts.js")));

export const MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11";

const CALLS_PER_REQUEST = 2000;

/// Runs the constructor in an eth_call, which returns the runtime code, and puts that where every chain has it.
export async function installMulticall3(chain, address = MULTICALL3) {
    const code = await chain.rpc("eth_call", [{ data: multicall3Bytecode }, "latest"]);
    await chain.rpc("anvil_setCode", [address, code]);
}

/// Decoded values of many views at one block, in order; null where a view reverted.
export async function readMany(chain, calls, block = "latest") {
    const encoded = calls.map(({ to, abi, functionName, args = [] }) => ({
        to,
        data: encodeFunctionData({ abi, functionName, args }),
    }));
    const answers = await readRaw(chain, encoded, block);
    return answers.map(
        (data, i) => data && decodeFunctionResult({ abi: calls[i].abi, functionName: calls[i].functionName, data }),
    );
}

/// Return data of many encoded calls [{ to, data }] at one block, in order; null where a call reverted.
export async function readRaw(chain, calls, block = "latest") {
    const results = [];
    for (let start = 0; start < calls.length; start += CALLS_PER_REQUEST) {
        const inner = calls
            .slice(start, start + CALLS_PER_REQUEST)
            .map(({ to, data }) => ({ target: to, allowFailure: true, callData: data }));
        const request = { to: MULTICALL3, abi: multicall3Abi, functionName: "aggregate3", args: [inner], block };
        const answers = await chain.read(request);
        results.push(...answers.map(({ success, returnData }) => (success ? returnData : null)));
    }
    return results;
}
