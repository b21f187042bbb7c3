"""A worker dies before and after each of its calls while money goes back: while it is asked for, told, heard of, and comes to nothing.
Two rounds of the sweep later there is one refund at the provider, the order says so, and the books balance."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from faka.contexts.orders.model import DeliveryState, Order, OrderState, RefundState
from faka.flows.ask_refund import ask_refund
from faka.flows.refund_order import refund_again, refund_order
from faka.kernel.ids import out_trade_no
from faka.kernel.refund import RefundStatus
from faka.platform.table import Write
from faka.steps.refund import drive, end
from faka.wiring import Deps
from infra.local.actors.bank import RefundWay
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import World
from tests.unit.flows.given_refunds import (
    CARDS,
    PRICE,
    STANDS,
    at_the_bank,
    balances,
    broken,
    brought_to,
    entries,
    is_asking,
    only,
    provider,
    refunding_world,
    refunds,
    sold,
)


pytestmark = pytest.mark.integration

CALLS_MAX = 60
"""More than any piece of work below makes: the last must find nothing to die at."""

BEFORE_AND_AFTER = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])

Work = Callable[[World, Order, Deps], object]


def dies(world: World, work: Callable[[Deps], object], at: int, *, after: bool) -> bool:
    """Run `work` over a client that dies at call `at`; says whether it got that far. The stream tells what it had written."""
    client, before = DyingClient(world.client, at, after=after), world.image()
    with suppress(Killed):
        work(world.over(client))
    world.announce(before)
    return client.calls >= at


@dataclass(frozen=True)
class Decision:
    """Who decides that money goes back, and how the order ends."""

    is_seen: bool
    decide: Work
    minor: int
    state: OrderState
    delivery: DeliveryState
    refund: RefundState
    left: int


DECISIONS = {
    "buyer, all of it": Decision(
        is_seen=False,
        decide=lambda world, order, deps: ask_refund(deps, order.id, world.proof(order)),
        minor=PRICE,
        state=OrderState.RETURNED,
        delivery=DeliveryState.RETURNED,
        refund=RefundState.FULL,
        left=CARDS,
    ),
    "staff, all of it": Decision(
        is_seen=True,
        decide=lambda _, order, deps: refund_order(deps, order.id, None, "as agreed", "mei"),
        minor=PRICE,
        state=OrderState.COMPLETED,
        delivery=DeliveryState.REVOKED,
        refund=RefundState.FULL,
        left=CARDS - 1,
    ),
    "staff, a part": Decision(
        is_seen=True,
        decide=lambda _, order, deps: refund_order(deps, order.id, 700, "late answer", "mei"),
        minor=700,
        state=OrderState.COMPLETED,
        delivery=DeliveryState.REVEALED,
        refund=RefundState.PARTIAL,
        left=CARDS - 1,
    ),
}


def placed(world: World, decision: Decision) -> Order:
    order = sold(world)
    if decision.is_seen:
        world.reveal(order)
    return order


@BEFORE_AND_AFTER
@pytest.mark.parametrize("who", DECISIONS)
def test_dying_while_it_is_decided_decides_all_of_it_or_nothing(who: str, *, after: bool) -> None:
    decision = DECISIONS[who]
    deaths, decided = 0, 0
    for at in range(1, CALLS_MAX):
        with refunding_world() as world:
            order = placed(world, decision)
            if not dies(world, lambda deps, world=world, order=order: decision.decide(world, order, deps), at, after=after):
                break
            deaths += 1
            is_decided = bool(refunds(world))
            decided += is_decided
            assert (world.order(order).refund_state is RefundState.DUE, broken(world)) == (is_decided, [])
            if not is_decided:
                decision.decide(world, order, world.deps)
            world.minute(2)
            ended = world.order(order)
            assert (ended.state, ended.delivery, ended.refund_state, ended.funds_minor) == (
                decision.state,
                decision.delivery,
                decision.refund,
                0,
            )
            assert [one.amount_minor for one in at_the_bank(world, order)] == [decision.minor]
            assert (entries(world, only(world)), world.left, broken(world)) == (["due", "ok"], decision.left, [])
    assert 3 <= deaths < CALLS_MAX - 1
    assert int(after) <= decided < deaths


# -- told and heard -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A refund that stands somewhere, what happens at the provider, and who dies while the shop learns of it."""

    start: RefundStatus
    happens: Callable[[World, str], object]
    ends: RefundStatus
    booked: tuple[str, ...]
    by: str
    """`notice`; `drive`, which is the sweep's step for one refund; `sweep`, the whole round with all that it reads before."""


def nothing(_world: World, _number: str) -> None:
    """It is told now, and done at once."""


def does_it_later(world: World, _number: str) -> None:
    provider(world).refund_way = RefundWay.LATER


def finishes(world: World, number: str) -> object:
    return provider(world).finish_refund(number)


def fails(world: World, number: str) -> object:
    return provider(world).fail_refund(number)


_S = RefundStatus
STEPS = {
    "told, done at once": Step(_S.REQUESTED, nothing, _S.SUCCEEDED, ("due", "ok"), "sweep"),
    "told, accepted": Step(_S.REQUESTED, does_it_later, _S.SUBMITTED, ("due",), "drive"),
    "asked, done": Step(_S.SUBMITTED, finishes, _S.SUCCEEDED, ("due", "ok"), "drive"),
    "asked, failed": Step(_S.SUBMITTED, fails, _S.FAILED, ("due", "fail"), "drive"),
    "heard, done": Step(_S.SUBMITTED, finishes, _S.SUCCEEDED, ("due", "ok"), "notice"),
    "heard, failed": Step(_S.SUBMITTED, fails, _S.FAILED, ("due", "fail"), "notice"),
    "heard, failed days later": Step(_S.SUCCEEDED, fails, _S.FAILED, ("due", "ok", "back"), "notice"),
}


def has_notice_of_refund(world: World) -> bool:
    return sum(row["sk"] == "NOTICE" for row in world.rows("test-trade")) > 1  # the other one told of the payment


@BEFORE_AND_AFTER
@pytest.mark.parametrize("name", STEPS)
def test_dying_while_a_refund_is_told_or_heard_of_is_healed_within_two_rounds(name: str, *, after: bool) -> None:
    step = STEPS[name]
    deaths = 0
    for at in range(1, CALLS_MAX):
        with refunding_world() as world:
            order = sold(world)
            refund = brought_to(world, order, step.start)
            world.clock.advance(minutes=1)
            raw = step.happens(world, out_trade_no(order.payment_id))

            learns: dict[str, Callable[[Deps], object]] = {
                "notice": lambda deps, world=world, order=order, raw=raw: world.deliver_notice(order, raw, deps),
                "drive": lambda deps, refund=refund: drive(deps, deps.refunds.get(refund.id)),
                "sweep": world.sweep,
            }
            if not dies(world, learns[step.by], at, after=after):
                break
            deaths += 1
            if step.by == "notice" and not has_notice_of_refund(world):
                learns["notice"](world.deps)  # unanswered: the provider says it again
            world.minute(2)
            after_all = only(world)
            assert (after_all.status, after_all.number, world.order(order).state) == (step.ends, refund.number, OrderState.RETURNED)
            assert [one.refund_no for one in at_the_bank(world, order)] == [refund.number]
            assert (tuple(entries(world, refund)), balances(world)) == (step.booked, STANDS[step.booked[-1]])
            assert (is_asking(world, refund), broken(world)) == (step.ends is _S.FAILED, [])
    assert 3 <= deaths < CALLS_MAX - 1


@BEFORE_AND_AFTER
def test_dying_while_a_closed_way_is_tried_again_makes_one_new_number(*, after: bool) -> None:
    deaths = 0
    for at in range(1, CALLS_MAX):
        with refunding_world() as world:
            order = sold(world)
            first = brought_to(world, order, _S.FAILED)
            provider(world).refund_way = RefundWay.AT_ONCE
            if not dies(world, lambda deps, first=first: refund_again(deps, first.id, "another card", "mei"), at, after=after):
                break
            deaths += 1
            if len(refunds(world)) == 1:
                refund_again(world.deps, first.id, "another card", "mei")
            world.minute(2)
            assert [one.state for one in at_the_bank(world, order)] == ["FAILED", "SUCCEEDED"]
            assert (balances(world), is_asking(world, first), broken(world)) == ({}, False, [])
    assert 3 <= deaths < CALLS_MAX - 1


# -- twins --------------------------------------------------------------------------------------------------------


def test_twin_where_order_and_refund_are_two_commits_money_goes_back_for_goods_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = end.requested

    def in_two(deps: Deps, *given: object) -> list[Write]:
        deps.tables.commit(honest(deps, *given))  # type: ignore[arg-type]
        return []

    monkeypatch.setattr(end, "requested", in_two)
    losses = 0
    for at in range(1, CALLS_MAX):
        with refunding_world() as world:
            order = sold(world)
            if not dies(world, lambda deps, order=order, world=world: ask_refund(deps, order.id, world.proof(order)), at, after=True):
                break
            world.minute(2)
            losses += world.order(order).state is OrderState.COMPLETED and bool(at_the_bank(world, order))
    assert losses


def test_twin_without_the_sweep_nobody_knows_that_the_money_is_gone() -> None:
    strays = 0
    for at in range(1, CALLS_MAX):
        with refunding_world() as world:
            order = sold(world)
            refund = brought_to(world, order, _S.REQUESTED)
            if not dies(world, lambda deps, refund=refund: drive(deps, refund), at, after=False):
                break
            strays += only(world).status is _S.REQUESTED and bool(at_the_bank(world, order))
    assert strays
