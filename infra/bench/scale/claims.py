"""Claims by themselves: buyers who come at once to heads of one SKU, through the stock as it is shipped."""

from dataclasses import dataclass, replace
from typing import Any

from faka.contexts.stock import OutOfStock, Run, StockBusy
from faka.kernel.errors import Unavailable
from faka.kernel.ids import OrderId, order_id, ulid
from faka.platform.table import TableName
from faka.steps.release import give_back_unordered
from faka.wiring import Deps
from faka.wiring.stores import SOLD_OUT_MEMORY_S
from infra.bench.scale.parameters import Parameters
from infra.bench.scale.result import Fate, Ledger
from infra.bench.scale.service import PHYSICAL
from infra.bench.scale.shop import SKU, Instances, Shop, without_memory
from infra.bench.scale.timeline import arrivals


TRADE = PHYSICAL[TableName.TRADE]
HEATED_S = 600
"""Ten minutes of a load: three splits in a row."""


@dataclass(frozen=True)
class Contest:
    """So many buyers within a span for so many cards."""

    name: str
    buyers: int
    cards: int
    within_s: float
    shards: int = 4
    quantity: int = 1
    warm: float = 40_000
    """Write units a second that the trade table is warm for; 0 is a new table."""
    instances: int = 0
    """Instances that serve the door; 0: each buyer has a cold one."""
    remembers: bool = True
    """Whether an instance remembers "sold out" for a moment."""
    sold: int = 0
    """Cards sold before."""


class Door:
    """The storefront, as far as it claims."""

    def __init__(self, shop: Shop, contest: Contest) -> None:
        self.shop = shop
        self.ledger = Ledger()
        self._contest = contest
        self._memory_s = SOLD_OUT_MEMORY_S if contest.remembers and contest.instances else 0.0
        make = (lambda: shop.deps("claim")) if contest.remembers else (lambda: without_memory(shop.deps("claim")))
        self._instances = Instances(make, is_cold=not contest.instances)
        self._instances.stand_by(contest.instances)

    def buy(self) -> None:
        """One buyer: claims as the checkout does, and gives back what a shortage took along."""
        shop, ledger, began = self.shop, self.ledger, self.shop.timeline.now
        number = order_id(ulid(shop.clock.now(), shop.chance))
        with self._instances.one() as deps:
            fate, runs = self._claimed(deps, number)
            now = shop.timeline.now
            ledger.note(fate, began, now)
            ledger.got(n for run in runs for n in range(run.start, run.start + run.count))
            if fate is Fate.SOLD_OUT:
                ledger.false_refusals += shop.truth.fewest(began - self._memory_s, now) >= self._contest.quantity

    def _claimed(self, deps: Deps, number: OrderId) -> tuple[Fate, tuple[Run, ...]]:
        quantity = self._contest.quantity
        try:
            return Fate.SERVED, deps.stock.claim(SKU, f"{number}+q{quantity}", quantity, self.shop.shards)
        except (OutOfStock, StockBusy) as short:
            give_back_unordered(deps, number, SKU, short.taken, "not enough in stock")
            return Fate.SOLD_OUT if isinstance(short, OutOfStock) else Fate.BUSY, ()
        except Unavailable:
            return Fate.BUSY, ()


def set_up(contest: Contest, parameters: Parameters, seed: int) -> Shop:
    warm = {TableName.TRADE: (contest.warm, contest.warm * 3)}
    shop = Shop(parameters, seed, shards=contest.shards, warm=warm)
    shop.stock_up(contest.cards, sold=contest.sold)
    return shop


def contested(contest: Contest, parameters: Parameters, seed: int) -> dict[str, Any]:
    return played(set_up(contest, parameters, seed), contest, seed)


def played(shop: Shop, contest: Contest, seed: int) -> dict[str, Any]:
    """Let the buyers of a contest come to a shop; one row."""
    door, tally = Door(shop, contest), shop.service.tally
    shop.begin()
    for moment in arrivals(seed, contest.buyers, contest.within_s, shop.timeline.now):
        shop.timeline.at(moment, door.buy)
    shop.timeline.run()
    row, served = door.ledger.row(), max(1, door.ledger.fates[Fate.SERVED])
    head = frozenset({"HEAD"})
    facts = {name: getattr(contest, name) for name in ("name", "buyers", "cards", "shards", "quantity", "sold")}
    return {
        **facts,
        **row,
        "partitions": len(shop.service.tables[TRADE]),
        "attempts": round(tally["claim", "touch", "HEAD"] / max(1, contest.buyers), 3),
        "throttles": int(tally.sum("throttle")),
        "conflicts": int(tally.sum("conflict")),
        "head_conflicts": int(tally["claim", "conflict", "update_item"]),
        "requests": round(tally.sum("request") / served, 3),
        "requests_a_buyer": round(tally.sum("request") / contest.buyers, 3),
        "write": round(tally.sum("write") / served, 3),
        "read": round(tally.sum("read") / served, 3),
        "head_write": round(tally.sum("write", of=head) / served, 3),
        "head_bytes": shop.service.head_bytes,
        "left": shop.truth.left,
    }


def steady(shards: int, per_shard_s: float, seconds: float, cards: int = 10_000_000) -> Contest:
    """A load that goes on: so many claims a second and shard, on a table that is warm for twice that."""
    buyers = int(shards * per_shard_s * seconds)
    return Contest(f"{shards} shards", buyers, cards, seconds, shards, warm=2 * shards * 1_000)


def scaled(shards: int, per_shard_s: float, seconds: float, parameters: Parameters, seed: int, *, is_at_once_too: bool) -> dict[str, Any]:
    """A steady load after it went on for ten minutes and what was hot was split, and on the table as it was made."""
    contest, lean = steady(shards, per_shard_s, seconds), replace(parameters, saved_s=0.1)
    at_once = contested(contest, lean, seed) if is_at_once_too else None
    shop = set_up(contest, lean, seed)
    heads = {f"HEAD#{SKU}#{shard}": per_shard_s for shard in range(shards)}
    shop.service.tables[TRADE].heated(heads, HEATED_S, shop.timeline.now)
    return {"shards": shards, "offered": int(shards * per_shard_s), "at_once": at_once, "after": played(shop, contest, seed)}
