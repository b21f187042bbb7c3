"""All parts together: what was left of either side finds its place.

```
bill: left ─ the same transaction is left of ours (bill without our number) ─► compare: matched, or one class
           ├ a row of ours outside this day has it (looked up) ──────────────► compare; that line has crossed the cut
           ├ payment ─ the attempt is known, unpaid ─────────────────────────► STATE_MISMATCH
           │         ├ the attempt is paid by another transaction ───────────► DUPLICATE_PAYMENT
           │         ├ nobody paid ──────────────────────────────────────────► beside
           │         └ else ─────────────────────────────────────────────────► BILL_ONLY_PAYMENT
           └ refund ─────────────────────────────────────────────────────────► BILL_ONLY_REFUND
ours: left ─ of this day ─ payment near midnight, refund that went out ──────► LOCAL_ONLY_…, in TIMING
           │             └ else ─────────────────────────────────────────────► LOCAL_ONLY_PAYMENT
           └ carried ─ its patience is over ─────────────────────────────────► overdue: its TIMING becomes OPEN
                     └ else ─────────────────────────────────────────────────► carried on
```
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from faka.contexts.statements.compare import Rules
from faka.contexts.statements.lines import (
    DONE,
    FAILED,
    PAY,
    PAYMENT_PATIENCE_DAYS,
    REFUND,
    REFUND_PATIENCE_DAYS,
    Ours,
    Theirs,
    came_back,
    is_near_cut,
    key_of,
)
from faka.contexts.statements.match import Result
from faka.contexts.statements.model import DiscrepancyClass
from faka.contexts.statements.tally import Finding
from faka.kernel.ids import payment_of


_WENT_OUT = frozenset({"REQUESTED", "SUBMITTED", "SUCCEEDED"})
_PAID = "SUCCEEDED"


@dataclass(frozen=True)
class Known:
    """Rows of ours that were looked up for lines of the bill that had nothing among this day's."""

    receipts: Mapping[str, Ours] = field(default_factory=dict)
    """By the provider's transaction."""
    attempts: Mapping[str, Ours] = field(default_factory=dict)
    """By our number."""
    refunds: Mapping[str, Ours] = field(default_factory=dict)
    """By our refund number."""


@dataclass
class Placed:
    """What `place` found, beside what the parts have found."""

    result: Result
    looked_up: list[Ours] = field(default_factory=list)
    """Lines of ours that came in by look-up: they count on our side, too."""
    overdue: list[tuple[str, str]] = field(default_factory=list)
    """Day and key of carried lines whose patience is over."""
    dropped: list[tuple[str, str]] = field(default_factory=list)
    """Day and key of carried lines that no bill will show any more."""
    met: set[str] = field(default_factory=set)
    """Keys of lines of other days that have their line of this bill."""


def place(
    theirs: Sequence[Theirs], ours: Sequence[Ours], known: Known, rules: Rules, day: date, crossed: Iterable[tuple[str, str]] = ()
) -> Placed:
    """Pure, in any order of lines; `crossed` are lines of other days that the parts have met. Memory: what was left of all parts."""
    placed = Placed(Result(day.isoformat(), rules), met={key for _, key in crossed})
    left = {key_of(line): line for line in ours}
    by_txn = {line.txn: line for line in sorted(ours) if line.txn and line.kind == PAY}
    paid: set[str] = set()
    by_refund = {line.refund_no: line for line in ours if line.refund_no}
    for line in sorted(theirs, key=lambda line: line[:10]):
        if came_back(line):
            _place_came_back(line, known, placed)
            continue
        met = by_refund.pop(line.refund_no, None) if line.kind == REFUND else _same_transaction(line, by_txn)
        if met is not None:
            del left[key_of(met)]
            placed.met.add(key_of(met))
            placed.result.meet(line, met)
            paid.add(line.number)
        else:
            _place_theirs(line, known, paid, placed)
    for key in sorted(left):
        _place_ours(left[key], day, placed)
    return placed


def _place_came_back(line: Theirs, known: Known, placed: Placed) -> None:
    """Right where our refund has failed, too. It says nothing about the line on which the money went out."""
    ours = known.refunds.get(line.refund_no)
    if ours is not None and ours.state == FAILED:
        placed.result.tally.beside(line)
    else:
        kind = DiscrepancyClass.BILL_ONLY_REFUND if ours is None else DiscrepancyClass.REFUND_STATE_MISMATCH
        placed.result.find(Finding(kind, key_of(line), line))


def _same_transaction(line: Theirs, by_txn: dict[str, Ours]) -> Ours | None:
    """Only where the bill does not name another number of ours: two numbers are two payments."""
    if payment_of(line.number) is not None or not line.txn:
        return None
    return by_txn.pop(line.txn, None)


def _place_theirs(line: Theirs, known: Known, paid: set[str], placed: Placed) -> None:
    met = _looked_up(line, known, placed.result.day)
    if met is not None and key_of(met) not in placed.met:
        placed.met.add(key_of(met))
        placed.looked_up.append(met)
        placed.result.meet(line, met)
    elif line.kind == REFUND:
        if line.status == FAILED:
            placed.result.tally.beside(line)
        else:
            placed.result.find(Finding(DiscrepancyClass.BILL_ONLY_REFUND, key_of(line), line))
    elif line.status != DONE:
        placed.result.tally.beside(line)
    else:
        attempt = known.attempts.get(line.number)
        placed.result.find(Finding(_unbooked(line, attempt, paid), key_of(line), line, attempt))
        paid.add(line.number)


def _unbooked(line: Theirs, attempt: Ours | None, paid: set[str]) -> DiscrepancyClass:
    if line.number and (line.number in paid or (attempt is not None and attempt.state == _PAID)):
        return DiscrepancyClass.DUPLICATE_PAYMENT
    return DiscrepancyClass.BILL_ONLY_PAYMENT if attempt is None else DiscrepancyClass.STATE_MISMATCH


def _looked_up(line: Theirs, known: Known, day: str) -> Ours | None:
    """What is of this day and not left has met its line already, unless it came after the export: then number and transaction fit."""
    if line.kind == REFUND:
        refund = known.refunds.get(line.refund_no)
        return refund if refund is not None and refund.day != day else None
    met = known.receipts.get(line.txn) if line.txn else None
    if met is None or (met.number != line.number and (met.day == day or payment_of(line.number) is not None)):
        return None
    return met


def _place_ours(line: Ours, day: date, placed: Placed) -> None:
    age_days = (day - date.fromisoformat(line.day)).days
    is_refund = line.kind == REFUND
    if is_refund and (line.state not in _WENT_OUT or not placed.result.rules.shows_refunds):
        placed.result.tally.idle(line)
        if age_days:
            placed.dropped.append((line.day, key_of(line)))
    elif age_days:
        placed.result.tally.idle(line)
        if age_days >= (REFUND_PATIENCE_DAYS if is_refund else PAYMENT_PATIENCE_DAYS):
            placed.overdue.append((line.day, key_of(line)))
    else:
        kind = DiscrepancyClass.LOCAL_ONLY_REFUND if is_refund else DiscrepancyClass.LOCAL_ONLY_PAYMENT
        placed.result.find(Finding(kind, key_of(line), None, line, is_timing=is_refund or is_near_cut(line)))
