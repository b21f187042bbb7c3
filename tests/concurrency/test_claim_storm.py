"""Storms: many actors on one small stock, in random order of calls, dying now and then; afterwards every number is in one
place, and nobody who paid has lost a card."""

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from faka.contexts.stock import Why
from faka.kernel.errors import Unavailable
from tests.concurrency.baton import Baton, Turns
from tests.kit.engine import Engine
from tests.unit.stock.audit import faults, rows_of
from tests.unit.stock.scenes import after_all
from tests.unit.stock.wire import Crash
from tests.unit.stock.world import SKU, Shop


pytestmark = pytest.mark.concurrency

STORMS = 60
ACTORS = 9
DEEDS = 7
CRASH_RATE = 0.03


def _buyer(shop: Shop, chance: random.Random) -> Callable[[], object]:
    name = f"order{chance.randrange(24)}"
    quantity = random.Random(name).choice([1, 1, 1, 2, 3, 5, 17])
    return chance.choice([lambda: shop.buy(name, quantity)] * 4 + [lambda: shop.pay(name)] * 2 + [lambda: shop.cancel(name)] * 2)


def _keeper(shop: Shop, engine: Engine, chance: random.Random) -> Callable[[], object]:
    batch, number = chance.randint(1, 4), chance.randrange(90)
    return chance.choice(
        [
            lambda: shop.stock.withhold(SKU, batch, Why.FROZEN),
            lambda: shop.stock.restore(SKU, batch),
            lambda: shop.stock.restore(SKU, batch),
            lambda: shop.stock.withhold_number(SKU, number, Why.VOID),
            lambda: shop.stock.restore_number(SKU, number),
            lambda: shop.link(4, 70, 20, "2026-12-01"),
            lambda: shop.stock.settle_log(SKU, range(2)),
            lambda: shop.sweep(engine),
        ]
    )


def _persistent(deed: Callable[[], object], chance: random.Random) -> None:
    """Whoever dies comes back, most of the time."""
    while True:
        with suppress(Crash, Unavailable):
            deed()
            return
        if chance.random() < 0.3:
            return


def _storm(seed: int) -> Engine:
    chance = random.Random(seed)
    engine = Engine()
    shop = Shop(engine.tables())
    shop.link(1, 0, 30)
    shop.link(2, 30, 20, "2026-08-01")
    shop.link(3, 50, 20)
    baton = Baton(chance)

    def actor(i: int) -> None:
        mine = Shop(Turns(engine, baton, chance, CRASH_RATE).tables())
        for _ in range(DEEDS):
            _persistent(_keeper(mine, engine, chance) if i < 2 else _buyer(mine, chance), chance)

    raised = baton.run([lambda i=i: actor(i) for i in range(ACTORS)])
    assert raised == []
    return engine


@pytest.mark.parametrize("seed", range(STORMS))
def test_no_storm_doubles_or_loses_a_card(seed: int) -> None:
    engine = _storm(seed)
    paid = {row["pk"]: row["runs"] for row in rows_of(engine, "ORDER#") if row["state"] == "PAID"}
    assert after_all(engine) == []
    assert {row["pk"]: row["runs"] for row in rows_of(engine, "ORDER#") if row["state"] == "PAID"} == paid
    assert faults(engine, SKU) == []


def test_the_same_seed_tells_the_same_story() -> None:
    assert _storm(7).stream == _storm(7).stream
