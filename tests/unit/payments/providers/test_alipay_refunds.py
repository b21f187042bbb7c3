"""Refunds at Alipay: one number for its whole life, and nothing concluded from silence."""

import pytest

from faka.contexts.payments.providers import alipay_refunds
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.refunding import RefundDelayed, RefundProgress, RefundRefused
from infra.local.actors.bank import RefundWay
from tests.contract.books_scene import REFUND_NO, Scene, cny


pytestmark = pytest.mark.unit


@pytest.fixture
def scene() -> Scene:
    return Scene("alipay")


def refunded(scene: Scene) -> list[tuple[str, int]]:
    return [(refund.refund_no, refund.amount_minor) for refund in scene.trade.refunds]


def test_a_part_goes_back_at_once_under_our_number(scene: Scene) -> None:
    event = scene.adapter.refund(scene.order(500))
    assert (event.state, event.amount, event.out_refund_no) == (RefundProgress.SUCCEEDED, cny(500), REFUND_NO)
    assert event.finished_at == scene.clock.now()
    assert refunded(scene) == [(REFUND_NO, 500)]


def test_the_same_number_again_moves_nothing_and_says_done(scene: Scene) -> None:
    events = [scene.adapter.refund(scene.order(500)) for _ in range(3)]
    assert {event.state for event in events} == {RefundProgress.SUCCEEDED}
    assert len({event.dedupe_key for event in events}) == 1
    assert refunded(scene) == [(REFUND_NO, 500)]


def test_a_refund_on_its_way_is_processing_until_it_arrives(scene: Scene) -> None:
    scene.provider.refund_way = RefundWay.LATER
    assert scene.adapter.refund(scene.order(500)).state is RefundProgress.PROCESSING
    assert scene.adapter.query_refund(scene.order(500)) is None, "no status: the number may be sent again"
    scene.provider.finish_refund(scene.trade.out_trade_no)
    event = scene.adapter.query_refund(scene.order(500))
    assert event is not None
    assert event.state is RefundProgress.SUCCEEDED


def test_a_lost_answer_is_found_by_asking(scene: Scene) -> None:
    scene.provider.loses_answers = True
    with pytest.raises(ProviderUnavailable):
        scene.adapter.refund(scene.order(500))
    scene.provider.loses_answers = False
    event = scene.adapter.query_refund(scene.order(500))
    assert event is not None
    assert (event.state, event.amount) == (RefundProgress.SUCCEEDED, cny(500))


def test_without_money_there_nothing_moved_and_the_same_number_does_later(scene: Scene) -> None:
    scene.provider.refund_way = RefundWay.SHORT
    with pytest.raises(RefundDelayed):
        scene.adapter.refund(scene.order(500))
    assert not refunded(scene)
    scene.provider.refund_way = RefundWay.AT_ONCE
    assert scene.adapter.refund(scene.order(500)).state is RefundProgress.SUCCEEDED


def test_too_many_calls_is_later_and_an_unknown_word_proves_nothing(scene: Scene) -> None:
    scene.says(code="40005", sub_code="isv.app-call-limited")
    with pytest.raises(RefundDelayed):
        scene.adapter.refund(scene.order(500))
    for sub_code in ("ACQ.SYSTEM_ERROR", "ACQ.SOMETHING_NEW", ""):
        scene.says(code="40004", sub_code=sub_code)
        with pytest.raises(ProviderUnavailable) as caught:
            scene.adapter.refund(scene.order(500))
        assert not isinstance(caught.value, RefundDelayed)


def test_more_than_was_paid_is_refused_for_good(scene: Scene) -> None:
    with pytest.raises(RefundRefused):
        scene.adapter.refund(scene.order(1_581))
    scene.adapter.refund(scene.order(1_000))
    with pytest.raises(RefundRefused):
        scene.adapter.refund(scene.order(581, number="rfd2"))
    assert refunded(scene) == [(REFUND_NO, 1_000)]


def lost_and_then_refused(scene: Scene) -> RefundProgress:
    """The first call went through and its answer got lost; the repeat is refused because the trade is closed by it."""
    scene.adapter.refund(scene.order())
    refusal = scene.signed("alipay_trade_refund_response", {"code": "40004", "sub_code": "ACQ.TRADE_HAS_CLOSE"})
    scene.line.change = lambda _, body: refusal if b"alipay_trade_refund_response" in body else body
    return scene.adapter.refund(scene.order()).state


def test_a_refusal_that_sounds_final_is_believed_only_after_the_question(scene: Scene) -> None:
    assert lost_and_then_refused(scene) is RefundProgress.SUCCEEDED


def test_twin_who_believes_it_at_once_calls_a_done_refund_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alipay_refunds, "query_refund", lambda *_: None)
    with pytest.raises(RefundRefused):
        lost_and_then_refused(scene)


@pytest.mark.parametrize("changes", [{"out_trade_no": "payOther"}, {"trade_no": "2026"}])
def test_an_answer_about_another_trade_is_no_answer(scene: Scene, changes: dict[str, str]) -> None:
    scene.says(**changes)
    with pytest.raises(ProviderUnavailable):
        scene.adapter.refund(scene.order(500))
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query_refund(scene.order(500))


def test_an_answer_about_another_refund_is_no_answer(scene: Scene) -> None:
    scene.adapter.refund(scene.order(500))
    scene.says(out_request_no="rfdOther")
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query_refund(scene.order(500))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("REFUND_PROCESSING", RefundProgress.PROCESSING),
        ("REFUND_FAIL", RefundProgress.FAILED),
        ("REFUND_WONDERFUL", RefundProgress.UNKNOWN),
    ],
)
def test_the_closed_list_of_refunds(scene: Scene, status: str, state: RefundProgress) -> None:
    scene.adapter.refund(scene.order(500))
    scene.says(refund_status=status)
    event = scene.adapter.query_refund(scene.order(500))
    assert event is not None
    assert event.state is state


def test_an_unsigned_yes_is_no_answer(scene: Scene) -> None:
    scene.alters(lambda told: {name: value for name, value in told.items() if name != "sign"})
    with pytest.raises(ProviderUnavailable):
        scene.adapter.refund(scene.order(500))


def test_the_refund_of_a_second_payment_takes_from_that_payment(scene: Scene) -> None:
    scene.provider.pay_twice(scene.trade.out_trade_no)
    second = scene.trade.payments[1].trade_no
    scene.adapter.refund(scene.order(channel_txn_id=second))
    assert [refund.trade_no for refund in scene.trade.refunds] == [second]
