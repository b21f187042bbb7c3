"""Refunds: a decision that money goes back, and how far it is.

```
REQUESTED ──told to the provider──► SUBMITTED ──► SUCCEEDED ──(days later)──► FAILED
    │                                   └──────► FAILED: a person finds another way
    └ no such call, or nobody to ask ──► WITH_PERSON ──► SUCCEEDED by hand
```
The number at the provider is made of the refund's id, which is made of its cause: every retry of every process is the same
refund there. An unknown outcome is asked about, never repeated under another number.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ValidationError

from faka.kernel.errors import Conflict, FakaError, NotFound, UnknownState
from faka.kernel.ids import ChannelId, OrderId, RefundId, out_refund_no
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.kernel.refund import RefundStatus
from faka.platform.day import of_day, without_day
from faka.platform.due import due, without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put


REFUND_DEADLINE = timedelta(days=3)
"""Money that we may not keep is back within three days, or a person looks; providers refund up to a year, patience does not last."""

LADDER_S = (60, 300, 1_800, 7_200, 21_600)
"""When to ask again about a refund that is on its way; then every six hours. Banks answer within minutes or next morning."""


class RefundSource(StrEnum):
    """Where the money stands in the ledger when it is decided that it goes back."""

    SUSPENSE = "SUSPENSE"
    """It bought nothing."""
    FUNDS = "FUNDS"
    """Kept for an order that has no goods yet."""
    SALES = "SALES"
    """Earned: goods come back, or a person is kind."""
    FAILED = "FAILED"
    """It was on its way before, and the way was closed."""


class RefundMissing(NotFound):
    """No such refund."""


class RefundExists(Conflict):
    """This cause has its refund already; carries it."""


class RefundMoved(Conflict):
    """Somebody changed the refund since it was read; carries it."""


class Refund(Frozen):
    id: RefundId
    receipt: str
    """The movement that is given back, wholly or in part."""
    order_id: OrderId | None
    channel_id: ChannelId
    channel_txn_id: str
    out_trade_no: str
    amount: Money
    total: Money
    """What the movement brought."""
    source: RefundSource
    is_own: bool = False
    """Out of what the order cost; else money beside it."""
    reason: str
    actor: str
    """Who decided: `settle`, `fulfil`, `buyer`, `provider`, or a person's name."""
    status: RefundStatus = RefundStatus.REQUESTED
    version: int = 1
    tries: int = 0
    channel_refund_id: str = ""
    doubt: str = ""
    """What was heard against what is booked, since when a person is asked: *done* after *failed*, another amount."""
    created_at: datetime
    deadline_at: datetime
    finished_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def number(self) -> str:
        """At the provider, the same for ever."""
        return out_refund_no(self.id)

    def changed(self, **changes: object) -> "Refund":
        return self.model_copy(update={**changes, "version": self.version + 1})

    def next_look(self, now: datetime) -> datetime:
        return now + timedelta(seconds=LADDER_S[min(self.tries, len(LADDER_S) - 1)])


def refund_key(refund: RefundId) -> Key:
    return Key(TableName.TRADE, f"REFUND#{refund}", "REFUND")


class RefundStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def find(self, refund: RefundId) -> Refund | None:
        row = self._tables.get(refund_key(refund))
        return refund_from(row) if row else None

    def get(self, refund: RefundId) -> Refund:
        """Raises: RefundMissing."""
        found = self.find(refund)
        if found is None:
            raise RefundMissing(refund)
        return found

    def requested(self, refund: Refund) -> Write:
        """Decide once per cause. Else RefundExists."""
        return insert(TableName.TRADE, refund_item(refund), otherwise=_exists)

    def replaced(self, before: Refund, after: Refund) -> Write:
        """Write the refund as it is after a change. Else RefundMoved."""
        return put(TableName.TRADE, refund_item(after), when="#version = :seen", otherwise=_moved, seen=before.version)


def _exists(row: Item | None) -> FakaError:
    return RefundExists("refund exists", row)


def _moved(row: Item | None) -> FakaError:
    return RefundMoved("refund moved", row)


def refund_item(refund: Refund) -> Item:
    key = refund_key(refund.id)
    item: Item = {**refund.model_dump(mode="json", exclude={"due_at"}), "pk": key.pk, "sk": key.sk}
    item |= of_day(refund.channel_id, key.pk, refund.created_at)
    return item | (due(refund.id, refund.due_at) if refund.due_at is not None else {})


def refund_from(row: Item) -> Refund:
    """Raises: UnknownState when the row does not fit the model."""
    try:
        return Refund.model_validate({**without_day(without_due(row)), "due_at": row.get("due_sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error
