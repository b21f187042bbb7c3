"""The twelve checks before a payment is believed, for WeChat Pay: one row an attack, on each of the three ways that facts come by.

What no adapter alone decides (which order a number belongs to, whether its state may move) is tried in `checks_wechatpay_shop`.
"""

import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, ChannelClosed, EventState, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind
from faka.contexts.payments.providers.wechatpay_notice import WrongKey
from faka.kernel.exchange import Forged, Malformed
from faka.kernel.secret import Secret
from infra.local.actors.wechatpay_forgeries import probe, sealed_otherwise
from tests.contract.check_rows import SURFACES, Row
from tests.contract.wechatpay_scene import AMOUNT_MINOR, NUMBER, Shop, resigned
from tests.kit.providers import raw_request


DAY = date(2026, 3, 2)


@contextmanager
def refused(*errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors:
        return
    raise AssertionError("it was believed")


def notice(spoil: Callable[[Shop], Any], *errors: type[Exception]) -> Callable[[], None]:
    def attack() -> None:
        shop = Shop()
        raw = spoil(shop)
        with refused(*errors):
            shop.adapter.parse_notice(raw)

    return attack


def query(hand: Callable[[Shop], Any]) -> Callable[[], None]:
    def attack() -> None:
        shop = Shop()
        shop.pay()
        assert shop.adapter.query(NUMBER) is not None
        shop.line.hand = hand(shop)
        with refused(ProviderUnavailable):
            shop.adapter.query(NUMBER)

    return attack


def bill(spoil: Callable[[bytes], bytes]) -> Callable[[], None]:
    """A spoiled file, under its own hash: what the reader itself finds."""

    def attack() -> None:
        shop = Shop()
        shop.pay()
        plain = shop.desk.books.plain(DAY)
        changed = spoil(plain)
        assert changed != plain
        with refused(BillCorrupt):
            list(shop.adapter.parse_bill(DAY, io.BytesIO(gzip.compress(changed))))

    return attack


def fetch(file_hand: Callable[[bytes], bytes]) -> Callable[[], None]:
    def attack() -> None:
        shop = Shop()
        shop.pay()
        shop.clock.advance(days=1)
        shop.line.file_hand = lambda status, packed: (status, file_hand(packed))
        with refused(BillCorrupt):
            shop.adapter.fetch_bill(DAY, io.BytesIO())

    return attack


def opening(**secret: str) -> Callable[[], None]:
    def attack() -> None:
        shop = Shop()
        changed = shop.wechat.secret | {name: Secret(text) for name, text in secret.items()}
        with refused(ChannelClosed):
            shop.opened(shop.wechat.account(secret=changed))

    return attack


def old(seconds: float) -> Callable[[Shop], Any]:
    """The honest message, truly signed at another time."""

    def hand(shop: Shop) -> Any:
        def spoil(status: int, body: bytes, _: dict[str, str]) -> Any:
            told = shop.desk.signed(body, shop.desk.own["public_key_id"], shop.clock.now().timestamp() + seconds)
            return status, body, {name.lower(): text for name, text in told.items()}

        return spoil

    return hand


def late(seconds: float) -> Callable[[Shop], Any]:
    def spoil(shop: Shop) -> Any:
        raw = shop.pay()
        shop.clock.advance(seconds=seconds)
        return raw

    return spoil


def never_pays(facts: dict[str, Any], envelope: dict[str, Any] | None = None) -> Callable[[], None]:
    def attack() -> None:
        shop = Shop()
        assert shop.adapter.parse_notice(shop.told(facts, envelope)).state is not EventState.SUCCEEDED

    return attack


def query_never_pays() -> None:
    shop = Shop()
    shop.pay()
    shop.line.hand = shop.says({"trade_state": "DANCED"})
    event = shop.adapter.query(NUMBER)
    assert event is not None
    assert event.state is EventState.UNKNOWN


def bill_never_pays() -> None:
    shop = Shop()
    shop.pay()
    plain = shop.desk.books.plain(DAY).replace(b"`SUCCESS", b"`DANCED")
    [line] = shop.adapter.parse_bill(DAY, io.BytesIO(gzip.compress(plain)))
    assert line.kind is BillKind.ADJUST


def price_counts() -> None:
    shop = Shop()
    event = shop.adapter.parse_notice(shop.told({"amount": {"payer_total": 1}}))
    assert event.amount.minor == AMOUNT_MINOR


def _doubled(shop: Shop) -> Any:
    raw = shop.pay()
    return shop.sealed(raw.body.replace(b"{", b'{"event_type":"TRANSACTION.SUCCESS",', 1))


N, Q, B = SURFACES

ROWS: list[Row] = [
    Row(2, N, "an APIv3 key that is no key", opening(api_v3_key="change-me-change-me-change-me-00")),
    Row(2, N, "an APIv3 key of 31 bytes", opening(api_v3_key="a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P")),
    Row(2, Q, "a private key that is a placeholder", opening(private_key="<paste the key from the page>")),
    Row(2, B, "no private key", opening(private_key="")),
    Row(3, N, "a form instead of JSON", notice(lambda shop: resigned(shop.pay(), content_type="text/plain"), Malformed)),
    Row(3, N, "an empty body", notice(lambda shop: shop.pay().model_copy(update={"body": b""}), Malformed)),
    Row(3, N, "a body above the bound", notice(lambda shop: shop.sealed(b"{" + b" " * NOTICE_BYTES_MAX), Malformed)),
    Row(3, Q, "an answer that is a page", query(lambda _: lambda status, __, headers: (status, b"<html>", headers))),
    Row(3, B, "a file that is not gzip", fetch(lambda _: b"not a file")),
    Row(3, B, "a file that ends early", fetch(lambda packed: packed[:-9])),
    Row(4, N, "a name twice in the envelope", notice(_doubled, Malformed)),
    Row(
        4,
        N,
        "a header twice",
        notice(lambda shop: resigned(raw := shop.pay(), wechatpay_serial=f"{raw.headers['wechatpay-serial']}, x"), Forged),
    ),
    Row(4, N, "a name twice in the sealed content", notice(lambda shop: shop.content(b'{"mchid":"1","mchid":"2"}'), Malformed)),
    Row(4, Q, "a name twice in an answer", query(lambda _: lambda status, body, headers: (status, b'{"amount":1,' + body[1:], headers))),
    Row(4, B, "a column twice", bill(lambda plain: plain.replace("设备号".encode(), "商户号".encode(), 1))),
    Row(4, B, "a line twice", bill(lambda plain: plain.replace(line := plain.split(b"\r\n")[1], line + b"\r\n" + line, 1))),
    Row(5, N, "one byte of the body", notice(lambda shop: (r := shop.pay()).model_copy(update={"body": r.body + b" "}), Forged)),
    Row(5, N, "an unknown serial", notice(lambda shop: resigned(shop.pay(), wechatpay_serial="PUB_KEY_ID_0199999999"), Forged)),
    Row(5, N, "no signature", notice(lambda shop: resigned(shop.pay(), wechatpay_signature=""), Forged)),
    Row(5, N, "another scheme", notice(lambda shop: resigned(shop.pay(), wechatpay_signature_type="RSA-SHA1"), Forged)),
    Row(5, N, "the provider's probe", notice(lambda shop: raw_request(probe(shop.desk.notice(shop.trade(), None))), Forged)),
    Row(5, N, "another APIv3 key", notice(lambda shop: raw_request(sealed_otherwise(shop.desk, shop.trade())), WrongKey)),
    Row(5, N, "content that is not sealed", notice(lambda shop: shop.told(envelope={"resource": {"algorithm": "none"}}), Malformed)),
    Row(5, Q, "an unsigned answer", query(lambda _: lambda status, body, __: (status, body, {}))),
    Row(5, Q, "a changed answer", query(lambda _: lambda status, body, headers: (status, body.replace(b"1580", b"1581"), headers))),
    Row(5, B, "a file with another hash", fetch(lambda packed: gzip.compress(gzip.decompress(packed).replace(b"15.80", b"15.81")))),
    Row(5, B, "a sum that does not fit", bill(lambda plain: plain.replace(b"`15.80", b"`15.81", 1))),
    Row(6, N, "a replay after 301 seconds", notice(late(301), Forged)),
    Row(6, N, "a message of the future", notice(late(-301), Forged)),
    Row(6, Q, "an old answer", query(old(-301))),
    Row(6, Q, "an answer of the future", query(old(301))),
    Row(7, N, "the provider's notice for another merchant", notice(lambda shop: shop.told({"mchid": "1900000000"}), Forged)),
    Row(7, N, "the provider's notice for another application", notice(lambda shop: shop.told({"appid": "wx0000000000000000"}), Forged)),
    Row(7, Q, "an answer about another merchant", query(lambda shop: shop.says({"mchid": "1900000000"}))),
    Row(7, Q, "an answer about another application", query(lambda shop: shop.says({"appid": "wx0000000000000000"}))),
    Row(7, B, "books of another merchant", bill(lambda plain: plain.replace(b"`19", b"`18", 1))),
    Row(8, Q, "an answer about another order", query(lambda shop: shop.says({"out_trade_no": NUMBER[:-1] + "X"}))),
    Row(8, B, "an order number that is none", bill(lambda plain: plain.replace(NUMBER.encode(), b"pay 1"))),
    Row(9, N, "what a coupon left to pay is not the price", price_counts),
    Row(9, N, "an amount that is no whole number of fen", notice(lambda shop: shop.told({"amount": {"total": "15.80"}}), Malformed)),
    Row(9, N, "a currency that nobody knows", notice(lambda shop: shop.told({"amount": {"currency": "XXX"}}), Malformed)),
    Row(9, Q, "a payment without an amount", query(lambda shop: shop.says({"amount": None}))),
    Row(9, B, "another currency", bill(lambda plain: plain.replace(b"`CNY", b"`USD"))),
    Row(9, B, "a third place of the yuan", bill(lambda plain: plain.replace(b"`15.80", b"`15.801"))),
    Row(10, N, "a payment without the provider's number", notice(lambda shop: shop.told({"transaction_id": None}), Malformed)),
    Row(10, Q, "a payment without the provider's number", query(lambda shop: shop.says({"transaction_id": None}))),
    Row(11, N, "a state that nobody knows", never_pays({"trade_state": "DANCED"})),
    Row(11, N, "an event that nobody knows", never_pays({}, {"event_type": "TRANSACTION.DANCED"})),
    Row(11, N, "a state that is no payment", never_pays({"trade_state": "REFUND"})),
    Row(11, Q, "a state that nobody knows", query_never_pays),
    Row(11, B, "a movement that nobody knows", bill_never_pays),
]
