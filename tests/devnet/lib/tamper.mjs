// A proxy hook that changes what getUserAccountData answers, alone or inside an aggregate.
import {
    decodeFunctionData,
    decodeFunctionResult,
    encodeFunctionResult,
    multicall3Abi,
    toFunctionSelector,
} from "viem";
import { POOL } from "./aave.mjs";
import { changing } from "./proxy.mjs";

const ACCOUNT_DATA = toFunctionSelector("getUserAccountData(address)");
const AGGREGATE3 = toFunctionSelector("aggregate3((address,bool,bytes)[])");

/// `change` gets { collateral, debt, availableBorrows, liquidationThreshold, ltv, healthFactor } of accounts with debt.
export function tamperWithAccountData(change) {
    return changing((answer, request) => {
        if (request.method !== "eth_call" || !answer?.result) return answer;
        const data = request.params[0].data ?? request.params[0].input;
        return { ...answer, result: changeResult(data, answer.result, change) };
    });
}

function changeResult(data, result, change) {
    if (data.startsWith(ACCOUNT_DATA)) return changeAccount(result, change);
    if (!data.startsWith(AGGREGATE3)) return result;
    const calls = innerCalls(data);
    const answers = decodeFunctionResult({ abi: multicall3Abi, functionName: "aggregate3", data: result });
    const changed = answers.map((answer, i) =>
        calls[i].callData.startsWith(ACCOUNT_DATA)
            ? { ...answer, returnData: changeAccount(answer.returnData, change) }
            : answer,
    );
    return encodeFunctionResult({ abi: multicall3Abi, functionName: "aggregate3", result: changed });
}

const FIELDS = ["collateral", "debt", "availableBorrows", "liquidationThreshold", "ltv", "healthFactor"];

function changeAccount(data, change) {
    const values = decodeFunctionResult({ abi: POOL, functionName: "getUserAccountData", data });
    const account = Object.fromEntries(FIELDS.map((field, i) => [field, values[i]]));
    if (account.debt === 0n) return data;
    const changed = change(account);
    return encodeFunctionResult({
        abi: POOL,
        functionName: "getUserAccountData",
        result: FIELDS.map((field) => changed[field]),
    });
}

/// The calls inside an aggregate3; none if the call is something else.
export function innerCalls(data) {
    return data.startsWith(AGGREGATE3) ? decodeFunctionData({ abi: multicall3Abi, data }).args[0] : [];
}
