"""One top-up: ordered once, asked about until answered, ended with its money in one commit."""

import pytest

from faka.contexts.orders.errors import NotRefundable
from faka.contexts.orders.model import DeliveryState, OrderState
from faka.contexts.recharges import Heard, RechargeState, Word, number_of
from faka.contexts.recharges.model import ASK_MAX, LIMIT
from faka.contexts.suppliers.base import SupplyState
from faka.flows.refund_order import refund_order
from faka.kernel.errors import IllegalTransition
from faka.kernel.money import Money
from faka.steps.invariants import violations
from faka.steps.recharge import give_up_recharge, hear
from tests.unit.invariants.given import books_of
from tests.unit.recharges.given import COST_MINOR, PHONE, ScriptedSupplier, top_ups


pytestmark = pytest.mark.unit

DONE, BUSY, NO, WHAT, BACK = SupplyState.SUCCEEDED, SupplyState.PROCESSING, SupplyState.FAILED, SupplyState.UNKNOWN, SupplyState.REVERSED


def test_a_top_up_is_ordered_once_and_its_order_cost_and_revenue_are_one_commit() -> None:
    first = ScriptedSupplier("first", BUSY, BUSY, DONE)
    with top_ups(first) as shop:
        recharge = shop.begun()
        assert shop.machine.begun == [recharge.id]
        assert shop.play(recharge) == ["submit", "ask", "ask", "end"]
        order = shop.order(recharge)
        assert (order.state, order.delivery, order.funds_minor) == (OrderState.COMPLETED, DeliveryState.DONE, 0)
        assert shop.charged == [number_of(recharge.id, 0)]
        assert first.sent[0].account == PHONE
        entries = shop.entries()
        assert entries[f"rch:{recharge.id}:cost"] == {"expense:cogs/CNY": COST_MINOR, "supplier:first:payable/CNY": -COST_MINOR}
        assert entries[f"dlv:{order.id}"]["revenue:sales/CNY"] < 0
        assert all(sum(lines.values()) == 0 for lines in entries.values())


def test_a_time_out_with_the_charge_done_is_asked_about_and_never_sent_again() -> None:
    first, second = ScriptedSupplier("first", "lost, charged", "silent", None, BUSY, DONE), ScriptedSupplier("second", DONE)
    with top_ups(first, second) as shop:
        recharge = shop.begun()
        assert shop.play(recharge)[-1] == "end"
        assert (len(shop.charged), len(first.sent), second.sent) == (1, 1, [])
        assert shop.order(recharge).state is OrderState.COMPLETED


def test_no_such_order_counts_only_after_the_grace_and_twice_in_a_row() -> None:
    first, second = ScriptedSupplier("first", "lost", None), ScriptedSupplier("second", DONE)
    with top_ups(first, second) as shop:
        recharge = shop.begun()
        assert shop.play(recharge)[-1] == "end"
        failed, done = shop.recharge(shop.order(recharge)).attempts
        assert (failed.state, done.state) == (RechargeState.FAILED, RechargeState.SUCCEEDED)
        assert failed.ended_at is not None
        assert (failed.ended_at - failed.sent_at).total_seconds() >= first.grace_s
        assert failed.missing >= 2
        assert failed.number != done.number


def test_a_proved_failure_goes_to_the_next_supplier_and_then_back_to_the_buyer() -> None:
    with top_ups(ScriptedSupplier("first", "refused"), ScriptedSupplier("second", BUSY, NO)) as shop:
        recharge = shop.begun()
        assert shop.play(recharge) == ["submit", "submit", "ask", "give_up", "end"]
        order = shop.order(recharge)
        assert (order.state, shop.refunded_minor()) == (OrderState.FAILED, order.total.minor)
        assert not any(name.startswith("rch:") for name in shop.entries())


def test_where_every_supplier_was_closed_meanwhile_the_money_goes_back_at_once() -> None:
    with top_ups(ScriptedSupplier("first", DONE)) as shop:
        recharge = shop.begun()
        shop.changes_offer(enabled=False)
        assert shop.play(recharge) == ["submit", "give_up", "end"]
        assert shop.order(recharge).state is OrderState.FAILED


def test_an_unknown_end_calls_a_person_after_the_limit_and_no_money_moves() -> None:
    first, second = ScriptedSupplier("first", "lost, charged", "silent"), ScriptedSupplier("second", DONE)
    with top_ups(first, second) as shop:
        recharge = shop.begun()
        assert shop.play(recharge, questions=200)[-1] == "leave"
        [case] = shop.cases()
        assert (case["kind"], case["ref"]) == ("RECHARGE", recharge.order_id)
        assert (second.sent, shop.refunded_minor(), shop.order(recharge).state) == ([], 0, OrderState.PAID)
        assert shop.world.clock.now() >= recharge.limit_at + ASK_MAX
        hear(shop.world.deps, recharge.id, Heard(number_of(recharge.id, 0), Word.SUCCEEDED, "mei"))
        assert shop.order(recharge).state is OrderState.COMPLETED
        assert shop.cases() == []


def test_a_recharge_that_is_out_cannot_be_given_up() -> None:
    with top_ups(ScriptedSupplier("first", WHAT)) as shop:
        recharge = shop.begun()
        shop.step(recharge, "submit")
        with pytest.raises(IllegalTransition):
            give_up_recharge(shop.world.deps, shop.recharge(shop.order(recharge)), "impatience")
        assert shop.step(recharge, "give_up").next == "ask"


def test_no_person_pays_back_what_may_have_been_charged() -> None:
    with top_ups(ScriptedSupplier("first", "lost, charged", "silent")) as shop:
        recharge = shop.begun()
        shop.step(recharge, "submit")
        with pytest.raises(NotRefundable, match="on its way"):
            refund_order(shop.world.deps, recharge.order_id, None, "impatience", "mei")
        assert shop.refunded_minor() == 0


def test_twin_without_that_look_the_buyer_has_his_top_up_and_his_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.flows.refund_order._require_nothing_out", lambda _order: None)
    with top_ups(ScriptedSupplier("first", "lost, charged", DONE)) as shop:
        recharge = shop.begun()
        shop.step(recharge, "submit")
        refund_order(shop.world.deps, recharge.order_id, None, "impatience", "mei")
        assert len(shop.charged) == 1
        assert shop.refunded_minor() == shop.order(recharge).total.minor


def test_what_the_supplier_takes_back_is_booked_and_a_persons_case_once() -> None:
    with top_ups(ScriptedSupplier("first", DONE)) as shop:
        recharge = shop.begun()
        shop.play(recharge)
        for _ in range(2):
            hear(shop.world.deps, recharge.id, Heard(number_of(recharge.id, 0), Word.REVERSED, "notice"))
        assert shop.recharge(shop.order(recharge)).state is RechargeState.REVERSED
        assert shop.entries()[f"rch:{recharge.id}:back"]["supplier:first:payable/CNY"] == COST_MINOR
        assert len(shop.cases()) == 1


def test_a_failed_number_that_succeeds_after_all_is_a_persons_case_and_no_second_delivery() -> None:
    with top_ups(ScriptedSupplier("first", NO), ScriptedSupplier("second", DONE)) as shop:
        recharge = shop.begun()
        shop.play(recharge)
        for _ in range(2):
            hear(shop.world.deps, recharge.id, Heard(number_of(recharge.id, 0), Word.SUCCEEDED, "notice"))
        assert len(shop.cases()) == 1
        assert sum(name.startswith("dlv:") for name in shop.entries()) == 1


def test_a_supplier_who_costs_more_than_the_buyer_paid_is_not_asked() -> None:
    dear = ScriptedSupplier("dear", DONE)
    with top_ups(dear) as shop:
        recharge = shop.begun()
        shop.changes_offer(cost=Money(minor=shop.world.sku.price.minor + 1, currency="CNY"))
        assert shop.play(recharge)[-1] == "end"
        assert dear.sent == []


def test_a_lost_machine_is_begun_again_by_the_sweep() -> None:
    with top_ups(ScriptedSupplier("first", BUSY, DONE)) as shop:
        recharge = shop.begun()
        shop.step(recharge, "submit")
        shop.world.minute(8)
        again = [name for name in shop.machine.begun if name != recharge.id]
        assert 1 <= len(set(again)) <= 2
        assert all(name.startswith(recharge.id) for name in again)


def test_late_money_for_a_top_up_buys_it() -> None:
    with top_ups(ScriptedSupplier("first", DONE)) as shop:
        order = shop.ordered()
        shop.world.minute(20)
        assert shop.world.order(order).state is OrderState.EXPIRED
        shop.world.pay(order)
        shop.world.cure(shop.world.deps, order.id)
        recharge = shop.recharge(order)
        assert shop.play(recharge)[-1] == "end"
        assert shop.order(recharge).state is OrderState.COMPLETED
        assert LIMIT.total_seconds() > 0


def test_twin_an_attempt_that_is_sent_again_after_silence_is_charged_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN silence counts as failed, as in many shops, THEN two suppliers are paid for one order."""
    from faka.contexts.recharges import rule

    real = rule._state_of
    monkeypatch.setattr(
        rule,
        "_state_of",
        lambda attempt, heard, now: RechargeState.FAILED if heard.word is Word.UNKNOWN else real(attempt, heard, now),
    )
    with top_ups(ScriptedSupplier("first", "lost, charged"), ScriptedSupplier("second", DONE)) as shop:
        shop.play(shop.begun())
        assert len(shop.charged) == 2


def test_the_last_wait_before_the_limit_ends_at_the_limit() -> None:
    """Two machines climb the ladder twice as fast; the buyer's half hour stays half an hour."""
    with top_ups(ScriptedSupplier("first", "silent")) as shop:
        recharge = shop.begun()
        for _ in range(7):
            shop.step(recharge, "submit")
            stands = shop.step(recharge, "ask")
        assert stands.wait_s == LIMIT.total_seconds() + 1
        shop.world.clock.advance(seconds=stands.wait_s)
        assert shop.step(recharge, "ask").wait_s == 3600
        assert len(shop.cases()) == 1


def test_what_was_paid_back_after_it_had_arrived_stays_arrived() -> None:
    """There is nothing to take back into stock and nothing to hide: only the money moves."""
    with top_ups(ScriptedSupplier("first", DONE)) as shop:
        recharge = shop.begun()
        shop.play(recharge)
        refund_order(shop.world.deps, recharge.order_id, None, "goodwill", "mei")
        order = shop.order(recharge)
        assert (order.state, order.delivery) == (OrderState.COMPLETED, DeliveryState.DONE)
        assert shop.refunded_minor() == order.total.minor
        assert violations(books_of(shop.world), shop.world.clock.now(), is_quiet=False) == []
