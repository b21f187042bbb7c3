"""WeChat Pay: money that goes back, whatever the line and the bank do; and the keys that an account may have."""

from typing import Any

import pytest

from faka.contexts.payments.providers.base import ChannelClosed, ProviderUnavailable
from faka.contexts.payments.providers.refunding import RefundDelayed, RefundProgress, RefundRefused
from faka.contexts.payments.providers.wechatpay import WechatPay
from faka.contexts.payments.providers.wechatpay_gateway import ProviderKey
from faka.kernel.exchange import Forged
from faka.kernel.money import Currency, Money
from faka.kernel.secret import Secret
from infra.local.actors.bank import RefundWay
from tests.contract.wechatpay_scene import NUMBER, REFUND_NUMBER, UNDER_CERTIFICATE, Shop


pytestmark = pytest.mark.unit


@pytest.fixture
def shop() -> Shop:
    return Shop()


class TestRefund:
    def test_a_part_goes_back_under_our_number(self, shop: Shop) -> None:
        event = shop.adapter.refund(shop.back(580))
        assert (event.state, event.out_refund_no, event.amount.minor) == (RefundProgress.SUCCEEDED, REFUND_NUMBER, 580)
        assert event.finished_at == shop.clock.now()

    def test_the_same_number_again_is_the_same_refund(self, shop: Shop) -> None:
        first, again = (shop.adapter.refund(shop.back(580)) for _ in range(2))
        assert first.channel_refund_id == again.channel_refund_id
        assert len(shop.trade().refunds) == 1

    def test_one_that_the_bank_sends_back_days_later_failed(self, shop: Shop) -> None:
        shop.wechat.refund_way = RefundWay.LATER
        order = shop.back()
        assert shop.adapter.refund(order).state is RefundProgress.PROCESSING
        shop.clock.advance(days=1)
        shop.wechat.finish_refund(NUMBER)
        event = shop.adapter.query_refund(order)
        assert event is not None
        assert event.state is RefundProgress.SUCCEEDED
        shop.clock.advance(days=3)
        raw = shop.wechat.fail_refund(NUMBER)
        assert raw is not None
        event = shop.adapter.query_refund(order)
        assert event is not None
        assert (event.state, event.status) == (RefundProgress.FAILED, "ABNORMAL")
        assert shop.adapter.parse_notice(raw).state is RefundProgress.FAILED

    def test_a_short_balance_delays_and_the_same_number_does_it_later(self, shop: Shop) -> None:
        shop.wechat.refund_way = RefundWay.SHORT
        order = shop.back()
        with pytest.raises(RefundDelayed, match="NOT_ENOUGH"):
            shop.adapter.refund(order)
        shop.wechat.refund_way = RefundWay.AT_ONCE
        assert shop.adapter.refund(order).state is RefundProgress.SUCCEEDED

    def test_too_many_requests_delay(self, shop: Shop) -> None:
        order = shop.back()
        shop.line.hand = shop.refuses(429, "FREQUENCY_LIMITED")
        with pytest.raises(RefundDelayed):
            shop.adapter.refund(order)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"amount": Money(minor=1581, currency=Currency.CNY)}, "INVALID_REQUEST"),
            ({"total": Money(minor=9999, currency=Currency.CNY)}, "PARAM_ERROR"),
            ({"channel_txn_id": "4200000000000000"}, "RESOURCE_NOT_EXISTS"),
        ],
    )
    def test_what_will_never_go_back_is_refused(self, shop: Shop, changes: dict[str, Any], code: str) -> None:
        with pytest.raises(RefundRefused, match=f"^{code}$"):
            shop.adapter.refund(shop.back(**changes))
        assert not shop.trade().refunds

    @pytest.mark.parametrize(
        ("status", "code"), [(500, "SYSTEM_ERROR"), (401, "SIGN_ERROR"), (403, "NO_AUTH"), (400, "NEW_CODE"), (502, "")]
    )
    def test_whatever_else_is_said_leaves_the_outcome_unknown(self, shop: Shop, status: int, code: str) -> None:
        order = shop.back()
        shop.line.hand = shop.refuses(status, code)
        with pytest.raises(ProviderUnavailable):
            shop.adapter.refund(order)

    def test_a_refusal_after_a_lost_answer_is_the_refund_that_was_made(self, shop: Shop) -> None:
        order = shop.back()
        self._lose_the_answer(shop)
        shop.line.hand = shop.refuses(400, "INVALID_REQUEST")
        assert shop.adapter.refund(order).state is RefundProgress.SUCCEEDED

    def test_twin_without_the_question_money_that_went_back_reads_as_refused(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        order = shop.back()
        self._lose_the_answer(shop)
        shop.line.hand = shop.refuses(400, "INVALID_REQUEST")
        monkeypatch.setattr(WechatPay, "query_refund", lambda *_: None)
        with pytest.raises(RefundRefused):
            shop.adapter.refund(order)
        assert shop.trade().refunds[0].state == "SUCCEEDED"

    def _lose_the_answer(self, shop: Shop) -> None:
        shop.wechat.loses_answers = True
        with pytest.raises(ProviderUnavailable):
            shop.adapter.refund(shop.back())
        shop.wechat.loses_answers = False

    def test_nobody_knows_a_refund_that_was_never_told(self, shop: Shop) -> None:
        assert shop.adapter.query_refund(shop.back()) is None

    def test_a_trade_without_the_providers_number_is_named_by_ours(self, shop: Shop) -> None:
        assert shop.adapter.refund(shop.back(channel_txn_id="")).state is RefundProgress.SUCCEEDED

    @pytest.mark.parametrize(
        "facts",
        [
            {"out_refund_no": "rfd01JQ8F3ZJ4Q6T0W1V9X2Y3ZZZZ"},
            {"out_trade_no": "pay01JQ8F3ZJ4Q6T0W1V9X2Y3ZZZZ"},
            {"refund_id": None},
            {"status": None},
            {"amount": None},
            {"amount": {"refund": "5.80"}},
        ],
    )
    def test_an_answer_about_another_refund_says_nothing(self, shop: Shop, facts: dict[str, Any]) -> None:
        order = shop.back()
        shop.adapter.refund(order)
        shop.line.hand = shop.says(facts)
        with pytest.raises(ProviderUnavailable):
            shop.adapter.query_refund(order)

    def test_a_status_that_we_do_not_know_concludes_nothing(self, shop: Shop) -> None:
        order = shop.back()
        shop.adapter.refund(order)
        shop.line.hand = shop.says({"status": "DANCED"})
        event = shop.adapter.query_refund(order)
        assert event is not None
        assert event.state is RefundProgress.UNKNOWN


class TestKeys:
    def test_a_certificate_under_anothers_serial_closes_the_channel(self, shop: Shop) -> None:
        [certificate] = [text for text in shop.wechat.channel["public_keys"].values() if "CERTIFICATE" in text]
        for serial in ("4" * 40, "PUB_KEY_ID_0100"):
            with pytest.raises(ChannelClosed):
                shop.opened(shop.wechat.account(public_keys={serial: certificate}))

    @pytest.mark.parametrize("text", ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "A" * 200, "é" * 50])
    def test_a_key_that_cannot_be_read_closes_the_channel(self, shop: Shop, text: str) -> None:
        with pytest.raises(ChannelClosed):
            shop.opened(shop.wechat.account(public_keys={"4" * 40: text}))

    def test_without_the_providers_keys_the_channel_is_closed(self, shop: Shop) -> None:
        with pytest.raises(ChannelClosed):
            shop.wechat.account(public_keys={})

    @pytest.mark.parametrize(
        "key", ["a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6x", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5Pé"]
    )
    def test_an_apiv3_key_has_32_bytes(self, shop: Shop, key: str) -> None:
        with pytest.raises(ChannelClosed, match="32 bytes"):
            shop.opened(shop.wechat.account(secret=shop.wechat.secret | {"api_v3_key": Secret(key)}))

    def test_an_older_apiv3_key_that_is_none_is_left_out(self, shop: Shop) -> None:
        old = shop.wechat.secret | {"api_v3_key": Secret("a1B2c3D4e5F6g7H8i9J0")}
        assert shop.opened(shop.wechat.account(secrets=[shop.wechat.secret, old])).parse_notice(shop.pay()).out_trade_no == NUMBER

    def test_a_certificate_proves_nothing_after_its_end(self, shop: Shop) -> None:
        raw = shop.pay(UNDER_CERTIFICATE)
        assert shop.adapter.parse_notice(raw).out_trade_no == UNDER_CERTIFICATE
        shop.clock.set(shop.clock.now().replace(year=2050))
        late = shop.pay(UNDER_CERTIFICATE)
        with pytest.raises(Forged, match="does not know any more"):
            shop.adapter.parse_notice(late)

    def test_twin_without_its_dates_an_ended_certificate_proves(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ProviderKey, "is_valid", lambda *_: True)
        shop.clock.set(shop.clock.now().replace(year=2050))
        assert shop.adapter.parse_notice(shop.pay(UNDER_CERTIFICATE)).out_trade_no == UNDER_CERTIFICATE
