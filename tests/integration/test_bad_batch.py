"""A batch is declared bad (row A33): every buyer is found, made good once, and its supplier hears of it; whoever dies meanwhile."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import pytest

from faka.contexts.complaints import ComplaintState, Made
from faka.contexts.intake.model import ImportJob, ImportState, Wish
from faka.contexts.ledger.purchases import stock_purchased
from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.contexts.stock import claims_of
from faka.contexts.vault import Batch
from faka.flows.ask_refund import ask_refund
from faka.flows.bad_batch import BadBatch, declare_bad
from faka.flows.refund_order import refund_order
from faka.kernel.errors import Broken, IllegalTransition
from faka.kernel.money import Currency, Money
from faka.steps.invariants import violations
from infra.ops import batches as ops
from tests.kit.world import World, engine_world
from tests.unit.invariants.given import books_of, streamed


pytestmark = pytest.mark.integration

UNIT = Money(minor=450, currency=Currency.CNY)


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


def bought(world: World, count: int, secret: str = "BAD-{n}") -> Batch:
    """A batch that was imported from a supplier at a cost, as the intake leaves it."""
    batch, now = world.stock_up(count, secret=secret), world.clock.now()
    job = ImportJob(
        id=batch.id,
        sku=batch.sku,
        product=batch.product,
        wish=Wish(),
        unit_cost=UNIT,
        supplier="Gold",
        by="mei",
        opened_at=now,
        state=ImportState.DONE,
        ordinal=batch.ordinal,
        done_at=now,
    )
    deps = world.deps
    deps.tables.commit(
        [
            deps.imports.placed(job),
            deps.costs.noted(batch.sku, batch.ordinal, batch.id, UNIT),
            deps.ledger.posted(stock_purchased(batch.id, "Gold", UNIT.times(count), now)),
        ]
    )
    world.clock.advance(1)
    return batch


def paid(world: World, **changes: Any) -> Order:
    return world.pay(world.buy(**changes))


def declared(world: World, batch: Batch, deps: Any = None) -> BadBatch:
    streamed(world)
    return declare_bad(deps or world.deps, batch.id, "mei", "the supplier's keys do not work")


def made(world: World, batch: Batch) -> dict[str, Made]:
    return {one.order: one.what for one in world.deps.complaints.orders(batch.id)}


def owners(world: World, batch: Batch) -> list[str]:
    rows = [row for row in world.rows("test-trade") if row["sk"] == "ORDER" and "runs" in row]
    return [row["id"] for row in rows if any(run[4] == batch.ordinal for run in row["runs"])]


def kept(world: World) -> None:
    streamed(world)
    found = violations(books_of(world), world.clock.now(), is_quiet=False)
    assert not found, "\n".join(map(str, found))


# -- one order ------------------------------------------------------------------------------------------------------


def test_who_has_not_looked_gets_other_cards_and_nothing_of_the_batch_is_shown(world: World) -> None:
    bad = bought(world, 3)
    order = paid(world, quantity=2)
    bought(world, 5, "GOOD-{n}")
    assert (declared(world, bad).replaced, made(world, bad)[order.id]) == (1, Made.REPLACED)
    assert all(text.startswith("GOOD") for text in world.secrets(order))
    kept(world)


def test_who_has_looked_gets_other_cards_and_looks_again(world: World) -> None:
    bad = bought(world, 3)
    order = paid(world)
    world.reveal(order)
    bought(world, 5, "GOOD-{n}")
    declared(world, bad)
    assert world.order(order).delivery is DeliveryState.REVEALED
    assert [text[:4] for text in world.secrets(order)] == ["GOOD"]
    assert any(entry.actor == "replace" and "bad cards of batch" in entry.reason for entry in world.order(order).log)
    kept(world)


def test_of_an_order_of_two_batches_the_good_cards_stay(world: World) -> None:
    bad = bought(world, 2)
    bought(world, 6, "GOOD-{n}")
    order = paid(world, quantity=3)
    declared(world, bad)
    texts = world.secrets(order)
    assert len(texts) == 3
    assert all(text.startswith("GOOD") for text in texts)
    kept(world)


def test_without_other_cards_unseen_ones_go_back_whole_and_seen_ones_are_paid_back(world: World) -> None:
    bad = bought(world, 4)
    unseen, seen = paid(world), paid(world, quantity=2)
    world.reveal(seen)
    done = declared(world, bad)
    assert (done.refunded, done.refunded_minor) == (2, unseen.total.minor + seen.total.minor)
    assert world.order(unseen).state is OrderState.RETURNED
    assert world.order(seen).refundable_minor == 0
    kept(world)


def test_who_has_not_paid_yet_waits_and_is_served_when_he_has(world: World) -> None:
    bad = bought(world, 2)
    open_ = world.buy()
    assert declared(world, bad).waiting == 1
    bought(world, 2, "GOOD-{n}")
    world.pay(open_)
    assert declared(world, bad).replaced == 1
    assert world.secrets(open_)[0].startswith("GOOD")


# -- everybody ------------------------------------------------------------------------------------------------------


def crowd(world: World) -> tuple[Batch, int]:
    """220 orders over three batches, some seen, some mixed, some already given back; 90 good cards are left."""
    bad = bought(world, 150)
    for number in range(100):
        order = paid(world, quantity=1 + number % 2)
        if number % 3 == 0:
            world.reveal(order)
        if number % 10 == 1:
            with suppress(Exception):
                ask_refund(world.deps, order.id, world.proof(order))
        if number % 10 == 3:
            refund_order(world.deps, order.id, 500, "slow", "mei")
    bought(world, 230, "GOOD-{n}")
    for _ in range(120):
        paid(world)
    streamed(world)
    return bad, len(owners(world, bad))


def test_every_buyer_is_found_and_made_good_once_and_a_second_run_changes_nothing(world: World) -> None:
    bad, buyers = crowd(world)
    done = declared(world, bad)
    print(f"\n{buyers} buyers of 220 orders: {done}")
    assert done.buyers == buyers > 80
    assert done.replaced + done.refunded + done.with_a_person == buyers
    assert min(done.replaced, done.refunded) > 0
    refunds = Counter(row["order_id"] for row in world.rows("test-trade") if row["sk"] == "REFUND")
    before = world.image()
    assert declared(world, bad) == done
    changed = {pk for pk, row in world.image().items() if before.get(pk) != row}
    assert changed == set()
    assert Counter(row["order_id"] for row in world.rows("test-trade") if row["sk"] == "REFUND") == refunds
    kept(world)


def few_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Thirty buyers of one bucket, of which one page of the journal holds twenty."""
    monkeypatch.setattr("faka.contexts.stock.journal.HOLDER_PAGES_MAX", 1)
    monkeypatch.setattr("faka.contexts.stock.journal.PAGE_MAX", 20)
    bad = bought(world, 30)
    for _ in range(30):
        paid(world)
    return bad


def test_more_claims_than_the_pages_hold_are_said_and_not_passed_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = few_pages(world, monkeypatch)
    with pytest.raises(Broken, match="more claims than 1 pages"):
        declared(world, bad)
    monkeypatch.undo()
    assert declared(world, bad).buyers == 30


def test_twin_one_page_of_the_journal_misses_buyers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = few_pages(world, monkeypatch)
    monkeypatch.setattr("faka.flows.bad_batch.claims_of", lambda *asked: islice(claims_of(*asked), 20))
    assert declared(world, bad).buyers == 20


# -- the supplier ---------------------------------------------------------------------------------------------------


def test_the_complaint_is_drafted_sent_by_a_person_and_owed_when_it_is_accepted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    bad = bought(world, 4)
    paid(world)
    done = declared(world, bad)
    complaint = world.deps.complaints.get(done.complaint)
    assert (complaint.state, complaint.supplier, complaint.count) == (ComplaintState.DRAFT, "Gold", 4)
    assert complaint.amount == UNIT.times(4)
    with pytest.raises(IllegalTransition):
        complaint.moved(ComplaintState.ACCEPTED)
    for verb in ("sent", "accepted"):
        assert ops.main(["--by", "mei", verb, complaint.id, "--reason", "mail of today"], world.deps) == 0
    assert ops.main(["accepted", complaint.id, "--reason", "again"], world.deps) == 1
    assert "4 cards, 18.00 CNY" in capsys.readouterr().out
    entry = world.deps.ledger.find(f"cpl:{complaint.id}")
    assert entry is not None
    assert {(line.account, line.side, line.amount_minor) for line in entry.lines} == {
        ("supplier:Gold:payable/CNY", "D", 1_800),
        ("expense:loss/CNY", "C", 1_800),
    }
    kept(world)


def test_the_command_tells_what_became_of_each(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    bad = bought(world, 4)
    order = paid(world)
    streamed(world)
    assert ops.main(["--by", "mei", "bad", bad.id, "--reason", "dead keys"], world.deps) == 0
    assert ops.main(["show", bad.id], world.deps) == 0
    told = capsys.readouterr().out
    assert "1 buyers" in told
    assert order.id in told
    assert ops.main(["--by", "mei", "bad", bad.id, "--reason", " "], world.deps) == 1
