"""Order rows. Every change is one write conditional on the version that was read."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from faka.contexts.orders.errors import OrderExists, OrderMoved, OrderNotFound
from faka.contexts.orders.model import Order, OrderState
from faka.kernel.clock import to_row
from faka.kernel.errors import FakaError, UnknownState
from faka.kernel.ids import OrderId
from faka.kernel.limits import PAGE_MAX
from faka.platform.due import due, without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, check, insert, put, update


_NOTE = ("id", "amount_minor", "status", "is_own")


def order_key(order_id: OrderId) -> Key:
    return Key(TableName.TRADE, f"ORDER#{order_id}", "ORDER")


class OrderStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, order_id: OrderId, *, strong: bool = True) -> Order:
        """Raises: OrderNotFound also for a fenced number."""
        row = self._tables.get(order_key(order_id), strong=strong)
        if row is None or row["state"] == OrderState.FENCED:
            raise OrderNotFound(order_id)
        return from_item(row)

    def find(self, order_id: OrderId) -> Order | None:
        """None also for a fenced number."""
        row = self._tables.get(order_key(order_id))
        return from_item(row) if row is not None and row["state"] != OrderState.FENCED else None

    def get_many(self, order_ids: list[OrderId]) -> dict[OrderId, Order]:
        """Orders and fences that exist among the ids; a fence comes back as its state only (see `is_fenced`)."""
        rows = self._tables.batch_get([order_key(order_id) for order_id in order_ids])
        return {OrderId(row["id"]): from_item(row) for row in rows.values() if row["state"] != OrderState.FENCED}

    def known(self, order_ids: list[OrderId]) -> set[OrderId]:
        """Ids that have a row, be it an order or a fence."""
        rows = self._tables.batch_get([order_key(order_id) for order_id in order_ids])
        return {OrderId(row["id"]) for row in rows.values()}

    def placed(self, order: Order) -> Write:
        """Insert a new order. Else OrderExists, with the row of whoever came first (which may be a fence)."""
        return insert(TableName.TRADE, to_item(order), otherwise=_exists)

    def fenced(self, order_id: OrderId, at: str, reason: str, gone: Sequence[str]) -> Write:
        """Make sure that this number never becomes an order; `gone` are its claims that go back with it. Else OrderExists."""
        row = {"pk": f"ORDER#{order_id}", "sk": "ORDER", "id": order_id, "state": OrderState.FENCED.value, "at": at, "reason": reason}
        return insert(TableName.TRADE, {**row, "gone": list(gone), "version": 1}, otherwise=_exists)

    def fence_extended(self, fence: Item, gone: Sequence[str]) -> Write:
        """Further claims of a fenced number go back. Else OrderMoved."""
        return update(
            order_key(OrderId(fence["id"])),
            "SET #gone = list_append(#gone, :more), #version = :next",
            when="#version = :seen",
            otherwise=_moved,
            more=list(gone),
            next=fence["version"] + 1,
            seen=fence["version"],
        )

    def replaced(self, before: Order, after: Order) -> Write:
        """Write the order as it is after a change. Else OrderMoved, with the current row."""
        return put(TableName.TRADE, to_item(after), when="#version = :seen", otherwise=_moved, seen=before.version)

    def unchanged(self, order: Order) -> Write:
        """Hold that nobody changed the order, in a commit that changes something else."""
        return check(order_key(order.id), "#version = :seen", otherwise=_moved, seen=order.version)

    def indexed_buyer(self, order: Order) -> Write:
        """Make a paid order findable by its contact."""
        at = to_row(order.paid_at or order.created_at)
        row = {"pk": f"BUYER#{order.contact_hash}", "sk": order.id, "at": at}
        return put(TableName.TRADE, row)

    def of_contact(self, contact_hash: str) -> list[OrderId]:
        """The newest paid orders of a contact, at most one page."""
        rows, _ = self._tables.query(TableName.TRADE, f"BUYER#{contact_hash}", limit=PAGE_MAX, backwards=True)
        return [OrderId(row["sk"]) for row in rows]


def _exists(row: Item | None) -> FakaError:
    return OrderExists("order exists", row)


def _moved(row: Item | None) -> FakaError:
    return OrderMoved("order moved", row)


def to_item(order: Order) -> Item:
    item: dict[str, Any] = order.model_dump(mode="json", exclude_defaults=True, exclude={"due_at", "log", "runs", "refunds"})
    item |= {"state": order.state.value, "version": order.version}
    item["pk"], item["sk"] = f"ORDER#{order.id}", "ORDER"
    item["runs"] = [[r.shard, r.serial, r.start, r.count, r.batch, r.expires] for r in order.runs]
    if order.refunds:
        item["refunds"] = [[note.id, note.amount_minor, note.status.value, note.is_own] for note in order.refunds]
    item["log"] = [f"{to_row(e.at)} {e.state} {e.actor} {e.reason}" for e in order.log]
    if order.due_at is not None:
        item |= due(order.id, order.due_at)
    return item


def from_item(row: Item) -> Order:
    """Raises: UnknownState when the row does not fit the model."""
    given = without_due(row)
    names = ("shard", "serial", "start", "count", "batch", "expires")
    given["runs"] = [dict(zip(names, run, strict=True)) for run in row.get("runs", [])]
    given["refunds"] = [dict(zip(_NOTE, note, strict=True)) for note in row.get("refunds", [])]
    given["log"] = [dict(zip(("at", "state", "actor", "reason"), line.split(" ", 3), strict=True)) for line in row.get("log", [])]
    given["due_at"] = row.get("due_sk")
    try:
        return Order.model_validate(given)
    except ValidationError as error:
        raise UnknownState(f"order row {row.get('id')}") from error
