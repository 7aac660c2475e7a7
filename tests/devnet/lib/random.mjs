// Randomness from a seed: the same seed gives the same devnet on every machine.
import { keccak256, toHex } from "viem";

const TWO_52 = 2n ** 52n;

export class Random {
    #state;

    constructor(seed) {
        const hash = keccak256(toHex(String(seed)));
        this.#state = [0, 1, 2, 3].map((i) => Number.parseInt(hash.slice(2 + 8 * i, 10 + 8 * i), 16) | 0);
    }

    /// 32 random bits; the small fast counter generator of PractRand (sfc32).
    #bits() {
        let [a, b, c, counter] = this.#state;
        const result = (a + b + counter) | 0;
        counter = (counter + 1) | 0;
        a = b ^ (b >>> 9);
        b = (c + (c << 3)) | 0;
        c = (((c << 21) | (c >>> 11)) + result) | 0;
        this.#state = [a, b, c, counter];
        return result >>> 0;
    }

    /// Uniform in [0, 1).
    unit() {
        return this.#bits() / 2 ** 32;
    }

    between(low, high) {
        return low + (high - low) * this.unit();
    }

    /// Uniform in its logarithm, so that small and large are equally likely.
    logBetween(low, high) {
        return low * (high / low) ** this.unit();
    }

    below(count) {
        return Math.floor(this.unit() * count);
    }

    chance(probability) {
        return this.unit() < probability;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    /// A key of { key: weight }.
    weighted(weights) {
        let left = this.unit() * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
        return Object.keys(weights).find((key) => (left -= weights[key]) < 0);
    }

    shuffled(list) {
        const copy = [...list];
        for (let i = copy.length - 1; i > 0; i--) {
            const j = this.below(i + 1);
            [copy[i], copy[j]] = [copy[j], copy[i]];
        }
        return copy;
    }

    /// `fraction` of an integer, with low digits that are not round.
    share(amount, fraction) {
        const exact = (amount * BigInt(Math.floor(fraction * Number(TWO_52)))) / TWO_52;
        return exact > 1_000_000n ? exact - BigInt(this.below(1000)) : exact;
    }
}

/// The address of a wallet nobody has a key of.
export function addressOf(...names) {
    return `0x${keccak256(toHex(names.join(" "))).slice(-40)}`;
}
