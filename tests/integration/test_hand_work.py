"""What people send by hand (row A06): one at a time, with a deadline, and an end with its money; whoever dies in between."""

from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.flows.hand_work import LEASE, NotByHand, TakenByAnother, done, failed, take
from faka.kernel.errors import InvalidRequest
from faka.steps.invariants import violations
from infra.ops import hand as ops
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import sku
from tests.unit.invariants.given import books_of, streamed
from tests.unit.recharges.given import FORM


pytestmark = pytest.mark.integration

MINE = {"kind": "MANUAL_RECHARGE", "account_form": FORM, "skus": (sku("video-vip-month", per_order_max=1),)}
NOTE = "sent from the second account"


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world(**MINE) as made:
        yield made


def waiting(world: World) -> Order:
    order = world.pay(world.buy(account={"mobile": "13800138000"}, contact="buyer@example.com"))
    world.cure(world.deps, order.id)
    return world.order(order)


def refunded(world: World) -> int:
    return sum(row["amount"]["minor"] for row in world.rows("test-trade") if row["sk"] == "REFUND")


def cases(world: World) -> list[str]:
    return [row["kind"] for row in world.rows("test-trade") if row["sk"] == "CASE" and row["state"] == "OPEN"]


def kept(world: World) -> None:
    streamed(world)
    assert violations(books_of(world), world.clock.now(), is_quiet=False) == []


def test_a_paid_order_stands_on_the_list_with_a_deadline_and_its_account(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    order = waiting(world)
    assert (order.state, cases(world)) == (OrderState.SHORT, ["STUCK"])
    assert ops.main(["list"], world.deps) == 0
    told = capsys.readouterr().out
    assert order.id in told
    assert "13800138000" not in told, "only who takes it needs to know"
    assert ops.main(["--by", "mei", "take", order.id], world.deps) == 0
    assert "mobile: 13800138000" in capsys.readouterr().out
    kept(world)


def test_what_was_sent_is_delivered_earned_and_told(world: World) -> None:
    order = waiting(world)
    take(world.deps, order.id, "mei")
    after = done(world.deps, order.id, "mei", NOTE)
    assert (after.state, after.delivery, cases(world)) == (OrderState.COMPLETED, DeliveryState.DONE, [])
    world.cure(world.deps, order.id)
    [(_, subject, _)] = world.letters
    assert subject.startswith("Arrived")
    kept(world)


def test_what_cannot_be_sent_is_paid_back_once(world: World) -> None:
    order = waiting(world)
    take(world.deps, order.id, "mei")
    failed(world.deps, order.id, "mei", "no such account")
    with pytest.raises(NotByHand):
        failed(world.deps, order.id, "mei", "no such account")
    assert refunded(world) == order.total.minor
    assert cases(world) == []
    kept(world)


def test_one_person_at_a_time_and_who_went_home_keeps_nobody_waiting(world: World) -> None:
    order = waiting(world)
    with pytest.raises(TakenByAnother):
        done(world.deps, order.id, "bo", NOTE)
    take(world.deps, order.id, "mei")
    with pytest.raises(TakenByAnother):
        take(world.deps, order.id, "bo")
    world.clock.advance(seconds=LEASE.total_seconds() + 1)
    take(world.deps, order.id, "bo")
    with pytest.raises(TakenByAnother):
        done(world.deps, order.id, "mei", NOTE)
    assert done(world.deps, order.id, "bo", NOTE).state is OrderState.COMPLETED


def test_twin_without_the_look_who_has_it_two_people_send_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = waiting(world)
    take(world.deps, order.id, "mei")
    monkeypatch.setattr("faka.flows.hand_work._holder", lambda _order, _now: "bo")
    assert done(world.deps, order.id, "bo", NOTE).state is OrderState.COMPLETED


def test_nobodys_work_in_time_is_paid_back_by_the_sweep(world: World) -> None:
    order = waiting(world)
    world.clock.advance(hours=24, minutes=1)
    world.sweep()
    assert world.order(order).state is OrderState.FAILED
    assert refunded(world) == order.total.minor
    assert cases(world) == []
    kept(world)


@pytest.mark.parametrize("note", ["", "   ", "x" * 201])
def test_an_end_says_what_was_done(world: World, note: str) -> None:
    order = waiting(world)
    take(world.deps, order.id, "mei")
    with pytest.raises(InvalidRequest):
        done(world.deps, order.id, "mei", note)


def test_goods_from_stock_are_nobodys_hand() -> None:
    with engine_world() as world:
        world.stock_up(1)
        order = world.pay(world.buy())
        with pytest.raises(NotByHand):
            take(world.deps, order.id, "mei")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("end", [done, failed])
def test_whoever_dies_at_any_call_the_end_is_one(end: object, after: bool) -> None:
    at = 1
    while True:
        with engine_world(**MINE) as world:
            order = waiting(world)
            take(world.deps, order.id, "mei")
            dying, died = world.over(DyingClient(world.client, at, after=after)), False
            try:
                end(dying, order.id, "mei", NOTE)  # type: ignore[operator]
            except Killed:
                died = True
            if world.order(order).state is OrderState.SHORT:
                end(world.deps, order.id, "mei", NOTE)  # type: ignore[operator]
            assert refunded(world) == (order.total.minor if end is failed else 0)
            assert cases(world) == []
            kept(world)
        if not died:
            break
        at += 1
    assert at > 2
