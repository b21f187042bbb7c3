"""Bills, spoiled: a bill is read as it was, or it is corrupt. It is never a crash, never another sum, never without an end."""

import io
import random
from functools import cache

import pytest
from hypothesis import strategies as st

from faka.contexts.payments.providers import alipay_table, epay_orders
from faka.contexts.payments.providers.bill import BillCorrupt, BillLine
from infra.local.actors import alipay_books
from tests.contract.books_scene import DAY, Scene
from tests.fuzz.fuzzing import finds, fuzz, refused


pytestmark = pytest.mark.property

ODD = (
    b"",
    b"\x00",
    b"\xff",
    b"\r",
    b"\n",
    b",",
    b"\t",
    b'"',
    b"#",
    b"-",
    b"1e9",
    b"NaN",
    b"9" * 40,
    b"{",
    b"}",
    b"[" * 500,
    b"null",
    b"\xa3\xa9",
)


@cache
def books(kind: str) -> tuple[Scene, bytes, tuple[BillLine, ...]]:
    scene = Scene(kind)
    for n in range(3):
        scene.provider.pay(f"payMore{n}", 100 + n)
    if kind == "alipay":
        scene.adapter.refund(scene.order(500))
    _, blob = scene.fetched()
    return scene, blob, tuple(scene.read(blob))


@cache
def table() -> bytes:
    scene, _, _ = books("alipay")
    rows = [alipay_books._payment(scene.trade, scene.trade.payments[0]) for _ in range(3)]
    return alipay_books.table(scene.providers.keys.seller_id, DAY, rows, (3, 0), (3 * 1_580, 0)).encode("gb18030")


def spoiled(blob: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, put in, cut out, doubled or moved."""
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(blob) + 1), chance.choice((0, 1, 1, 2, 5, 40))
        piece = blob[at : at + length]
        new = chance.choice((b"", piece * 2, piece[::-1], chance.randbytes(length), chance.choice(ODD), bytes(b ^ 1 for b in piece)))
        blob = blob[:at] + new + blob[at + length :]
    return blob


def money(lines: list[BillLine]) -> tuple[int, int]:
    return len(lines), sum(line.amount_minor for line in lines)


def reads_the_zip(seed: int) -> None:
    """Whatever becomes of the bytes: the same movements, or corrupt. A zip's own checks stand behind the table's."""
    scene, blob, honest = books("alipay")
    try:
        lines = scene.read(spoiled(blob, random.Random(seed)))
    except BillCorrupt:
        return refused("alipay bill, packed")
    assert money(lines) == money(list(honest))
    return None


def reads_the_table(seed: int) -> None:
    """The table alone, without a zip's checks: what passes has as many payments as its totals say."""
    scene, _, _ = books("alipay")
    name = "2088_业务明细.csv"
    text = spoiled(table(), random.Random(seed)).decode("gb18030", "replace")
    try:
        lines = scene.read(alipay_books.packed({name: text}))
    except BillCorrupt:
        return refused("alipay bill, table")
    told = [int(line.partition("：")[2].partition("笔")[0]) for line in text.splitlines() if line.startswith("#交易合计")]
    assert len([line for line in lines if line.kind == "PAY"]) == told[-1]
    return None


def reads_the_pages(kind: str, seed: int) -> None:
    scene, blob, _ = books(kind)
    changed = spoiled(blob, random.Random(seed))
    try:
        lines = scene.read(changed)
    except BillCorrupt:
        return refused("epay pages")
    assert changed.rstrip().endswith(b'{"pages":1}')
    assert all(line.amount_minor >= 0 and line.channel_txn_id for line in lines)
    return None


SEEDS = st.integers(0, 2**48)


def test_a_spoiled_bill_of_alipay_is_the_same_or_corrupt() -> None:
    fuzz("alipay bill, packed", reads_the_zip, SEEDS, examples=1_500)


def test_a_spoiled_table_of_alipay_keeps_to_its_totals() -> None:
    fuzz("alipay bill, table", reads_the_table, SEEDS, examples=1_500)


@pytest.mark.parametrize("kind", ["epay", "epay_rsa"])
def test_spoiled_pages_of_epay_are_read_to_their_end_or_corrupt(kind: str) -> None:
    fuzz("epay pages", lambda seed: reads_the_pages(kind, seed), SEEDS, examples=1_500)


@pytest.mark.parametrize("kind", ["alipay", "epay"])
def test_no_bytes_break_the_readers_of_bills(kind: str) -> None:
    scene, _, _ = books(kind)

    def check(blob: bytes) -> None:
        with pytest.raises(BillCorrupt):
            list(scene.adapter.parse_bill(DAY, io.BytesIO(blob)))
        refused(f"{kind} bill, bytes")

    fuzz(f"{kind} bill, bytes", check, st.binary(max_size=400), examples=1_000)


def test_twin_a_table_without_its_totals_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alipay_table._Sums, "check", lambda _: None)
    assert finds(reads_the_table, SEEDS, examples=3_000)


def test_twin_a_reader_of_pages_with_a_foreign_error_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    monkeypatch.setattr(epay_orders, "members", lambda line: {name: (value, "") for name, value in json.loads(line, parse_int=str).items()})
    assert finds(lambda seed: reads_the_pages("epay", seed), SEEDS, examples=1_000)
