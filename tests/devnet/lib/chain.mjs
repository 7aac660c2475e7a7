// A local chain as a script sees it: queue transactions, mine them, read many views at one block.
import { decodeFunctionResult, encodeDeployData, encodeFunctionData, getContractAddress, numberToHex } from "viem";

/// The account that deploys and administers everything (any address may send on the devnet).
export const ADMIN = "0xad00000000000000000000000000000000000001";

const GAS_DEPLOY = 30_000_000n;
const GAS_CALL = 5_000_000n;
const BATCH = 500;

export class Chain {
    #queue = [];
    #nonces = new Map();
    #funded = new Set();
    #id = 0;

    /// `time` is the timestamp of the newest block; the chain's clock moves only in mine().
    constructor(url, time) {
        this.url = url;
        this.time = time;
    }

    async rpc(method, params = []) {
        return (await this.batch([{ method, params }]))[0];
    }

    /// Results in the order of the calls; throws on the first error.
    async batch(calls) {
        const results = [];
        for (let start = 0; start < calls.length; start += BATCH) {
            results.push(...(await this.#post(calls.slice(start, start + BATCH))));
        }
        return results;
    }

    async #post(calls) {
        const body = calls.map((call) => ({ jsonrpc: "2.0", id: this.#id++, ...call }));
        const headers = { "content-type": "application/json" };
        const response = await fetch(this.url, { method: "POST", headers, body: JSON.stringify(body) });
        const answers = new Map((await response.json()).map((answer) => [answer.id, answer]));
        return body.map(({ id, method }) => {
            const { result, error } = answers.get(id);
            // `data` is what a contract gave as its reason.
            if (error) throw Object.assign(new Error(`${method}: ${error.message}`), { data: error.data });
            return result;
        });
    }

    /// Queues a call for the next block and returns its place in the queue.
    send({ from = ADMIN, to, abi, functionName, args = [], gas = GAS_CALL }) {
        return this.#enqueue({ from, to, data: encodeFunctionData({ abi, functionName, args }), gas });
    }

    /// The same for calldata as it is, with wei if it has any.
    sendRaw({ from = ADMIN, to, data, value = 0n, gas = GAS_CALL }) {
        return this.#enqueue({ from, to, data, value: numberToHex(value), gas });
    }

    /// Queues a deployment for the next block and returns the address it will have.
    deploy(artifact, args = [], libraries = {}) {
        const bytecode = link(artifact, libraries);
        const data = encodeDeployData({ abi: artifact.abi, bytecode, args });
        const nonce = this.#nonces.get(ADMIN) ?? 0;
        this.#enqueue({ from: ADMIN, data, gas: GAS_DEPLOY });
        return getContractAddress({ from: ADMIN, nonce: BigInt(nonce) });
    }

    #enqueue(transaction) {
        const nonce = this.#nonces.get(transaction.from) ?? 0;
        this.#nonces.set(transaction.from, nonce + 1);
        this.#queue.push({ ...transaction, gas: numberToHex(transaction.gas), nonce: numberToHex(nonce) });
        return this.#queue.length - 1;
    }

    /// [[address, wei]]; takes effect at once, in the state that the next block is built on.
    setBalances(balances) {
        for (const [address] of balances) this.#funded.add(address);
        return this.batch(
            balances.map(([address, wei]) => ({ method: "anvil_setBalance", params: [address, numberToHex(wei)] })),
        );
    }

    /// Mines everything queued into one block, `seconds` after the last; throws with the contract's reason when a
    /// transaction failed. Returns the block.
    async mine({ seconds = 12 } = {}) {
        const transactions = this.#queue;
        const block = await this.#mineBlock(seconds);
        const receipts = await this.rpc("eth_getBlockReceipts", ["latest"]);
        const failed = transactions.findIndex((_, i) => receipts[i]?.status !== "0x1");
        if (failed >= 0) throw await this.#failure(transactions[failed], failed);
        return block;
    }

    /// As mine(), but failures are part of the game. Also returns, in order of the queue, which transactions had an
    /// effect; seen by their events, because the node takes quadratic time for the receipts of a full block.
    async mineTolerantly({ seconds = 12 } = {}) {
        const hashes = [];
        const block = await this.#mineBlock(seconds, hashes);
        const tag = numberToHex(block.number);
        const events = await this.rpc("eth_getLogs", [{ fromBlock: tag, toBlock: tag }]);
        const effective = new Set(events.map(({ transactionHash }) => transactionHash));
        return { ...block, hashes, succeeded: hashes.map((hash) => effective.has(hash)) };
    }

    // The node takes the requests of a batch in any order, but mines by gas price: a falling price keeps our order.
    async #mineBlock(seconds, hashes = []) {
        const transactions = this.#queue;
        this.#queue = [];
        this.time += seconds;
        await this.#fundSenders(transactions);
        hashes.push(
            ...(await this.batch(
                transactions.map((transaction, i) => ({
                    method: "eth_sendTransaction",
                    params: [{ ...transaction, gasPrice: numberToHex(transactions.length - i) }],
                })),
            )),
        );
        await this.rpc("evm_setNextBlockTimestamp", [this.time]);
        await this.rpc("evm_mine");
        const block = await this.rpc("eth_getBlockByNumber", ["latest", false]);
        if (block.transactions.length !== hashes.length) {
            throw new Error(`${block.transactions.length} of ${hashes.length} transactions fit into the block`);
        }
        return { number: BigInt(block.number), hash: block.hash, timestamp: this.time };
    }

    // Gas costs next to nothing here, but not nothing.
    async #fundSenders(transactions) {
        const poor = [...new Set(transactions.map(({ from }) => from))].filter((from) => !this.#funded.has(from));
        await this.setBalances(poor.map((from) => [from, 10n ** 18n]));
    }

    async #failure(transaction, place) {
        const { from, to, data, gas } = transaction;
        const reason = await this.rpc("eth_call", [{ from, to, data, gas }, "latest"]).then(
            () => "it would succeed now",
            (error) => error.message,
        );
        return new Error(`transaction ${place} to ${to ?? "a new contract"} (${data.slice(0, 10)}) failed: ${reason}`);
    }

    /// Runs `action`, which may send and mine what it likes, and then makes everything undone. The clock stands still
    /// for as long as mine() is given no seconds.
    async onSnapshot(action) {
        const { time } = this;
        const [nonces, funded] = [new Map(this.#nonces), new Set(this.#funded)];
        const snapshot = await this.rpc("evm_snapshot");
        try {
            return await action();
        } finally {
            [this.time, this.#nonces, this.#funded, this.#queue] = [time, nonces, funded, []];
            await this.rpc("evm_revert", [snapshot]);
        }
    }

    /// Sends one call in a block of its own after whatever is queued, at the very time of the last block. Resolves to
    /// { success, logs, error }; error is the data with which the contract reverts.
    async sendNow(call) {
        const place = this.send(call);
        await this.#mineBlock(0);
        const receipts = await this.rpc("eth_getBlockReceipts", ["latest"]);
        const failed = receipts.findIndex(({ status }) => status !== "0x1");
        if (failed >= 0 && failed < place) throw new Error(`preparation ${failed} failed`);
        if (failed < 0) return { success: true, logs: receipts[place].logs, error: null };
        // A failure changed nothing, so it fails again in the same way.
        return { success: false, logs: [], error: await this.#reasonToFail(call) };
    }

    async wouldFail(call) {
        return (await this.#reasonToFail(call)) !== null;
    }

    async #reasonToFail({ from = ADMIN, to, abi, functionName, args, gas = GAS_CALL }) {
        const data = encodeFunctionData({ abi, functionName, args });
        return this.rpc("eth_call", [{ from, to, data, gas: numberToHex(gas) }, "latest"]).then(
            () => null,
            (error) => error.data ?? "0x",
        );
    }

    async read({ to, abi, functionName, args = [], block = "latest" }) {
        const data = encodeFunctionData({ abi, functionName, args });
        const tag = typeof block === "bigint" ? numberToHex(block) : block;
        const result = await this.rpc("eth_call", [{ to, data }, tag]);
        return decodeFunctionResult({ abi, functionName, data: result });
    }
}

function link(artifact, libraries) {
    let code = artifact.bytecode;
    for (const inFile of Object.values(artifact.linkReferences ?? {})) {
        for (const [name, places] of Object.entries(inFile)) {
            for (const { start, length } of places) {
                const at = 2 + 2 * start;
                code = code.slice(0, at) + libraries[name].slice(2).toLowerCase() + code.slice(at + 2 * length);
            }
        }
    }
    return code;
}

/// A function that deploys a contract by name, and first, once each, the libraries it links.
export function linkingDeployer(chain, artifactOf) {
    const libraries = {};
    const deploy = (name, args = []) => {
        const artifact = artifactOf(name);
        for (const inFile of Object.values(artifact.linkReferences ?? {})) {
            for (const library of Object.keys(inFile)) libraries[library] ??= deploy(library);
        }
        return chain.deploy(artifact, args, libraries);
    };
    return deploy;
}
