"""A supplier's own list against ours, number by number.

| he | we | found |
|---|---|---|
| charged | charged, the same | matched |
| charged | charged, another amount | AMOUNT_DIFFERS |
| charged | not | MISSING_AT_US |
| not | charged | MISSING_AT_HIM |
| under way, or a word outside his list | whatever | not compared: he has not said |

Both sides put an order into a day by their own clocks and at different moments of its life. So a number of the period is looked for on
the other side one day further at both ends.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from faka.contexts.suppliers.base import StatementLine, SupplyState
from faka.kernel.model import Frozen


class Difference(StrEnum):
    MISSING_AT_US = "MISSING_AT_US"
    MISSING_AT_HIM = "MISSING_AT_HIM"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"


class Found(Frozen):
    """One difference; minor units of his account's currency, 0 where nothing was charged."""

    number: str
    what: Difference
    ours_minor: int = 0
    theirs_minor: int = 0


class Comparison(Frozen):
    matched: int = 0
    open: int = 0
    """Numbers of which he has not said how they end."""
    found: tuple[Found, ...] = ()


class Side(Frozen):
    """What one side charged, by number."""

    period: Mapping[str, int]
    near: Mapping[str, int]
    """The period and a day at both ends."""


_OPEN = frozenset({SupplyState.PROCESSING, SupplyState.UNKNOWN})


def charged(lines: Iterable[StatementLine]) -> dict[str, int]:
    """What he charged, by number: a number that stands twice counts twice."""
    sums: dict[str, int] = {}
    for line in lines:
        if line.state is SupplyState.SUCCEEDED:
            sums[line.number] = sums.get(line.number, 0) + line.cost.minor
    return sums


def still_open(lines: Iterable[StatementLine]) -> frozenset[str]:
    return frozenset(line.number for line in lines if line.state in _OPEN)


def compared(ours: Side, theirs: Side, undecided: frozenset[str] = frozenset()) -> Comparison:
    """Every number of either period stands in exactly one class."""
    found: list[Found] = []
    matched = 0
    numbers = (ours.period.keys() | theirs.period.keys()) - undecided
    for number in sorted(numbers):
        us, him = ours.near.get(number), theirs.near.get(number)
        if us is None:
            found.append(Found(number=number, what=Difference.MISSING_AT_US, theirs_minor=him or 0))
        elif him is None:
            found.append(Found(number=number, what=Difference.MISSING_AT_HIM, ours_minor=us))
        elif us != him:
            found.append(Found(number=number, what=Difference.AMOUNT_DIFFERS, ours_minor=us, theirs_minor=him))
        else:
            matched += 1
    return Comparison(matched=matched, open=len(undecided & (ours.period.keys() | theirs.period.keys())), found=tuple(found))
