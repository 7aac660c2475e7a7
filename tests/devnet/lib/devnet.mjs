// A whole devnet: a node, tokens, two generations of Aave v3, Morpho Blue, and wallets that have lived there a while.
import { createPublicClient, http } from "viem";
import { deployAaveV30 } from "./aave_v30.mjs";
import { deployAaveV36 } from "./aave_v36.mjs";
import { TREASURY } from "./aave.mjs";
import { GENESIS_TIME, startAnvil } from "./anvil.mjs";
import { Chain } from "./chain.mjs";
import { configToml } from "./config.mjs";
import { breakOracles, deployMorpho, followPrices } from "./morpho.mjs";
import {
    fundMorpho,
    makeMorphoUsers,
    makeMorphoWhales,
    queueMorphoLiquidations,
    queueMorphoRound,
} from "./morpho_wallets.mjs";
import { installMulticall3 } from "./multicall3.mjs";
import { movePrices, scalePrices } from "./prices.mjs";
import { Random, addressOf } from "./random.mjs";
import { BORROWED_IN_SCENARIO, FALL, enterScenario } from "./scenario.mjs";
import { PLAIN_TOKENS, deployFeed, deployTokens, mintMany, worth } from "./tokens.mjs";
import { BORROWING, BUILDING, LIVING, fund, makeUsers, queueRound } from "./wallets.mjs";
import { enterWhales, lendMore, makeWhales, payTreasury, queueLiquidations } from "./whales.mjs";

const DAY = 86_400;

/// Starts a devnet with Aave (both generations), Morpho Blue, or all. `wallets` is the number of random wallets per
/// market, or in all of Morpho; a tenth of them are in the next one too.
/// Resolves to { rpcUrl, client, chain, markets, blue, tokens, wallets, scenario, observations, configToml(options),
/// stop() }: `markets` are Aave's, `blue` is Morpho or null; `wallets` are all addresses worth auditing, `observations`
/// the blocks [{ number, hash, timestamp }] at which to do it.
export async function startDevnet({
    seed = "margrave",
    wallets = 500,
    observations = 3,
    aave = true,
    morpho = false,
    statesOnDisk,
    log = () => {},
} = {}) {
    const anvil = await startAnvil({ statesOnDisk });
    try {
        const world = await buildWorld(new Chain(anvil.url, GENESIS_TIME), { aave, morpho });
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

async function buildWorld(chain, { aave, morpho }) {
    await installMulticall3(chain);
    const tokens = deployTokens(chain);
    const native = { symbol: "ETH", price: tokens.WETH.price, feed: deployFeed(chain, "ETH / USD", tokens.WETH.price) };
    await chain.mine();
    const markets = aave ? [await deployAaveV30(chain, tokens), await deployAaveV36(chain, tokens)] : [];
    const blue = morpho ? await deployMorpho(chain, tokens) : null;
    await chain.mine();
    return { chain, tokens, native, markets, blue };
}

async function live(world, options) {
    const { chain, markets, tokens, blue } = world;
    const { random, log } = options;
    const places = makePlaces(world, options);
    await settle(world, places);
    for (const weights of [BUILDING, BUILDING, BUILDING, BORROWING, BORROWING, BORROWING, LIVING, LIVING]) {
        await playRound(world, places, random, weights, log);
    }
    for (const { prepareScenario } of places) prepareScenario();
    const scenario = await enterScenario(chain, markets, tokens);
    await chain.mine();
    markets.forEach(changeRules);
    if (blue) breakOracles(chain, blue);
    await chain.mine();

    const observed = [];
    for (let i = 0; i < options.observations; i++) {
        if (i > 0) await passTime(world, places, random, log);
        observed.push(await observe(world, places, random, MOVES[i % MOVES.length], log));
    }
    const users = places.flatMap((place) => place.users.map(({ address }) => address));
    const whales = places.flatMap((place) => Object.values(place.whales));
    const named = scenario.map(({ address }) => address);
    const incomes = [TREASURY, ...(blue ? [blue.feeRecipient] : [])];
    return { wallets: [...new Set([...users, ...whales, ...named, ...incomes])], scenario, observations: observed };
}

// Where wallets live: N in each, of which the next shares a tenth.
function makePlaces({ chain, markets, blue }, { random, seed, wallets }) {
    const step = wallets - Math.floor(wallets / 10);
    const addressesOf = (place) =>
        Array.from({ length: wallets }, (_, i) => addressOf("margrave devnet", seed, place * step + i));
    const places = markets.map((market, i) => aavePlace(chain, market, addressesOf(i), random));
    // Randomness of its own: Aave's history is the same with and without it.
    if (blue) places.push(morphoPlace(chain, blue, addressesOf(markets.length), new Random(`${seed} ${blue.name}`)));
    return places;
}

function aavePlace(chain, market, addresses, random) {
    const users = makeUsers(market, addresses, random);
    const whales = makeWhales(market);
    return {
        name: market.name,
        random,
        users,
        whales,
        settle() {
            enterWhales(chain, market, whales, random);
            fund(chain, market, users, random);
        },
        prepareScenario: () => lendMore(chain, market, whales, BORROWED_IN_SCENARIO, random),
        queueRound: (weights) => queueRound(chain, market, users, random, weights),
        async queueLiquidations() {
            await queueLiquidations(chain, market, whales, users, random);
            payTreasury(chain, market);
        },
    };
}

function morphoPlace(chain, blue, addresses, random) {
    const users = makeMorphoUsers(blue, addresses, random);
    const whales = makeMorphoWhales();
    return {
        name: blue.name,
        random,
        users,
        whales,
        settle: () => fundMorpho(chain, blue, users, whales, random),
        prepareScenario() {},
        queueRound: (weights) => queueMorphoRound(chain, blue, users, random, weights),
        queueLiquidations: () => queueMorphoLiquidations(chain, blue, whales, users, random),
    };
}

async function settle({ chain, tokens }, places) {
    for (const place of places) {
        const { users, random } = place;
        place.settle();
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
    for (const place of places) settlers.push(await place.queueRound(weights));
    also?.();
    const { succeeded, ...block } = await chain.mineTolerantly({ seconds });
    settlers.forEach((settler, i) => log(`block ${block.number} ${places[i].name}`, settler({ succeeded })));
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
        const also = () => {
            movePrices(world.chain, world, random, move);
            if (world.blue) followPrices(world.chain, world.blue);
        };
        return playRound(world, places, random, LIVING, log, { seconds, also });
    }
    scalePrices(world.chain, world, FALL.symbols, FALL.numerator, FALL.denominator);
    if (world.blue) followPrices(world.chain, world.blue);
    return world.chain.mine({ seconds });
}

async function passTime(world, places, random, log) {
    const { chain } = world;
    await chain.mine({ seconds: random.below(40) * DAY + random.below(DAY) + 1 });
    for (const place of places) await place.queueLiquidations();
    const { succeeded } = await chain.mineTolerantly();
    log(`liquidations and payouts: ${succeeded.filter(Boolean).length} of ${succeeded.length}`);
    await playRound(world, places, random, LIVING, log);
}
