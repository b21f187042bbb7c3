"""A step that dies at any call to tables or files is done again, and the night ends as if nothing had happened."""

from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.statements.model import RunState
from faka.platform.table import Tables
from tests.kit.clock import CountingPause
from tests.kit.tables import PHYSICAL
from tests.unit.flows.reconcile.given import Nights, night_world


pytestmark = pytest.mark.integration

CALLS_MAX = 400
"""A night of two orders makes some 150 calls."""


class Died(Exception):
    """The process is gone; what it had sent is done."""


class Mortal:
    """A client that does the n-th writing call and dies after it."""

    def __init__(self, client: Any, dies_after: int) -> None:
        self._client, self._left = client, dies_after

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._client, verb)
        if verb not in ("put_item", "update_item", "transact_write_items"):
            return call

        def counted(**given: Any) -> Any:
            answer = call(**given)
            self._left -= 1
            if self._left == 0:
                raise Died
            return answer

        return counted


def night_that_dies(nights: Nights, after: int) -> bool:
    """Whether it died before its end."""
    real = nights.deps.tables
    mortal = Tables(Mortal(nights.world.client, after), PHYSICAL, CountingPause())
    stores = {name: vars(store)["_tables"] for name, store in nights.deps.__dict__.items() if "_tables" in getattr(store, "__dict__", {})}
    try:
        _over(nights, mortal, stores)
        nights.night()
    except Died:
        return True
    finally:
        _over(nights, real, stores)
    return False


def _over(nights: Nights, tables: Tables, stores: Any) -> None:
    nights.deps.__dict__["tables"] = tables
    for name in stores:
        vars(nights.deps.__dict__[name])["_tables"] = tables


def test_a_night_may_die_after_any_write_and_ends_the_same() -> None:
    for after in range(1, CALLS_MAX):
        with night_world() as nights:
            nights.bought()
            order = nights.bought(is_heard=False)
            nights.morning()
            has_died = night_that_dies(nights, after)
            assert nights.night().state is RunState.BALANCED
            assert nights.world.order(order).state is OrderState.COMPLETED
            assert nights.reduced.is_closed
            rows = nights.rows()
            assert [f"{one.kind} {one.state}" for one in rows] in (["STATE_MISMATCH AUTO_FIXED"], ["STATE_MISMATCH CLEARED"])
        if not has_died:
            assert after > 5
            return
    raise AssertionError("a night has no end")
