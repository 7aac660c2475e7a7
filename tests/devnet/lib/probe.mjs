// What a contract would answer if something were otherwise: many variants in one eth_call, none of which stays.
import { decodeFunctionResult, encodeFunctionData, numberToHex } from "viem";
import { own } from "./tokens.mjs";

export const PROBER = "0x9b0be00000000000000000000000000000000001";

const STEPS_PER_REQUEST = 250;
const runtimes = new WeakMap();

/// For each of `steps`, what `question` then answers: [{ success, data }], data being the reason of a failure. `setup`
/// are calls that come first each time. Calls are { to, abi, functionName, args } and come from PROBER.
export async function probe(chain, { setup = [], steps, question, block = "latest" }) {
    const outcomes = [];
    for (let start = 0; start < steps.length; start += STEPS_PER_REQUEST) {
        const some = steps.slice(start, start + STEPS_PER_REQUEST);
        outcomes.push(...(await ask(chain, [setup.map(encode), some.map(encode), encode(question)], block)));
    }
    return outcomes;
}

/// A step that does nothing.
export const NOTHING = { to: "0x0000000000000000000000000000000000000004", data: "0x" };

const encode = ({ to, abi, functionName, args, data = encodeFunctionData({ abi, functionName, args }) }) => ({
    to,
    data,
});

/// One word of what a view returns with each of `answers`, 0 where it reverts. `setter` is the call that sets an answer
/// of 0, which has to be its last argument.
export async function sweep(chain, { setter, answers, view, word, block = "latest" }) {
    const { to, data } = encode(setter);
    const prefix = { to, data: data.slice(0, -64) };
    const values = [];
    for (let start = 0; start < answers.length; start += STEPS_PER_REQUEST) {
        const some = answers.slice(start, start + STEPS_PER_REQUEST);
        values.push(...(await ask(chain, [prefix, some, encode(view), BigInt(word)], block, "sweep")));
    }
    return values;
}

async function ask(chain, args, block, functionName = "probe") {
    const { abi } = own("Prober");
    const request = { to: PROBER, data: encodeFunctionData({ abi, functionName, args }) };
    const tag = typeof block === "bigint" ? numberToHex(block) : block;
    const data = await chain.rpc("eth_call", [request, tag, { [PROBER]: { code: await runtime(chain) } }]);
    return decodeFunctionResult({ abi, functionName, data });
}

// A constructor, run in an eth_call, returns the code that it would leave behind.
async function runtime(chain) {
    if (!runtimes.has(chain)) {
        runtimes.set(chain, await chain.rpc("eth_call", [{ data: own("Prober").bytecode }, "latest"]));
    }
    return runtimes.get(chain);
}
