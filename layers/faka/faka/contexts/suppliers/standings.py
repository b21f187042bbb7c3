"""Rows of suppliers' standings, in the guard table: they leave by TTL, and losing one costs a few orders in another sequence.

| row | pk / sk | written |
|---|---|---|
| ends of a minute | `STANDING#{supplier}` / `M#{minute:010}` | ADD, by whoever heard of an end; no condition, so none of them collide |
| breaker | `STANDING#{supplier}` / `Z#BREAKER` | put, conditional on the version; only when it opens, lets one through or closes |
| balance | `STANDING#{supplier}` / `Z#BALANCE` | put |

One request reads all of it: backwards, the two and the newest minutes.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import ValidationError

from faka.contexts.suppliers.standing import BALANCE_AGE, MINUTES, Breaker, Minute, Outcome, Standing, Window
from faka.kernel.clock import epoch_s, to_row
from faka.kernel.errors import Conflict, UnknownState
from faka.kernel.ids import SupplierId
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.table import Item, Key, TableName, Tables, put, update


Row = TypeVar("Row", bound=Frozen)

ROW_TTL = timedelta(hours=2)

GLANCE_AGE = timedelta(seconds=2)
"""How old an instance's memory may be: of a burst that goes to one supplier a few more orders do."""

_COUNTED = {Outcome.GOOD: "good", Outcome.BAD: "bad", Outcome.SILENT: "silent"}


class BreakerMoved(Conflict):
    """Somebody else changed it since it was read; carries the row."""


class Told(Frozen):
    """A balance as a supplier told it."""

    balance: Money
    at: datetime


class StandingStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._seen: dict[SupplierId, tuple[datetime, Standing]] = {}

    def glance(self, supplier: SupplierId, at: datetime) -> Standing:
        """Perhaps `GLANCE_AGE` old."""
        seen = self._seen.get(supplier)
        if seen is None or not timedelta(0) <= at - seen[0] <= GLANCE_AGE:
            seen = self._seen[supplier] = (at, self.find(supplier, at))
        return seen[1]

    def find(self, supplier: SupplierId, at: datetime) -> Standing:
        rows, _ = self._tables.query(TableName.GUARD, f"STANDING#{supplier}", limit=MINUTES + 2, backwards=True, strong=True)
        found = {row["sk"]: row for row in rows}
        breaker = _breaker(found["Z#BREAKER"]) if "Z#BREAKER" in found else Breaker(since=at - timedelta(days=1))
        minutes = [_minute(row) for sk, row in found.items() if sk.startswith("M#")]
        told = _told(found["Z#BALANCE"]) if "Z#BALANCE" in found else None
        balance = told.balance if told is not None and at - told.at <= BALANCE_AGE else None
        return Standing(breaker=breaker, window=Window.of(minutes, breaker.since, at), balance=balance)

    def count(self, supplier: SupplierId, outcome: Outcome, wait_s: int, at: datetime) -> None:
        """One end more. Counted twice where an answer was lost: a share of many is not changed by it."""
        minute = epoch_s(at) // 60
        self._tables.apply(
            update(
                Key(TableName.GUARD, f"STANDING#{supplier}", f"M#{minute:010}"),
                f"ADD #{_COUNTED[outcome]} :one, #wait_s :wait SET #minute = :minute, #ttl = :ttl",
                when="",
                one=1,
                wait=wait_s if outcome is Outcome.GOOD else 0,
                minute=minute,
                ttl=epoch_s(at + ROW_TTL),
            )
        )
        self._seen.pop(supplier, None)

    def change(self, supplier: SupplierId, before: Breaker, after: Breaker, at: datetime) -> None:
        """Raises: BreakerMoved."""
        key = Key(TableName.GUARD, f"STANDING#{supplier}", "Z#BREAKER")
        row = {**after.model_dump(mode="json", exclude_none=True), "pk": key.pk, "sk": key.sk, "ttl": epoch_s(at + ROW_TTL)}
        when = "#version = :seen" if before.version else "attribute_not_exists(pk)"
        seen = {"seen": before.version} if before.version else {}
        self._seen.pop(supplier, None)
        self._tables.apply(put(TableName.GUARD, row, when=when, otherwise=lambda row: BreakerMoved("breaker", row), **seen))

    def note_balance(self, supplier: SupplierId, balance: Money, at: datetime) -> None:
        row = {"pk": f"STANDING#{supplier}", "sk": "Z#BALANCE", "balance": balance.model_dump(mode="json"), "at": to_row(at)}
        self._seen.pop(supplier, None)
        self._tables.apply(put(TableName.GUARD, {**row, "ttl": epoch_s(at + ROW_TTL)}))


def _breaker(row: Item) -> Breaker:
    return _read(Breaker, row)


def _minute(row: Item) -> Minute:
    return _read(Minute, row)


def _told(row: Item) -> Told:
    return _read(Told, row)


def _read(model: type[Row], row: Item) -> Row:
    try:
        return model.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk", "ttl")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error
