// Checks a reported liquidation price by asking the contracts about it, its neighbour and many answers in between.

/// How far from today's a crossing is looked for, either way.
const REACH = 1_000_000n;

/// What is wrong with `price`, the first answer counted from `today` at which the health check fails, or null when none
/// within reach does: readable lines, none when it is right. `passes` takes answers and resolves to booleans.
export async function checkLiquidationPrice({ today, price, passes, samples, random }) {
    const [todayPasses] = await passes([today]);
    if (!todayPasses) return price === today ? [] : [`fails today at ${today}, reported ${price}`];
    if (price === today) return [`passes today at ${today}, reported as failing`];
    if (price === null) return checkSafe(answersBothWays(today, samples, random), passes, "no price reported");
    const problems = [];
    if (outOfReach(today, price)) problems.push(`${price} is out of reach of ${today}`);
    if ((await passes([price]))[0]) problems.push(`passes at ${price}, reported as failing (today ${today})`);
    const neighbour = price < today ? price + 1n : price - 1n;
    const between = [neighbour, ...answersBetween(neighbour, today, samples - 1, random)];
    return [...problems, ...(await checkSafe(between, passes, `reported ${price}`))];
}

const outOfReach = (today, price) => price * REACH < today || price > today * REACH;

async function checkSafe(answers, passes, what) {
    const outcomes = await passes(answers);
    const failing = answers.filter((_, i) => !outcomes[i]);
    return failing.length ? [`fails at ${failing.length} answers such as ${failing[0]} already: ${what}`] : [];
}

// Half of them uniform, half crowding at `edge`, where thresholds that round make pockets.
function answersBetween(edge, today, count, random) {
    const distance = today - edge;
    const uniform = () => (distance * BigInt(Math.floor(random.unit() * 2 ** 52))) / 2n ** 52n;
    const near = () => BigInt(Math.floor(random.logBetween(1, Math.max(2, Math.abs(Number(distance))))));
    return Array.from({ length: count }, (_, i) => {
        const away = i % 2 ? uniform() : distance < 0n ? -near() : near();
        return (distance < 0n ? away < distance : away > distance) ? today : edge + away;
    });
}

function answersBothWays(today, count, random) {
    const low = (today + REACH - 1n) / REACH;
    const bounds = [low < 1n ? 1n : low, today * REACH];
    const anywhere = () => BigInt(Math.floor(Number(today) * random.logBetween(1 / Number(REACH), Number(REACH))));
    const inside = (answer) => (answer < bounds[0] ? bounds[0] : answer > bounds[1] ? bounds[1] : answer);
    return [...bounds, ...Array.from({ length: Math.max(0, count - 2) }, () => inside(anywhere()))];
}
