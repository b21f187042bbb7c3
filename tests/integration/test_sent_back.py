"""An account at which nothing can arrive (row C22): the buyer is asked for another, the clock stands still, one charge at most."""

from datetime import timedelta

import pytest

from faka.contexts.catalog.accounts import BadAccount
from faka.contexts.orders.errors import OrderNotFound
from faka.contexts.orders.model import Order, OrderState
from faka.contexts.quotas.errors import TooManyTries
from faka.contexts.quotas.flights import InFlight
from faka.contexts.recharges import Heard, Recharge, RechargeState, Word, number_of
from faka.contexts.recharges import model as recharges
from faka.contexts.suppliers.base import SupplyState
from faka.flows import correct_account as flow
from faka.flows.correct_account import AccountUnknown, NotAsked, SameAccount, correct_account, have_money_instead
from faka.kernel.errors import IllegalTransition
from faka.kernel.limits import CORRECTIONS_MAX
from faka.steps.invariants import violations
from faka.steps.proof import Proof
from faka.steps.recharge import hear
from faka.steps.send_back import ANSWER_WITHIN, send_back
from tests.unit.invariants.given import books_of, streamed
from tests.unit.recharges.given import PHONE, ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.integration

DONE, BUSY, WRONG = SupplyState.SUCCEEDED, SupplyState.PROCESSING, "refused, account"
RIGHT = {"mobile": "13900139001"}
MAIL = "buyer@example.com"
TRIES = flow.TRIES_MAX + 2


def refused(shop: TopUps, contact: str = MAIL) -> Recharge:
    """Paid, and every supplier has said that the account is wrong; the machine has ended."""
    order = shop.world.pay(shop.world.buy(account=PHONE, contact=contact))
    shop.world.cure(shop.world.deps, order.id)
    assert shop.play(shop.recharge(order))[-2:] == ["send_back", "wait_for_buyer"]
    return shop.recharge(order)


def corrected(shop: TopUps, recharge: Recharge, **account: str) -> Order:
    return correct_account(shop.world.deps, recharge.order_id, shop.world.proof(shop.order(recharge)), account or RIGHT)


def fresh(shop: TopUps, recharge: Recharge) -> Recharge:
    return shop.world.deps.recharges.get(recharge.id)


def kept(shop: TopUps) -> None:
    streamed(shop.world)
    assert violations(books_of(shop.world), shop.world.clock.now(), is_quiet=False, overdue_after=timedelta(0)) == []


def asking(shop: TopUps) -> list[tuple[str, str, str]]:
    return [letter for letter in shop.world.letters if letter[1].startswith("Please correct")]


def test_another_supplier_is_asked_before_the_buyer_is() -> None:
    with top_ups(ScriptedSupplier("first", WRONG), ScriptedSupplier("second", DONE)) as shop:
        recharge = shop.begun()
        assert shop.play(recharge) == ["submit", "submit", "end"]
        assert shop.order(recharge).state is OrderState.COMPLETED


def test_a_refused_account_waits_for_its_buyer_who_is_told_once_and_no_money_moves() -> None:
    with top_ups(ScriptedSupplier("first", WRONG), ScriptedSupplier("second", "refused")) as shop:
        recharge = refused(shop)
        assert recharge.state is RechargeState.WAITING_FOR_BUYER
        shop.world.minute(30)
        [(to, subject, text)] = asking(shop)
        assert (to, f"/o/{recharge.order_id}" in text) == (MAIL, True)
        assert PHONE["mobile"] not in subject + text
        assert (shop.order(recharge).state, shop.refunded_minor(), shop.charged) == (OrderState.PAID, 0, [])
        assert shop.machine.begun.count(recharge.id) == len(shop.machine.begun), "no machine is begun before he answers"
        kept(shop)


def test_a_corrected_account_goes_on_at_the_same_suppliers_under_new_numbers() -> None:
    first, second = ScriptedSupplier("first", WRONG, BUSY, DONE), ScriptedSupplier("second", WRONG)
    with top_ups(first, second) as shop:
        recharge = refused(shop)
        assert corrected(shop, recharge).account == RIGHT
        assert shop.machine.begun[-1] == f"{recharge.id}-c1"
        assert shop.play(recharge)[-1] == "end"
        assert [one.account for one in first.sent] == [PHONE, RIGHT]
        assert [one.number for one in (*first.sent, *second.sent)] == [number_of(recharge.id, place) for place in (0, 2, 1)]
        assert shop.charged == [number_of(recharge.id, 2)]
        order = shop.order(recharge)
        assert (order.state, order.account, order.former, order.question) == (OrderState.COMPLETED, RIGHT, (PHONE,), None)
        kept(shop)


def test_the_limit_stands_still_while_the_buyer_is_asked() -> None:
    with top_ups(ScriptedSupplier("first", WRONG, "silent")) as shop:
        recharge = refused(shop)
        shop.world.clock.advance(hours=5)
        corrected(shop, recharge)
        assert fresh(shop, recharge).limit_at == recharge.limit_at + timedelta(hours=5)
        assert shop.play(recharge, questions=3)[-1] == "ask"
        assert shop.cases() == [], "nobody is called before his half hour is over"


def test_twin_with_a_clock_that_goes_on_a_person_is_called_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Recharge.corrected
    monkeypatch.setattr(Recharge, "corrected", lambda one, *given: real(one, *given).model_copy(update={"limit_at": one.limit_at}))
    with top_ups(ScriptedSupplier("first", WRONG, "silent")) as shop:
        recharge = refused(shop)
        shop.world.clock.advance(hours=5)
        corrected(shop, recharge)
        shop.play(recharge, questions=3)
        assert len(shop.cases()) == 1


def test_without_an_answer_the_money_goes_back_after_a_day_and_not_before() -> None:
    with top_ups(ScriptedSupplier("first", WRONG)) as shop:
        recharge = refused(shop)
        shop.world.clock.advance(seconds=ANSWER_WITHIN.total_seconds() - 60)
        shop.world.sweep()
        assert shop.step(recharge, "submit").next == shop.step(recharge, "give_up").next == "wait_for_buyer"
        shop.world.minute(2)
        assert shop.machine.begun[-1].startswith(f"{recharge.id}-")
        with pytest.raises(NotAsked):
            corrected(shop, recharge)
        assert shop.play(recharge) == ["submit", "give_up", "end"]
        order = shop.order(recharge)
        assert (order.state, order.question, shop.refunded_minor()) == (OrderState.FAILED, None, order.total.minor)
        kept(shop)


def test_whoever_is_wrong_four_times_gets_his_money_back() -> None:
    with top_ups(ScriptedSupplier("first", WRONG)) as shop:
        recharge = refused(shop)
        for place in range(CORRECTIONS_MAX):
            shop.world.minute(1)
            corrected(shop, recharge, mobile=f"1390013900{place}")
            path = shop.play(recharge)
        assert path == ["submit", "give_up", "end"]
        assert shop.refunded_minor() == shop.order(recharge).total.minor
        assert len(asking(shop)) == CORRECTIONS_MAX, "each question is told once"
        kept(shop)


def test_twin_without_that_bound_he_is_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("faka.contexts.recharges.model", "faka.steps.send_back"):
        monkeypatch.setattr(f"{place}.CORRECTIONS_MAX", 99)
    with top_ups(ScriptedSupplier("first", WRONG)) as shop:
        recharge = refused(shop)
        for place in range(CORRECTIONS_MAX):
            corrected(shop, recharge, mobile=f"1390013900{place}")
            path = shop.play(recharge)
        assert path[-1] == "wait_for_buyer"


@pytest.mark.parametrize(("bound", "asked"), [(flow.TRIES_MAX, flow.TRIES_MAX), (99, TRIES)], ids=["bound", "twin"])
def test_suppliers_are_not_asked_about_one_account_after_the_other(monkeypatch: pytest.MonkeyPatch, bound: int, asked: int) -> None:
    seen: list[object] = []

    def unknown(*given: object) -> str:
        seen.append(given)
        raise AccountUnknown("account")

    monkeypatch.setattr(flow, "checked", unknown)
    monkeypatch.setattr(flow, "TRIES_MAX", bound)
    with top_ups(ScriptedSupplier("first", WRONG)) as shop:
        recharge = refused(shop)
        for place in range(TRIES):
            with pytest.raises((AccountUnknown, TooManyTries)):
                corrected(shop, recharge, mobile=f"139001390{place:02d}")
        assert len(seen) == asked


@pytest.mark.parametrize(("typed", "error"), [({"mobile": "12345"}, BadAccount), ({}, BadAccount), (PHONE, SameAccount)])
def test_what_cannot_be_right_is_not_sent(typed: dict[str, str], error: type[Exception]) -> None:
    with top_ups(ScriptedSupplier("first", WRONG)) as shop:
        recharge = refused(shop)
        with pytest.raises(error) as caught:
            correct_account(shop.world.deps, recharge.order_id, shop.world.proof(shop.order(recharge)), typed)
        assert PHONE["mobile"] not in str(caught.value)
        assert fresh(shop, recharge) == recharge


def test_a_stranger_corrects_nothing() -> None:
    with top_ups(ScriptedSupplier("first", WRONG)) as shop:
        recharge = refused(shop)
        with pytest.raises(OrderNotFound):
            correct_account(shop.world.deps, recharge.order_id, Proof(code="NOTHISCODENOTHIS"), RIGHT)
        assert fresh(shop, recharge) == recharge


def test_while_an_attempt_is_open_nobody_sends_it_back_or_elsewhere() -> None:
    with top_ups(ScriptedSupplier("first", BUSY, DONE)) as shop:
        recharge = shop.begun()
        shop.step(recharge, "submit")
        with pytest.raises(IllegalTransition):
            send_back(shop.world.deps, fresh(shop, recharge), "mei", "impatience")
        with pytest.raises(NotAsked):
            corrected(shop, recharge)
        assert shop.play(recharge)[-1] == "end"
        assert len(shop.charged) == 1


def test_twin_a_correction_beside_an_open_attempt_is_charged_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    open_too = {RechargeState.PROCESSING: recharges.TRANSITIONS[RechargeState.PROCESSING] | {RechargeState.CREATED}}
    monkeypatch.setattr(recharges, "TRANSITIONS", recharges.TRANSITIONS | open_too)
    monkeypatch.setattr(flow, "_require_asked", lambda _order, _now: None)
    with top_ups(ScriptedSupplier("first", BUSY, DONE)) as shop:
        recharge = shop.begun()
        shop.step(recharge, "submit")
        corrected(shop, recharge)
        shop.play(recharge)
        assert len(shop.charged) == 2


def test_the_new_account_is_taken_and_the_old_one_free_again() -> None:
    with top_ups(ScriptedSupplier("first", WRONG, BUSY)) as shop:
        recharge = refused(shop)
        with pytest.raises(InFlight):
            shop.ordered(PHONE["mobile"])
        corrected(shop, recharge)
        shop.ordered(PHONE["mobile"])
        with pytest.raises(InFlight):
            shop.ordered(RIGHT["mobile"])


def test_an_account_to_which_another_order_is_on_its_way_is_refused() -> None:
    with top_ups(ScriptedSupplier("first", WRONG, BUSY)) as shop:
        recharge = refused(shop)
        shop.world.pay(shop.ordered(RIGHT["mobile"]))
        with pytest.raises(InFlight):
            corrected(shop, recharge)
        assert fresh(shop, recharge) == recharge


def test_twin_without_that_place_two_orders_are_on_their_way_to_one_account(monkeypatch: pytest.MonkeyPatch) -> None:
    with top_ups(ScriptedSupplier("first", WRONG, BUSY)) as shop:
        recharge = refused(shop)
        other = shop.begun(RIGHT["mobile"])
        shop.step(other, "submit")
        monkeypatch.setattr(flow, "flight", lambda *_given: [])
        corrected(shop, recharge)
        shop.step(recharge, "submit")
        assert len(shop.charged) == 2
        assert fresh(shop, recharge).account == fresh(shop, other).account


def test_of_two_tabs_one_is_taken_and_the_other_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one has read the order, and the first is done before it reads the recharge."""
    with top_ups(ScriptedSupplier("first", WRONG, BUSY)) as shop:
        recharge, real, firsts = refused(shop), flow.flight, iter([{"mobile": "13900139002"}])

        def meanwhile(*given: object) -> object:
            for first in firsts:
                corrected(shop, recharge, **first)
            return real(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(flow, "flight", meanwhile)
        with pytest.raises(NotAsked):
            corrected(shop, recharge)
        assert fresh(shop, recharge).account == shop.order(recharge).account == {"mobile": "13900139002"}


def arrived_after_all(shop: TopUps) -> Recharge:
    """Refused, and while its buyer is asked the supplier says that it has arrived."""
    recharge = refused(shop)
    hear(shop.world.deps, recharge.id, Heard(number_of(recharge.id, 0), Word.SUCCEEDED, "notice", is_answer=False))
    assert len(shop.cases()) == 1
    return recharge


def test_a_refusal_that_its_supplier_takes_back_is_a_persons_and_nothing_is_ordered_again() -> None:
    with top_ups(ScriptedSupplier("first", WRONG, DONE)) as shop:
        recharge = arrived_after_all(shop)
        with pytest.raises(NotAsked):
            corrected(shop, recharge)
        with pytest.raises(NotAsked):
            have_money_instead(shop.world.deps, recharge.order_id, shop.world.proof(shop.order(recharge)))
        assert fresh(shop, recharge) == recharge


def test_twin_without_that_look_it_is_charged_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_require_no_doubt", lambda _deps, _recharge: None)
    with top_ups(ScriptedSupplier("first", WRONG, DONE)) as shop:
        recharge = arrived_after_all(shop)
        corrected(shop, recharge)
        shop.play(recharge)
        assert shop.charged == [number_of(recharge.id, 1)], "beside the one that the supplier has charged already"
