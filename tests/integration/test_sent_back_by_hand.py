"""A person sends an order back whose account is wrong: a top-up that nobody has ordered yet, or one that people send by hand."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.flows.correct_account import correct_account, have_money_instead
from faka.flows.hand_work import NotByHand, done, sent_back, take
from faka.steps.send_back import ANSWER_WITHIN
from infra.ops import hand, recharges
from tests.integration.test_hand_work import MINE, NOTE, cases, kept, refunded, waiting
from tests.integration.test_sent_back import BUSY, RIGHT, arrived_after_all, corrected, fresh, refused
from tests.kit.world import World, engine_world
from tests.unit.recharges.given import PHONE, ScriptedSupplier, top_ups


pytestmark = pytest.mark.integration


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world(**MINE) as made:
        yield made


def gone_back(world: World) -> Order:
    """Taken four hours before its deadline, and sent back."""
    order = waiting(world)
    world.clock.advance(hours=20)
    take(world.deps, order.id, "mei")
    return sent_back(world.deps, order.id, "mei", "no such player")


def test_what_went_back_is_on_nobodys_list_until_its_buyer_has_answered(world: World) -> None:
    order = gone_back(world)
    assert cases(world) == []
    with pytest.raises(NotByHand):
        take(world.deps, order.id, "bo")
    world.minute(3)
    [(to, subject, text)] = world.letters
    assert (to, subject.startswith("Please correct"), PHONE["mobile"] in subject + text) == ("buyer@example.com", True, False)
    kept(world)


def test_a_corrected_order_is_on_the_list_again_with_the_time_that_it_had(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    order = gone_back(world)
    world.clock.advance(hours=12)
    world.sweep()
    assert world.order(order).state is OrderState.SHORT, "its deadline stands still"
    after = correct_account(world.deps, order.id, world.proof(order), RIGHT)
    assert (order.short_until, after.short_until) == (order.short_until, (order.short_until or order.created_at) + timedelta(hours=12))
    assert cases(world) == ["STUCK"]
    assert hand.main(["--by", "bo", "take", order.id], world.deps) == 0
    told = capsys.readouterr().out
    assert "mobile: 13900139001" in told
    assert "corrected: mobile 138•••00 → 139•••01" in told
    assert done(world.deps, order.id, "bo", NOTE).state is OrderState.COMPLETED
    kept(world)


def test_twin_with_a_clock_that_goes_on_the_money_goes_back_too_early(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = gone_back(world)
    world.clock.advance(hours=12)
    monkeypatch.setattr("faka.flows.correct_account._paused", lambda _order, _now: timedelta(0))
    correct_account(world.deps, order.id, world.proof(order), RIGHT)
    world.minute(2)
    assert world.order(order).state is OrderState.FAILED, "an hour after its buyer had answered"


def test_without_an_answer_the_money_goes_back_once(world: World) -> None:
    order = gone_back(world)
    world.clock.advance(seconds=ANSWER_WITHIN.total_seconds() + 60)
    world.sweep()
    world.sweep()
    assert (world.order(order).state, world.order(order).question, cases(world)) == (OrderState.FAILED, None, [])
    assert refunded(world) == order.total.minor
    kept(world)


def test_its_buyer_may_have_his_money_instead(world: World) -> None:
    order = gone_back(world)
    for _ in range(2):
        assert have_money_instead(world.deps, order.id, world.proof(order)).state is OrderState.FAILED
    assert (refunded(world), cases(world)) == (order.total.minor, [])
    kept(world)


def typed(shop_deps: object, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = recharges.main(["--by", "mei", *words], shop_deps)
    read = capsys.readouterr()
    return code, read.out + read.err


def test_a_person_who_finds_no_carrier_sends_a_top_up_back_and_is_called_again_for_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    with top_ups(ScriptedSupplier("first", BUSY)) as shop:
        shop.changes_offer(carriers=("China Mobile",))
        recharge = shop.begun()
        assert shop.play(recharge)[-1] == "leave"
        code, read = typed(shop.world.deps, capsys, "send-back", recharge.id, "--reason", "no such number")
        assert (code, "its buyer is asked until" in read, shop.cases()) == (0, True, [])
        corrected(shop, recharge)
        assert shop.play(recharge)[-1] == "leave"
        assert len(shop.cases()) == 1, "the question about the new number is a new one"


def test_once_a_person_has_weighed_a_contradiction_its_buyer_may_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    with top_ups(ScriptedSupplier("first", "refused, account", BUSY)) as shop:
        recharge = arrived_after_all(shop)
        code, read = typed(shop.world.deps, capsys, "weighed", recharge.id, "--reason", "his own page says that nothing arrived")
        assert (code, "closed: a number that had failed" in read, shop.cases()) == (0, True, [])
        assert corrected(shop, recharge).account == RIGHT


def test_staff_see_what_was_corrected_and_no_account(capsys: pytest.CaptureFixture[str]) -> None:
    with top_ups(ScriptedSupplier("first", "refused, account", BUSY)) as shop:
        recharge = refused(shop)
        assert "its buyer is asked until" in typed(shop.world.deps, capsys, "list")[1]
        corrected(shop, recharge, mobile="13800138900")
        shown = typed(shop.world.deps, capsys, "show", recharge.id)[1]
        assert "corrected: mobile 138•••00 → 138•••00" in shown, "a change shows even where the masks are equal"
        assert not {PHONE["mobile"], "13800138900"} & set(shown.split())
        shop.step(recharge, "submit")
        code, read = typed(shop.world.deps, capsys, "send-back", recharge.id, "--reason", "impatience")
        assert (code, "illegal_transition" in read, fresh(shop, recharge).is_open) == (1, True, True)
