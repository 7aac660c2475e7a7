// What health would be at other answers of an oracle, and where it changes.
import { parseAbi } from "viem";
import { POOL } from "./aave.mjs";
import { sweep } from "./probe.mjs";
import { own } from "./tokens.mjs";

const FALLBACK = parseAbi(["function setAssetPrice(address asset, uint256 price)"]);

/// The call that makes a reserve's oracle answer something else; one asset has no feed but the market's fallback oracle.
export function answerCall(market, { feed, asset }, answer) {
    return feed
        ? { to: feed, abi: own("Feed").abi, functionName: "set", args: [answer] }
        : { to: market.fallback, abi: FALLBACK, functionName: "setAssetPrice", args: [asset, answer] };
}

/// Where the pool's account data says it.
export const DEBT = 1,
    HEALTH = 5;

/// One of the figures of a user's account data with each of the answers alone; 0 where the view reverts.
export function accountDataAt(chain, market, user, reserve, figure, answers, block = "latest") {
    return sweep(chain, {
        setter: answerCall(market, reserve, 0n),
        answers,
        view: { to: market.pool, abi: POOL, functionName: "getUserAccountData", args: [user] },
        word: figure,
        block,
    });
}

// Points that one round of a search looks at.
const POINTS = 64n;

/// The smallest integer above `low`, up to `high`, of which `holds` is true; `holds` takes a list and, along it, has to
/// turn from false to true once. Resolves to null when it never does.
export async function firstWhere(low, high, holds) {
    if (!(await holds([high]))[0]) return null;
    while (high - low > 1n) {
        const step = (high - low + POINTS) / (POINTS + 1n);
        const points = [];
        for (let point = low + step; point < high; point += step) points.push(point);
        const answers = await holds(points);
        const first = answers.findIndex(Boolean);
        if (first >= 0) high = points[first];
        low = first === 0 ? low : points[(first < 0 ? points.length : first) - 1];
    }
    return high;
}
