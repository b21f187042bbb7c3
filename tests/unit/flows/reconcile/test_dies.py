"""A step that dies at any call to tables or files is done again, and the night ends as if nothing had happened."""

from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.statements.model import RunState
from faka.flows.reconcile import AccountDay
from faka.flows.reconcile import close as closing
from faka.platform.objects import ObjectsDown
from faka.platform.table import Tables
from tests.kit.clock import CountingPause
from tests.kit.tables import PHYSICAL
from tests.unit.flows.reconcile.given import ALIPAY, Nights, night_world
from tests.unit.ledger.given import books


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
            assert books(nights.world)["expense:channel_fee/CNY"] == 18, "nine fens of each payment, however often the day was closed"
        if not has_died:
            assert after > 5
            return
    raise AssertionError("a night has no end")


def test_a_close_whose_report_could_not_be_written_is_done_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine asks for the step once more, not for the night: the verdict stands, and the day still ends."""
    with night_world() as nights:
        nights.bought()
        nights.morning()
        with monkeypatch.context() as patch, pytest.raises(ObjectsDown):
            patch.setattr(closing, "_report", _out_of_reach)
            nights.night()
        assert nights.deps.statements.closed_day(ALIPAY, nights.day) is None
        assert closing.close(nights.deps, AccountDay(channel=ALIPAY, day=nights.day)).state is RunState.BALANCED
        assert nights.deps.statements.closed_day(ALIPAY, nights.day) is not None


def _out_of_reach(*_: object) -> None:
    raise ObjectsDown("books")
