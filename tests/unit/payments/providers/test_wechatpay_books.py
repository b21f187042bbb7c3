"""WeChat Pay's bill of a day: where it is fetched from, and what proves it."""

import gzip
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from faka.contexts.payments.providers import wechatpay_books
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind, BillNotReady, BillStatus
from tests.contract.wechatpay_scene import AMOUNT_MINOR, REFUND_NUMBER, Shop


pytestmark = pytest.mark.unit

DAY = date(2026, 3, 2)


@pytest.fixture
def shop() -> Shop:
    """The morning after a day with one payment and one refund."""
    made = Shop()
    made.adapter.create(made.wish())
    made.adapter.refund(made.back())
    made.clock.advance(days=1)
    return made


class TestFetch:
    def test_the_file_comes_as_it_is_and_its_content_is_proved(self, shop: Shop) -> None:
        into = io.BytesIO()
        file = shop.adapter.fetch_bill(DAY, into)
        assert file is not None
        assert (file.media, file.bytes, into.getvalue()) == ("application/gzip", len(into.getvalue()), shop.wechat.bill(DAY))
        assert file.provider_hash.startswith("sha1:")
        paid, back = shop.adapter.parse_bill(DAY, io.BytesIO(into.getvalue()))
        assert (paid.kind, paid.status, paid.amount_minor, paid.fee_e5) == (BillKind.PAY, BillStatus.DONE, AMOUNT_MINOR, 9000)
        assert (back.kind, back.status, back.amount_minor, back.out_refund_no) == (BillKind.REFUND, BillStatus.DONE, -580, REFUND_NUMBER)
        assert paid.occurred_at == shop.clock.now() - timedelta(days=1)

    def test_a_day_without_trade_has_no_file(self, shop: Shop) -> None:
        assert shop.adapter.fetch_bill(DAY - timedelta(days=1), io.BytesIO()) is None

    def test_before_ten_in_the_morning_the_file_is_still_made(self, shop: Shop) -> None:
        shop.clock.advance(hours=-3)
        with pytest.raises(BillNotReady):
            shop.adapter.fetch_bill(DAY, io.BytesIO())

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda packed: gzip.compress(gzip.decompress(packed).replace(b"15.80", b"15.81")),
            lambda packed: packed[:-9],
            lambda packed: packed[: len(packed) // 2],
            gzip.decompress,
            lambda _: b"",
            lambda packed: packed + gzip.compress(b"more"),
            lambda packed: packed + b"more",
        ],
    )
    def test_a_file_that_is_not_what_was_promised_is_corrupt(self, shop: Shop, spoil: Callable[[bytes], bytes]) -> None:
        shop.line.file_hand = lambda status, packed: (status, spoil(packed))
        with pytest.raises(BillCorrupt):
            shop.adapter.fetch_bill(DAY, io.BytesIO())

    def test_twin_without_the_hash_another_file_is_kept(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wechatpay_books._Passing, "proved", lambda *_: "believed")
        shop.line.file_hand = lambda status, packed: (status, gzip.compress(b"anything"))
        assert shop.adapter.fetch_bill(DAY, io.BytesIO()) == "believed"

    def test_a_file_packed_in_pieces_is_one_file(self, shop: Shop) -> None:
        def in_two(status: int, packed: bytes) -> tuple[int, bytes]:
            plain = gzip.decompress(packed)
            return status, gzip.compress(plain[:100]) + gzip.compress(plain[100:])

        shop.line.file_hand = in_two
        into = io.BytesIO()
        assert shop.adapter.fetch_bill(DAY, into) is not None
        assert len(list(shop.adapter.parse_bill(DAY, io.BytesIO(into.getvalue())))) == 2

    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_an_address_that_is_refused_is_asked_for_once_more(self, shop: Shop, status: int) -> None:
        answers = [status]
        shop.line.file_hand = lambda was, packed: (answers.pop(), b"no") if answers else (was, packed)
        assert shop.adapter.fetch_bill(DAY, io.BytesIO()) is not None
        assert [url.partition("?")[0].rpartition("/")[2] for _, url, _, _ in shop.line.sent[-4:]] == ["tradebill", "file"] * 2

    @pytest.mark.parametrize("status", [403, 500, 302])
    def test_what_is_not_handed_out_is_no_file(self, shop: Shop, status: int) -> None:
        shop.line.file_hand = lambda *_: (status, b"no")
        into = io.BytesIO()
        with pytest.raises(ProviderUnavailable):
            shop.adapter.fetch_bill(DAY, into)
        assert not into.getvalue()

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.test/v3/billdownload/file",
            "https://provider.test.evil.test/file",
            "https://provider.test@evil.test/file",
            "https://api.mch.weixin.qq.com.evil.test/file",
            "http://api.mch.weixin.qq.com/file",
            "https://api.mch.weixin.qq.com:8443/file",
            "https://evil.test/file#https://provider.test/",
            "https://[evil/file",
            "",
        ],
    )
    def test_our_signature_goes_to_no_foreign_address(self, shop: Shop, url: str) -> None:
        shop.line.hand = shop.says({"download_url": url})
        with pytest.raises(ProviderUnavailable):
            shop.adapter.fetch_bill(DAY, io.BytesIO())
        assert len(shop.line.sent) == 3, "create, refund, and the question for the bill"

    @pytest.mark.parametrize("facts", [{"hash_type": "MD5"}, {"hash_value": ""}, {"hash_value": "x" * 40}, {"hash_type": None}])
    def test_an_offer_without_a_hash_is_none(self, shop: Shop, facts: dict[str, Any]) -> None:
        shop.line.hand = shop.says(facts)
        with pytest.raises(ProviderUnavailable):
            shop.adapter.fetch_bill(DAY, io.BytesIO())
