"""Cutting a day's lines into parts that a small function can hold, the same way on both sides."""

import zlib
from collections.abc import Iterable
from typing import Protocol

from faka.contexts.statements.lines import Movement, Ours, Theirs
from faka.contexts.statements.model import PARTS_MAX


PART_BYTES = 4 << 20
"""Of the plain bill: 16,000 lines of 250 bytes. Both sides of such a part are 20 MB in memory."""

PACKED = ("application/gzip", "application/zip")
PACKING = 14
"""A bill shrinks to a fourteenth when packed (a million lines: 248 MB plain, 18 MB packed)."""


class PartWriter(Protocol):
    """Where the rows of parts go."""

    def write(self, part: int, row: Theirs | Ours) -> None: ...


class Totals:
    """Lines and amounts by currency, counted where they come in: what all later sums are held against."""

    def __init__(self) -> None:
        self.lines = 0
        self.minor: dict[str, int] = {}
        self.count: dict[str, int] = {}

    def add(self, currency: str, minor: int) -> None:
        self.lines += 1
        self.minor[currency] = self.minor.get(currency, 0) + minor
        self.count[currency] = self.count.get(currency, 0) + 1

    def told(self) -> dict[str, list[int]]:
        """By currency: lines and their amounts."""
        return {currency: [self.count[currency], self.minor[currency]] for currency in sorted(self.count)}


def parts_for(size: int, media: str) -> int:
    """How many parts a bill of so many bytes deserves, 1 to `PARTS_MAX`."""
    plain = size * PACKING if media in PACKED else size
    return max(1, min(PARTS_MAX, -(-plain // PART_BYTES)))


def part_of(line: Theirs | Ours, parts: int) -> int:
    """By our number; a line without one by whatever else it has, because all of them in one part would not fit there."""
    return zlib.crc32((line.number or line.refund_no or line.txn).encode()) % parts


def spread_bill(lines: Iterable[Movement], parts: int, writer: PartWriter) -> Totals:
    """Write each line of a bill into its part; memory does not grow with the bill."""
    totals = Totals()
    for line in lines:
        row = _row(line)
        totals.add(row.currency, line.amount_minor)
        writer.write(part_of(row, parts), row)
    return totals


def spread_ours(lines: Iterable[Ours], parts: int, writer: PartWriter) -> Totals:
    totals = Totals()
    for line in lines:
        totals.add(line.currency, int(line.amount))
        writer.write(part_of(line, parts), line)
    return totals


def _row(line: Movement) -> Theirs:
    at = line.occurred_at
    return Theirs(
        str(line.kind),
        str(line.status),
        line.out_trade_no,
        line.channel_txn_id,
        line.out_refund_no,
        line.channel_refund_id,
        str(line.amount_minor),
        str(line.currency),
        str(line.fee_e5),
        str(int(at.timestamp())) if at is not None else "",
        str(line.line_no),
    )
