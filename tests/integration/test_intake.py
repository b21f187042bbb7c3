"""Intake: a card file becomes cards on sale, and what it did not take is said line by line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faka.contexts.catalog.errors import ProductNotFound, UnknownSku
from faka.contexts.intake import BadImport, Column, ImportBusy, ImportState, NotForCards, Refusal, Shape, Wish
from faka.flows.intake import imports_named, problem_link, progress, run_import, seal
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import ProductId, SkuId
from faka.kernel.money import Currency, Money
from faka.platform.table import TableName
from tests.integration.given_intake import BUCKET, SKU, Crash, Gate, Shop, a_shop, a_shop_on_moto


pytestmark = pytest.mark.integration

EVENTS = Path(__file__).parents[2] / "events" / "intake"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_shop() as shop:
        yield shop


@pytest.fixture(params=[a_shop, a_shop_on_moto])
def shop_on_either(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with request.param() as shop:
        yield shop


def lines(count: int, start: int = 0) -> bytes:
    return "".join(f"NO-{i}----secret-{i}\n" for i in range(start, start + count)).encode()


def named(event: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{event}.json").read_text())
    return found


def test_each_good_line_becomes_one_card_on_sale_that_opens_to_its_own_text(shop_on_either: Shop) -> None:
    shop = shop_on_either
    job = shop.imported(lines(20))
    assert (job.state, job.counts.new, job.counts.lines) == (ImportState.DONE, 20, 20)
    assert shop.available() == 20
    cards = shop.sold(20, "ord_1")
    assert [(number, secret) for number, secret, _ in cards] == [(f"NO-{i}", f"secret-{i}") for i in range(20)]
    assert [number for _, _, number in cards] == list(range(20))
    assert shop.available() == 0


def test_counts_add_up_and_the_problem_file_names_line_and_reason_but_no_text(shop_on_either: Shop) -> None:
    shop = shop_on_either
    body = "A----1\n\nA----1\nB----2\nno separator here\nC----\nD----4\x07\n  \r\n" + "x" * 3_000 + "\nE----5"
    job = shop.imported(body.encode())
    assert job.counts.model_dump() == {"new": 3, "duplicate": 1, "bad": 4}
    assert (job.read.lines, job.read.skipped) == (8, 2)
    assert shop.problems(job) == [f"3,DUPLICATE,{job.id},1", "5,COLUMNS,,", "6,NO_SECRET,,", "7,CONTROL,,", "9,TOO_LONG,,"]
    assert problem_link(shop.deps, job.id).startswith("https://")
    shown = progress(shop.deps, job.id)
    assert (shown.state, shown.lines, shown.counts, shown.has_problems) == (ImportState.DONE, 8, job.counts, True)


def test_a_card_is_taken_once_across_products_batches_and_after_its_sale(shop_on_either: Shop) -> None:
    shop = shop_on_either
    first = shop.imported(lines(3))
    shop.sold(3, "ord_1")
    shop.given_product(ProductId("other"), SkuId("other-sku"))
    again = shop.imported(b" NO-1 ---- secret-1 \nNEW----card\n", sku=SkuId("other-sku"), product=ProductId("other"))
    assert again.counts.model_dump() == {"new": 1, "duplicate": 1, "bad": 0}
    assert shop.problems(again) == [f"1,DUPLICATE,{first.id},2"]


def test_number_and_secret_cannot_be_confused_with_another_pair(shop: Shop) -> None:
    job = shop.imported(b"AB----C\nA----BC\n", Wish(separator="----"))
    assert job.counts.new == 2


def test_the_plaintext_is_gone_when_the_job_is_done_and_a_second_upload_goes_too(shop: Shop) -> None:
    job = shop.imported(lines(3))
    assert shop.files() == {}
    shop.s3.put_object(Bucket=BUCKET, Key=job.incoming_key, Body=lines(3, 100))
    after = run_import(shop.deps, job.id, lambda: 900.0)
    assert (after.counts, shop.files(), shop.available()) == (job.counts, {}, 3)


def test_a_second_upload_while_the_first_is_read_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "STEP_LINES", 8)
    batch = shop.uploaded(lines(16))
    left = iter([900.0, 900.0, 900.0, 0.0])
    run_import(shop.deps, batch, lambda: next(left, 0.0))
    shop.s3.put_object(Bucket=BUCKET, Key=f"incoming/{batch}", Body=lines(99, 500))
    job = run_import(shop.fresh(), batch, lambda: 900.0)
    assert job.counts.new == 16
    assert shop.files() == {}


def test_soonest_expiry_is_sold_first_within_a_file_and_across_files(shop: Shop) -> None:
    shop.imported(b"a,2,2027-05-01\nb,2,2027-01-01\nc,2,2027-05-01\nd,2,\n", Wish(shape=Shape.CSV, separator=","))
    shop.imported(b"e----2\n", Wish(expires="2026-12-01"))
    # `b` was already the running extent, which a later arrival does not overtake card by card
    assert [number for number, _, _ in shop.sold(5, "ord_1")] == ["b", "e", "a", "c", "d"]


def test_a_card_that_has_expired_is_a_bad_line(shop: Shop) -> None:
    job = shop.imported(b"a----1----2026-03-02\nb----2----2026-03-03\nc----3----2026-02-30\nd----4----2027-1-2\n")
    assert job.counts.model_dump() == {"new": 2, "duplicate": 0, "bad": 2}
    assert [line.split(",")[:2] for line in shop.problems(job)] == [["1", "EXPIRED"], ["3", "EXPIRY"]]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"\xff\xfea\x00", Refusal.UTF_16),
        (b"PK\x03\x04rest of a spreadsheet", Refusal.SPREADSHEET),
        (b"\n \r\n\n", Refusal.EMPTY),
        ("".join(f"n{i}----s----2027-01-{i + 1:02}\n" for i in range(17)).encode(), Refusal.TOO_MANY_EXPIRIES),
    ],
)
def test_a_file_that_cannot_be_cards_is_refused_whole_and_leaves_nothing(shop: Shop, body: bytes, refusal: Refusal) -> None:
    job = shop.imported(body)
    assert (job.state, job.refusal, shop.files()) == (ImportState.REFUSED, refusal, {})
    assert shop.rows(TableName.VAULT) == []
    assert [entry["what"] for entry in shop.deps.batch_log.entries(job.id)] == ["import_refused"]


def test_a_file_of_bad_lines_only_ends_with_all_of_them_reported(shop: Shop) -> None:
    job = shop.imported(b"a----\nb----\n", Wish(separator="----", columns=(Column.NUMBER, Column.SECRET, Column.EXPIRES)))
    assert (job.state, job.counts.bad, len(shop.problems(job))) == (ImportState.DONE, 2, 2)
    assert shop.rows(TableName.VAULT) == []


def test_links_are_checked_as_links(shop: Shop) -> None:
    shop.given_product(ProductId("joint"), SkuId("joint-sku"), kind=DeliveryKind.LINK)
    body = b"https://a.example/x?a=1,2|3\nftp://no.example/\nnot a link\n"
    job = shop.imported(body, sku=SkuId("joint-sku"), product=ProductId("joint"))
    assert job.counts.model_dump() == {"new": 1, "duplicate": 0, "bad": 2}
    assert shop.sold(1, "ord_1", SkuId("joint-sku"))[0][:2] == ("", "https://a.example/x?a=1,2|3")


def test_formula_cells_are_data(shop: Shop) -> None:
    shop.imported(b'number,secret\n"=1+1","@SUM(A1)"\n', Wish(shape=Shape.CSV))
    assert shop.sold(1, "ord_1")[0][:2] == ("=1+1", "@SUM(A1)")


# -- asking for an import -----------------------------------------------------------------------------------------------


def test_an_import_needs_a_product_of_cards_and_values_within_bounds(shop: Shop) -> None:
    shop.given_product(ProductId("topup"), SkuId("topup-sku"), kind=DeliveryKind.DIRECT_RECHARGE)
    with pytest.raises(NotForCards):
        shop.opened(sku=SkuId("topup-sku"), product=ProductId("topup"))
    with pytest.raises(ProductNotFound):
        shop.opened(product=ProductId("nothing"))
    with pytest.raises(UnknownSku):
        shop.opened(sku=SkuId("nothing"))
    for bad in ({"remark": "x" * 201}, {"remark": "a\x00b"}, {"supplier": "x" * 81}, {"unit_cost": Money(minor=-1, currency=Currency.CNY)}):
        with pytest.raises(BadImport):
            shop.opened(**bad)
    for wish in (
        Wish(expires="2026-03-02"),
        Wish(expires="soon"),
        Wish(columns=(Column.NUMBER,)),
        Wish(encoding="utf-7"),
        Wish(separator="\x00"),
    ):
        with pytest.raises(BadImport):
            shop.opened(wish)


def test_the_upload_form_is_for_one_key_and_one_size(shop: Shop) -> None:
    import base64

    job = shop.opened()
    form = shop.deps.objects.upload_form(job.incoming_key, bytes_max=100, valid_s=60)
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    assert ["content-length-range", 1, 100] in policy["conditions"]
    assert {"key": job.incoming_key} in policy["conditions"]


def test_the_batch_keeps_cost_supplier_remark_and_who(shop: Shop) -> None:
    cost = Money(minor=512, currency=Currency.CNY)
    job = shop.imported(lines(3), unit_cost=cost, supplier="上游甲", remark="三月")
    batch = shop.deps.vault.batch(SKU, job.ordinal)
    assert (batch.unit_cost, batch.supplier, batch.remark, batch.by, batch.count) == (cost, "上游甲", "三月", "olga", 3)
    entry = shop.deps.batch_log.entries(job.id)[0]
    assert (entry["what"], entry["by"], entry["new"]) == ("imported", "olga", 3)


# -- time and company -----------------------------------------------------------------------------------------------


def test_an_import_that_outlasts_its_worker_goes_on_by_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "STEP_LINES", 8)
    calls: list[str] = []
    deps = shop.fresh(Gate(calls))
    batch = shop.uploaded(lines(40))
    rounds = 0
    while True:
        left = iter([900.0, 900.0, 900.0, 0.0])  # two steps of the machine, one step of lines, then no time
        job = run_import(deps, batch, lambda left=left: next(left, 0.0))
        rounds += 1
        if job.is_over:
            break
        message = shop.sqs.receive_message(QueueUrl=shop.queue_url)["Messages"][0]
        assert imports_named(message["Body"]) == [batch]
        shop.sqs.delete_message(QueueUrl=shop.queue_url, ReceiptHandle=message["ReceiptHandle"])
    assert rounds > 3
    assert (job.counts.new, shop.available()) == (40, 40)
    assert calls.count("generate_data_key") == 1, "the same process still holds the key"
    assert calls.count("generate_mac") == 1


def test_another_process_goes_on_with_its_own_key_and_all_cards_open(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "STEP_LINES", 5)  # pages are shared by both keys
    batch = shop.uploaded(lines(23))
    for _ in range(9):
        left = iter([900.0, 900.0, 900.0, 0.0])
        job = run_import(shop.fresh(), batch, lambda left=left: next(left, 0.0))
    assert job.state is ImportState.DONE
    assert len(shop.deps.vault.batch(SKU, job.ordinal).keys) > 2
    assert [secret for _, secret, _ in shop.sold(23, "ord_1")] == [f"secret-{i}" for i in range(23)]


def test_a_second_worker_keeps_away_until_the_lease_ends(shop: Shop) -> None:
    batch = shop.uploaded(lines(3))
    job = shop.deps.imports.get(batch)
    shop.deps.imports.leased(job, "first", shop.clock.now())
    with pytest.raises(ImportBusy):
        run_import(shop.deps, batch, lambda: 900.0)
    shop.clock.advance(91)
    assert run_import(shop.deps, batch, lambda: 900.0).counts.new == 3


def test_an_event_without_its_upload_changes_nothing(shop: Shop) -> None:
    job = shop.opened()
    assert run_import(shop.deps, job.id, lambda: 900.0).state is ImportState.WAITING
    assert not shop.deps.imports.get(job.id).is_leased(shop.clock.now())


def test_an_import_costs_two_key_calls_at_any_size(shop: Shop) -> None:
    calls: list[str] = []
    batch = shop.uploaded(lines(1_000))
    job = run_import(shop.fresh(Gate(calls)), batch, lambda: 900.0)
    assert job.counts.new == 1_000
    assert (calls.count("generate_data_key"), calls.count("generate_mac"), calls.count("decrypt")) == (1, 1, 0)
    assert calls.count("batch_execute_statement") == 1_000 / 25
    assert calls.count("batch_write_item") == 1_000 / 8 / 25


# -- the messages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("s3_object_created", ["bat_01KJPS2Z00K7B1ZQ6T6RZ3W6VN"]),
        ("goes_on", ["bat_01KJPS2Z00K7B1ZQ6T6RZ3W6VN"]),
        ("s3_test_event", []),
        ("no_json", []),
    ],
)
def test_messages_name_the_imports_that_they_are_about(event: str, expected: list[str]) -> None:
    assert imports_named(named(event)["Records"][0]["body"]) == expected


# -- a file that is gone ------------------------------------------------------------------------------------------------


def test_a_file_that_is_gone_ends_the_job_where_it_stands_and_the_rest_can_be_imported_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "STEP_LINES", 8)
    body = lines(30)
    batch = shop.uploaded(body)
    gate = Gate([], die_after="batch_write_item")  # two steps in, the third is half done
    left = iter([900.0] * 4 + [0.0])
    run_import(shop.deps, batch, lambda: next(left, 0.0))
    with pytest.raises(Crash):
        run_import(shop.fresh(gate), batch, lambda: 900.0)
    shop.s3.delete_object(Bucket=BUCKET, Key=f"work/{batch}")
    shop.clock.advance(100)
    cut = run_import(shop.fresh(), batch, lambda: 900.0)
    assert (cut.state, cut.counts.new, cut.counts.lines) == (ImportState.DONE, 16, 30)
    assert shop.problems(cut) == ["17,UNREAD,,"]
    assert [row["what"] for row in shop.deps.batch_log.entries(batch)] == ["imported"]
    assert shop.available() == 16

    again = shop.imported(body)
    assert (again.counts.new, again.counts.duplicate) == (14, 16)
    assert sorted(secret for _, secret, _ in shop.sold(30, "ord_1")) == sorted(f"secret-{i}" for i in range(30))


def test_a_bucket_that_has_dropped_the_problem_file_too_does_not_stop_the_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "STEP_LINES", 8)
    batch = shop.uploaded(b"broken\n" + lines(20), Wish(separator="----"))
    left = iter([900.0] * 3 + [0.0])
    run_import(shop.deps, batch, lambda: next(left, 0.0))
    for name in shop.files():
        shop.s3.delete_object(Bucket=BUCKET, Key=name)
    cut = run_import(shop.fresh(), batch, lambda: 900.0)
    assert (cut.state, cut.counts.lines, shop.problems(cut)) == (ImportState.DONE, 21, ["9,UNREAD,,"])


def test_a_file_that_is_gone_before_it_was_counted_is_refused(shop: Shop) -> None:
    batch = shop.uploaded(lines(3))
    left = iter([900.0, 0.0])
    run_import(shop.deps, batch, lambda: next(left))
    shop.s3.delete_object(Bucket=BUCKET, Key=f"work/{batch}")
    assert run_import(shop.deps, batch, lambda: 900.0).refusal is Refusal.FILE_GONE
