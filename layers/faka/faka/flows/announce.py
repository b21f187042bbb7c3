"""Turn the trade table's stream into events and into the claim journal. The stream is the outbox: what was committed is
announced, at least once, in order per row, and nothing is announced that was not committed.

| row | change | becomes |
|---|---|---|
| order | state | `order.paid`, `order.completed`, `order.expired` … on the bus |
| case | it is opened, or opened again | `case.opened` on the bus, with its id and never its text |
| stock head | a claim | a journal row by card number, and one by the minute at which an owner must exist |
| stock log | a row | the head takes it in, in case that whoever wrote it died before |
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from faka.contexts.orders.model import OrderState
from faka.contexts.stock import claim_events, journal_rows, shard_of
from faka.kernel.clock import from_epoch_s
from faka.kernel.ids import SkuId
from faka.kernel.limits import BATCH_WRITE_MAX
from faka.platform.table import Item, TableName, chunks, from_wire
from faka.wiring import Deps


OWNER_WITHIN = timedelta(minutes=2)
"""A claim that no order owns after this is an orphan. A checkout that still lives ends within its function's 29 s."""

EVENTS = {state.value: f"order.{state.lower()}" for state in OrderState if state is not OrderState.FENCED}


def announce(deps: Deps, records: Iterable[dict[str, Any]]) -> int:
    """Handle one batch of stream records; answers how many events and journal rows they made.

    Raises: EventsRefused, Throttled: the batch comes again, and every row and event of it is the same then.
    """
    events: list[tuple[str, dict[str, str]]] = []
    rows: list[Item] = []
    logged: dict[SkuId, set[int]] = {}
    now = deps.clock.now()
    for record in records:
        old, new = (from_wire(record["dynamodb"].get(name, {})) for name in ("OldImage", "NewImage"))
        kind = str(new.get("sk", ""))
        if kind == "ORDER":
            events += _order_event(old, new)
        elif kind == "CASE":
            events += _case_event(old, new)
        elif kind == "HEAD":
            rows += _journal(old, new, _happened(record, now), now)
        elif kind == "LOG":
            sku, shard = shard_of(new["pk"])
            logged.setdefault(sku, set()).add(shard)
    for part in chunks(rows, BATCH_WRITE_MAX):
        deps.tables.insert_many(TableName.JOURNAL, part)
    for sku, shards in logged.items():
        deps.stock.settle_log(sku, sorted(shards))
    if events:
        deps.bus.announce(events)
    return len(events) + len(rows)


def _order_event(old: Item, new: Item) -> list[tuple[str, dict[str, str]]]:
    if old.get("state") == new.get("state") or new.get("state") not in EVENTS:
        return []
    return [(EVENTS[new["state"]], {"order_id": new["id"]})]


def _case_event(old: Item, new: Item) -> list[tuple[str, dict[str, str]]]:
    """A case that asks something new has another moment of opening, whether its old question was answered or not."""
    if new.get("state") != "OPEN" or old.get("opened_at") == new.get("opened_at"):
        return []
    return [("case.opened", {"case_id": new["id"]})]


def _journal(old: Item, new: Item, at: datetime, now: datetime) -> list[Item]:
    """The time of a claim is its own; its owner is looked for from now on, however late the stream was read."""
    return [row for event in claim_events(old, new) for row in journal_rows(event, at, now + OWNER_WITHIN)]


def _happened(record: dict[str, Any], now: datetime) -> datetime:
    """When the change was made, to the second that the stream knows; never later than now."""
    made = record["dynamodb"].get("ApproximateCreationDateTime")
    return min(now, from_epoch_s(made)) if isinstance(made, int | float) else now
