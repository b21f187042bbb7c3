"""A card that does not work (row C21): its buyer gets another one, once, within limits, and the chain from old to new is kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.orders.model import Order
from faka.contexts.suppliers.scorecard import Event
from faka.contexts.vault import BatchState
from faka.flows import replace_card as flow
from faka.flows.replace_card import CardNotOfOrder, Replacement, replace_card
from faka.steps.invariants import violations
from faka.steps.scorecard import history
from faka.steps.warranty import Why
from infra.ops import warranty as ops
from pages.visitor import codes_value
from tests.integration.test_bad_batch import bought, kept
from tests.kit.doors import Shop
from tests.kit.world import World, engine_world
from tests.unit.invariants.given import books_of, settled, streamed


pytestmark = pytest.mark.integration

MAIL = "one@example.com"


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world(holds_max=5) as made:
        yield made


def seen(world: World, quantity: int = 1, contact: str = MAIL) -> Order:
    """GIVEN an order whose cards its buyer has seen."""
    order = world.pay(world.buy(quantity=quantity, contact=contact))
    world.reveal(order)
    return world.order(order)


def replaced(world: World, order: Order, number: int, deps: Any = None) -> Replacement:
    return replace_card(deps or world.deps, order.id, number, "mei", "the code is used")


def numbers(world: World, order: Order) -> list[int]:
    return [number for run in world.order(order).runs for number in run.numbers]


def cases(world: World) -> list[str]:
    return [row["pk"].removeprefix("CASE#") for row in world.rows("test-trade") if row["sk"] == "CASE"]


# -- the chain ------------------------------------------------------------------------------------------------------


def test_the_buyer_gets_another_card_and_the_chain_of_two_exchanges_is_kept(world: World) -> None:
    bought(world, 6)
    order = seen(world, 2)
    first, other = numbers(world, order)
    one = replaced(world, order, first).exchange
    assert one is not None
    two = replaced(world, order, one.new).exchange
    assert two is not None
    chain = world.order(order).exchanges
    assert [(each.old, each.new, each.by, each.reason) for each in chain] == [
        (first, one.new, "mei", "the code is used"),
        (one.new, two.new, "mei", "the code is used"),
    ]
    assert numbers(world, order) == [other, two.new]
    assert world.secrets(order) == [f"BAD-{other}", f"BAD-{two.new}"]
    kept(world)


def test_the_same_card_twice_is_one_replacement(world: World) -> None:
    bought(world, 4)
    order = seen(world)
    [number] = numbers(world, order)
    first, before = replaced(world, order, number), world.image()
    assert replaced(world, order, number) == first
    assert (world.image(), world.left) == (before, 2)


def test_twin_without_the_look_at_the_chain_and_at_the_owner_a_card_is_replaced_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(world, 4)
    order = seen(world, 1)
    [number] = numbers(world, order)
    replaced(world, order, number)
    monkeypatch.setattr(Order, "exchange_of", lambda *_: None)
    with pytest.raises(CardNotOfOrder):
        replaced(world, order, number)
    monkeypatch.setattr(flow, "_require_his", lambda *_: None)
    replaced(world, order, number)
    assert [each.old for each in world.order(order).exchanges] == [number, number]
    streamed(world)
    told = violations(books_of(world), world.clock.now(), is_quiet=False)
    assert "I1" in {each.invariant for each in told}


def test_the_old_card_is_void_for_ever_its_cost_is_a_loss_and_it_counts_against_its_supplier(world: World) -> None:
    batch = bought(world, 4)
    order = seen(world)
    [number] = numbers(world, order)
    replaced(world, order, number)
    now = world.deps.vault.batch(order.sku_id, batch.ordinal)
    assert (now.state, now.void, world.left) == (BatchState.OPEN, {number}, 2)
    entry = world.deps.ledger.find(f"rep:{order.id}:{world.order(order).version}:CNY")
    assert entry is not None
    assert ("expense:loss/CNY", "D", 450) in {(line.account, line.side, line.amount_minor) for line in entry.lines}
    told = {one.what: one.count for name, one in history(world.deps, batch.at) if name == batch.supplier}
    assert (told[Event.CARD], told[Event.BAD_CARD]) == (3, 1)
    seen(world, 2)
    streamed(world)
    assert not violations(books_of(world), world.clock.now(), is_quiet=True)


def test_the_page_shows_the_new_card_and_says_that_the_old_one_was_replaced(world: World) -> None:
    bought(world, 4)
    order = seen(world, 2)
    shop, path = Shop(world.deps), f"/o/{order.id}"
    shop.cookies["__Host-orders"] = codes_value({}, order.id, world.proof(order).code)
    old = numbers(world, order)[0]
    done = replaced(world, order, old).exchange
    assert done is not None
    page, opened = shop.get(path).text, shop.post(f"{path}/cards").text
    assert ("Card replaced" in page, "the old one is not yours to use any more" in page) == (True, True)
    assert (f"BAD-{done.new}<" in opened, f"BAD-{old}<" in opened) == (True, False)
    assert opened.count("instead of a card that did not work") == 1
    assert "原卡密已作废" in shop.get(path, accept_language="zh-CN").text


def test_two_at_once_replace_a_card_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has read the order before the first commits; he finds it moved, and then the exchange."""
    bought(world, 6)
    order = seen(world, 2)
    number, claim, first = numbers(world, order)[0], flow.claim_for, iter([True])

    def after_the_other(deps: Any, read: Order, count: int) -> Any:
        if next(first, False):
            replaced(world, order, number)
        return claim(deps, read, count)

    monkeypatch.setattr(flow, "claim_for", after_the_other)
    done = replaced(world, order, number)
    assert world.order(order).exchanges == (done.exchange,)
    settled(world, 16)
    assert world.left == 3
    assert not violations(books_of(world), world.clock.now(), is_quiet=True)


# -- the command ----------------------------------------------------------------------------------------------------


def test_staff_replace_show_and_answer_by_command_and_no_card_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    bought(world, 2)
    order = seen(world)
    [number] = numbers(world, order)
    for given in (["replace", order.id, str(number)], ["replace", order.id, str(number + 1)], ["answer", order.id, str(number + 1)]):
        assert ops.main(["--by", "mei", *given, "--reason", "the code is used"], world.deps) == 0
    assert ops.main(["show", order.id], world.deps) == 0
    told = capsys.readouterr().out
    assert f"number {number} was replaced by {number + 1}" in told
    assert f"not replaced: {Why.SOLD_OUT}" in told
    assert "CLOSED: card" in told
    assert "BAD-" not in told
    assert ops.main(["replace", order.id, "77", "--reason", "x"], world.deps) == 1
    assert ops.main(["replace", order.id, str(number + 1), "--reason", " "], world.deps) == 1
    kept(world)
