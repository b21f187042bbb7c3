"""Which scenes, how large. Same seed, same figures."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from faka.kernel.limits import SHARDS_MAX
from infra.bench.scale import targets
from infra.bench.scale.claims import Contest, contested, scaled, steady
from infra.bench.scale.journey import Sale
from infra.bench.scale.money import claim_usd, order_usd
from infra.bench.scale.orders import sold
from infra.bench.scale.parameters import Parameters
from infra.bench.scale.returns import Beside, expired, returned_beside


SEED = 20260301
ARRIVE_S = 5_000
"""Buyers of the grid come at this rate: 1,000 within 0.2 s, 5,000 within one second."""
INSTANCES = 300
OVERLOAD_S = 1_300
"""Claims a second and shard that are more than a partition takes."""


@dataclass(frozen=True)
class Plan:
    buyers: tuple[int, ...] = (10, 100, 1_000, 5_000)
    cards: tuple[int, ...] = (1_000, 100_000, 1_000_000, 10_000_000)
    shards: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    steady_s: float = 1.0
    overload_s: float = 3.0
    scarce: int = 1_000
    storm: int = 20_000
    sold: int = 1_000_000
    orders: tuple[int, ...] = (10, 100, 1_000)
    rush: int = 5_000
    holds: int = 1_000
    beside_s: float = 2.0


WHOLE = Plan()
QUICK = Plan(
    (10, 100),
    (1_000, 10_000_000),
    (1, 4, 16),
    steady_s=0.4,
    overload_s=1.0,
    scarce=200,
    storm=1_000,
    sold=20_000,
    orders=(10, 100),
    rush=300,
    holds=60,
    beside_s=0.5,
)


def measure(plan: Plan, parameters: Parameters, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything, part by part."""
    parts: dict[str, Callable[[Plan, Parameters, int], Any]] = {
        "grid": grid,
        "scaling": scaling,
        "overload": overload,
        "contests": contests,
        "sales": sales,
        "returns": returns,
        "expiry": lambda plan, parameters, seed: expired(plan.holds, parameters, seed),
    }
    results: dict[str, Any] = {"seed": seed}
    for name, part in parts.items():
        began = time.monotonic()
        results[name] = part(plan, parameters, seed)
        say(f"{name}: {time.monotonic() - began:.0f} s")
    results["flat"] = targets.flatness(results["grid"])
    results["targets"] = targets.judged(results)
    return results


def grid(plan: Plan, parameters: Parameters, seed: int) -> list[dict[str, Any]]:
    """Buyers × stock × shards, on a table that is warm for 40,000 writes a second."""
    return [
        _claims(Contest("grid", buyers, cards, buyers / ARRIVE_S, shards, instances=INSTANCES), parameters, seed)
        for buyers in plan.buyers
        for shards in plan.shards
        for cards in plan.cards
    ]


def _claims(contest: Contest, parameters: Parameters, seed: int) -> dict[str, Any]:
    row = contested(contest, parameters, seed)
    return {**row, "usd": claim_usd(row)}


def scaling(plan: Plan, parameters: Parameters, seed: int) -> list[dict[str, Any]]:
    """800 claims a second and shard."""
    return [scaled(shards, 800, plan.steady_s, parameters, seed, is_at_once_too=shards <= SHARDS_MAX) for shards in plan.shards]


def overload(plan: Plan, parameters: Parameters, seed: int) -> dict[str, Any]:
    return contested(steady(1, OVERLOAD_S, plan.overload_s), replace(parameters, saved_s=0.1), seed)


def contests(plan: Plan, parameters: Parameters, seed: int) -> list[dict[str, Any]]:
    few, storm = plan.scarce, plan.storm
    return [
        _claims(contest, parameters, seed)
        for contest in (
            Contest("plenty, each buyer on a cold instance", few, 100_000, few / ARRIVE_S),
            Contest("plenty, after many were sold", few, 100_000, few / ARRIVE_S, sold=plan.sold),
            Contest("many for the last few", few, few // 10, few / ARRIVE_S),
            Contest("ten cards on one shard", few, 10, few / ARRIVE_S, shards=1),
            Contest("500 cards an order, just enough", 20, 10_000, 0.01, quantity=500),
            Contest("500 cards an order, too few", 30, 12_000, 0.01, quantity=500),
            Contest("five cards an order, too few", few * 3 // 10, few * 6 // 10, 0.06, quantity=5),
            Contest("storm, sold out is remembered", storm, storm // 40, storm / 4_000, shards=8, instances=INSTANCES),
            Contest("storm, nothing is remembered", storm, storm // 40, storm / 4_000, shards=8, instances=INSTANCES, remembers=False),
            Contest("a new table", plan.buyers[-1], 100_000, plan.buyers[-1] / ARRIVE_S, shards=8, warm=0),
        )
    ]


def sales(plan: Plan, parameters: Parameters, seed: int) -> list[dict[str, Any]]:
    most, rush = plan.orders[-1], plan.rush
    scenes = [
        *(Sale("warm", buyers, buyers / ARRIVE_S, shards=shards) for buyers in plan.orders for shards in (1, 4, 16)),
        Sale("cold instances", most, most / ARRIVE_S, is_cold=True),
        Sale("after many were sold", most, most / ARRIVE_S, sold=plan.sold),
        Sale("stock of 10M", most, most / ARRIVE_S, cards=10_000_000),
        Sale("fewer cards than buyers", most, most / ARRIVE_S, cards=most // 10),
        Sale("epay", 100, 0.02, channel="epay"),
        Sale("each notice twice", 100, 0.02, repeats=1),
        Sale("20 cards an order", 100, 0.02, quantity=20),
        Sale("500 cards an order", 8, 0.01, quantity=500),
        Sale("rush", rush, rush / ARRIVE_S, shards=16),
        Sale("rush on new tables", most, most / ARRIVE_S, shards=16, warm=0),
    ]
    rows = [sold(sale, parameters, seed) for sale in scenes]
    return [{**row, "usd": order_usd(row, parameters.door_cpu_ms)} for row in rows]


def returns(plan: Plan, parameters: Parameters, seed: int) -> list[dict[str, Any]]:
    return [returned_beside(Beside(500, per_s, plan.beside_s), parameters, seed) for per_s in (0, 50, 100, 300)]
