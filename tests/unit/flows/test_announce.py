"""The stream as outbox: what was committed is told once in effect, with the time at which it happened."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from faka.contexts.cases import CaseKind, open_case
from faka.flows.announce import OWNER_WITHIN, announce
from faka.kernel.clock import to_row
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(3)
        yield made


def records(world: World, **told: Any) -> list[dict[str, Any]]:
    """What the stream brings of one checkout."""
    before = world.image()
    world.buy()
    changed = {pk: row for pk, row in world.image().items() if before.get(pk) != row}
    return [{"dynamodb": {"NewImage": row, **({"OldImage": before[pk]} if pk in before else {}), **told}} for pk, row in changed.items()]


def claims(world: World) -> list[dict[str, Any]]:
    return [row for row in world.rows("test-journal") if row["pk"].startswith("CLAIM#")]


def test_a_claim_is_noted_with_its_own_time_and_its_owner_is_looked_for_from_now_on(world: World) -> None:
    claimed = world.clock.now()
    told = records(world, ApproximateCreationDateTime=claimed.timestamp())
    world.clock.advance(minutes=7)  # the relay was held up
    announce(world.deps, told)
    [claim] = claims(world)
    assert claim["at"] == to_row(claimed)
    [due] = [row["pk"] for row in world.rows("test-journal") if row["pk"].startswith("CLAIMDUE#")]
    assert due.split("#")[1] == to_row(world.clock.now() + OWNER_WITHIN)[:16]


@pytest.mark.parametrize("told", [{}, {"ApproximateCreationDateTime": None}, {"ApproximateCreationDateTime": 9e9}])
def test_a_time_that_is_absent_or_ahead_is_now(world: World, told: dict[str, Any]) -> None:
    announce(world.deps, records(world, **told))
    [claim] = claims(world)
    assert claim["at"] == to_row(world.clock.now())


def test_the_same_records_again_change_nothing_in_the_journal(world: World) -> None:
    told = records(world)
    announce(world.deps, told)
    before = world.rows("test-journal")
    announce(world.deps, told)
    assert world.rows("test-journal") == before


def test_each_change_of_an_orders_state_is_one_event_and_other_changes_are_none(world: World) -> None:
    before = world.image()
    order = world.buy(contact="buyer@example.com")
    world.announce(before)
    before = world.image()
    world.pay(order)
    world.announce(before)
    before = world.image()
    world.reveal(order)
    world.announce(before)
    kinds = [kind for kind, detail in world.deps.bus.events if detail == {"order_id": order.id}]  # type: ignore[attr-defined]
    assert kinds == ["order.pending_payment", "order.completed"]


def test_a_fence_is_nobodys_news(world: World) -> None:
    before = world.image()
    number = world.command().form_id
    world.deps.tables.apply(world.deps.orders.fenced(f"ord_{number}", to_row(world.clock.now()), "test", ()))  # type: ignore[arg-type]
    world.announce(before)
    assert world.deps.bus.events == []  # type: ignore[attr-defined]


def test_a_case_is_told_when_it_is_opened_and_when_it_is_opened_again_by_its_id_alone(world: World) -> None:
    def told(work: Callable[[], object]) -> list[tuple[str, dict[str, str]]]:
        world.deps.bus.events.clear()  # type: ignore[attr-defined]
        before = world.image()
        work()
        world.announce(before)
        return list(world.deps.bus.events)  # type: ignore[attr-defined]

    case = open_case(CaseKind.MONEY, "CHANNELTXN-1", "ord_1", "paid twice", world.clock.now())
    news = [("case.opened", {"case_id": case.id})]
    cases, apply = world.deps.cases, world.deps.tables.apply
    assert told(lambda: apply(cases.opened(case))) == news
    assert told(lambda: apply(cases.closed(case.id, "done"))) == []
    world.clock.advance(minutes=1)
    again = case.model_copy(update={"opened_at": world.clock.now()})
    assert told(lambda: apply(cases.reopened(again))) == news
    world.clock.advance(minutes=1)
    assert told(lambda: apply(cases.reopened(again.model_copy(update={"opened_at": world.clock.now()})))) == news
    assert told(lambda: apply(cases.reopened(again.model_copy(update={"opened_at": world.clock.now()})))) == []
