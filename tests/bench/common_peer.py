"""The fixed point of a whole market by numpy and OpenBLAS: the peer of common_market.mjs.

    common_peer.py FOLDER

reads the market that margrave_bench wrote there and answers a line of JSON for each command, "run CASE" with the
nanoseconds of CPU it took and "results CASE" with what came out. Cases: "single", one scenario; "batch", many side by
side. The work is docs/cascade.md's: everyone is looked at in every round, by dense matrix products.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

TOLERANCE = 1e-9
# Borrowers at a time in a batch, so that what is between the products stays in the cache; the fastest of 512 to all.
BLOCK = 2048


class Market:
    def __init__(self, folder):
        def read(name):
            return np.fromfile(folder / name)

        self.thresholds = read("thresholds")
        self.bonuses = read("bonuses")
        self.impacts = read("impacts")
        self.debts = read("debts")
        assets = len(self.impacts)
        self.amounts = read("amounts").reshape(-1, assets)
        self.cases = {"single": read("single"), "batch": read("batch").reshape(-1, assets)}

    def single(self, outside):
        """Prices, fallen, bad debt and rounds from one vector of outside prices."""
        prices, rounds, moved = outside, 0, np.inf
        while moved >= TOLERANCE:
            rounds += 1
            # Both products in one pass over the amounts.
            limit, net = (self.amounts @ np.stack([prices * self.thresholds, prices / self.bonuses], axis=1)).T
            fallen = limit < self.debts
            part = np.where(fallen, np.minimum(1, self.debts / net), 0)
            after = outside * np.exp(-self.impacts * (part @ self.amounts))
            moved = np.abs(after / prices - 1).max()
            prices = after
        net = self.amounts @ (prices / self.bonuses)
        bad = np.maximum(0, self.debts - net)[fallen].sum()
        return [(prices, int(fallen.sum()), float(bad), rounds)]

    def batch(self, outside):
        """The same for each row of outside prices; those that have settled are taken out."""
        count = len(outside)
        prices, out = outside.copy(), [None] * count
        moving, rounds = np.arange(count), 0
        while len(moving) != 0:
            rounds += 1
            now = prices[moving]
            limits, nets = (now * self.thresholds).T, (now / self.bonuses).T
            sold = np.zeros_like(now)
            fallen = np.zeros(len(moving))
            for begin in range(0, len(self.debts), BLOCK):
                amounts = self.amounts[begin : begin + BLOCK]
                debts = self.debts[begin : begin + BLOCK, None]
                is_fallen = amounts @ limits < debts
                part = np.minimum(1, debts / (amounts @ nets))
                part *= is_fallen
                sold += part.T @ amounts
                fallen += is_fallen.sum(axis=0)
            after = outside[moving] * np.exp(-self.impacts * sold)
            moved = np.abs(after / now - 1).max(axis=1)
            prices[moving] = after
            for place in np.flatnonzero(moved < TOLERANCE):
                out[moving[place]] = (now[place], after[place], int(fallen[place]), rounds)
            moving = moving[moved >= TOLERANCE]
        return [self.with_bad_debt(*one) for one in out]

    def with_bad_debt(self, before, prices, fallen, rounds):
        is_fallen = self.amounts @ (before * self.thresholds) < self.debts
        bad = np.maximum(0, self.debts - self.amounts @ (prices / self.bonuses))[is_fallen].sum()
        return prices, fallen, float(bad), rounds

    def solve(self, name):
        return getattr(self, name)(self.cases[name])


def main():
    market = Market(Path(sys.argv[1]))
    print(json.dumps({"numpy": np.__version__}), flush=True)
    for line in sys.stdin:
        verb, name = line.split()
        start = time.process_time_ns()
        ends = market.solve(name)
        took = time.process_time_ns() - start
        if verb == "run":
            print(json.dumps({"cpu_ns": took}), flush=True)
            continue
        print(
            json.dumps(
                [
                    {"prices": list(prices), "fallen": fallen, "bad_debt": bad, "rounds": rounds}
                    for prices, fallen, bad, rounds in ends
                ]
            ),
            flush=True,
        )


main()
