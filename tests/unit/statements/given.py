"""Builders of lines, for tests of matching."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from faka.contexts.statements.compare import Rules
from faka.contexts.statements.found import findings, told
from faka.contexts.statements.lines import DONE, PAY, REFUND, Ours, Theirs, key_of, starts_at
from faka.contexts.statements.match import match
from faka.contexts.statements.parts import part_of
from faka.contexts.statements.reduce import Known, Placed, place
from faka.contexts.statements.tally import Finding, Tally, whole


DAY = date(2026, 3, 2)
NOON = str(int((starts_at(DAY) + timedelta(hours=12)).timestamp()))
NUMBERS = [f"pay01KM{n:022d}00" for n in range(100)]


def at(hour: float) -> str:
    """A time of the day, in hours after its midnight in Shanghai."""
    return str(int((starts_at(DAY) + timedelta(hours=hour)).timestamp()))


def theirs(n: int = 0, **changes: Any) -> Theirs:
    line = Theirs(PAY, DONE, NUMBERS[n], f"T{n}", "", "", "1580", "CNY", "0", NOON, str(n + 1))
    return line._replace(**changes)


def ours(n: int = 0, **changes: Any) -> Ours:
    return Ours(PAY, "APPLIED", NUMBERS[n], f"T{n}", "", "", "1580", "CNY", NOON, DAY.isoformat(), f"ord_{n}", "")._replace(**changes)


def their_refund(n: int = 0, **changes: Any) -> Theirs:
    return theirs(n, kind=REFUND, refund_no=f"rfd{n}", refund_id=f"R{n}", amount="-1580")._replace(**changes)


def our_refund(n: int = 0, **changes: Any) -> Ours:
    return ours(n, kind=REFUND, state="SUCCEEDED", refund_no=f"rfd{n}", amount="-1580")._replace(**changes)


class Night:
    """What a whole night finds, over any number of parts."""

    def __init__(
        self,
        bill: Iterable[Theirs],
        books: Iterable[Ours],
        known: Known | None = None,
        *,
        parts: int = 1,
        rules: Rules | None = None,
        day: date = DAY,
    ) -> None:
        rules, bill, books = rules or Rules(), list(bill), list(books)
        self.tally, self.found, self.pairs, self.crossed = Tally(), [], 0, []  # type: ignore[var-annotated]
        left_theirs: list[Theirs] = []
        left_ours: list[Ours] = []
        for part in range(parts):
            result = match(
                (line for line in bill if part_of(line, parts) == part),
                (line for line in books if part_of(line, parts) == part),
                rules,
                day.isoformat(),
            )
            self._take_in(result)
            left_theirs += result.left_theirs
            left_ours += result.left_ours
        self.placed: Placed = place(left_theirs, left_ours, known or Known(), rules, day, self.crossed)
        self._take_in(self.placed.result)
        self.bill, self.books = bill, books

    def _take_in(self, result: Any) -> None:
        kept = told(result)
        self.tally.take_in(kept["theirs"], kept["ours"])
        self.found += findings(kept)
        self.pairs += len(result.pairs)
        self.crossed += result.crossed

    @property
    def classes(self) -> list[str]:
        return sorted(finding.place for finding in self.found)

    @property
    def by_key(self) -> Mapping[str, Finding]:
        return {f"{finding.place} {finding.key}": finding for finding in self.found}

    def adds_up(self) -> bool:
        """Lines and amounts of each side went somewhere, and nowhere twice."""
        came_in = [*self.books, *self.placed.looked_up]
        return whole(self.tally.theirs) == _sums(self.bill) and whole(self.tally.ours) == _sums(came_in)


def _sums(lines: Iterable[Theirs | Ours]) -> dict[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for line in lines:
        kept = sums.setdefault(line.currency, [0, 0])
        kept[0] += 1
        kept[1] += int(line.amount)
    return sums


def keyed(lines: Iterable[Ours]) -> dict[str, Ours]:
    return {key_of(line): line for line in lines}
