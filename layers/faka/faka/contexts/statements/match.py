"""Match one part: pure, in any order of lines, with the same findings however many parts there are.

```
bill line ─ no movement of a payment (fee, payout, adjustment) ───────────► beside
          ├ an earlier line has its ids ──────────────────────────────────► DUPLICATE_BILL_LINE
          ├ (number, transaction) or (number, refund number) is ours ── compare ► matched, or one class
          ├ number is ours, one side names no transaction ─── compare ────► matched, or one class
          ├ number is ours, with another transaction ─────────────────────► STATE_MISMATCH
          ├ number is paid by another line ───────────────────────────────► DUPLICATE_PAYMENT
          └ else ─────────────────────────────────────────────────────────► left, for `reduce`
our line  ─ not met ──────────────────────────────────────────────────────► left, for `reduce`
```
Whatever two parts would have to know of each other is left to `reduce`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from faka.contexts.statements.compare import Rules, charged_e5, compared, fee_of
from faka.contexts.statements.lines import CHARGEBACK, DONE, PAY, REFUND, Ours, Theirs, came_back, key_of
from faka.contexts.statements.model import DiscrepancyClass
from faka.contexts.statements.tally import Finding, Tally


_MOVEMENTS = frozenset({PAY, REFUND, CHARGEBACK})


@dataclass
class Result:
    """What became of lines. Each line of either side is counted in exactly one place, or still left."""

    day: str
    """The run's, ISO: a line of ours of another day that is met here has crossed a cut."""
    rules: Rules
    tally: Tally = field(default_factory=Tally)
    found: list[Finding] = field(default_factory=list)
    pairs: list[tuple[Theirs, Ours]] = field(default_factory=list)
    crossed: list[tuple[str, str]] = field(default_factory=list)
    """Day and key of lines of ours of other days that this bill has."""
    fees: dict[str, list[int]] = field(default_factory=dict)
    """By currency: what the provider kept of payments that we know, and what the contract says, in 1/100000."""
    charged: dict[str, int] = field(default_factory=dict)
    """By currency: what the provider kept by every line, known here or not, in 1/100000. A line that is printed twice was charged once."""
    left_theirs: list[Theirs] = field(default_factory=list)
    left_ours: list[Ours] = field(default_factory=list)

    def meet(self, theirs: Theirs, ours: Ours) -> None:
        """The two are one movement."""
        kind = compared(theirs, ours, self.rules)
        if self.rules.fee_bp is not None and theirs.kind == PAY:
            kept = self.fees.setdefault(theirs.currency, [0, 0])
            fee, expected = fee_of(theirs, self.rules)
            kept[0] += fee
            kept[1] += expected
        if kind is not None:
            self.find(Finding(kind, key_of(theirs), theirs, ours))
            return
        self.pairs.append((theirs, ours))
        self.tally.matched(theirs, ours)
        self._cross(ours)

    def charge(self, line: Theirs) -> None:
        self.charged[line.currency] = self.charged.get(line.currency, 0) + charged_e5(line)

    def find(self, finding: Finding) -> None:
        self.found.append(finding)
        self.tally.found(finding)
        if finding.theirs is not None and finding.ours is not None:
            self._cross(finding.ours)

    def _cross(self, ours: Ours) -> None:
        if ours.day != self.day:
            self.crossed.append((ours.day, key_of(ours)))


def match(theirs: Iterable[Theirs], ours: Iterable[Ours], rules: Rules, day: str) -> Result:
    """Pair what one part can pair. Memory: both sides of the part."""
    result = Result(day, rules)
    payments: dict[tuple[str, str], Ours] = {}
    refunds: dict[tuple[str, str], Ours] = {}
    for mine in ours:
        if mine.kind == REFUND:
            refunds[mine.number, mine.refund_no] = mine
        else:
            payments[mine.number, mine.txn] = mine
    paid: set[str] = set()
    given: set[tuple[str, str]] = set()
    unmet: dict[str, list[Theirs]] = {}
    for line in _distinct(theirs, result):
        if line.kind == CHARGEBACK:
            result.find(Finding(DiscrepancyClass.CHARGEBACK, key_of(line), line))
        elif came_back(line):
            result.left_theirs.append(line)
        elif line.kind == REFUND:
            _refund(line, refunds, given, result)
        elif met := payments.pop((line.number, line.txn), None):
            result.meet(line, met)
            paid.add(line.number)
        else:
            unmet.setdefault(line.number, []).append(line)
    _by_number(unmet, payments, paid, result)
    result.left_ours += [*payments.values(), *refunds.values()]
    return result


def _distinct(theirs: Iterable[Theirs], result: Result) -> Iterable[Theirs]:
    """Movements, one for each set of ids: the line that stands first in the file; its repeats are findings."""
    first: dict[str, Theirs] = {}
    again: dict[str, list[Theirs]] = {}
    for line in theirs:
        if line.kind not in _MOVEMENTS:
            result.tally.beside(line)
            result.charge(line)
            continue
        key = key_of(line)
        if first.setdefault(key, line) is not line:
            again.setdefault(key, []).append(line)
    for key, lines in again.items():
        first[key], *repeats = sorted([first[key], *lines], key=lambda line: int(line.line_no))
        for ordinal, line in enumerate(repeats, 2):
            result.find(Finding(DiscrepancyClass.DUPLICATE_BILL_LINE, f"{key}#{ordinal}", line))
    for line in first.values():
        result.charge(line)
    return first.values()


def _refund(line: Theirs, refunds: dict[tuple[str, str], Ours], given: set[tuple[str, str]], result: Result) -> None:
    name = (line.number, line.refund_no)
    met = refunds.pop(name, None)
    if met is not None:
        result.meet(line, met)
        given.add(name)
    elif name in given:  # a second movement under one refund number of ours
        result.find(Finding(DiscrepancyClass.BILL_ONLY_REFUND, key_of(line), line))
    else:
        result.left_theirs.append(line)


def _by_number(unmet: dict[str, list[Theirs]], payments: dict[tuple[str, str], Ours], paid: set[str], result: Result) -> None:
    """Lines whose transaction is not ours: paired by number where a side names no transaction, in the order of their times."""
    ours: dict[str, list[Ours]] = {}
    for mine in payments.values():
        if mine.number in unmet and mine.number:
            ours.setdefault(mine.number, []).append(mine)
    for number, lines in unmet.items():
        mine_left = sorted(ours.get(number, ()))
        for line in sorted(lines, key=lambda line: (line.status != DONE, line.at, line.txn, line.amount)):
            met = mine_left.pop(0) if mine_left else None
            if met is not None:
                del payments[met.number, met.txn]
                _meet_by_number(line, met, result)
                paid.add(number)
            elif number in paid and number and line.status == DONE:
                result.find(Finding(DiscrepancyClass.DUPLICATE_PAYMENT, key_of(line), line))
            else:
                result.left_theirs.append(line)


def _meet_by_number(line: Theirs, met: Ours, result: Result) -> None:
    if line.txn and met.txn:
        result.find(Finding(DiscrepancyClass.STATE_MISMATCH, key_of(line), line, met))
    else:
        result.meet(line, met)
