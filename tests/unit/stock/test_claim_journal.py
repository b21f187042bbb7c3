"""Who got card number k, and which claims should have an order by now."""

from datetime import timedelta

import pytest

from faka.contexts.stock import claim_events, claims_due, holder_of, journal_rows
from faka.kernel.errors import Broken
from faka.kernel.ids import SkuId
from faka.platform.table import Item, TableName, from_wire
from tests.kit.clock import START
from tests.kit.engine import Engine
from tests.unit.stock.given import SKU, Given


pytestmark = pytest.mark.unit


def _images(engine: Engine) -> list[tuple[Item | None, Item]]:
    return [(from_wire(old) if old else None, from_wire(new)) for _, old, new in engine.stream if new is not None]


def _journal(given: Given, engine: Engine) -> None:
    for old, new in _images(engine):
        for event in claim_events(old, new) if new["sk"] == "HEAD" else []:
            given.tables.insert_many(TableName.JOURNAL, journal_rows(event, START, START + timedelta(minutes=2)))


def test_the_stream_tells_every_claim_once_with_its_order(quick: Given, engine: Engine) -> None:
    quick.cards(20, "2027-01-01")
    quick.cards(20, "2027-02-01")
    runs = [*quick.claim("ord_a+q3", 3), *quick.claim("ord_b+2", 20), *quick.claim("ord_c", 1)]
    quick.bring_back(runs[0])
    events = [event for old, new in _images(engine) if new["sk"] == "HEAD" for event in claim_events(old, new)]
    assert [event.run for event in events] == runs
    assert [event.order_id for event in events] == ["ord_a", "ord_b", "ord_b", "ord_c"]


def test_slow_writes_new_heads_and_other_rows_are_no_claims(quick: Given, engine: Engine) -> None:
    quick.cards(20)
    assert [event for old, new in _images(engine) if new["sk"] == "HEAD" for event in claim_events(old, new)] == []
    assert claim_events(None, None) == []


def test_two_claims_between_two_images_are_not_passed_over(quick: Given, engine: Engine) -> None:
    quick.cards(20)
    before = _images(engine)[-1][1]
    quick.claim("ord_a", 1)
    quick.claim("ord_b", 1)
    with pytest.raises(Broken):
        claim_events(before, _images(engine)[-1][1])


def test_the_last_claim_of_a_number_is_found_also_across_a_bucket(quick: Given, engine: Engine) -> None:
    quick.cards(3_000)
    first = quick.claim("ord_wide", 600)
    quick.claim("ord_across", 500)
    quick.bring_back(*first)
    quick.claim("ord_next", 1_000)
    again = quick.claim("ord_again", 1_499)
    _journal(quick, engine)
    _journal(quick, engine)

    def holder(number: int) -> str:
        record = holder_of(quick.tables, SKU, number)
        return record.tag if record is not None else ""

    assert holder(1_050) == "ord_across"
    assert {holder(number) for run in again for number in (run.start, run.start + run.count - 1)} == {"ord_again"}
    assert holder(599) == "ord_wide"
    assert holder_of(quick.tables, SkuId("other"), 5) is None


def test_claims_are_due_in_their_minute_with_all_that_a_return_needs(quick: Given, engine: Engine) -> None:
    quick.cards(20, "2027-01-01")
    runs = {run for i in range(9) for run in quick.claim(f"ord_{i}", 2)}
    _journal(quick, engine)
    due = list(claims_due(quick.tables, START + timedelta(minutes=2)))
    assert {record.run for record in due} == runs
    assert {record.sku for record in due} == {SKU}
    assert list(claims_due(quick.tables, START + timedelta(minutes=1))) == []
