// Signed reports from the outside: canonical JSON and EIP-712 by JavaScript and viem.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { keccak256, stringToBytes } from "viem";

/// RFC 8785, for documents of JSON.parse.
export function canonical(value) {
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
    const members = Object.keys(value)
        .sort()
        .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
    return `{${members.join()}}`;
}

export const hashOf = (report) => keccak256(stringToBytes(canonical(report)));

/// What is signed of a report without its signature, as viem takes it.
export function typedData(report) {
    return {
        domain: { name: "margrave", version: "1" },
        types: {
            Report: [
                { name: "schema", type: "string" },
                { name: "reportHash", type: "bytes32" },
            ],
        },
        primaryType: "Report",
        message: { schema: report.schema, reportHash: hashOf(report) },
    };
}

/// The report signed by one of viem's accounts.
export async function signedBy(account, report) {
    const data = typedData(report);
    return {
        ...report,
        signature: {
            scheme: "eip712",
            signer: account.address,
            domain: data.domain,
            types: data.types,
            primary_type: data.primaryType,
            report_hash: data.message.reportHash,
            signature: await account.signTypedData(data),
        },
    };
}

/// The program that docs/signed-reports.md shows.
export function documentedProgram() {
    const docs = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../docs/signed-reports.md");
    const [, program] = fs.readFileSync(docs, "utf8").match(/^```js\n(.*?)^```$/ms);
    return program;
}
