"""Complaints to suppliers about bad cards, and what became of each card's buyer.

```
DRAFT ─► SENT ─► ACCEPTED      the supplier owes it back: booked in the commit of this state
             └─► REFUSED
```
A complaint is drafted by the shop and sent by a person. Of each order that had cards of the batch there is one row, written in the commit
that made it good: whoever comes again finds it and does nothing.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from faka.kernel.errors import Conflict, FakaError, IllegalTransition, NotFound, UnknownState
from faka.kernel.ids import BatchId, ComplaintId, OrderId, SkuId
from faka.kernel.limits import PAGE_MAX
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put


MADE_GOOD_PAGES = 1_000
"""A hundred thousand orders of one batch: more than a batch has cards."""


class ComplaintState(StrEnum):
    DRAFT = "DRAFT"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


_S = ComplaintState
TRANSITIONS: dict[ComplaintState, frozenset[ComplaintState]] = {
    _S.DRAFT: frozenset({_S.SENT}),
    _S.SENT: frozenset({_S.ACCEPTED, _S.REFUSED}),
    _S.ACCEPTED: frozenset(),
    _S.REFUSED: frozenset(),
}


class Complaint(Frozen):
    id: ComplaintId
    supplier: str
    """As the batch names it; empty where nobody wrote it down."""
    batch: BatchId
    sku: SkuId
    count: int
    """Cards of the batch, sold and unsold."""
    amount: Money | None
    """What they have cost together; None where nobody wrote it down."""
    reason: str
    by: str
    state: ComplaintState = ComplaintState.DRAFT
    answer: str = ""
    version: int = 1
    created_at: datetime

    def moved(self, state: ComplaintState, **changes: object) -> "Complaint":
        """Raises: IllegalTransition."""
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id}: {self.state} to {state}")
        return self.model_copy(update={**changes, "state": state, "version": self.version + 1})


def complaint_of(
    batch: BatchId, supplier: str, sku: SkuId, cards: int, unit: Money | None, *, reason: str, by: str, at: datetime
) -> Complaint:
    """The draft about a whole batch; `unit` is what one card has cost, where somebody wrote it down."""
    amount = unit.times(cards) if unit is not None else None
    return Complaint(
        id=complaint_id(batch), supplier=supplier, batch=batch, sku=sku, count=cards, amount=amount, reason=reason, by=by, created_at=at
    )


class Made(StrEnum):
    """How an order was made good."""

    REPLACED = "REPLACED"
    REFUNDED = "REFUNDED"
    CASE = "CASE"
    """Neither: there are no other cards and it cost nothing. A case asks a person."""


class MadeGood(Frozen):
    order: OrderId
    what: Made
    count: int
    """Its cards of the batch."""
    amount_minor: int = 0
    """What goes back."""
    at: datetime


class ComplaintExists(Conflict):
    """The batch has its complaint already; carries it."""


class ComplaintMoved(Conflict):
    """Somebody else answered it meanwhile."""


class ComplaintMissing(NotFound):
    """No such complaint."""


class MadeGoodAlready(Conflict):
    """Somebody made this order good; carries how."""


class ComplaintStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, name: ComplaintId) -> Complaint:
        """Raises: ComplaintMissing."""
        found = self.find(name)
        if found is None:
            raise ComplaintMissing(name)
        return found

    def find(self, name: ComplaintId) -> Complaint | None:
        row = self._tables.get(_key(name))
        return None if row is None else _read(row)

    def drafted(self, complaint: Complaint) -> Write:
        """Else ComplaintExists."""
        return insert(TableName.TRADE, _item(complaint), otherwise=_exists)

    def replaced(self, before: Complaint, after: Complaint) -> Write:
        """Else ComplaintMoved."""
        return put(TableName.TRADE, _item(after), when="#version = :seen", otherwise=_moved, seen=before.version)

    def made_good(self, batch: BatchId, made: MadeGood) -> Write:
        """Else MadeGoodAlready."""
        row = {**made.model_dump(mode="json"), "pk": f"MADEGOOD#{batch}", "sk": made.order}
        return insert(TableName.TRADE, row, otherwise=_done)

    def orders(self, batch: BatchId) -> list[MadeGood]:
        """Every order that was made good for this batch."""
        found: list[MadeGood] = []
        after: Item | None = None
        for _ in range(MADE_GOOD_PAGES):
            rows, after = self._tables.query(TableName.TRADE, f"MADEGOOD#{batch}", limit=PAGE_MAX, strong=True, after=after)
            found += [MadeGood.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")}) for row in rows]
            if after is None:
                break
        return found


def complaint_id(batch: BatchId) -> ComplaintId:
    """A batch has one complaint."""
    return ComplaintId(f"cpl_{batch.partition('_')[2]}")


def _key(name: ComplaintId) -> Key:
    return Key(TableName.TRADE, f"COMPLAINT#{name}", "COMPLAINT")


def _item(complaint: Complaint) -> Item:
    key = _key(complaint.id)
    return {**complaint.model_dump(mode="json"), "pk": key.pk, "sk": key.sk}


def _read(row: Item) -> Complaint:
    try:
        return Complaint.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error


def _exists(row: Item | None) -> FakaError:
    return ComplaintExists("complaint exists", row)


def _moved(row: Item | None) -> FakaError:
    return ComplaintMoved("complaint moved", row)


def _done(row: Item | None) -> FakaError:
    return MadeGoodAlready("made good already", row)
