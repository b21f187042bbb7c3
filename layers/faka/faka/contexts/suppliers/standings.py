"""Rows of suppliers' standings, in the guard table: they leave by TTL, and losing one costs a few orders in another sequence.

| row | pk / sk | written |
|---|---|---|
| ends of a minute | `STANDING#{supplier}` / `M#{minute:010}` | ADD, by whoever heard of an end; no condition, so none of them collide |
| the same of a SKU | `STANDING#{supplier}#{sku}` / `M#{minute:010}` | likewise |
| breaker | `STANDING#{supplier}` / `Z#BREAKER` | put, conditional on the version; only when it opens, lets one through or closes |
| balance | `STANDING#{supplier}` / `Z#BALANCE` | update; who asks him next is told by a condition on `asked` |

One request reads a partition: backwards, the two and the newest minutes. So a choice costs two requests for each who sells it, at most
every `GLANCE_AGE` on one instance, and an end costs two additions, however much there is.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import ValidationError

from faka.contexts.suppliers.standing import BALANCE_AGE, BALANCE_ASK, MINUTES, Breaker, Minute, Outcome, Standing, Window
from faka.kernel.clock import epoch_s, from_epoch_s
from faka.kernel.errors import Conflict, UnknownState
from faka.kernel.ids import SkuId, SupplierId
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.table import Item, Key, TableName, Tables, Write, put, update


Row = TypeVar("Row", bound=Frozen)

ROW_TTL = timedelta(hours=2)

GLANCE_AGE = timedelta(seconds=2)
"""How old an instance's memory may be: of a burst that goes to one supplier a few more orders do."""

SEEN_MAX = 400
"""Standings that an instance remembers: twenty suppliers of twenty SKUs. Beyond it forgets all of them."""

_COUNTED = {Outcome.GOOD: "good", Outcome.BAD: "bad", Outcome.SILENT: "silent"}


class BreakerMoved(Conflict):
    """Somebody else changed it since it was read; carries the row."""


class Told(Frozen):
    """A balance as a supplier told it, and when he was asked last."""

    asked: int
    balance: Money | None = None
    told: int = 0

    def at(self, now: datetime) -> Money | None:
        return self.balance if epoch_s(now) - self.told <= BALANCE_AGE.total_seconds() else None


class StandingStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._seen: dict[tuple[SupplierId, SkuId | None], tuple[datetime, Standing]] = {}

    def glance(self, supplier: SupplierId, sku: SkuId, at: datetime) -> Standing:
        """Perhaps `GLANCE_AGE` old."""
        seen = self._seen.get((supplier, sku))
        if seen is not None and timedelta(0) <= at - seen[0] <= GLANCE_AGE:
            return seen[1]
        return self.find(supplier, at, sku)

    def find(self, supplier: SupplierId, at: datetime, sku: SkuId | None = None) -> Standing:
        """As it is now; without a SKU of all that he sells. Raises: UnknownState."""
        found = self._rows(f"STANDING#{supplier}")
        breaker = _read(Breaker, found["Z#BREAKER"]) if "Z#BREAKER" in found else Breaker(since=at - timedelta(days=1))
        told = _read(Told, found["Z#BALANCE"]) if "Z#BALANCE" in found else None
        standing = Standing(
            breaker=breaker,
            window=_window(found, breaker, at),
            sold=_window(self._rows(f"STANDING#{supplier}#{sku}"), breaker, at) if sku else Window(),
            balance=told.at(at) if told else None,
            balance_asked_at=from_epoch_s(told.asked) if told else None,
        )
        if len(self._seen) >= SEEN_MAX:
            self._seen.clear()
        self._seen[supplier, sku] = (at, standing)
        return standing

    def _rows(self, pk: str) -> dict[str, Item]:
        rows, _ = self._tables.query(TableName.GUARD, pk, limit=MINUTES + 2, backwards=True, strong=True)
        return {row["sk"]: row for row in rows}

    def count(self, supplier: SupplierId, sku: SkuId, outcome: Outcome, wait_s: int, at: datetime) -> None:
        """One end more. Counted twice where an answer was lost: a share of many is not changed by it."""
        for pk in (f"STANDING#{supplier}", f"STANDING#{supplier}#{sku}"):
            self._tables.apply(_added(pk, outcome, wait_s, at))
        self._forget(supplier)

    def change(self, supplier: SupplierId, before: Breaker, after: Breaker, at: datetime) -> None:
        """Raises: BreakerMoved."""
        key = Key(TableName.GUARD, f"STANDING#{supplier}", "Z#BREAKER")
        row = {**after.model_dump(mode="json", exclude_none=True), "pk": key.pk, "sk": key.sk, "ttl": epoch_s(at + ROW_TTL)}
        when = "#version = :seen" if before.version else "attribute_not_exists(pk)"
        seen = {"seen": before.version} if before.version else {}
        self._forget(supplier)
        self._tables.apply(put(TableName.GUARD, row, when=when, otherwise=lambda row: BreakerMoved("breaker", row), **seen))

    def may_ask_balance(self, supplier: SupplierId, at: datetime) -> bool:
        """Take the one question about his balance that is asked in `BALANCE_ASK`; False where somebody else has."""
        taken = update(
            Key(TableName.GUARD, f"STANDING#{supplier}", "Z#BALANCE"),
            "SET #asked = :asked, #ttl = :ttl",
            when="attribute_not_exists(#asked) OR #asked <= :before",
            asked=epoch_s(at),
            before=epoch_s(at - BALANCE_ASK),
            ttl=epoch_s(at + ROW_TTL),
        )
        self._forget(supplier)
        try:
            self._tables.apply(taken)
        except Conflict:
            return False
        return True

    def note_balance(self, supplier: SupplierId, balance: Money, at: datetime) -> None:
        self._forget(supplier)
        self._tables.apply(
            update(
                Key(TableName.GUARD, f"STANDING#{supplier}", "Z#BALANCE"),
                "SET #balance = :balance, #told = :told, #asked = :told, #ttl = :ttl",
                when="",
                balance=balance.model_dump(mode="json"),
                told=epoch_s(at),
                ttl=epoch_s(at + ROW_TTL),
            )
        )

    def _forget(self, supplier: SupplierId) -> None:
        for known in [known for known in self._seen if known[0] == supplier]:
            del self._seen[known]


def _added(pk: str, outcome: Outcome, wait_s: int, at: datetime) -> Write:
    minute = epoch_s(at) // 60
    return update(
        Key(TableName.GUARD, pk, f"M#{minute:010}"),
        f"ADD #{_COUNTED[outcome]} :one, #wait_s :wait SET #minute = :minute, #ttl = :ttl",
        when="",
        one=1,
        wait=wait_s if outcome is Outcome.GOOD else 0,
        minute=minute,
        ttl=epoch_s(at + ROW_TTL),
    )


def _window(rows: dict[str, Item], breaker: Breaker, at: datetime) -> Window:
    return Window.of([_read(Minute, row) for sk, row in rows.items() if sk.startswith("M#")], breaker.since, at)


def _read(model: type[Row], row: Item) -> Row:
    try:
        return model.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk", "ttl")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error
