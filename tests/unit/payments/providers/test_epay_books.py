"""The books of an epay gateway: pages of orders, newest first, kept as they came and read again by two readers."""

import io
import json
from datetime import timedelta

import pytest

from faka.contexts.payments.providers import epay_orders
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind, BillNotReady, BillStatus
from tests.contract.books_scene import DAY, Scene
from tests.contract.notices import NUMBER


pytestmark = pytest.mark.unit

KINDS = ("epay", "epay_rsa")


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


def sold(scene: Scene, count: int, first: int = 0) -> None:
    for n in range(first, first + count):
        scene.provider.pay(f"payMore{n}", 100 + n)


def second_reader(blob: bytes) -> list[tuple[str, int]]:
    """Knows nothing of heads, days or repeats: every paid order of every page, by the standard library's reader."""
    pages = [json.loads(line) for line in blob.splitlines()[1:-1]]
    return [(row["out_trade_no"], round(float(row["money"]) * 100)) for page in pages for row in page["data"] if int(row["status"]) > 0]


def test_two_readers_agree_over_several_pages(scene: Scene) -> None:
    sold(scene, 120)
    scene.provider.open("payUnpaid", 500)
    file, blob = scene.fetched()
    assert file is not None
    assert (file.media, file.bytes) == ("application/jsonl", len(blob))
    lines = scene.read(blob)
    assert [(line.out_trade_no, line.amount_minor) for line in lines] == second_reader(blob)
    assert len(lines) == 121
    assert {(line.kind, line.status) for line in lines} == {(BillKind.PAY, BillStatus.DONE)}


def test_an_order_stands_under_the_day_on_which_it_was_paid(scene: Scene) -> None:
    scene.clock.advance(hours=14)  # past midnight in Shanghai
    scene.provider.pay("payNextDay", 500)
    file, blob = scene.fetched()
    assert file is not None
    assert [line.out_trade_no for line in scene.read(blob)] == [NUMBER]


def test_orders_that_come_while_we_read_are_taken_once(scene: Scene) -> None:
    sold(scene, 60)
    came = iter(range(1_000, 1_010))

    def meanwhile(_url: str, body: bytes) -> bytes:
        scene.provider.pay(f"payLate{next(came)}", 1)
        return body

    scene.line.change = meanwhile
    file, blob = scene.fetched()
    assert file is not None
    numbers = [line.channel_txn_id for line in scene.read(blob)]
    assert len(numbers) == len(set(numbers)) == 61
    assert len(second_reader(blob)) > 61, "the pages did overlap"


def test_twin_without_a_memory_an_order_on_two_pages_is_two(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epay_orders._Known, "is_new", lambda *_: True)
    with pytest.raises(AssertionError):
        test_orders_that_come_while_we_read_are_taken_once(scene)


def test_before_the_day_is_over_it_is_not_ready(scene: Scene) -> None:
    with pytest.raises(BillNotReady):
        scene.adapter.fetch_bill(DAY, io.BytesIO())


def test_a_day_without_money_has_no_books(scene: Scene) -> None:
    assert scene.fetched(DAY - timedelta(days=3))[0] is None


def test_a_gateway_that_answers_every_page_alike_is_found(scene: Scene) -> None:
    sold(scene, 60)
    seen: list[bytes] = []

    def alike(_url: str, body: bytes) -> bytes:
        seen.append(body)
        return seen[0]

    scene.line.change = alike
    with pytest.raises(BillCorrupt):
        scene.fetched()


def test_a_list_that_is_not_newest_first_is_found() -> None:
    scene = Scene("epay")
    for n in range(60):
        scene.clock.advance(seconds=1)
        sold(scene, 1, n)
    scene.alters(lambda told: told | {"data": told["data"][::-1]})
    with pytest.raises(BillCorrupt):
        scene.fetched()


@pytest.mark.parametrize("body", [b"", b"[]", b'{"code":1}', b'{"code":1,"data":{}}', b'{"code":1,"data":[1]}', b'{"code":-3,"data":[]}'])
def test_no_page_of_orders_is_no_answer(body: bytes) -> None:
    scene = Scene("epay")
    scene.line.change = lambda *_: body
    with pytest.raises(ProviderUnavailable):
        scene.fetched()


def test_an_unproved_page_of_version_2_is_no_answer() -> None:
    scene = Scene("epay_rsa")
    scene.alters(lambda told: told | {"timestamp": "1772424001"})
    with pytest.raises(ProviderUnavailable):
        scene.fetched()


def test_what_version_2_does_not_sign_is_known() -> None:
    """The list stands outside the signature: a changed row goes unseen here, and the order itself says otherwise, signed."""
    scene = Scene("epay_rsa")
    scene.alters(lambda told: told | {"data": [row | {"money": "0.01"} for row in told["data"]]} if "data" in told else told)
    _, blob = scene.fetched()
    assert [line.amount_minor for line in scene.read(blob)] == [1]
    event = scene.adapter.query(NUMBER)
    assert event is not None
    assert event.amount.minor == 1_580


class TestWhatWasKept:
    def kept(self, scene: Scene) -> bytes:
        sold(scene, 60)
        return scene.fetched()[1]

    def test_every_cut_is_found(self, scene: Scene) -> None:
        blob = self.kept(scene)
        lines = blob.splitlines(keepends=True)
        cuts = [b"", blob[:-1][:-5], blob[: len(blob) // 2], b"".join(lines[:-1]), b"".join(lines[1:]), b"".join([*lines[:1], *lines[2:]])]
        for spoiled in (*cuts, blob + b" ", blob + lines[-1]):
            with pytest.raises(BillCorrupt):
                scene.read(spoiled)

    def test_twin_a_reader_without_the_end_takes_a_cut_file(self, scene: Scene) -> None:
        blob = self.kept(scene)
        cut = b"".join([*blob.splitlines(keepends=True)[:2], b'{"pages":1}\n'])
        assert len(scene.read(cut)) < 61

    def test_another_days_or_accounts_pages_are_not_read(self, scene: Scene) -> None:
        blob = self.kept(scene)
        with pytest.raises(BillCorrupt):
            scene.read(blob, DAY - timedelta(days=1))
        with pytest.raises(BillCorrupt):
            scene.read(blob.replace(b'"merchant":"', b'"merchant":"9'))

    @pytest.mark.parametrize(
        ("was", "now"),
        [
            (b'"money": "15.80"', b'"money": "15.801"'),
            (b'"money": "15.80"', b'"money": null'),
            (b'"trade_no": "', b'"trade_no": "?'),
            (b'"pid": ', b'"pid": 9'),
            (b'"data"', b'"date"'),
            (b'"money"', b'"name": "x", "money"'),
        ],
    )
    def test_a_row_that_cannot_be_one_is_corrupt(self, scene: Scene, was: bytes, now: bytes) -> None:
        blob = self.kept(scene)
        assert was in blob
        with pytest.raises(BillCorrupt) as caught:
            scene.read(blob.replace(was, now))
        assert NUMBER not in str(caught.value)

    def test_an_amount_goes_back_later_and_the_payment_still_stands(self, scene: Scene) -> None:
        scene.adapter.refund(scene.order())
        _, blob = scene.fetched()
        assert [(line.kind, line.amount_minor) for line in scene.read(blob)] == [(BillKind.PAY, 1_580)]
