"""Alipay's bill: when there is one, where it may lie, what it must prove of itself, and a second reader that shares no line with ours."""

import io
import struct
import zipfile
import zlib
from datetime import date, timedelta
from typing import Any

import pytest

from faka.contexts.payments.providers import alipay_bill, alipay_table
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind, BillNotReady
from infra.local.actors import alipay_books
from tests.contract.books_scene import DAY, REFUND_NO, Scene
from tests.contract.notices import NUMBER


pytestmark = pytest.mark.unit


@pytest.fixture
def scene() -> Scene:
    scene = Scene("alipay")
    scene.provider.pay("payOther1", 2_000)
    scene.provider.pay("payOther2", 99)
    scene.adapter.refund(scene.order(500))
    return scene


def blob_of(scene: Scene) -> bytes:
    file, blob = scene.fetched()
    assert file is not None
    assert (file.media, file.bytes) == ("application/zip", len(blob))
    return blob


def second_reader(blob: bytes) -> list[tuple[str, str, str, str, int, int]]:
    """Reads the local headers itself, inflates, splits by position: no zipfile, no names of columns, no totals."""
    (name_length, extra), method, packed = (
        struct.unpack_from("<HH", blob, 26),
        *struct.unpack_from("<H", blob, 8),
        *struct.unpack_from("<I", blob, 18),
    )
    name = blob[30 : 30 + name_length].decode("gbk")
    start = 30 + name_length + extra
    assert (method, name[-9:]) == (8, "_业务明细.csv")
    text = zlib.decompress(blob[start : start + packed], -15).decode("gbk")
    rows = [line.split("\t,") for line in text.split("\r\n") if line.startswith("2026")]
    cents = lambda money: round(float(money) * 100)  # noqa: E731
    return [(row[2].strip(), row[0], row[1], row[21], cents(row[11]), cents(row[22])) for row in rows]


def test_two_readers_that_know_nothing_of_each_other_agree(scene: Scene) -> None:
    blob = blob_of(scene)
    words = {BillKind.PAY: "交易", BillKind.REFUND: "退款"}
    ours = [
        (words[line.kind], line.channel_txn_id, line.out_trade_no, line.out_refund_no, line.amount_minor, -line.fee_e5 // 1_000)
        for line in scene.read(blob)
    ]
    assert ours == second_reader(blob)
    assert [row[2:5] for row in ours] == [(NUMBER, "", 1_580), ("payOther1", "", 2_000), ("payOther2", "", 99), (NUMBER, REFUND_NO, -500)]


class TestWhenThereIsNone:
    def test_before_nine_it_may_still_come(self, scene: Scene) -> None:
        scene.clock.advance(hours=20.5)  # half past eight on the next morning in Shanghai
        with pytest.raises(BillNotReady):
            scene.adapter.fetch_bill(DAY, io.BytesIO())

    def test_twin_without_the_hour_an_unmade_bill_is_a_day_without_money(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(alipay_bill, "READY_HOUR", 0)
        scene.clock.advance(hours=20.5)
        assert scene.adapter.fetch_bill(DAY, io.BytesIO()) is None

    def test_after_nine_nothing_happened_and_that_is_final(self, scene: Scene) -> None:
        assert scene.fetched(DAY - timedelta(days=1)) == (None, b"")

    def test_another_refusal_is_no_day_without_money(self, scene: Scene) -> None:
        scene.says(code="40004", sub_code="UNKNOW_ERROR")
        with pytest.raises(ProviderUnavailable):
            scene.fetched()


class TestWhereItLies:
    def test_the_address_is_followed_at_once_and_dies_in_thirty_seconds(self, scene: Scene) -> None:
        blob_of(scene)
        address = scene.line.urls[-1]
        scene.clock.advance(seconds=31)
        assert scene.providers.download(address, io.BytesIO(), bytes_max=10_000) == 403

    @pytest.mark.parametrize("address", ["http://169.254.169.254/x", "https://provider.test.evil.example/x", "file:///etc/passwd", ""])
    def test_no_other_host_is_asked(self, scene: Scene, address: str) -> None:
        scene.says(bill_download_url=address)
        with pytest.raises(ProviderUnavailable):
            scene.fetched()
        assert {url.partition("?")[0] for url in scene.line.urls} == {scene.adapter.account.gateway}

    def test_twin_an_address_that_nobody_judges_is_followed(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(alipay_bill, "_address", lambda _, address: address)
        scene.says(bill_download_url="https://provider.test/epay/api.php")
        with pytest.raises(BillCorrupt):
            scene.read(scene.fetched()[1])
        assert scene.line.urls[-1] == "https://provider.test/epay/api.php"

    @pytest.mark.parametrize(
        ("address", "followed"),
        [
            ("http://dwbillcenter.alipay.com/d?x=1", "https://dwbillcenter.alipay.com/d?x=1"),
            ("https://dwbillcenter.alipay.com/d", "https://dwbillcenter.alipay.com/d"),
            ("https://alipay.com.evil.example/d", ""),
            ("https://u@dwbillcenter.alipay.com/d", ""),
            ("https://dwbillcenter.alipay.com:8443/d", ""),
        ],
    )
    def test_alipays_own_file_comes_by_https_from_alipay(self, scene: Scene, address: str, followed: str) -> None:
        account = scene.provider.account(gateway="https://openapi.alipay.com/gateway.do")
        if followed:
            assert alipay_bill._address(account, address) == followed
        else:
            with pytest.raises(ProviderUnavailable):
                alipay_bill._address(account, address)


def table_of(scene: Scene, blob: bytes) -> tuple[str, str]:
    with zipfile.ZipFile(io.BytesIO(blob)) as packed:
        [name] = [one for one in packed.namelist() if "汇总" not in one.encode("cp437").decode("gbk")]
        return name.encode("cp437").decode("gbk"), packed.read(name).decode("gbk")


def changed(scene: Scene, was: str, now: str, count: int = 1) -> bytes:
    name, text = table_of(scene, blob_of(scene))
    assert was in text
    return alipay_books.packed({name: text.replace(was, now, count)})


SPOILED = {
    "an amount": ("15.80\t,15.80", "15.81\t,15.81"),
    "a row more": ("#-----------------------------------------业务明细列表结束", "2026030222001\t,payX\t" + ",\t" * 9 + ",1.00\t\r\n#"),
    "no end": ("业务明细列表结束", "业务明细列表"),
    "no total": ("#退款合计", "#合计"),
    "another total": ("退款共-5.00元", "退款共-5.01元"),
    "another count": ("#交易合计：3笔", "#交易合计：4笔"),
    "no account": ("#账号", "#帐户"),
    "another account": ("#账号：[2088", "#账号：[2087"),
    "no day": ("#起始日期", "#日期"),
    "another day": ("#起始日期：[2026年03月02日", "#起始日期：[2026年03月01日"),
    "no column": ("服务费（元）", "手续费"),
    "a column twice": ("门店名称", "门店编号"),
    "a negative payment": ("15.80\t,15.80", "-15.80\t,-15.80"),
    "a value missing": (f"{NUMBER}\t,", ""),
    "no money": ("15.80\t,15.80", "NaN\t,NaN"),
    "an exponent": ("15.80\t,15.80", "1e3\t,1e3"),
    "three places": ("15.80\t,15.80", "15.801\t,15.801"),
    "no trade number": ("2026030222001", "?"),
}


class TestWhatItProves:
    @pytest.mark.parametrize("how", SPOILED)
    def test_a_spoiled_table_is_corrupt(self, scene: Scene, how: str) -> None:
        with pytest.raises(BillCorrupt) as caught:
            scene.read(changed(scene, *SPOILED[how]))
        assert NUMBER not in str(caught.value)

    @pytest.mark.parametrize("how", ["an amount", "another total", "another count"])
    def test_twin_without_the_totals_a_changed_sum_passes(self, scene: Scene, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(alipay_table._Sums, "check", lambda _: None)
        assert len(scene.read(changed(scene, *SPOILED[how]))) == 4

    def test_a_name_with_commas_keeps_its_columns(self, scene: Scene) -> None:
        lines = scene.read(changed(scene, "goods", "一年,两年,三年"))
        assert [line.amount_minor for line in lines] == [1_580, 2_000, 99, -500]

    def test_a_name_that_pretends_to_be_columns_is_corrupt(self, scene: Scene) -> None:
        with pytest.raises(BillCorrupt):
            scene.read(changed(scene, "2026-03-02 12:00:00\t,2026-03-02 12:00:00", "soon\t,x,2026-03-02 12:00:00"))

    def test_columns_are_found_by_name(self, scene: Scene) -> None:
        name, text = table_of(scene, blob_of(scene))
        head, rest = text.split("支付宝交易号", 1)
        rows = ("支付宝交易号" + rest).split("\r\n")
        moved = [f"{row.split(',', 1)[1]},{row.split(',', 1)[0]}" if "," in row and not row.startswith("#") else row for row in rows]
        moved = [row.replace("（元）", "(元)") for row in moved]
        assert len(scene.read(alipay_books.packed({name: head + "\r\n".join(moved)}))) == 4

    def test_a_movement_of_another_kind_is_shown_as_such(self, scene: Scene) -> None:
        name, text = table_of(scene, blob_of(scene))
        changed_rows = text.replace("交易     \t,goods", "分润     \t,goods", 1)
        changed_rows = changed_rows.replace("#交易合计：3笔，商家实收共36.79元", "#交易合计：2笔，商家实收共20.99元")
        assert scene.read(alipay_books.packed({name: changed_rows}))[0].kind is BillKind.ADJUST


class TestTheZip:
    def refused(self, scene: Scene, blob: bytes) -> None:
        with pytest.raises(BillCorrupt):
            scene.read(blob)

    def test_no_zip_half_a_zip_and_an_empty_zip(self, scene: Scene) -> None:
        blob = blob_of(scene)
        empty = io.BytesIO()
        zipfile.ZipFile(empty, "w").close()
        for spoiled in (b"", b"PK", blob[:-30], blob[: len(blob) // 2], b"<html>", empty.getvalue()):
            self.refused(scene, spoiled)

    def test_a_zip_without_the_table(self, scene: Scene) -> None:
        self.refused(scene, alipay_books.packed({"2088_业务明细(汇总).csv": "#\r\n"}))

    def test_a_bomb_is_refused_before_it_is_unpacked(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(alipay_bill, "PLAIN_BYTES_MAX", 1 << 20)
        self.refused(scene, alipay_books.packed({"2088_业务明细.csv": "#" * (2 << 20)}))

    def test_a_line_without_an_end_is_refused_at_its_bound(self, scene: Scene) -> None:
        self.refused(scene, alipay_books.packed({"2088_业务明细.csv": "#" * (1 << 20)}))

    def test_many_members_are_refused(self, scene: Scene) -> None:
        self.refused(scene, alipay_books.packed({f"{n:03d}_业务明细.csv": "#\r\n" for n in range(alipay_bill.MEMBERS_MAX + 1)}))

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_another_packing_is_refused(self, scene: Scene, method: int) -> None:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", method) as packed:
            packed.writestr("2088_业务明细.csv", "#")
        self.refused(scene, whole.getvalue())

    def test_tables_of_a_large_bill_are_read_one_after_the_other(self, scene: Scene) -> None:
        name, text = table_of(scene, blob_of(scene))
        parts = {name.replace("明细.csv", f"明细_{n}.csv"): text for n in (1, 2)}
        lines = scene.read(alipay_books.packed(parts))
        assert len(lines) == 8
        assert len({line.line_no for line in lines}) == 8

    def test_names_with_a_flag_are_read_too(self, scene: Scene) -> None:
        name, text = table_of(scene, blob_of(scene))
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as packed:
            packed.writestr(name, text.encode("gbk"))
        assert len(scene.read(whole.getvalue())) == 4


def test_memory_does_not_grow_with_the_file(scene: Scene) -> None:
    """The reader asks for one line at a time: it has not unpacked the second half when the first line is out."""
    asked: list[int] = []

    class Noting(io.BytesIO):
        def read(self, size: Any = -1) -> bytes:
            asked.append(size)
            return super().read(size)

    rows = [alipay_books._payment(scene.trade, scene.trade.payments[0]) for _ in range(20_000)]
    seller = scene.providers.keys.seller_id
    blob = alipay_books.packed({f"{seller}_业务明细.csv": alipay_books.table(seller, DAY, rows, (20_000, 0), (20_000 * 1_580, 0))})
    lines = scene.adapter.parse_bill(date(2026, 3, 2), Noting(blob))
    next(lines)
    before = sum(size for size in asked if size > 0)
    assert before < len(blob) + 100_000
    assert sum(1 for _ in lines) == 19_999
