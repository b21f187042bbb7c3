"""Standing orders of a SKU: numbers and batches given out so far, shards, and what may not be sold.

The row is the will, the heads follow it. Each change raises the generation `g`; a head takes nothing in before it has
obeyed the newest generation, so cards that come back later are caught too. When all heads carry `g`, nothing barred is for
sale.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from faka.contexts.stock.bounds import BARS_MAX
from faka.contexts.stock.errors import TooManyBars
from faka.contexts.stock.head import CLOSED, OPEN
from faka.contexts.stock.model import Extent, Why
from faka.kernel.errors import Conflict, FakaError
from faka.platform.table import Item, Key, TableName, Tables, update


PAGE_CARDS = 8
"""Cards per sealed page; an allotment starts on a page so that no two batches share one."""


@dataclass(frozen=True)
class Standing:
    generation: int = 0
    is_open: bool = True
    shards: int = 0
    batches: dict[int, Why] | None = None
    numbers: dict[int, Why] | None = None

    def why_batch(self, batch: int) -> Why | None:
        return (self.batches or {}).get(batch)

    @cached_property
    def _sorted(self) -> list[int]:
        return sorted(self.numbers or {})

    def first_barred(self, extent: Extent) -> int | None:
        """The lowest single number of the extent that is barred."""
        at = bisect_left(self._sorted, extent.start)
        return self._sorted[at] if at < len(self._sorted) and self._sorted[at] < extent.end else None

    def split(self, extents: Iterable[Extent]) -> tuple[list[Extent], list[tuple[Extent, Why]]]:
        """What may be sold, and what not with the reason."""
        kept: list[Extent] = []
        barred: list[tuple[Extent, Why]] = []
        for extent in extents:
            whole = self.why_batch(extent.batch)
            if whole is not None:
                barred.append((extent, whole))
            else:
                self._cut_out(extent, kept, barred)
        return kept, barred

    def _cut_out(self, extent: Extent, kept: list[Extent], barred: list[tuple[Extent, Why]]) -> None:
        rest: Extent | None = extent
        while rest is not None and (number := self.first_barred(rest)) is not None:
            if number > rest.start:
                kept.append(rest.between(rest.start, number))
            barred.append((rest.between(number, number + 1), (self.numbers or {})[number]))
            rest = rest.between(number + 1, rest.end) if number + 1 < rest.end else None
        if rest is not None:
            kept.append(rest)


@dataclass(frozen=True)
class Allotment:
    """Numbers `base` to `base + room - 1` and the ordinal of a new batch, both never given out again."""

    base: int
    room: int
    batch: int


def standing_key(sku: str) -> Key:
    return Key(TableName.TRADE, f"SKU#{sku}", "SKU")


def read_standing(row: Item | None) -> Standing:
    if row is None:
        return Standing()
    bars: dict[str, str] = row["bars"]
    return Standing(
        generation=row["g"],
        is_open=row["st"] == OPEN,
        shards=row["shards"],
        batches={int(name[1:]): Why(why) for name, why in bars.items() if name[0] == "b"},
        numbers={int(name[1:]): Why(why) for name, why in bars.items() if name[0] == "n"},
    )


_BEGIN = ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in ("g", "st", "bars"))


class StandingOrders:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read(self, sku: str) -> Standing:
        return read_standing(self._tables.get(standing_key(sku)))

    def allot(self, sku: str, count: int) -> Allotment:
        """Give out numbers and a batch ordinal.

        A repeat after a lost answer leaves a gap in the numbers, which costs nothing; so this is the one place where an
        addition may be repeated blindly.
        """
        room = -(-count // PAGE_CARDS) * PAGE_CARDS
        sets = f"SET {_BEGIN}, #shards = if_not_exists(#shards, :zero)"
        sets += ", #nx = if_not_exists(#nx, :zero) + :room, #nb = if_not_exists(#nb, :zero) + :one"
        row = self._apply(sku, sets, "", room=room, zero=0, one=1, **_BEGINNING)
        return Allotment(base=row["nx"] - room, room=room, batch=row["nb"])

    def have_shards(self, sku: str, shards: int) -> Standing:
        """Note that the SKU has at least so many shards. Shards are added, never taken away."""
        fewer = "attribute_not_exists(#shards) OR #shards < :s"
        return self._change(sku, f"SET {_BEGIN}, #shards = :s", fewer, s=shards, **_BEGINNING)

    def bar(self, sku: str, name: str, why: Why) -> Standing:
        """Bar a batch (`b7`) or a number (`n4711`).

        Raises: TooManyBars.
        """
        standing = self.have_shards(sku, 1)
        if len(standing.batches or {}) + len(standing.numbers or {}) >= BARS_MAX:
            raise TooManyBars(sku)
        return self._change(sku, f"SET #bars.#{name} = :why, #g = #g + :one", f"NOT (#bars.#{name} = :why)", why=why.value, one=1)

    def unbar(self, sku: str, name: str) -> Standing:
        return self._change(sku, f"SET #g = #g + :one REMOVE #bars.#{name}", f"attribute_exists(#bars.#{name})", one=1)

    def set_open(self, sku: str, is_open: bool) -> Standing:
        self.have_shards(sku, 1)
        return self._change(sku, "SET #st = :st, #g = #g + :one", "#st <> :st", st=OPEN if is_open else CLOSED, one=1)

    def _change(self, sku: str, sets: str, when: str, **values: object) -> Standing:
        try:
            return read_standing(self._apply(sku, sets, when, **values))
        except _Already as already:
            return read_standing(already.item)

    def _apply(self, sku: str, sets: str, when: str, **values: object) -> Item:
        return cast(Item, self._tables.apply(update(standing_key(sku), sets, when=when, otherwise=_already, **values)))


_BEGINNING: dict[str, object] = {"g": 0, "st": OPEN, "bars": {}}


class _Already(Conflict):
    """The row is as it should be."""

    @property
    def item(self) -> Item | None:
        return dict(self.row) if self.row is not None else None


def _already(row: Item | None) -> FakaError:
    return _Already("standing orders", row)
