// Random calls of wallets in Morpho's markets, most of which succeed and many of which ask a little too much.
import { decodeEventLog, maxUint128, numberToHex, parseAbi } from "viem";
import { MORPHO } from "./morpho.mjs";
import { worth } from "./tokens.mjs";

const WAD = 10n ** 18n;
const PRICE_SCALE = 10n ** 36n;
const WEIGHTS = {
    supply: 3,
    withdraw: 4,
    supply_collateral: 5,
    withdraw_collateral: 4,
    borrow: 10,
    repay: 8,
};

const tiny = (random) => BigInt(random.chance(0.2) ? 0 : 1 + random.below(3));

/// { wallet, market, kind, amount } of a wallet that has `position` in `market`, which has `free` left to lend; amount
/// null is everything.
export function chooseMorphoAction({ wallet, market, position, free, price, random }) {
    const { supply_shares, borrow_shares, collateral, owed } = position;
    const able = {
        withdraw: supply_shares > 0n,
        borrow: collateral > 0n,
        repay: borrow_shares > 0n,
        withdraw_collateral: collateral > 0n,
    };
    let kind = random.weighted(WEIGHTS);
    if (able[kind] === false && random.chance(0.9)) kind = random.chance(0.8) ? "supply_collateral" : "supply";
    const limit = price && market.collateral ? (((collateral * price) / PRICE_SCALE) * market.lltv) / WAD : 0n;
    const room = limit > owed ? limit - owed : 0n;
    return { wallet, market, kind, amount: AMOUNTS[kind]({ market, position, room, limit, free, random }) };
}

const some = (token, random) => {
    if (random.chance(0.02)) return maxUint128 - BigInt(random.below(3)) + BigInt(random.below(5));
    if (random.chance(0.08)) return tiny(random);
    return token ? worth(token, random.logBetween(1, 1e6), random) : 1n;
};

const AMOUNTS = {
    supply: ({ market, random }) => some(market.loan, random),
    // Now and then enough to borrow all that is lent.
    supply_collateral: ({ market, random }) =>
        market.collateral && random.chance(0.25) ? worth(market.collateral, 1e8, random) : some(market.collateral, random),

    // Of what is lent at least about that much; the last units are by chance more than there is.
    withdraw: ({ position, random }) => partOf(position.lent, random, 0.35),
    repay: ({ position, random }) => partOf(position.owed, random, 0.35),

    borrow({ room, free, random }) {
        if (random.chance(0.08)) return tiny(random);
        if (room > free && random.chance(0.4)) return free + BigInt(random.below(3));
        if (room > free) return random.share(free, random.logBetween(0.01, 0.9));
        if (random.chance(0.15)) return room + BigInt(random.below(3)) - 1n > 0n ? room + BigInt(random.below(2)) : 1n;
        return random.share(room, random.chance(0.75) ? random.logBetween(0.01, 1) : random.between(0.98, 1.05));
    },

    // Up to where the account would be unhealthy, and some over.
    withdraw_collateral({ position, room, limit, random }) {
        if (random.chance(0.15)) return null;
        const free = limit > 0n ? (position.collateral * room) / limit : position.collateral;
        return partOf(free, random, 0);
    },
};

function partOf(amount, random, allOf) {
    if (random.chance(allOf)) return null;
    if (random.chance(0.1)) return tiny(random);
    if (random.chance(0.15)) return amount + BigInt(random.below(3));
    return random.share(amount, random.chance(0.2) ? random.between(0.999, 1.02) : random.logBetween(0.01, 1));
}

/// Queues them in their order. Everything of a debt or of what is lent goes by shares.
export function queueMorphoActions(chain, { morpho }, actions) {
    for (const { wallet, market, kind, amount, position } of actions) {
        const { params } = market;
        const sizes = (shares) => (amount === null ? [0n, shares] : [amount, 0n]);
        const [functionName, args] = {
            supply: ["supply", [params, amount, 0n, wallet, "0x"]],
            withdraw: ["withdraw", [params, ...sizes(position.supply_shares), wallet, wallet]],
            supply_collateral: ["supplyCollateral", [params, amount, wallet, "0x"]],
            withdraw_collateral: ["withdrawCollateral", [params, amount ?? position.collateral, wallet, wallet]],
            borrow: ["borrow", [params, amount, 0n, wallet, wallet]],
            repay: ["repay", [params, ...sizes(position.borrow_shares), wallet, "0x"]],
        }[kind];
        chain.send({ from: wallet, to: morpho, abi: MORPHO, functionName, args });
    }
}

/// The same for the replay.
export const morphoReplayLine = ({ wallet, market, kind, amount }) => ({
    act: {
        market: market.id,
        wallet,
        kind,
        asset: kind.endsWith("collateral") ? market.params.collateralToken : market.params.loanToken,
        ...(amount === null ? {} : { amount }),
    },
});

const EVENTS = parseAbi([
    "event Supply(bytes32 indexed id, address indexed caller, address indexed onBehalf, uint256 assets, uint256 shares)",
    "event Withdraw(bytes32 indexed id, address caller, address indexed onBehalf, address indexed receiver, uint256 assets, uint256 shares)",
    "event Borrow(bytes32 indexed id, address caller, address indexed onBehalf, address indexed receiver, uint256 assets, uint256 shares)",
    "event Repay(bytes32 indexed id, address indexed caller, address indexed onBehalf, uint256 assets, uint256 shares)",
    "event SupplyCollateral(bytes32 indexed id, address indexed caller, address indexed onBehalf, uint256 assets)",
    "event WithdrawCollateral(bytes32 indexed id, address caller, address indexed onBehalf, address indexed receiver, uint256 assets)",
    "event AccrueInterest(bytes32 indexed id, uint256 prevBorrowRate, uint256 interest, uint256 feeShares)",
]);

/// Transaction hash → the assets that its action moved, of those that succeeded in a block.
export async function movedAssets(chain, { morpho }, block) {
    const tag = numberToHex(block);
    const logs = await chain.rpc("eth_getLogs", [{ address: morpho, fromBlock: tag, toBlock: tag }]);
    const moved = new Map();
    for (const { transactionHash, data, topics } of logs) {
        const { eventName, args } = decodeEventLog({ abi: EVENTS, data, topics });
        if (eventName !== "AccrueInterest") moved.set(transactionHash, args.assets);
    }
    return moved;
}
