"""Refunds through an epay gateway: version 1 has no number for them, version 2 has."""

import pytest

from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.refunding import RefundDelayed, RefundNotOffered, RefundProgress, RefundRefused
from infra.local.actors.bank import RefundWay
from infra.local.actors.desk import Asked
from tests.contract.books_scene import REFUND_NO, Scene, cny
from tests.contract.notices import AMOUNT_MINOR, NUMBER


pytestmark = pytest.mark.unit


def moved(scene: Scene) -> int:
    return sum(refund.amount_minor for refund in scene.trade.refunds)


class TestVersion1:
    @pytest.fixture
    def scene(self) -> Scene:
        return Scene("epay")

    def test_all_of_it_goes_back_and_the_orders_status_proves_it(self, scene: Scene) -> None:
        event = scene.adapter.refund(scene.order())
        assert (event.state, event.amount, event.out_refund_no) == (RefundProgress.SUCCEEDED, cny(AMOUNT_MINOR), REFUND_NO)
        assert moved(scene) == AMOUNT_MINOR

    def test_again_and_again_nothing_more_moves(self, scene: Scene) -> None:
        assert {scene.adapter.refund(scene.order()).state for _ in range(3)} == {RefundProgress.SUCCEEDED}
        assert moved(scene) == AMOUNT_MINOR
        assert scene.provider.calls["refund"] == 1, "what is known to be done is not asked for again"

    def test_a_part_is_a_persons_work(self, scene: Scene) -> None:
        with pytest.raises(RefundNotOffered):
            scene.adapter.refund(scene.order(500))
        with pytest.raises(RefundNotOffered):
            scene.adapter.query_refund(scene.order(500))
        assert not scene.provider.calls

    def test_twin_a_part_by_this_call_twice_is_two_refunds(self, scene: Scene) -> None:
        """What the gateway does with a repeat: why a part never goes this way."""
        own = scene.provider.desk.own
        form = f"pid={own['pid']}&key={own['key']}&trade_no={scene.trade.trade_no}&money=5.00".encode()
        for _ in range(2):
            scene.provider.desk.serve(Asked.of("POST", "https://provider.test/epay/api.php?act=refund", {}, form))
        assert moved(scene) == 1_000

    @pytest.mark.parametrize("code", [0, 1])
    def test_taken_is_not_done(self, scene: Scene, code: int) -> None:
        scene.provider.refund_way = RefundWay.LATER
        scene.alters(lambda told: told | {"code": code} if "data" not in told and "trade_no" not in told else told)
        assert scene.adapter.refund(scene.order()).state is RefundProgress.PROCESSING
        scene.provider.finish_refund(NUMBER)
        event = scene.adapter.query_refund(scene.order())
        assert event is not None
        assert event.state is RefundProgress.SUCCEEDED

    def test_a_lost_answer_is_found_in_the_orders_status(self, scene: Scene) -> None:
        def lose(url: str, body: bytes) -> bytes:
            return b"" if "refund" in url else body

        scene.line.change = lose
        with pytest.raises(ProviderUnavailable):
            scene.adapter.refund(scene.order())
        event = scene.adapter.query_refund(scene.order())
        assert event is not None
        assert (event.state, moved(scene)) == (RefundProgress.SUCCEEDED, AMOUNT_MINOR)

    def test_where_the_order_is_still_paid_nobody_can_say_what_happened(self, scene: Scene) -> None:
        with pytest.raises(RefundNotOffered):
            scene.adapter.query_refund(scene.order())

    def test_short_of_money_nothing_moved(self, scene: Scene) -> None:
        scene.provider.refund_way = RefundWay.SHORT
        with pytest.raises(RefundDelayed):
            scene.adapter.refund(scene.order())
        assert moved(scene) == 0

    def test_what_was_never_paid_is_refused(self, scene: Scene) -> None:
        scene.alters(lambda told: told | {"status": 0})
        with pytest.raises(RefundRefused):
            scene.adapter.refund(scene.order())

    @pytest.mark.parametrize("changes", [{"channel_txn_id": "E1"}, {"total": cny(1_581), "amount": cny(1_581)}])
    def test_another_payment_than_the_gateway_knows_is_a_persons_work(self, scene: Scene, changes: dict[str, object]) -> None:
        with pytest.raises(RefundNotOffered):
            scene.adapter.refund(scene.order(**changes))  # type: ignore[arg-type]
        assert moved(scene) == 0

    def test_the_key_of_a_refund_is_in_no_address(self, scene: Scene) -> None:
        scene.adapter.refund(scene.order())
        [refund] = [url for url in scene.line.urls if "refund" in url]
        assert scene.provider.desk.own["key"] not in refund


class TestVersion2:
    @pytest.fixture
    def scene(self) -> Scene:
        return Scene("epay_rsa")

    def test_parts_go_back_each_under_its_number(self, scene: Scene) -> None:
        for number, minor in (("rfdA", 500), ("rfdB", 300)):
            event = scene.adapter.refund(scene.order(minor, number=number))
            assert (event.state, event.amount, event.out_refund_no) == (RefundProgress.SUCCEEDED, cny(minor), number)
        assert moved(scene) == 800

    def test_the_same_number_again_moves_nothing(self, scene: Scene) -> None:
        assert {scene.adapter.refund(scene.order(500)).state for _ in range(3)} == {RefundProgress.SUCCEEDED}
        assert moved(scene) == 500

    def test_taken_is_not_done(self, scene: Scene) -> None:
        scene.provider.refund_way = RefundWay.LATER
        assert scene.adapter.refund(scene.order(500)).state is RefundProgress.PROCESSING
        scene.provider.finish_refund(NUMBER)
        event = scene.adapter.query_refund(scene.order(500))
        assert event is not None
        assert (event.state, event.finished_at) == (RefundProgress.SUCCEEDED, scene.clock.now())

    def test_an_unknown_number_is_none_and_a_refusal_proves_nothing(self, scene: Scene) -> None:
        assert scene.adapter.query_refund(scene.order(500)) is None
        scene.provider.refund_way = RefundWay.SHORT
        with pytest.raises(ProviderUnavailable):
            scene.adapter.refund(scene.order(500))
        scene.provider.refund_way = RefundWay.AT_ONCE
        assert scene.adapter.refund(scene.order(500)).state is RefundProgress.SUCCEEDED

    def test_a_refusal_after_it_was_done_is_done(self, scene: Scene) -> None:
        scene.adapter.refund(scene.order(500))
        scene.line.change = lambda url, body: b'{"code":-2,"msg":"x"}' if url.endswith("pay/refund") else body
        assert scene.adapter.refund(scene.order(500)).state is RefundProgress.SUCCEEDED

    @pytest.mark.parametrize("changes", [{"status": "0"}, {"money": "0.01"}, {"out_refund_no": "rfdX"}, {"timestamp": "1772424000"}])
    def test_a_rewritten_answer_is_no_answer(self, scene: Scene, changes: dict[str, str]) -> None:
        scene.adapter.refund(scene.order(500))
        scene.alters(lambda told: told | changes)
        scene.clock.advance(seconds=2)
        with pytest.raises(ProviderUnavailable):
            scene.adapter.query_refund(scene.order(500))
