// A whole devnet: a node, tokens, two generations of Aave v3, and wallets that have lived in them for a while.
import { createPublicClient, http } from "viem";
import { deployAaveV30 } from "./aave_v30.mjs";
import { deployAaveV36 } from "./aave_v36.mjs";
import { TREASURY } from "./aave.mjs";
import { GENESIS_TIME, startAnvil } from "./anvil.mjs";
import { Chain } from "./chain.mjs";
import { configToml } from "./config.mjs";
import { installMulticall3 } from "./multicall3.mjs";
import { movePrices, scalePrices } from "./prices.mjs";
import { Random, addressOf } from "./random.mjs";
import { BORROWED_IN_SCENARIO, FALL, enterScenario } from "./scenario.mjs";
import { PLAIN_TOKENS, deployFeed, deployTokens, mintMany, worth } from "./tokens.mjs";
import { BORROWING, BUILDING, LIVING, fund, makeUsers, queueRound } from "./wallets.mjs";
import { enterWhales, lendMore, makeWhales, payTreasury, queueLiquidations } from "./whales.mjs";

const DAY = 86_400;

/// Starts a devnet. `wallets` is the number of random wallets per market, a tenth of which are in both.
/// Resolves to { rpcUrl, client, chain, markets, tokens, wallets, scenario, observations, configToml(options), stop() }:
/// `wallets` are all addresses worth auditing, `observations` the blocks [{ number, hash, timestamp }] at which to do it.
export async function startDevnet({ seed = "margrave", wallets = 500, observations = 3, log = () => {} } = {}) {
    const anvil = await startAnvil();
    try {
        const world = await buildWorld(new Chain(anvil.url, GENESIS_TIME));
        const life = await live(world, { random: new Random(seed), seed, wallets, observations, log });
        return {
            ...world,
            ...life,
            rpcUrl: anvil.url,
            stop: anvil.stop,
            client: createPublicClient({ transport: http(anvil.url, { batch: true }) }),
            configToml: (options = {}) => configToml(world, { rpc: anvil.url, ...options }),
        };
    } catch (error) {
        await anvil.stop();
        throw error;
    }
}

async function buildWorld(chain) {
    await installMulticall3(chain);
    const tokens = deployTokens(chain);
    const native = { symbol: "ETH", price: tokens.WETH.price, feed: deployFeed(chain, "ETH / USD", tokens.WETH.price) };
    await chain.mine();
    const markets = [await deployAaveV30(chain, tokens), await deployAaveV36(chain, tokens)];
    await chain.mine();
    return { chain, tokens, native, markets };
}

async function live(world, options) {
    const { chain, markets, tokens } = world;
    const { random, log } = options;
    const places = makePlaces(markets, options);
    await settle(world, places, random);
    for (const weights of [BUILDING, BUILDING, BUILDING, BORROWING, BORROWING, BORROWING, LIVING, LIVING]) {
        await playRound(world, places, random, weights, log);
    }
    for (const { market, whales } of places) lendMore(chain, market, whales, BORROWED_IN_SCENARIO, random);
    const scenario = await enterScenario(chain, markets, tokens);
    await chain.mine();
    markets.forEach(changeRules);
    await chain.mine();

    const observed = [];
    for (let i = 0; i < options.observations; i++) {
        if (i > 0) await passTime(world, places, random, log);
        observed.push(await observe(world, places, random, MOVES[i % MOVES.length], log));
    }
    const users = places.flatMap((place) => place.users.map(({ address }) => address));
    const whales = places.flatMap((place) => Object.values(place.whales));
    const named = scenario.map(({ address }) => address);
    return { wallets: [...new Set([...users, ...whales, ...named, TREASURY])], scenario, observations: observed };
}

// A market with its people: N wallets each, of which the second market shares a tenth with the first.
function makePlaces(markets, { random, seed, wallets }) {
    const step = wallets - Math.floor(wallets / 10);
    return markets.map((market, place) => {
        const addresses = Array.from({ length: wallets }, (_, i) =>
            addressOf("margrave devnet", seed, place * step + i),
        );
        return { market, users: makeUsers(market, addresses, random), whales: makeWhales(market) };
    });
}

async function settle({ chain, tokens }, places, random) {
    for (const { market, users, whales } of places) {
        enterWhales(chain, market, whales, random);
        fund(chain, market, users, random);
        const holders = users.filter(() => random.chance(0.3)).map(({ address }) => address);
        for (const symbol of PLAIN_TOKENS) {
            mintMany(
                chain,
                tokens[symbol],
                holders,
                holders.map(() => worth(tokens[symbol], random.logBetween(1, 1e5), random)),
            );
        }
        // At least what gas will cost.
        await chain.setBalances(
            users.map(({ address }) => [address, BigInt(Math.floor(random.logBetween(1e15, 1e20)))]),
        );
    }
    await chain.mine();
}

// One action of every wallet, and whatever `also` queues, in one block.
async function playRound({ chain }, places, random, weights, log, { seconds = 60 + random.below(7200), also } = {}) {
    const settlers = [];
    for (const { market, users } of places) settlers.push(await queueRound(chain, market, users, random, weights));
    also?.();
    const { succeeded, ...block } = await chain.mineTolerantly({ seconds });
    settlers.forEach((settler, i) => log(`block ${block.number} ${places[i].market.name}`, settler({ succeeded })));
    return block;
}

// What administrators do to reserves that people already use.
function changeRules({ configure, reserves, emodes }) {
    const changes = {
        ltvZero: ({ asset, lt, bonus }) => configure("configureReserveAsCollateral", asset, 0, lt, bonus),
        freeze: ({ asset }) => configure("setReserveFreeze", asset, true),
        pause: ({ asset }) => configure("setReservePause", asset, true),
    };
    for (const reserve of reserves) if (reserve.later) changes[reserve.later](reserve);
    for (const { id, ltvZeroLater = [] } of emodes) {
        for (const { asset } of reserves.filter(({ symbol }) => ltvZeroLater.includes(symbol))) {
            configure("setAssetLtvzeroInEMode", asset, id, true);
        }
    }
}

// First a fall by an exact factor that the named wallets are made for, then random moves.
const MOVES = [null, { low: 0.82, high: 1.12 }, { low: 0.7, high: 1.3 }];

// Nobody acts in the first observed block, so every index has to be carried forward; in the later ones many do, so
// that some are exactly at their last update.
async function observe(world, places, random, move, log) {
    const seconds = 3600 + random.below(DAY);
    if (move) {
        const also = () => movePrices(world.chain, world, random, move);
        return playRound(world, places, random, LIVING, log, { seconds, also });
    }
    scalePrices(world.chain, world, FALL.symbols, FALL.numerator, FALL.denominator);
    return world.chain.mine({ seconds });
}

async function passTime(world, places, random, log) {
    const { chain } = world;
    await chain.mine({ seconds: random.below(40) * DAY + random.below(DAY) + 1 });
    for (const { market, users, whales } of places) {
        await queueLiquidations(chain, market, whales, users, random);
        payTreasury(chain, market);
    }
    const { succeeded } = await chain.mineTolerantly();
    log(`liquidations and payouts: ${succeeded.filter(Boolean).length} of ${succeeded.length}`);
    await playRound(world, places, random, LIVING, log);
}
