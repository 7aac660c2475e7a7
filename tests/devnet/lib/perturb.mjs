// Small falsehoods in a report, each of which a referee has to notice.

const indebted = (report) =>
    report.accounts.find(
        ({ legs, health_factor_raw }) => health_factor_raw !== null && legs.some(({ side }) => side === "collateral"),
    );
const leg = (report, side) => indebted(report).legs.find((candidate) => candidate.side === side);

const plusOne = (object, field) => {
    object[field] = typeof object[field] === "number" ? object[field] + 1 : String(BigInt(object[field]) + 1n);
};

/// What is wrong → a function that makes it so, in place.
export const PERTURBATIONS = {
    "a unit more collateral": (report) => plusOne(indebted(report), "collateral_raw"),
    "a unit more debt": (report) => plusOne(indebted(report), "debt_raw"),
    "a unit more health": (report) => plusOne(indebted(report), "health_factor_raw"),
    "a threshold off by a basis point": (report) => plusOne(indebted(report), "liquidation_threshold_bps"),
    "an LTV off by a basis point": (report) => plusOne(indebted(report), "max_ltv_bps"),
    "a wrong status": (report) => (indebted(report).status = "unknown"),
    "an e-mode that is not": (report) => (indebted(report).emode_category = "77"),
    "a wei more supplied": (report) => plusOne(leg(report, "collateral"), "amount_raw"),
    "a wei more borrowed": (report) => plusOne(leg(report, "debt"), "amount_raw"),
    "a price off by a unit": (report) => plusOne(leg(report, "collateral"), "oracle_price_raw"),
    "collateral called supply": (report) => (leg(report, "collateral").side = "supply"),
    "a leg left out": (report) => indebted(report).legs.pop(),
    "a leg made up": (report) =>
        indebted(report).legs.push({ ...leg(report, "debt"), side: "supply", asset: `0x${"1".repeat(40)}` }),
    "an account left out": (report) => report.accounts.splice(report.accounts.indexOf(indebted(report)), 1),
    "an account reported twice": (report) => report.accounts.push(indebted(report)),
    "a wei more held": (report) => plusOne(report.holdings[0], "amount_raw"),
    "a holding left out": (report) => report.holdings.pop(),
    "a gap": (report) => report.gaps.push({ chain: "devnet", kind: "timeout", detail: "made up" }),
};
