"""Counting: each line of either side in exactly one place, so that what went in is what came out."""

from collections.abc import Mapping
from dataclasses import dataclass

from faka.contexts.statements.lines import ATTEMPT, Ours, Theirs
from faka.contexts.statements.model import DiscrepancyClass


MATCHED = "MATCHED"
BESIDE = "BESIDE"
"""No movement between a buyer and us: fees, payouts, adjustments, trades that nobody paid."""
IDLE = "IDLE"
"""Ours, and not expected in this bill: a refund that did not go out, a line carried on to the next day."""
TIMING = "TIMING"

Sums = dict[str, dict[str, list[int]]]
"""By place and currency: lines and their signed amounts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A line, or a pair that does not fit."""

    kind: DiscrepancyClass
    key: str
    theirs: Theirs | None = None
    ours: Ours | None = None
    is_timing: bool = False

    @property
    def place(self) -> str:
        return TIMING if self.is_timing else self.kind.value


class Tally:
    def __init__(self) -> None:
        self.theirs: Sums = {}
        self.ours: Sums = {}

    def matched(self, theirs: Theirs, ours: Ours) -> None:
        _add(self.theirs, MATCHED, theirs.currency, 1, int(theirs.amount))
        _add(self.ours, MATCHED, ours.currency, 1, int(ours.amount))

    def found(self, finding: Finding) -> None:
        if finding.theirs is not None:
            _add(self.theirs, finding.place, finding.theirs.currency, 1, int(finding.theirs.amount))
        if finding.ours is not None and finding.ours.kind != ATTEMPT:
            _add(self.ours, finding.place, finding.ours.currency, 1, int(finding.ours.amount))

    def beside(self, line: Theirs) -> None:
        _add(self.theirs, BESIDE, line.currency, 1, int(line.amount))

    def idle(self, line: Ours) -> None:
        _add(self.ours, IDLE, line.currency, 1, int(line.amount))

    def take_in(self, theirs: Mapping[str, Mapping[str, list[int]]], ours: Mapping[str, Mapping[str, list[int]]]) -> None:
        """Add what another part has counted."""
        for mine, other in ((self.theirs, theirs), (self.ours, ours)):
            for place, by_currency in other.items():
                for currency, (count, minor) in by_currency.items():
                    _add(mine, place, currency, count, minor)


def whole(sums: Sums) -> dict[str, list[int]]:
    """All places together, by currency."""
    total: dict[str, list[int]] = {}
    for by_currency in sums.values():
        for currency, (count, minor) in by_currency.items():
            kept = total.setdefault(currency, [0, 0])
            kept[0] += count
            kept[1] += minor
    return total


def added(one: Mapping[str, list[int]], other: Mapping[str, list[int]]) -> dict[str, list[int]]:
    return whole({"one": dict(one), "other": dict(other)})


def _add(sums: Sums, place: str, currency: str, count: int, minor: int) -> None:
    kept = sums.setdefault(place, {}).setdefault(currency, [0, 0])
    kept[0] += count
    kept[1] += minor
