"""Closed days: figures that nobody changes any more, and a hash over the transactions behind them.

```
BOOKS#{day}  {day, since, transactions, hash, previous, chain, figures, closed_at, by}      inserted once, in the journal
```
A close covers what was recorded after the close before it, up to the end of its business day. What is recorded later belongs to a later
day: that is how a closed day is corrected. The hash is over every transaction of the close (name, content hash, times), so any row that is
changed, added or removed afterwards shows; the chain takes in the chain of the close before, so a close cannot be made anew without
all later ones. A hash chain from transaction to transaction would show the same a day earlier, and would make every sale wait for the
one before it at a single row.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from faka.contexts.ledger.transaction import Transaction
from faka.kernel.clock import SHANGHAI, to_row
from faka.kernel.errors import Conflict, FakaError
from faka.kernel.model import Frozen
from faka.platform.table import Item, Key, TableName, Tables, Write, check, insert


LOOK_BACK = timedelta(days=92)
"""How far back the close before is looked for: a quarter. A shop that was not closed for longer begins anew, from its first row."""

TRANSACTIONS_MAX = 500_000
"""Of one close: 36 MB of digests in memory, some 160,000 orders."""


class AlreadyClosed(Conflict):
    """The day is closed; carries its row. Or a day around it was closed in this moment."""


class Figure(Frozen):
    account: str
    debit_minor: int
    credit_minor: int
    """What moved since the close before."""
    balance_minor: int
    """By the account's own direction, at the end of the day."""


class Close(Frozen):
    day: date
    since: str
    """The day of the close before, or nothing: then this one begins with the first transaction ever."""
    transactions: int
    hash: str
    chain: str
    figures: tuple[Figure, ...]
    closed_at: datetime
    by: str


def day_ends(day: date) -> datetime:
    """The first moment after a business day."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=1)


def digest_of(transaction: Transaction) -> bytes:
    """What a close remembers of one transaction."""
    said = [transaction.id, transaction.digest, to_row(transaction.recorded_at), to_row(transaction.effective_at)]
    return hashlib.sha256(json.dumps(said).encode()).digest()


def hash_of(digests: Iterable[bytes]) -> str:
    """In the order of the digests, so that it does not depend on the order of reading."""
    whole = hashlib.sha256()
    for digest in sorted(digests):
        whole.update(digest)
    return whole.hexdigest()


def chain_of(previous: str, hash_: str, figures: Sequence[Figure]) -> str:
    told = [[one.account, one.debit_minor, one.credit_minor, one.balance_minor] for one in figures]
    return hashlib.sha256(json.dumps([previous, hash_, told]).encode()).hexdigest()


class CloseStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def around(self, day: date, today: date) -> tuple[Close | None, Close | None, Close | None]:
        """The close before a day, its own, and the first one after it."""
        days = [day + timedelta(days=n) for n in range(-LOOK_BACK.days, max(0, (today - day).days) + 1)]
        rows = self._tables.batch_get([close_key(each) for each in days[: LOOK_BACK.days * 2 + 1]])
        found = sorted((close_from(row) for row in rows.values()), key=lambda close: close.day)
        before = [close for close in found if close.day < day]
        after = [close for close in found if close.day > day]
        own = next((close for close in found if close.day == day), None)
        return before[-1] if before else None, own, after[0] if after else None

    def closed(self, close: Close, open_days: Sequence[date]) -> list[Write]:
        """Insert a close; the days between it and the close before, and those after it, are not closed meanwhile. Else AlreadyClosed."""
        item = {**close.model_dump(mode="json", exclude={"figures"}), "pk": f"BOOKS#{close.day.isoformat()}", "sk": "BOOKS"}
        item["figures"] = [[one.account, one.debit_minor, one.credit_minor, one.balance_minor] for one in close.figures]
        return [
            insert(TableName.JOURNAL, item, otherwise=_closed),
            *(check(close_key(each), "attribute_not_exists(pk)", otherwise=_closed) for each in open_days),
        ]


def close_key(day: date) -> Key:
    return Key(TableName.JOURNAL, f"BOOKS#{day.isoformat()}", "BOOKS")


def close_from(row: Item) -> Close:
    given = {name: value for name, value in row.items() if name not in ("pk", "sk", "figures")}
    names = ("account", "debit_minor", "credit_minor", "balance_minor")
    return Close.model_validate({**given, "figures": [dict(zip(names, figure, strict=True)) for figure in row["figures"]]})


def _closed(row: Item | None) -> FakaError:
    return AlreadyClosed("day closed", row)
