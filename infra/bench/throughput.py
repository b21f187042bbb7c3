"""Delivered orders a second and their times, on the local cloud, with stocks of different size and age.

Every stock is measured in every round at every number of buyers, one right after the other, so that a machine that does other things
too disturbs them alike; what is compared is the ratio within a round. Between two measurements the cloud finishes what it has left
to do (relay, mails), and its processor time for that counts.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from faka.kernel.ids import ProductId, SkuId
from faka.wiring import Deps
from infra.bench import history
from infra.bench.buyers import Done, Round
from infra.bench.calls import Counted
from infra.bench.cloud import ROOT, Cloud, relay_unplugged
from infra.bench.rows import check, row
from infra.bench.shop import PRICE_MINOR, put_on_sale, put_up, seal


@dataclass(frozen=True)
class Plan:
    rounds: int
    orders: dict[int, int]
    """Number of buyers at a time → orders of one round."""
    sizes: dict[str, int]
    """Name → cards at the start. The smallest comes first; the others are compared with it."""
    sold: int
    """Cards sold before in the last of them."""

    @property
    def per_round(self) -> int:
        return sum(self.orders.values())


WHOLE = Plan(5, {1: 40, 8: 120, 32: 240}, {"1k": 1_000, "100k": 100_000, "1M": 1_000_000, "1M sold": 100_000}, history.SOLD)
QUICK = Plan(1, {1: 4, 8: 16}, {"small": 200, "old": 1_200}, 1_000)
WARM_UP = 24
BUYING_S_MAX = 300
"""No further round begins after this; on a machine of its own all rounds take about 200 s."""


@dataclass
class Stand:
    """One stock on sale: for each round the SKU that is bought."""

    name: str
    product: str
    skus: list[str]
    made: str


@dataclass
class Cell:
    """Everything measured for one stock at one number of buyers."""

    stock: str
    buyers: int
    rates: list[float] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    cpu_s: Counter[str] = field(default_factory=Counter)


class Market:
    """The buyers' process, told what to do line by line."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._next = 0
        path = os.pathsep.join(str(ROOT / place) for place in ("layers/faka", "layers/pages", "."))
        command = [sys.executable, "-m", "infra.bench.buyers", str(cloud.port), str(cloud.players)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def buy(self, product: str, sku: str, buyers: int, orders: int) -> Done:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipes")
        given = Round(product, sku, PRICE_MINOR, buyers, orders, self._next)
        self._next += orders
        print(json.dumps(asdict(given)), file=self._process.stdin, flush=True)
        return Done(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def measure(cloud: Cloud, deps: Deps, plan: Plan) -> dict[str, Any]:
    stands = _stands(cloud, deps, plan)
    cells = {(stand.name, buyers): Cell(stand.name, buyers) for buyers in plan.orders for stand in stands}
    warm = put_up(deps, "bench-warm", ["bench-warm"])
    put_on_sale(deps, seal(deps, warm.id, SkuId("bench-warm"), 2 * WARM_UP, [range(2 * WARM_UP)]))
    market = Market(cloud)
    try:
        market.buy("bench-warm", "bench-warm", 4, WARM_UP)
        cloud.settle()
        began = time.monotonic()
        for turn in range(plan.rounds):
            if time.monotonic() - began > BUYING_S_MAX:
                break
            order = stands[turn % len(stands) :] + stands[: turn % len(stands)]
            for buyers, orders in plan.orders.items():
                for stand in order:
                    _one(cloud, market, cells[stand.name, buyers], stand, stand.skus[turn], orders)
    finally:
        market.close()
    return {
        "load_average": os.getloadavg()[0],
        "processors": os.cpu_count(),
        "stocks": [{"name": stand.name, "made": stand.made} for stand in stands],
        "rows": [row(cell, cells[stands[0].name, cell.buyers]) for cell in cells.values()],
        "check": check(deps, stands, list(cells.values()), plan),
    }


def _one(cloud: Cloud, market: Market, cell: Cell, stand: Stand, sku: str, orders: int) -> None:
    before = cloud.cpu_s()
    done = market.buy(stand.product, sku, cell.buyers, orders)
    cloud.settle()
    after = cloud.cpu_s()
    cell.cpu_s.update({part: after[part] - before[part] for part in after})
    cell.done.append(done)
    cell.rates.append(len(done.cards) / done.wall_s)


# -- stocks ---------------------------------------------------------------------------------------------------------------


def _stands(cloud: Cloud, deps: Deps, plan: Plan) -> list[Stand]:
    names = list(plan.sizes)
    first = _fresh_each_round(deps, names[0], plan)
    between = [_large(deps, name, plan) for name in names[1:-1]]
    return [first, *between, _old(cloud, deps, names[-1], plan)]


def _fresh_each_round(deps: Deps, name: str, plan: Plan) -> Stand:
    product, count = "bench-small", plan.sizes[name]
    skus = [f"bench-small-{turn}" for turn in range(plan.rounds)]
    put_up(deps, product, skus)
    for sku in skus:
        put_on_sale(deps, seal(deps, ProductId(product), SkuId(sku), count, [range(count)]))
    return Stand(name, product, skus, f"{count:,} cards, all sealed for this run, a new SKU for each round")


def _large(deps: Deps, name: str, plan: Plan) -> Stand:
    count, sku = plan.sizes[name], f"bench-{plan.sizes[name]}"
    product, real = put_up(deps, sku, [sku]), plan.rounds * plan.per_round
    put_on_sale(deps, seal(deps, product.id, SkuId(sku), count, [range(_whole_pages(real))]))
    made = f"{count:,} cards: the first {real:,} sealed for this run, the pages of the others are copies of a sealed page"
    return Stand(name, sku, [sku] * plan.rounds, made)


def _old(cloud: Cloud, deps: Deps, name: str, plan: Plan) -> Stand:
    sku, left = "bench-old", plan.sizes[name]
    product, real = put_up(deps, sku, [sku]), plan.rounds * plan.per_round
    counted = Counted(cloud, deps)
    with relay_unplugged(cloud):
        sold_first = range(_whole_pages(history.WHOLESALE + 1))
        sellable = range(plan.sold, plan.sold + _whole_pages(real))
        put_on_sale(deps, seal(deps, product.id, SkuId(sku), plan.sold + left, [sold_first, sellable]))
        samples = tuple(history.sampled(deps, counted, SkuId(sku), quantity) for quantity in (1, history.WHOLESALE))
        history.claim_all(deps, SkuId(sku), plan.sold)
        rows = history.pour(deps, history.Loader(cloud), SkuId(sku), (samples[0], samples[1]), plan.sold)
    made = (
        f"{plan.sold:,} cards claimed through the head before, {left:,} left; {rows:,} rows of their orders (copies of two real ones:"
        f" {min(history.SINGLES, plan.sold // 50):,} orders of one card, the others of {history.WHOLESALE})"
    )
    return Stand(name, sku, [sku] * plan.rounds, made)


def _whole_pages(count: int) -> int:
    return -(-count // 8) * 8
