"""WeChat Pay's bill of a day: read as a stream, held against its own summary and against a second reader."""

import csv
import gzip
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faka.contexts.payments.providers import wechatpay_bill, wechatpay_books
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind, BillLine, BillStatus
from infra.local.actors.wechatpay_books import COLUMNS, SUMMARY, whole
from tests.contract.wechatpay_scene import NUMBER, REFUND_NUMBER, Shop


pytestmark = pytest.mark.unit

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def reader() -> Shop:
    """A shop whose adapter only reads: it may serve many tests."""
    return Shop()


def row(reader: Shop, **cells: str) -> dict[str, str]:
    zeros = dict.fromkeys(("应结订单金额", "代金券金额", "退款金额", "充值券退款金额", "订单金额", "申请退款金额"), "0.00")
    names = {"公众账号ID": reader.desk.own["appid"], "商户号": reader.desk.own["mchid"], "特约商户号": "0", "交易类型": "NATIVE"}
    payment = {"交易状态": "SUCCESS", "应结订单金额": "15.80", "订单金额": "15.80", "手续费": "0.09000", "货币种类": "CNY"}
    numbers = {"微信订单号": "4200000263", "商户订单号": NUMBER, "微信退款单号": "0", "商户退款单号": "0"}
    return dict.fromkeys(COLUMNS, "") | zeros | names | payment | numbers | {"交易时间": "2026-03-02 10:00:00"} | cells


def refund_row(reader: Shop, **cells: str) -> dict[str, str]:
    back = {
        "交易状态": "REFUND",
        "应结订单金额": "0.00",
        "订单金额": "0.00",
        "手续费": "-0.03000",
        "退款金额": "5.80",
        "申请退款金额": "5.80",
    }
    return row(reader, **back, 微信退款单号="5000070967", 商户退款单号=REFUND_NUMBER, 退款状态="SUCCESS", 退款类型="ORIGINAL", **cells)


def read(reader: Shop, plain: bytes, day: date = DAY) -> list[BillLine]:
    return list(reader.adapter.parse_bill(day, io.BytesIO(gzip.compress(plain, 1))))


class TestRead:
    def test_the_official_samples_shape_is_read(self, reader: Shop) -> None:
        """BOM, CRLF, 27 columns, 31 payments and 14 refunds, sums printed as a spreadsheet prints them."""
        fees = ["0.01000"] * 8 + ["0.00000"] * 23
        paid = [
            row(reader, 应结订单金额="0.03" if fee[3] == "1" else "0.01", 订单金额="0.03" if fee[3] == "1" else "0.01", 手续费=fee)
            for fee in fees
        ]
        back = [refund_row(reader) | {"手续费": "0.00000", "退款金额": "0.01", "申请退款金额": "0.01"} for _ in range(14)]
        text = whole(back[:7] + paid + back[7:]).decode()
        lines = text.split("\r\n")
        assert lines[-2] == "`45,`0.47,`0.14,`0.00,`0.08000,`0.47,`0.14"
        lines[-2] = "`45.0,`0.47,`0.14,`0.0,`0.08,`0.47,`0.14"
        found = read(reader, "\r\n".join(lines).encode())
        assert (len(found), sum(line.kind is BillKind.PAY for line in found)) == (45, 31)
        assert sum(line.amount_minor for line in found) == 47 - 14
        assert [line.line_no for line in found] == list(range(2, 47))

    def test_an_older_file_with_other_names_and_24_columns_is_read(self, reader: Shop) -> None:
        older = tuple(name for name in COLUMNS if name not in ("订单金额", "申请退款金额", "费率备注"))
        names = {"应结订单金额": "总金额", "代金券金额": "企业红包金额", "充值券退款金额": "企业红包退款金额", "特约商户号": "子商户号"}
        text = whole([row(reader), refund_row(reader)], older).decode()
        head, *body = text.split("\r\n")
        head = ",".join(names.get(name, name) for name in head.split(","))
        body[2] = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额"
        body[3] = body[3].rsplit(",", 2)[0]
        paid, back = read(reader, "\n".join([head, *body]).encode())
        assert (paid.amount_minor, back.amount_minor) == (1580, -580)

    def test_columns_are_found_by_name_wherever_they_stand(self, reader: Shop) -> None:
        rows = [row(reader), refund_row(reader)]
        assert read(reader, whole(rows, tuple(reversed(COLUMNS)))) == read(reader, whole(rows))

    def test_a_file_without_bom_and_with_plain_line_ends_is_the_same_file(self, reader: Shop) -> None:
        plain = whole([row(reader)])
        assert read(reader, plain.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")) == read(reader, plain)

    def test_a_comma_in_a_value_moves_no_column(self, reader: Shop) -> None:
        for name in ("a, b", "a\\ b", ",", 'say "x", "y"', "'"):
            assert read(reader, whole([row(reader, 商品名称=name)]))[0].amount_minor == 1580

    def test_the_price_counts_and_not_what_was_settled_of_it(self, reader: Shop) -> None:
        assert read(reader, whole([row(reader, 应结订单金额="14.80", 代金券金额="1.00")]))[0].amount_minor == 1580

    @pytest.mark.parametrize(
        ("word", "status"),
        [("SUCCESS", BillStatus.DONE), ("PROCESSING", BillStatus.PENDING), ("FAIL", BillStatus.FAILED), ("DANCED", BillStatus.OTHER)],
    )
    def test_a_refunds_line_says_how_it_stood_that_night(self, reader: Shop, word: str, status: BillStatus) -> None:
        [line] = read(reader, whole([refund_row(reader) | {"退款状态": word}]))
        assert line.status is status

    def test_an_unknown_movement_is_told_as_one_with_the_money_that_it_moved(self, reader: Shop) -> None:
        came, went = read(reader, whole([one | {"交易状态": "DANCED"} for one in (row(reader), refund_row(reader))]))
        assert (came.kind, came.status, came.amount_minor) == (BillKind.ADJUST, BillStatus.OTHER, 1580)
        assert (went.kind, went.status, went.amount_minor) == (BillKind.ADJUST, BillStatus.OTHER, -580)

    def test_a_day_of_nothing_is_a_summary_of_nothing(self, reader: Shop) -> None:
        assert read(reader, whole([])) == []

    def test_memory_does_not_grow_with_the_file(self, reader: Shop) -> None:
        import tracemalloc

        packed = [gzip.compress(whole([row(reader)] * count), 1) for count in (500, 8_000)]
        peaks = []
        for blob in packed:
            tracemalloc.start()
            assert sum(1 for _ in reader.adapter.parse_bill(DAY, io.BytesIO(blob))) > 0
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < 2 * peaks[0], "sixteen times the lines"


def _last(plain: bytes, old: bytes, new: bytes) -> bytes:
    head, _, tail = plain.rpartition(old)
    return head + new + tail


SPOILS: dict[str, Callable[[bytes], bytes]] = {
    "no summary": lambda plain: plain[: plain.index("总交易单数".encode())],
    "no sums": lambda plain: plain[: plain.rindex(b"\r\n`")],
    "a line less": lambda plain: plain.replace(plain.split(b"\r\n")[1] + b"\r\n", b"", 1),
    "a line twice": lambda plain: plain.replace(plain.split(b"\r\n")[1], b"\r\n".join([plain.split(b"\r\n")[1]] * 2), 1),
    "other count": lambda plain: _last(plain, b"`2,", b"`3,"),
    "something after": lambda plain: plain + b"more\r\n",
    "a column less": lambda plain: plain.replace(b",`CNY", b"", 1),
    "a column more": lambda plain: plain.replace(b",`CNY", b",`CNY,`", 1),
    "no backtick": lambda plain: plain.replace(b"\n`", b"\n", 1),
    "no header": lambda plain: plain[plain.index(b"\r\n") + 2 :],
    "a name twice": lambda plain: plain.replace("设备号".encode(), "商户号".encode(), 1),
    "a name missing": lambda plain: plain.replace("手续费".encode(), "手续".encode(), 1),
    "not utf-8": lambda plain: plain.replace(b"NATIVE", b"NATIV\xff", 1),
    "empty": lambda _: b"",
    "three places": lambda plain: plain.replace(b"`15.80", b"`15.801"),
    "negative price": lambda plain: plain.replace(b"`15.80", b"`-15.80"),
    "no number": lambda plain: plain.replace(b"`15.80", b"`NaN"),
    "exponent": lambda plain: plain.replace(b"`15.80", b"`1e3"),
    "too long a line": lambda plain: plain.replace(b"NATIVE", b"N" * 20_000, 1),
    "odd trade number": lambda plain: plain.replace(NUMBER.encode(), b"pay 1", 1),
}


class TestCorrupt:
    @pytest.mark.parametrize("name", SPOILS)
    def test_a_spoiled_file_is_found_out(self, reader: Shop, name: str) -> None:
        plain = SPOILS[name](whole([row(reader), refund_row(reader)]))
        with pytest.raises(BillCorrupt) as caught:
            read(reader, plain)
        assert NUMBER not in str(caught.value)

    @pytest.mark.parametrize("at", range(1, len(SUMMARY)))
    def test_every_sum_of_the_summary_is_held_against_the_lines(self, reader: Shop, at: int) -> None:
        lines = whole([row(reader), refund_row(reader)]).split(b"\r\n")
        sums = lines[-2].split(b",")
        sums[at] = b"`99.99"
        with pytest.raises(BillCorrupt, match=SUMMARY[at]):
            read(reader, b"\r\n".join([*lines[:-2], b",".join(sums), b""]))

    def test_twin_without_the_summary_check_a_lost_line_is_not_missed(self, reader: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        plain = SPOILS["a line less"](whole([row(reader), refund_row(reader)]))
        monkeypatch.setattr(wechatpay_bill._Table, "check", lambda *_: None)
        assert len(read(reader, plain)) == 1

    @pytest.mark.parametrize(
        "cells", [{"商户号": "1900000000"}, {"货币种类": "USD"}, {"交易时间": "2026-03-03 00:00:00"}, {"交易时间": ""}]
    )
    def test_books_of_another_merchant_currency_or_day_are_not_ours(self, reader: Shop, cells: dict[str, str]) -> None:
        with pytest.raises(BillCorrupt):
            read(reader, whole([row(reader, **cells)]))

    def test_the_day_is_shanghais(self, reader: Shop) -> None:
        edges = ("2026-03-02 00:00:00", "2026-03-02 23:59:59")
        assert len(read(reader, whole([row(reader, 交易时间=at) for at in edges]))) == 2

    def test_fees_may_be_summed_up_to_the_fen_and_no_further(self, reader: Shop) -> None:
        lines = whole([row(reader, 手续费="0.09400")]).split(b"\r\n")
        for said, is_fine in ((b"0.09", True), (b"0.10", False), (b"0.09500", False)):
            plain = b"\r\n".join(lines).replace(b"`0.09400,`15.80,`0.00\r\n", b"`" + said + b",`15.80,`0.00\r\n")
            if is_fine:
                assert len(read(reader, plain)) == 1
            else:
                with pytest.raises(BillCorrupt):
                    read(reader, plain)

    def test_a_bomb_stops_at_the_bound(self, reader: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wechatpay_books, "PLAIN_BYTES_MAX", 1 << 20)
        with pytest.raises(BillCorrupt, match="too much"):
            read(reader, whole([]) + b"\r\n" * (1 << 20))

    def test_too_many_lines_stop_at_the_bound(self, reader: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wechatpay_bill, "BILL_LINES_MAX", 10)
        with pytest.raises(BillCorrupt, match="line 11"):
            read(reader, whole([row(reader)] * 20))


# -- a second reader -----------------------------------------------------------------------------------------------------


def naive(plain: bytes) -> list[tuple[str, str, str, int, int]]:
    """A table by the csv module and decimals, trusting everything."""
    rows = list(csv.DictReader(io.StringIO(plain.decode("utf-8-sig")), quoting=csv.QUOTE_NONE))[:-2]
    found = []
    for cells in ({name: (text or "")[1:] for name, text in one.items()} for one in rows):
        is_back = cells["交易状态"] == "REFUND"
        amount = -Decimal(cells["申请退款金额"]) if is_back else Decimal(cells["订单金额"])
        number = cells["商户退款单号"] if is_back else ""
        found.append((cells["商户订单号"], cells["微信订单号"], number, int(amount * 100), int(Decimal(cells["手续费"]) * 100_000)))
    return found


YUAN = st.integers(0, 10**9).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")
FEE = st.integers(0, 10**8).map(lambda e5: f"{e5 // 100_000}.{e5 % 100_000:05d}")
WORDS = st.text(alphabet="a卡 \\'\"`%😀é", max_size=20)
NUMBERS = st.text(alphabet="0123456789abcXYZ_-|*", min_size=6, max_size=32).filter(lambda text: text != "0")
ROWS = st.lists(st.tuples(st.booleans(), YUAN, FEE, NUMBERS, WORDS), max_size=12)


@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_two_readers_find_the_same_lines(reader: Shop, rows: list[tuple[bool, str, str, str, str]]) -> None:
    made = [
        refund_row(reader) | {"退款金额": yuan, "申请退款金额": yuan, "手续费": f"-{fee}", "商户退款单号": number, "商品名称": words}
        if is_back
        else row(reader, 应结订单金额=yuan, 订单金额=yuan, 手续费=fee, 商户订单号=number, 商品名称=words)
        for is_back, yuan, fee, number, words in rows
    ]
    plain = whole(made)
    found = read(reader, plain)
    assert [(x.out_trade_no, x.channel_txn_id, x.out_refund_no, x.amount_minor, x.fee_e5) for x in found] == naive(plain)
