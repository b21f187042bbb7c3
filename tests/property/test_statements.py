"""Matching under chance: the number of parts and the order of lines change nothing, and nothing is lost or counted twice."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.contexts.statements import match as rule
from faka.contexts.statements.lines import ATTEMPT, Ours, Theirs
from faka.contexts.statements.parts import PACKED, parts_for
from faka.contexts.statements.reduce import Known
from tests.unit.statements.given import DAY, NUMBERS, Night, at, our_refund, ours, their_refund, theirs


pytestmark = pytest.mark.property

EXAMPLES = 100
SIGNS = ("-", "-", "-", "")
"""A refund goes out; one that failed comes back."""

SMALL = st.integers(0, 5)
DAYS = st.sampled_from([0, 1, 2, 7]).map(lambda age: (DAY - timedelta(days=age)).isoformat())
AMOUNTS = st.sampled_from(["1580", "1580", "1580", "1579"])
HOURS = st.sampled_from([0.1, 12.0, 23.9]).map(at)


@st.composite
def bill_line(draw: st.DrawFn) -> Theirs:
    """Few numbers and few transactions, so that they meet, miss and cross each other."""
    n, of = draw(SMALL), draw(SMALL)
    if draw(st.booleans()):
        number = draw(st.sampled_from([NUMBERS[n], NUMBERS[n], NUMBERS[of], "", "foreign"]))
        txn, status = draw(st.sampled_from([f"T{n}", f"T{of}", ""])), draw(st.sampled_from(["DONE", "DONE", "DONE", "FAILED"]))
        kind = draw(st.sampled_from(["PAY", "PAY", "PAY", "FEE", "CHARGEBACK"]))
        return theirs(n, kind=kind, number=number, txn=txn, status=status, amount=draw(AMOUNTS), at=draw(HOURS))
    number = draw(st.sampled_from([NUMBERS[n], ""]))
    status = draw(st.sampled_from(["DONE", "PENDING", "FAILED"]))
    return their_refund(
        n, number=number, refund_no=draw(st.sampled_from([f"rfd{n}", f"rfd{of}", ""])), status=status, amount=f"-{draw(AMOUNTS)}"
    )


@st.composite
def books(draw: st.DrawFn) -> list[Ours]:
    """Each transaction and each refund number once, as the table's keys have it."""
    paid = [ours(n, at=draw(HOURS), day=draw(DAYS), amount=draw(AMOUNTS)) for n in draw(st.sets(SMALL))]
    states = st.sampled_from(["REQUESTED", "SUBMITTED", "SUCCEEDED", "FAILED"])
    return paid + [our_refund(n, state=draw(states), day=draw(DAYS)) for n in draw(st.sets(SMALL))]


@st.composite
def known(draw: st.DrawFn) -> Known:
    states = st.sampled_from(["PENDING", "CLOSED", "SUCCEEDED"])
    return Known(
        receipts={f"T{n}": ours(n, day=draw(DAYS)) for n in draw(st.sets(SMALL, max_size=2))},
        attempts={NUMBERS[n]: ours(n, kind=ATTEMPT, state=draw(states), txn="") for n in draw(st.sets(SMALL))},
        refunds={f"rfd{n}": our_refund(n, day=draw(DAYS)) for n in draw(st.sets(SMALL, max_size=2))},
    )


def numbered(lines: list[Theirs]) -> list[Theirs]:
    return [line._replace(line_no=str(n)) for n, line in enumerate(lines, 1)]


def same(one: Night, other: Night) -> bool:
    return (
        one.by_key == other.by_key
        and one.pairs == other.pairs
        and sorted(one.crossed) == sorted(other.crossed)
        and sorted(one.placed.overdue) == sorted(other.placed.overdue)
        and one.tally.theirs == other.tally.theirs
        and one.tally.ours == other.tally.ours
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(bill_line(), max_size=14), books(), known())
def test_every_line_and_amount_is_matched_or_in_one_class(lines: list[Theirs], ours: list[Ours], known: Known) -> None:
    assert Night(numbered(lines), ours, known).adds_up()


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(bill_line(), max_size=14), books(), known(), st.sampled_from([2, 7, 64]))
def test_the_number_of_parts_changes_nothing(lines: list[Theirs], ours: list[Ours], known: Known, parts: int) -> None:
    lines = numbered(lines)
    assert same(Night(lines, ours, known), Night(lines, ours, known, parts=parts))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(bill_line(), max_size=14), books(), known(), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(lines: list[Theirs], ours: list[Ours], known: Known, chance: random.Random) -> None:
    lines = numbered(lines)
    one = Night(lines, ours, known)
    chance.shuffle(lines)
    chance.shuffle(ours)
    assert same(one, Night(lines, ours, known))


@given(st.integers(0, 1 << 33), st.sampled_from([*PACKED, "text/csv", "application/jsonl"]))
def test_parts_are_one_to_sixty_four(size: int, media: str) -> None:
    assert 1 <= parts_for(size, media) <= 64


def test_a_matcher_that_takes_the_first_comer_depends_on_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: without looking for the line that stands first in the file, the second copy may win."""

    def first_come(lines: list[Theirs], result: rule.Result) -> list[Theirs]:
        kept: dict[tuple[str, str], Theirs] = {}
        for line in lines:
            if kept.setdefault((line.number, line.txn), line) is not line:
                result.find(rule.Finding(rule.DiscrepancyClass.DUPLICATE_BILL_LINE, "twice", line))
        return list(kept.values())

    monkeypatch.setattr(rule, "_distinct", first_come)
    lines = [theirs(0, line_no="1"), theirs(0, amount="1", line_no="2")]
    assert not same(Night(lines, [ours(0)]), Night(lines[::-1], [ours(0)]))
