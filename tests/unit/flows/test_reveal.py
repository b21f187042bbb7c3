"""Opening (rows A03, C13, C15): no text without its audit entry, a one-use link once, and a record that settles a dispute."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from faka.contexts.audit import AuditStore, Opening
from faka.contexts.orders.errors import AlreadyOpened, NotReady
from faka.contexts.orders.model import DeliveryState, Order
from faka.contexts.orders.store import OrderStore, to_item
from faka.flows.reveal import Revealed, Viewer, reveal
from faka.kernel.errors import FakaError
from faka.kernel.ids import ulid
from faka.platform.table import TableName, Write, put
from faka.wiring import Deps
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import World, engine_world
from tests.unit.flows.meeting import elsewhere
from tests.unit.stock.wire import Wire, is_throttled


pytestmark = pytest.mark.unit

CALLS_MAX = 12


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(4)
        yield made


@pytest.fixture
def link_world() -> Iterator[World]:
    with engine_world(kind="LINK") as made:
        made.stock_up(4, secret="https://gift.example/{n}")
        yield made


def paid(world: World, quantity: int = 1) -> Order:
    return world.pay(world.buy(quantity=quantity))


def openings(world: World, order: Order) -> list[dict[str, Any]]:
    return [row for row in world.rows("test-journal") if row["pk"] == f"AUDIT#{order.id}"]


def shown_unaudited(world: World, order: Order, results: list[Any]) -> bool:
    """Whether more texts left than the record knows."""
    return sum(isinstance(result, Revealed) for result in results) > len(openings(world, order))


def opens(world: World, order: Order, deps: Deps, open_id: str = "") -> Any:
    try:
        return world.reveal(order, deps, open_id)
    except (FakaError, Killed) as error:
        return error


# -- audit first --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_death_at_any_call_shows_nothing_that_is_not_on_record(world: World, at: int, after: bool) -> None:
    order = paid(world)
    result = opens(world, order, world.over(DyingClient(world.client, at, after=after)))
    assert not shown_unaudited(world, order, [result])
    assert world.order(order).reveals == len(openings(world, order))
    assert world.secrets(order) == ["SECRET-0"]


def test_while_the_record_cannot_be_written_nothing_is_shown(world: World) -> None:
    order = paid(world)
    wire = Wire(world.client)
    for call in range(3, 200):
        wire.at(call, is_throttled)
    result = opens(world, order, world.over(wire))
    assert isinstance(result, FakaError)
    assert openings(world, order) == []
    assert world.order(order).delivery is DeliveryState.READY


def test_twin_without_the_entry_a_text_leaves_unseen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AuditStore, "opening", lambda *_: put(TableName.JOURNAL, {"pk": "AUDIT#somebody", "sk": "x"}))
    order = paid(world)
    assert shown_unaudited(world, order, [opens(world, order, world.deps)])


def test_the_record_says_who_when_where_and_what_and_can_be_checked_without_the_shop(world: World) -> None:
    order = paid(world, quantity=2)
    viewer = Viewer("203.0.113.9", "Browser " + "x" * 500)
    shown = reveal(world.deps, order.id, world.proof(order), viewer, via="file")
    [row] = openings(world, order)
    entry = Opening.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    texts = b"".join(f"{card.number_text}\x1f{card.secret.reveal()}\x1e".encode() for card in shown.cards)
    assert (entry.at, entry.address, entry.via, entry.cards) == (world.clock.now(), "203.0.113.9", "file", 2)
    assert entry.agent.startswith("Browser x")
    assert len(entry.agent) == 200
    assert entry.content_sha256 == hashlib.sha256(texts).hexdigest()
    assert entry.content_sha256 != hashlib.sha256(texts.replace(b"SECRET-0", b"SECRET-9")).hexdigest()
    assert "SECRET" not in repr(row)


def test_each_showing_is_on_record_and_the_first_one_is_remembered(world: World) -> None:
    order = paid(world)
    first = world.clock.now()
    for _ in range(3):
        assert world.secrets(order) == ["SECRET-0"]
        world.clock.advance(hours=1)
    assert len(openings(world, order)) == 3
    after = world.order(order)
    assert (after.reveals, after.revealed_at, after.delivery) == (3, first, DeliveryState.REVEALED)


def test_nothing_is_shown_before_it_is_paid(world: World) -> None:
    order = world.buy()
    with pytest.raises(NotReady):
        world.reveal(order)
    assert openings(world, order) == []


# -- one-use links ------------------------------------------------------------------------------------------------


def test_a_link_opens_once_and_every_opening_is_on_record(link_world: World) -> None:
    order = paid(link_world)
    open_id = ulid(link_world.clock.now(), link_world.chance)
    [card] = link_world.reveal(order, open_id=open_id).cards
    assert card.secret.reveal() == "https://gift.example/0"
    with pytest.raises(AlreadyOpened):
        link_world.reveal(order, open_id=ulid(link_world.clock.now(), link_world.chance))
    with pytest.raises(AlreadyOpened):
        link_world.reveal(order)
    assert len(openings(link_world, order)) == 1
    assert link_world.order(order).delivery is DeliveryState.OPENED


def test_a_lost_answer_is_repeated_for_ten_minutes_to_the_same_browser(link_world: World) -> None:
    order = paid(link_world)
    open_id = ulid(link_world.clock.now(), link_world.chance)
    link_world.reveal(order, open_id=open_id)
    link_world.clock.advance(minutes=10)
    assert link_world.reveal(order, open_id=open_id).cards
    link_world.clock.advance(seconds=1)
    with pytest.raises(AlreadyOpened):
        link_world.reveal(order, open_id=open_id)


def two_openings(world: World) -> Iterator[tuple[Order, list[Any]]]:
    """Two browsers open one link, the second one from start to end before each call of the first."""
    for call in range(1, CALLS_MAX):
        order = paid(world)
        world.stock_up(1, secret="https://gift.example/more-{n}")
        results: list[Any] = []
        ids = [ulid(world.clock.now(), world.chance) for _ in range(2)]
        wire = Wire(world.client)
        wire.first(call, elsewhere(lambda order=order, ids=ids, results=results: results.append(opens(world, order, world.deps, ids[1]))))
        results.append(opens(world, order, world.over(wire), ids[0]))
        if wire.calls < call:
            return
        yield order, results
    raise AssertionError("more calls than expected")


def test_of_two_openings_at_the_same_moment_one_gets_the_link(link_world: World) -> None:
    count = 0
    for order, results in two_openings(link_world):
        count += 1
        assert sorted(type(result).__name__ for result in results) == ["AlreadyOpened", "Revealed"]
        assert not shown_unaudited(link_world, order, results)
    assert count >= 3


def test_twin_without_the_orders_version_both_get_it(link_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def over(_self: OrderStore, _before: Order, after: Order) -> Write:
        return put(TableName.TRADE, to_item(after))

    stories = two_openings(link_world)
    with monkeypatch.context() as patched, suppress(StopIteration):
        patched.setattr(OrderStore, "replaced", over)
        seen = [sum(isinstance(result, Revealed) for result in results) for _, results in stories]
    assert max(seen) == 2
