"""The whole matrix, channel × check × surface: what is tried in each cell, and why a cell has nothing to try.

`python -m tests.contract.matrix` prints it. The surfaces are the three ways by which a fact about money comes: a *notice* that the
provider sends, the *query* that we ask, and the *bill* of a day. `check_rows` says what each check is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import infra  # noqa: F401 - lets the shop's own code be found
from tests.contract import (
    checks_alipay,
    checks_epay,
    checks_epay_rsa,
    checks_epusdt,
    checks_stripe,
    checks_wechatpay,
    checks_wechatpay_shop,
)
from tests.contract.check_rows import CHECKS, SURFACES, Row


Matrix = Mapping[str, Sequence[Row]]

ROWS: Final[Matrix] = MappingProxyType(
    {
        "wechatpay": [*checks_wechatpay.ROWS, *checks_wechatpay_shop.ROWS],
        "alipay": checks_alipay.ROWS,
        "epay": checks_epay.ROWS,
        "epay_rsa": checks_epay_rsa.ROWS,
        "stripe": checks_stripe.ROWS,
        "epusdt": checks_epusdt.ROWS,
    }
)

Cell = tuple[str, int, str]
"""Channel, check, surface."""


class Absent(NamedTuple):
    """A surface that a channel does not have."""

    why: str
    proof: Callable[[], None]
    """Raises where the surface is there after all."""


ABSENT: Final = MappingProxyType(
    {("epusdt", "bill"): Absent("the gateways keep no books: asking for a day is refused, and nothing is read", checks_epusdt.no_books)}
)

OTHERWISE: Final[Mapping[Cell, str]] = MappingProxyType(
    {
        ("wechatpay", 5, "bill"): "a file has no signature: its hash stands in a signed answer, its sums in itself",
        ("alipay", 5, "bill"): "a file has no signature: its rows must add up to its own sums",
        ("epay", 5, "query"): "an answer has no signature: TLS to the gateway, and a key that only it and we know",
        ("epay", 5, "bill"): "no file at all: pages of a list that is asked for like any query, whole or refused",
        ("epay_rsa", 5, "bill"): "no file at all: pages of a list that the answer's signature leaves out, whole or refused",
        ("stripe", 5, "query"): "an answer has no signature: TLS to its host, and a key that only it and we know",
        ("stripe", 5, "bill"): "the same; and each amount, fee and net must add up",
        ("epusdt", 5, "query"): "an answer has no signature: TLS to the gateway",
        ("alipay", 6, "notice"): "no window: a replay finds its fact booked",
        ("epay", 6, "notice"): "no time in it: it only says *ask*, and the answer decides",
        ("epusdt", 6, "notice"): "no time in it: it only says *ask*, and the answer decides",
    }
)
"""Cells where the provider has not what the check is about; their rows hold what stands in its place."""


def empty(matrix: Matrix = ROWS) -> list[Cell]:
    """Cells with neither a row nor a reason."""
    filled = set(_cells(matrix))
    return [cell for cell in _all() if cell not in filled and (cell[0], cell[2]) not in ABSENT]


def stale(matrix: Matrix = ROWS) -> list[Cell]:
    """Cells that have rows although their surface is said to be absent, and reasons for cells without rows."""
    filled = set(_cells(matrix))
    return [cell for cell in _all() if cell in filled and (cell[0], cell[2]) in ABSENT] + sorted(set(OTHERWISE) - filled)


def counts(matrix: Matrix = ROWS) -> dict[Cell, int]:
    found = list(_cells(matrix))
    return {cell: found.count(cell) for cell in _all()}


def attacks(matrix: Matrix = ROWS) -> dict[tuple[str, str], tuple[Callable[[], None], list[str]]]:
    """Channel and name → what is tried, once, and the cells that it is tried for."""
    found: dict[tuple[str, str], tuple[Callable[[], None], list[str]]] = {}
    for channel, rows in matrix.items():
        for row in rows:
            name = (channel, row.name if row.run.__name__ == row.name else f"{row.surface}: {row.name}")
            found.setdefault(name, (row.run, []))[1].append(f"{row.check:02d}{row.surface[0]}")
    return found


def table(matrix: Matrix = ROWS) -> str:
    """Checks down, channels and their surfaces across."""
    many = counts(matrix)
    head = [f"{'check':>5}  " + "  ".join(f"{channel:^15}" for channel in ROWS), " " * 7 + "  ".join("notic query bill" for _ in ROWS)]
    lines = [
        f"{check:>5}  " + "  ".join(" ".join(f"{_shown((channel, check, way), many):>4}" for way in SURFACES) + " " for channel in ROWS)
        for check in CHECKS
    ]
    without = sum((channel, way) in ABSENT for channel, _, way in many)
    filled = sum(bool(count) for count in many.values())
    total = f"{filled} of {len(many)} cells filled, {without} absent with a reason, {len(attacks(matrix))} attacks"
    return "\n".join([*head, *lines, "", total, *_reasons()])


def _reasons() -> Iterator[str]:
    for (channel, way), absent in ABSENT.items():
        yield f"  –  {channel}, {way}: {absent.why}"
    for (channel, check, way), why in OTHERWISE.items():
        yield f"  *  {channel}, {check}, {way}: {why}"


def _shown(cell: Cell, many: Mapping[Cell, int]) -> str:
    if (cell[0], cell[2]) in ABSENT:
        return "–"
    return f"{many[cell]}{'*' if cell in OTHERWISE else ''}"


def _cells(matrix: Matrix) -> Iterator[Cell]:
    return ((channel, row.check, row.surface) for channel, rows in matrix.items() for row in rows)


def _all() -> Iterator[Cell]:
    return ((channel, check, way) for channel in ROWS for check in CHECKS for way in SURFACES)


if __name__ == "__main__":
    print(table())
