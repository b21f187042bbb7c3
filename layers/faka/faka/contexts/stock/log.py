"""The log of a shard: everything that adds cards to it, numbered without gaps, immutable.

A log row is what can travel in a transaction (with an order's end, with an import's progress); the head takes rows in
afterwards, in order, each once. So an addition is atomic with its reason, and the head stays out of transactions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from faka.contexts.stock.aside import AsideRows
from faka.contexts.stock.bounds import (
    LOG_COUNTED_MAX,
    LOG_CUTS,
    LOG_DOUBLINGS,
    LOG_EXTENTS_MAX,
    LOG_PROBE_FIRST,
    LOG_PROBES_MAX,
    LOG_READ,
    SETTLE_ROUNDS_MAX,
)
from faka.contexts.stock.errors import LogMoved, StockBusy
from faka.contexts.stock.head import Head
from faka.contexts.stock.heads import Heads
from faka.contexts.stock.model import Extent, Run, in_order, overlap
from faka.contexts.stock.rewrite import RETURN, LogRow, discarding, obeying, taking_log
from faka.contexts.stock.standing import Standing, read_standing, standing_key
from faka.kernel.errors import Broken, FakaError, UnknownState
from faka.kernel.ids import SkuId
from faka.platform.table import Item, Key, TableName, Tables, Write, insert


def log_key(sku: str, shard: int, number: int) -> Key:
    return Key(TableName.TRADE, f"LOG#{sku}#{shard}#{number:010}", "LOG")


def shard_of(pk: str) -> tuple[SkuId, int]:
    """The SKU and shard that a log row belongs to."""
    _, sku, shard, _ = pk.split("#")
    return SkuId(sku), int(shard)


def _log_moved(row: Item | None) -> FakaError:
    return LogMoved("log number taken", row)


def read_log(row: Item) -> LogRow:
    """Raises: UnknownState when the row is not one of a log."""
    try:
        extents = tuple(Extent(*each) for each in row["x"])
        return LogRow(int(row["pk"].rsplit("#", 1)[1]), row["why"], extents, frozenset(row["e"]))
    except (KeyError, ValueError, TypeError) as error:
        raise UnknownState(f"stock log {row.get('pk')}") from error


@dataclass(frozen=True, slots=True)
class End:
    """Where a log ends, as far as it is known: the row `there` exists, and `missing` (None: not met yet) does not."""

    there: int
    missing: int | None = None

    @property
    def is_found(self) -> bool:
        return self.missing == self.there + 1

    def candidates(self, *, is_first: bool) -> list[int]:
        """Numbers to ask for: the next ones, then in steps that double until one is missing, then evenly in between."""
        if self.missing is None:
            steps = range(1, LOG_PROBE_FIRST + 1) if is_first else (2**i for i in range(LOG_DOUBLINGS))
            return [self.there + step for step in steps]
        gap = self.missing - self.there
        return sorted({self.there + max(1, gap * i // (LOG_CUTS + 1)) for i in range(1, LOG_CUTS + 1)})

    def narrowed(self, asked: Sequence[int], found: Collection[int]) -> "End":
        """What is known after a look. Whoever wrote since an earlier look may have filled the number that was missing then."""
        there = max(found, default=self.there)
        missing = min((number for number in asked if number not in found and number > there), default=self.missing)
        return End(there, missing if missing is not None and missing > there else None)


class StockLog:
    def __init__(self, tables: Tables, heads: Heads, aside: AsideRows) -> None:
        self._tables = tables
        self._heads = heads
        self._aside = aside

    # -- adding ---------------------------------------------------------------------------------------------------

    def returned(self, sku: str, runs: Sequence[Run]) -> list[Write]:
        """Log rows that bring runs back to their shards, for the commit of whoever owned them. Else LogMoved."""
        if overlap(run.extent for run in runs):
            raise Broken("a card is returned twice in one commit")
        extents: dict[int, list[Extent]] = {}
        for run in runs:
            extents.setdefault(run.shard, []).append(run.extent)
        serials = {shard: [run.serial for run in runs if run.shard == shard] for shard in extents}
        return self.added(sku, RETURN, extents, serials)

    def added(self, sku: str, why: str, extents: dict[int, list[Extent]], serials: dict[int, list[int]] | None = None) -> list[Write]:
        """Log rows that add extents to shards under the next free numbers. Else LogMoved."""
        writes = []
        for shard, number in self._free_numbers(sku, sorted(extents)).items():
            together = in_order(extents[shard])
            parts = [together[i : i + LOG_EXTENTS_MAX] for i in range(0, len(together), LOG_EXTENTS_MAX)]
            for i, part in enumerate(parts):
                key = log_key(sku, shard, number + i)
                events = sorted((serials or {}).get(shard, [])) if i == 0 else []
                row = {"pk": key.pk, "sk": key.sk, "why": why, "x": [each.row for each in part], "e": events}
                writes.append(insert(TableName.TRADE, row, otherwise=_log_moved))
        return writes

    def _free_numbers(self, sku: str, shards: Sequence[int]) -> dict[int, int]:
        """The first number of each shard's log that has no row yet.

        Rows are never deleted and leave no gap, so a row that is there vouches for all below it. Thousands of rows may wait for room
        in a head's queue; their end is found in a few short reads all the same.
        """
        heads = self._heads.get_many((sku, shard) for shard in shards)
        ends = {shard: End(heads[sku, shard].applied if (sku, shard) in heads else 0) for shard in shards}
        for probe in range(LOG_PROBES_MAX):
            asked = {shard: end.candidates(is_first=probe == 0) for shard, end in ends.items() if not end.is_found}
            if not asked:
                return {shard: end.there + 1 for shard, end in ends.items()}
            found = self._tables.batch_get([log_key(sku, shard, number) for shard, numbers in asked.items() for number in numbers])
            for shard, numbers in asked.items():
                ends[shard] = ends[shard].narrowed(numbers, {number for number in numbers if log_key(sku, shard, number) in found})
        raise StockBusy("others keep writing to the log")

    # -- taking in ------------------------------------------------------------------------------------------------

    def settle(self, sku: str, shards: Iterable[int], dead_day: int) -> None:
        """Let heads obey the standing orders, put expired cards aside and take in their log, as far as there is room.

        Repeatable at any moment by anybody: each round reads, decides and writes on the version read.
        Raises: StockBusy when other slow writes kept coming first.
        """
        for shard in sorted(set(shards)):
            self._settle_shard(sku, shard, dead_day)

    def _settle_shard(self, sku: str, shard: int, dead_day: int) -> None:
        for _ in range(SETTLE_ROUNDS_MAX):
            head = self._heads.get(sku, shard)
            standing, rows = self._read(sku, shard, head.applied if head is not None else 0)
            if head is None:
                self._heads.create(sku, shard, standing)
            elif head.aside:
                self._aside.take_over(head)
            elif head.generation != standing.generation:
                self._heads.rewrite(head, obeying(head, standing))
            elif head.holds_expired(dead_day):
                self._heads.rewrite(head, discarding(head, dead_day))
            else:
                after = taking_log(head, rows, standing)
                if after is None:
                    return
                if self._heads.rewrite(head, after) and not after.aside and len(rows) < LOG_READ:
                    return
        raise StockBusy(f"head {shard} kept moving")

    def _read(self, sku: str, shard: int, applied: int) -> tuple[Standing, list[LogRow]]:
        """The standing orders and the next log rows, read after the head: what changes later moves the head's version."""
        keys = [log_key(sku, shard, applied + 1 + i) for i in range(LOG_READ)]
        found = self._tables.batch_get([standing_key(sku), *keys])
        return read_standing(found.get(standing_key(sku))), [read_log(found[key]) for key in keys if key in found]

    def waiting(self, sku: str, applied: Mapping[int, int]) -> list[int]:
        """Shards whose next log row exists but is not taken in, given the last number that each has taken in."""
        keys = {log_key(sku, shard, number + 1): shard for shard, number in applied.items()}
        if len(keys) == 1:
            key, shard = next(iter(keys.items()))
            return [shard] if self._tables.get(key) is not None else []
        return [keys[key] for key in self._tables.batch_get(list(keys))]

    def waiting_cards(self, head: Head) -> int:
        """Cards in log rows that the head has not taken in, up to one read of rows."""
        keys = [log_key(head.sku, head.shard, head.applied + 1 + i) for i in range(LOG_COUNTED_MAX)]
        rows = self._tables.batch_get(keys)
        return sum(read_log(row).total for row in rows.values())
