"""Epay, version 2: what we send it verifies, what it sends we prove, five minutes long."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from faka.contexts.payments.providers import epay_rsa_gateway
from faka.contexts.payments.providers.base import (
    CheckoutKind,
    CloseResult,
    EventState,
    MethodNotOffered,
    PaymentEvent,
    PaymentOrder,
    ProviderUnavailable,
)
from faka.kernel.exchange import Forged, Malformed, RawRequest
from faka.kernel.money import Currency, Money
from infra.local.actors.desk import Asked
from infra.local.actors.notice import Refusal
from tests.contract.books_scene import Scene, cny
from tests.contract.notices import AMOUNT_MINOR, FORM, NUMBER


pytestmark = pytest.mark.unit


@pytest.fixture
def scene() -> Scene:
    return Scene("epay_rsa")


def wish(scene: Scene, method: str = "epay", **changes: Any) -> PaymentOrder:
    facts: dict[str, Any] = {
        "out_trade_no": "payNew1",
        "amount": cny(AMOUNT_MINOR),
        "subject": "点卡 & 100%",
        "method": method,
        "expires_at": scene.clock.now() + timedelta(minutes=15),
        "notify_url": "https://notify.test/v1/callbacks/epay_rsa/epay_rsa",
        "return_url": "https://shop.test/o/1?x=1",
    }
    return PaymentOrder(**(facts | changes))


class TestCreating:
    def test_the_gateway_verifies_our_address(self, scene: Scene) -> None:
        checkout = scene.adapter.create(wish(scene))
        assert checkout.kind is CheckoutKind.REDIRECT
        assert scene.provider.visit(checkout) == "payNew1"
        assert scene.adapter.query("payNew1") is not None

    def test_no_field_of_it_can_be_changed(self, scene: Scene) -> None:
        address = urlsplit(scene.adapter.create(wish(scene)).url)
        params = dict(parse_qsl(address.query))
        for name in sorted(params):
            spoiled = urlencode(params | {name: params[name] + "1"})
            with pytest.raises(Refusal):
                scene.provider.desk.enter(Asked.of("GET", address._replace(query=spoiled).geturl()))

    def test_a_qr_by_a_call(self, scene: Scene) -> None:
        checkout = scene.adapter.create(wish(scene, "precreate"))
        assert checkout.kind is CheckoutKind.QR
        assert scene.adapter.query("payNew1") is None, "nobody has scanned it"
        assert scene.provider.visit(checkout) == "payNew1"

    @pytest.mark.parametrize("changes", [{"pay_info": "https://evil.example/x"}, {"pay_type": "jump"}, {"money": "1"}])
    def test_a_rewritten_answer_sends_nobody_anywhere(self, scene: Scene, changes: dict[str, str]) -> None:
        scene.alters(lambda told: told | changes)
        with pytest.raises(ProviderUnavailable):
            scene.adapter.create(wish(scene, "precreate"))

    def test_another_way_or_currency_is_refused(self, scene: Scene) -> None:
        for order in (wish(scene, "wap"), wish(scene, amount=Money(minor=1, currency=Currency.USD))):
            with pytest.raises(MethodNotOffered):
                scene.adapter.create(order)
        with pytest.raises(MethodNotOffered):
            scene.through(account={"pid": "2001"}).create(wish(scene, "precreate"))

    def test_no_secret_travels_with_the_buyer(self, scene: Scene) -> None:
        assert scene.provider.desk.own["merchant_private"][:40] not in scene.adapter.create(wish(scene)).url


class TestNotices:
    def test_an_honest_one_pays_by_itself(self, scene: Scene) -> None:
        event = scene.adapter.parse_notice(scene.provider.notice(NUMBER))
        assert isinstance(event, PaymentEvent)
        assert (event.state, event.amount, event.out_trade_no) == (EventState.SUCCEEDED, cny(AMOUNT_MINOR), NUMBER)
        assert not scene.adapter.needs_query

    def test_it_may_be_posted(self, scene: Scene) -> None:
        query = scene.provider.notice(NUMBER).query
        raw = RawRequest(method="POST", headers={"content-type": FORM}, body=urlencode(query).encode())
        assert scene.adapter.parse_notice(raw).state is EventState.SUCCEEDED

    def test_no_forgery_is_believed(self, scene: Scene) -> None:
        scene.provider.open("payUnpaid", AMOUNT_MINOR)
        forged = scene.provider.forgeries("payUnpaid")
        assert len(forged) >= 10
        for raw in forged:
            with pytest.raises((Forged, Malformed)):
                scene.adapter.parse_notice(raw)

    def test_no_field_can_be_changed_or_left_out(self, scene: Scene) -> None:
        pairs = scene.provider.notice(NUMBER).query
        for name, value in pairs:
            if value and name not in ("sign", "sign_type"):
                for changed in ({name: value + "1"}, {name: ""}):
                    raw = RawRequest(method="GET", query=tuple((dict(pairs) | changed).items()))
                    with pytest.raises(Forged):
                        scene.adapter.parse_notice(raw)

    @pytest.mark.parametrize("off_s", [-301, 301])
    def test_after_five_minutes_it_is_old(self, scene: Scene, off_s: int) -> None:
        raw = scene.provider.notice(NUMBER)
        scene.clock.advance(seconds=off_s)
        with pytest.raises(Forged):
            scene.adapter.parse_notice(raw)

    def test_a_kept_one_is_judged_by_when_it_came(self, scene: Scene) -> None:
        raw = scene.provider.notice(NUMBER).model_copy(update={"received_at": scene.clock.now()})
        scene.clock.advance(days=1)
        assert scene.adapter.parse_notice(raw).state is EventState.SUCCEEDED

    def test_twin_without_a_window_an_old_one_passes(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        raw = scene.provider.notice(NUMBER)
        scene.clock.advance(days=30)
        monkeypatch.setattr(epay_rsa_gateway, "WINDOW", timedelta(days=31))
        assert scene.adapter.parse_notice(raw).state is EventState.SUCCEEDED

    def test_another_accounts_honest_notice_is_forged(self, scene: Scene) -> None:
        with pytest.raises(Forged):
            scene.through(account={"pid": "2999"}).parse_notice(scene.provider.notice(NUMBER))

    @pytest.mark.parametrize("status", ["TRADE_REFUND", "TRADE_CLOSED", "SUCCESS"])
    def test_only_one_word_pays(self, scene: Scene, status: str) -> None:
        assert scene.adapter.parse_notice(scene.provider.notice(NUMBER, status)).state is EventState.UNKNOWN


class TestAskingAndClosing:
    def test_the_gateways_word(self, scene: Scene) -> None:
        event = scene.adapter.query(NUMBER)
        assert event is not None
        assert (event.state, event.amount, event.paid_at) == (EventState.SUCCEEDED, cny(AMOUNT_MINOR), scene.clock.now())
        assert scene.adapter.query("payNobody") is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": 0},
            {"money": "0.01"},
            {"out_trade_no": "payX"},
            {"pid": 1},
            {"timestamp": "1772424001"},
            {"sign": ""},
            {"sign_type": "MD5"},
        ],
    )
    def test_a_rewritten_answer_is_no_answer(self, scene: Scene, changes: dict[str, Any]) -> None:
        scene.alters(lambda told: told | changes)
        with pytest.raises(ProviderUnavailable):
            scene.adapter.query(NUMBER)

    def test_an_old_answer_is_no_answer(self, scene: Scene) -> None:
        seen: list[bytes] = []

        def replay(_url: str, body: bytes) -> bytes:
            seen.append(body)
            return seen[0]

        scene.line.change = replay
        scene.adapter.query(NUMBER)
        scene.clock.advance(seconds=301)
        with pytest.raises(ProviderUnavailable):
            scene.adapter.query(NUMBER)

    def test_a_refusal_with_another_code_is_not_nobody_paid(self, scene: Scene) -> None:
        scene.line.change = lambda *_: b'{"code":-3,"msg":"x"}'
        with pytest.raises(ProviderUnavailable):
            scene.adapter.query(NUMBER)

    def test_an_open_order_is_closed_and_a_paid_one_is_not(self, scene: Scene) -> None:
        scene.provider.open("payOpen", 500)
        assert scene.adapter.close("payOpen") is CloseResult.CLOSED
        assert scene.provider.state("payOpen") == "CLOSED"
        assert scene.adapter.close(NUMBER) is CloseResult.ALREADY_PAID
        assert scene.adapter.close("payNobody") is CloseResult.NOT_FOUND

    def test_a_gateway_that_cannot_close_leaves_it_to_us(self, scene: Scene) -> None:
        scene.provider.open("payOpen", 500)
        scene.line.change = lambda url, body: b"404" if url.endswith("close") else body
        assert scene.adapter.close("payOpen") is CloseResult.NOT_FOUND
        assert scene.adapter.close(NUMBER) is CloseResult.ALREADY_PAID

    def test_no_answer_at_all_is_an_unknown_outcome(self, scene: Scene) -> None:
        scene.provider.is_down = True
        for ask in (scene.adapter.query, scene.adapter.close):
            with pytest.raises(ProviderUnavailable):
                ask(NUMBER)
