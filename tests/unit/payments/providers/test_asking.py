"""Creating, asking and closing, against the players, which check our signature as the real gateways do."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from faka.contexts.payments.providers.base import (
    AlreadyPaid,
    CheckoutKind,
    CloseResult,
    Device,
    EventSource,
    EventState,
    MethodNotOffered,
    PaymentEvent,
    PaymentOrder,
    ProviderUnavailable,
)
from faka.contexts.payments.providers.refunding import RefundEvent, RefundProgress
from faka.kernel.money import Currency, Money
from infra.local.actors.notice import Refusal
from tests.kit.clock import FrozenClock
from tests.kit.providers import FakeProvider, FakeProviders


pytestmark = pytest.mark.unit

NUMBER = "pay01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
METHODS = [("alipay", "page"), ("alipay", "wap"), ("alipay", "precreate"), ("epay", "epay")]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def providers(clock: FrozenClock) -> FakeProviders:
    return FakeProviders(clock)


@pytest.fixture(params=["alipay", "epay"])
def provider(request: pytest.FixtureRequest, providers: FakeProviders) -> FakeProvider:
    return providers.by_id(request.param)


def wish(clock: FrozenClock, method: str, **changes: Any) -> PaymentOrder:
    facts: dict[str, Any] = {
        "out_trade_no": NUMBER,
        "amount": Money(minor=1580, currency=Currency.CNY),
        "subject": "视频会员 月卡",
        "device": Device.PC,
        "method": method,
        "expires_at": clock.now() + timedelta(minutes=15),
        "notify_url": "https://notify.test/v1/callbacks/x/y",
        "return_url": "https://shop.test/o/ord_1",
    }
    return PaymentOrder(**(facts | changes))


@pytest.mark.parametrize(("kind", "method"), METHODS)
class TestCreate:
    def test_the_provider_takes_our_signature_and_reads_our_order(
        self, providers: FakeProviders, clock: FrozenClock, kind: str, method: str
    ) -> None:
        provider = providers.by_id(kind)
        checkout = provider.adapter().create(wish(clock, method))
        assert checkout.valid_until == clock.now() + timedelta(minutes=15)
        assert provider.visit(checkout) == NUMBER
        trade = provider.open(NUMBER, 1)
        assert (trade.amount_minor, trade.subject) == (1580, "视频会员 月卡")
        assert trade.notify_url == "https://notify.test/v1/callbacks/x/y"
        if kind == "alipay":
            assert trade.expires_at == (clock.now() + timedelta(minutes=15)).timestamp()

    def test_no_field_of_the_address_can_be_changed(self, providers: FakeProviders, clock: FrozenClock, kind: str, method: str) -> None:
        provider = providers.by_id(kind)
        checkout = provider.adapter().create(wish(clock, method))
        if checkout.kind is CheckoutKind.QR:
            return
        address = urlsplit(checkout.url)
        params = dict(parse_qsl(address.query))
        for name in params.keys() - {"sign"}:
            spoiled = address._replace(query=urlencode({**params, name: params[name] + "1"})).geturl()
            with pytest.raises(Refusal):
                provider.visit(checkout.model_copy(update={"url": spoiled}))

    @pytest.mark.parametrize(
        "subject",
        ["A&total_amount=0.01", "a=b/c?d#e", "emoji 😀 gone", "行\n尾\t", "'\"><script>", "", "\x00\u202e", "字" * 500, "%26", "a+b"],
    )
    def test_any_name_of_goods_is_made_plain(
        self, providers: FakeProviders, clock: FrozenClock, kind: str, method: str, subject: str
    ) -> None:
        provider = providers.by_id(kind)
        provider.visit(provider.adapter().create(wish(clock, method, subject=subject)))
        name = provider.open(NUMBER, 1).subject
        assert 0 < len(name.encode()) <= (256 if kind == "alipay" else 120)
        assert not set(name) & set("&=/?#%+<>'\"\n\t\x00\u202e😀")

    def test_no_secret_travels_with_the_buyer(self, providers: FakeProviders, clock: FrozenClock, kind: str, method: str) -> None:
        provider = providers.by_id(kind)
        checkout = provider.adapter().create(wish(clock, method))
        assert not [value for value in provider.secret.values() if value.reveal()[:24] in checkout.url]

    def test_the_same_attempt_again_is_the_same_trade(self, providers: FakeProviders, clock: FrozenClock, kind: str, method: str) -> None:
        provider = providers.by_id(kind)
        first, again = (provider.adapter().create(wish(clock, method)) for _ in range(2))
        assert first == again


@pytest.mark.parametrize(
    ("kind", "method"), [("alipay", "epay"), ("alipay", ""), ("alipay", "jsapi"), ("epay", "page"), ("epay", "alipay")]
)
def test_a_way_that_the_channel_has_not_is_refused(providers: FakeProviders, clock: FrozenClock, kind: str, method: str) -> None:
    with pytest.raises(MethodNotOffered):
        providers.by_id(kind).adapter().create(wish(clock, method))


def test_another_currency_is_refused(provider: FakeProvider, clock: FrozenClock) -> None:
    method = sorted(provider.adapter().methods)[0]
    with pytest.raises(MethodNotOffered):
        provider.adapter().create(wish(clock, method, amount=Money(minor=1, currency=Currency.USD)))


def test_a_qr_for_a_paid_trade_says_so(providers: FakeProviders, clock: FrozenClock) -> None:
    providers.alipay.pay(NUMBER, 1580)
    with pytest.raises(AlreadyPaid):
        providers.alipay.adapter().create(wish(clock, "precreate"))


class TestQuery:
    def test_unknown_to_the_provider_is_none(self, provider: FakeProvider) -> None:
        assert provider.adapter().query(NUMBER) is None

    def test_a_qr_that_nobody_scanned_is_none(self, providers: FakeProviders, clock: FrozenClock) -> None:
        adapter = providers.alipay.adapter()
        checkout = adapter.create(wish(clock, "precreate"))
        assert adapter.query(NUMBER) is None
        providers.alipay.visit(checkout)
        event = adapter.query(NUMBER)
        assert event is not None
        assert event.state is EventState.PENDING

    def test_waiting_is_pending_with_the_amount(self, provider: FakeProvider) -> None:
        provider.open(NUMBER, 1580)
        event = provider.adapter().query(NUMBER)
        assert event is not None
        assert (event.state, event.amount.minor, event.source) == (EventState.PENDING, 1580, EventSource.QUERY)

    def test_a_lost_payment_is_found(self, provider: FakeProvider, clock: FrozenClock) -> None:
        provider.lose(NUMBER, 1580)
        event = provider.adapter().query(NUMBER)
        assert event is not None
        assert (event.state, event.amount.minor) == (EventState.SUCCEEDED, 1580)
        assert event.paid_at == clock.now()

    def test_notice_and_query_name_the_same_transaction(self, provider: FakeProvider) -> None:
        [notice] = provider.pay(NUMBER, 1580)
        told, asked = provider.adapter().parse_notice(notice), provider.adapter().query(NUMBER)
        assert asked is not None
        assert told.channel_txn_id == asked.channel_txn_id
        assert told.dedupe_key != asked.dedupe_key

    def test_no_answer_is_an_unknown_outcome(self, provider: FakeProvider) -> None:
        provider.is_down = True
        for act in (provider.adapter().query, provider.adapter().close):
            if act.__name__ == "query" or provider.channel_id == "alipay":
                with pytest.raises(ProviderUnavailable):
                    act(NUMBER)


class TestClose:
    def test_an_open_trade_is_closed_and_stays_so(self, providers: FakeProviders) -> None:
        providers.alipay.open(NUMBER, 1580)
        adapter = providers.alipay.adapter()
        assert [adapter.close(NUMBER), adapter.close(NUMBER)] == [CloseResult.CLOSED] * 2
        event = adapter.query(NUMBER)
        assert event is not None
        assert event.state is EventState.CLOSED

    def test_a_paid_trade_says_so(self, providers: FakeProviders) -> None:
        providers.alipay.lose(NUMBER, 1580)
        assert providers.alipay.adapter().close(NUMBER) is CloseResult.ALREADY_PAID

    def test_an_unknown_trade_is_not_found(self, provider: FakeProvider) -> None:
        assert provider.adapter().close(NUMBER) is CloseResult.NOT_FOUND

    def test_epay_has_nothing_to_close_and_is_not_asked(self, providers: FakeProviders) -> None:
        providers.epay.lose(NUMBER, 1580)
        assert providers.epay.adapter().close(NUMBER) is CloseResult.NOT_FOUND
        assert not providers.epay.calls

    def test_money_after_the_close_is_still_told(self, providers: FakeProviders) -> None:
        providers.alipay.open(NUMBER, 1580)
        adapter = providers.alipay.adapter()
        adapter.close(NUMBER)
        [notice] = providers.alipay.pay(NUMBER)
        assert adapter.parse_notice(notice).state is EventState.SUCCEEDED


class TestRefundsToldByNotice:
    """A partial refund keeps `TRADE_SUCCESS`: read carelessly it is a second payment."""

    def test_a_refund_is_no_second_payment(self, providers: FakeProviders) -> None:
        providers.alipay.pay(NUMBER, 1580)
        event = providers.alipay.adapter().parse_notice(providers.alipay.refund(NUMBER, 500))
        assert isinstance(event, RefundEvent)
        assert (event.status, event.out_refund_no, event.amount.minor) == ("TRADE_SUCCESS", "R1", 500)

    def test_what_went_back_in_all_is_not_taken_for_this_refunds_amount(self, providers: FakeProviders) -> None:
        """`refund_fee` is the sum of all refunds on the trade: the second notice says 8.00 about a refund of 3.00."""
        providers.alipay.pay(NUMBER, 1580)
        providers.alipay.refund(NUMBER, 500)
        event = providers.alipay.adapter().parse_notice(providers.alipay.refund(NUMBER, 300))
        assert isinstance(event, RefundEvent)
        assert (event.out_refund_no, event.amount.minor, event.state) == ("R2", 800, RefundProgress.UNKNOWN)

    def test_a_refund_that_does_not_say_which_is_still_no_payment(self, providers: FakeProviders) -> None:
        providers.alipay.pay(NUMBER, 1580)
        event = providers.alipay.adapter().parse_notice(providers.alipay.notice(NUMBER, refund_fee="5.00", out_biz_no="退款 1"))
        assert isinstance(event, PaymentEvent)
        assert (event.state, event.refunded.minor if event.refunded else None) == (EventState.REFUNDED, 500)

    @pytest.mark.parametrize(
        ("status", "changes", "state"),
        [
            ("WAIT_BUYER_PAY", {}, EventState.PENDING),
            ("TRADE_SUCCESS", {}, EventState.SUCCEEDED),
            ("TRADE_SUCCESS", {"refund_fee": "0.00"}, EventState.SUCCEEDED),
            ("TRADE_SUCCESS", {"refund_fee": "0.01"}, EventState.REFUNDED),
            ("TRADE_SUCCESS", {"gmt_refund": "2026-03-02 12:00:00.000"}, EventState.REFUNDED),
            ("TRADE_FINISHED", {}, EventState.SUCCEEDED),
            ("TRADE_FINISHED", {"refund_fee": "1.00"}, EventState.REFUNDED),
            ("TRADE_CLOSED", {"gmt_payment": ""}, EventState.CLOSED),
            ("TRADE_CLOSED", {}, EventState.REFUNDED),
            ("TRADE_CLOSED", {"refund_fee": "15.80", "gmt_payment": ""}, EventState.REFUNDED),
            ("TRADE_REOPENED", {}, EventState.UNKNOWN),
        ],
    )
    def test_the_closed_list_of_alipay(self, providers: FakeProviders, status: str, changes: dict[str, str], state: EventState) -> None:
        providers.alipay.lose(NUMBER, 1580)
        assert providers.alipay.adapter().parse_notice(providers.alipay.notice(NUMBER, status, **changes)).state is state

    def test_only_one_word_of_epay_pays(self, providers: FakeProviders) -> None:
        event = providers.epay.adapter().parse_notice(providers.epay.refund(NUMBER) if providers.epay.pay(NUMBER, 1580) else None)  # type: ignore[arg-type]
        assert event.state is EventState.UNKNOWN
