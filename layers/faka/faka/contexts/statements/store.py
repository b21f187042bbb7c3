"""Rows of runs and discrepancies, our side of a day, and the closed day.

| row | key | written |
|---|---|---|
| run | trade `RECON#{channel}#{day}` | by version |
| discrepancy | trade `DISCREPANCY#{channel}#{day}`, id | by version |
| closed day | journal `DAY#{channel}#{day}`, `CLOSE` | once |
| what a later run of a closed day says | journal, the same key, `CORRECTION#{hash}` | once each |
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import TypeVar

from pydantic import ValidationError

from faka.contexts.statements.model import Discrepancy, Run, run_key
from faka.kernel.clock import to_row
from faka.kernel.errors import Conflict, FakaError, UnknownState
from faka.kernel.ids import ChannelId
from faka.kernel.limits import BATCH_GET_MAX, PAGE_MAX
from faka.kernel.model import Frozen
from faka.platform.day import listed
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put


DISCREPANCY_ROWS_MAX = 500
"""Rows of one account's day. More findings than that have one cause; the report has them all."""

MOVEMENTS = {"CHANNELTXN": "CHANNELTXN", "REFUND": "REFUND"}
"""Kinds of rows that a day lists, with their sort keys."""


class RunMoved(Conflict):
    """Another run of this day was quicker; carries the row."""


class DiscrepancyMoved(Conflict):
    """Somebody changed the discrepancy since it was read; carries it."""


class DayClosed(Conflict):
    """The day is closed already; carries what was frozen."""


class StatementStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    # -- our side of a day

    def movements(self, channel: ChannelId, day: date) -> Iterator[list[Item]]:
        """Rows of receipts and refunds that belong to a day, a bounded handful at a time.

        Read weakly: they are hours old, and what the index still lacks is looked up when the bill has it.
        """
        keys: list[Key] = []
        for pk in listed(self._tables, channel, day):
            keys.append(Key(TableName.TRADE, pk, MOVEMENTS[pk.partition("#")[0]]))
            if len(keys) == BATCH_GET_MAX:
                yield list(self._tables.batch_get(keys, strong=False).values())
                keys = []
        if keys:
            yield list(self._tables.batch_get(keys, strong=False).values())

    # -- runs

    def run(self, channel: ChannelId, day: date) -> Run | None:
        row = self._tables.get(Key(TableName.TRADE, run_key(channel, day), "RECON"))
        return _read(Run, row) if row else None

    def started(self, run: Run) -> Write:
        """Else RunMoved."""
        return insert(TableName.TRADE, _item(run, run.key, "RECON"), otherwise=_run_moved)

    def replaced(self, before: Run, after: Run) -> Write:
        """Else RunMoved."""
        return put(TableName.TRADE, _item(after, after.key, "RECON"), when="#version = :seen", otherwise=_run_moved, seen=before.version)

    # -- discrepancies

    def discrepancies(self, channel: ChannelId, day: date) -> list[Discrepancy]:
        """All that are kept of a day, in the order of their ids. Bound: `DISCREPANCY_ROWS_MAX` a run, few runs."""
        found: list[Discrepancy] = []
        after: Item | None = None
        while True:
            rows, after = self._tables.query(TableName.TRADE, _list_of(channel, day), limit=PAGE_MAX, strong=True, after=after)
            found += [_read(Discrepancy, row) for row in rows]
            if after is None:
                return found

    def discrepancy(self, channel: ChannelId, day: date, name: str) -> Discrepancy | None:
        row = self._tables.get(Key(TableName.TRADE, _list_of(channel, day), name))
        return _read(Discrepancy, row) if row else None

    def noted(self, one: Discrepancy) -> Write:
        """A new one. Else DiscrepancyMoved: another run of the day has noted it."""
        return insert(TableName.TRADE, _item(one, _list_of(one.channel, one.day), one.id), otherwise=_discrepancy_moved)

    def changed(self, before: Discrepancy, after: Discrepancy) -> Write:
        """Else DiscrepancyMoved."""
        item = _item(after, _list_of(after.channel, after.day), after.id)
        return put(TableName.TRADE, item, when="#version = :seen", otherwise=_discrepancy_moved, seen=before.version)

    # -- the closed day

    def closed_day(self, channel: ChannelId, day: date) -> Item | None:
        return self._tables.get(Key(TableName.JOURNAL, f"DAY#{channel}#{day.isoformat()}", "CLOSE"))

    def closed(self, run: Run, sha256: str, figures: str, at: datetime) -> Write:
        """Freeze the day's figures (one canonical text). Else DayClosed."""
        return insert(TableName.JOURNAL, _frozen(run, "CLOSE", sha256, figures, at), otherwise=_day_closed)

    def corrected(self, run: Run, sha256: str, figures: str, at: datetime) -> Write:
        """What a later run says of a closed day, beside what was frozen. Else DayClosed: said before."""
        return insert(TableName.JOURNAL, _frozen(run, f"CORRECTION#{sha256}", sha256, figures, at), otherwise=_day_closed)

    def corrections(self, channel: ChannelId, day: date) -> list[Item]:
        """One page, which is more than anybody runs a day again with another end."""
        rows, _ = self._tables.query(TableName.JOURNAL, f"DAY#{channel}#{day.isoformat()}", sk="CORRECTION#", strong=True)
        return rows


def _list_of(channel: ChannelId, day: date) -> str:
    return f"DISCREPANCY#{channel}#{day.isoformat()}"


def _item(model: Run | Discrepancy, pk: str, sk: str) -> Item:
    return {**model.model_dump(mode="json"), "pk": pk, "sk": sk}


def _frozen(run: Run, sk: str, sha256: str, figures: str, at: datetime) -> Item:
    pk = f"DAY#{run.channel}#{run.day.isoformat()}"
    return {"pk": pk, "sk": sk, "sha256": sha256, "figures": figures, "rule_version": run.rule_version, "at": to_row(at)}


Model = TypeVar("Model", bound=Frozen)


def _read(model: type[Model], row: Item) -> Model:
    """Raises: UnknownState when the row does not fit the model."""
    try:
        return model.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(f"{row['pk']} {row['sk']}") from error


def _run_moved(row: Item | None) -> FakaError:
    return RunMoved("run moved", row)


def _discrepancy_moved(row: Item | None) -> FakaError:
    return DiscrepancyMoved("discrepancy moved", row)


def _day_closed(row: Item | None) -> FakaError:
    return DayClosed("day closed", row)
