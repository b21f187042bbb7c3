"""Cards that come back: beside running claims, and when many holds expire at once."""

from dataclasses import dataclass
from typing import Any

from faka.contexts.stock import Run
from faka.flows.checkout import CheckoutCommand, checkout
from faka.flows.sweep import sweep
from faka.kernel.errors import Conflict, Unavailable
from faka.kernel.ids import OrderId, lookup_code, order_id, ulid
from faka.platform.table import TableName
from faka.steps.release import give_back_unordered
from faka.wiring import Deps
from infra.bench.scale.claims import Contest, Door
from infra.bench.scale.parameters import Parameters
from infra.bench.scale.quiet import quiet
from infra.bench.scale.relay import Relay
from infra.bench.scale.result import spread
from infra.bench.scale.shop import PRODUCT, SKU, Shop
from infra.bench.scale.timeline import arrivals


SWEEP_S = 47
"""A sweep begins nothing new after so many seconds: its time limit of 55 s less 8, as its handler has it."""
ROUNDS_MAX = 60


@dataclass(frozen=True)
class Beside:
    """Claims and returns of one head, each so many a second."""

    claims_s: int
    returns_s: int
    seconds: float


def returned_beside(given: Beside, parameters: Parameters, seed: int) -> dict[str, Any]:
    """Orders that were never placed give their cards back while others claim."""
    claims, returns = int(given.claims_s * given.seconds), int(given.returns_s * given.seconds)
    contest = Contest("returns beside claims", claims, 100_000, given.seconds, shards=1, instances=100)
    shop = Shop(parameters, seed, shards=1, warm={TableName.TRADE: (contest.warm, 3 * contest.warm)})
    with quiet():
        shop.stock_up(contest.cards)
        held = [_held(shop) for _ in range(returns)]
        before, door, took, busy = shop.truth.left, Door(shop, contest), list[float](), list[OrderId]()
        shop.begin()

        def give_back(number: OrderId, runs: tuple[Run, ...]) -> None:
            began, deps = shop.timeline.now, shop.deps("return")
            try:
                give_back_unordered(deps, number, SKU, runs, "not placed")
                took.append(shop.timeline.now - began)
            except (Unavailable, Conflict):  # the sweep does it
                busy.append(number)

        for moment in arrivals(seed, claims, given.seconds):
            shop.timeline.at(moment, door.buy)
        for moment, mine in zip(arrivals(seed + 1, returns, given.seconds), held, strict=True):
            shop.timeline.at(moment, lambda mine=mine: give_back(*mine))  # type: ignore[misc]
        shop.timeline.run()
    tally, done = shop.service.tally, max(1, len(took))
    return {
        **door.ledger.row(),
        "claims_s": given.claims_s,
        "returns_s": given.returns_s,
        "attempts": round(tally["claim", "touch", "HEAD"] / claims, 3),
        "head_conflicts": int(tally["claim", "conflict", "update_item"]),
        "throttles": int(tally.sum("throttle")),
        "returned": len(took),
        "left_to_sweep": len(busy),
        "return_ms": spread(took),
        "return_requests": round(tally.sum("request", step="return") / done, 2),
        "return_write": round(tally.sum("write", step="return") / done, 2),
        "lost": before - claims + len(took) - shop.truth.left,
    }


def _held(shop: Shop) -> tuple[OrderId, tuple[Run, ...]]:
    number = order_id(ulid(shop.clock.now(), shop.chance))
    return number, shop.office.stock.claim(SKU, f"{number}+q1", 1, shop.shards)


def expired(count: int, parameters: Parameters, seed: int, shards: int = 4) -> dict[str, Any]:
    """So many orders that nobody paid, all placed in one moment; minutes and requests until the last card is back."""
    shop = Shop(parameters, seed, shards=shards, warm=dict.fromkeys(TableName, (40000, 120000)))
    with quiet():
        shop.open_doors()
        shop.stock_up(100_000)
        for n in range(count):
            checkout(shop.office, _command(shop, n))
        shop.timeline.run()
        Relay(shop)
        whole = shop.truth.left + count
        shop.timeline.now += 16 * 60 + 1
        shop.begin()
        began, rounds = shop.timeline.now, 0
        while shop.truth.left < whole and rounds < ROUNDS_MAX:
            shop.timeline.at(began + 60 * rounds, lambda: _round(shop))
            shop.timeline.run()
            rounds += 1
    tally = shop.service.tally
    return {
        "holds": count,
        "back": count - (whole - shop.truth.left),
        "rounds": rounds,
        "minutes": round((shop.timeline.now - began) / 60, 1),
        "requests": round(tally.sum("request", step="sweep") / count, 2),
        "relay_requests": round(tally.sum("request", step="journal") / count, 2),
        "write": round(tally.sum("write", step="sweep") / count, 2),
        "read": round(tally.sum("read", step="sweep") / count, 2),
        "provider": round(shop.neighbours.calls["provider"] / count, 2),
        "waiting": len(shop.truth.logged),
    }


def _round(shop: Shop) -> None:
    deps, ends = _sweeper(shop), shop.timeline.now + SWEEP_S
    sweep(deps, lambda _: None, lambda: shop.timeline.now < ends)


def _sweeper(shop: Shop) -> Deps:
    """One instance serves all rounds: it is reserved to one at a time."""
    kept: Deps | None = shop.__dict__.get("sweeper")
    if kept is None:
        kept = shop.__dict__["sweeper"] = shop.deps("sweep")
    return kept


def _command(shop: Shop, n: int) -> CheckoutCommand:
    return CheckoutCommand(
        form_id=ulid(shop.clock.now(), shop.chance),
        code=lookup_code(shop.chance),
        product=PRODUCT,
        sku=SKU,
        quantity=1,
        channel="alipay",
        method="page",
        address=f"11.{n // 250 % 250}.{n % 250}.7",
    )
