"""Audit: who opened which goods, when and from where, written before the text leaves. Insert only."""

from datetime import datetime

from faka.kernel.clock import to_row
from faka.kernel.ids import OrderId
from faka.kernel.model import Frozen
from faka.platform.table import Item, TableName, Tables, Write, insert


AGENT_MAX = 200
"""Enough of a user agent to recognise a device; the rest is advertising."""


class Opening(Frozen):
    """One reveal. `content_sha256` is over the opened cards in order, so that a dispute can be settled without them."""

    order_id: OrderId
    at: datetime
    opening_id: str
    via: str
    address: str
    agent: str
    cards: int
    content_sha256: str


class AuditStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def opening(self, opening: Opening) -> Write:
        item = opening.model_dump(mode="json")
        return insert(TableName.JOURNAL, {**item, "pk": f"AUDIT#{opening.order_id}", "sk": f"{to_row(opening.at)}#{opening.opening_id}"})

    def openings(self, order_id: OrderId) -> list[Item]:
        rows, _ = self._tables.query(TableName.JOURNAL, f"AUDIT#{order_id}")
        return rows
