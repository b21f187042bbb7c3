"""Grade a supplier by what the books and rows of the last weeks say of him."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from faka.contexts.complaints import ComplaintState
from faka.contexts.recharges import Attempt, RechargeState
from faka.contexts.recharges.store import recharge_from
from faka.contexts.suppliers.scorecard import Counted, Event, Happened, Score, score
from faka.contexts.suppliers.store import SupplierRow
from faka.contexts.vault import BatchState
from faka.kernel.errors import Broken
from faka.kernel.ids import BatchId, SupplierId
from faka.platform import telemetry
from faka.platform.table import Item, TableName
from faka.wiring import Deps


WINDOW = timedelta(days=30)
"""Long enough for cards to be tried by their buyers, short enough for a supplier to be better than he was."""

ROWS_MAX = 3_000_000
SCAN_PAGE = 1_000
"""As for the nightly audit; read at a terminal, never for a buyer."""

REASONS_MAX = 8

BUYERS_OWN = frozenset({"account", "price", "goods"})
"""Reasons of a refusal that say nothing about how well a supplier works."""


class TooMuchHistory(Broken):
    """More rows than one reading may take."""


def graded(deps: Deps, supplier_id: SupplierId) -> tuple[SupplierRow, Score]:
    """The supplier with his new grade, and the score behind it.

    Writes: catalog (his row), if the grade or its reasons are new. Raises: SupplierMissing, SupplierMoved, TooMuchHistory.
    """
    row = deps.suppliers.get(supplier_id)
    found = score(Counted.of(history(deps, supplier_id, deps.clock.now() - WINDOW)))
    after = row.changed(grade=found.grade, grade_reasons=found.reasons[:REASONS_MAX])
    if (after.grade, after.grade_reasons) == (row.grade, row.grade_reasons):
        return row, found
    deps.tables.apply(deps.suppliers.replaced(row, after))
    if after.is_low and not row.is_low:
        telemetry.note("supplier_downgraded", channel_id=supplier_id, outcome="; ".join(found.reasons))
        telemetry.count("SuppliersDowngraded")
    return after, found


def history(deps: Deps, supplier_id: SupplierId, since: datetime) -> Iterator[Happened]:
    """What happened with him from `since` on, in no order. Bound: `ROWS_MAX` rows of trade, and of the journal."""
    for transaction in deps.ledger.every():
        if transaction.kind == "stock_purchased" and transaction.recorded_at >= since:
            yield from _batch(deps, BatchId(transaction.ref), supplier_id)
    for row in _rows(deps):
        if row["sk"] == "RECHARGE":
            for attempt in recharge_from(row).attempts:
                if attempt.supplier_id == supplier_id and attempt.sent_at >= since:
                    yield from happened(attempt)
        elif row["sk"] == "COMPLAINT" and _counts(row, supplier_id, since):
            yield Happened(what=Event.COMPLAINT)


def happened(attempt: Attempt) -> Iterator[Happened]:
    """What one attempt says of its supplier; nothing while it is under way."""
    match attempt.state:
        case RechargeState.SUCCEEDED:
            ended = attempt.ended_at or attempt.sent_at
            yield Happened(what=Event.ARRIVED, wait_s=max(0, int((ended - attempt.sent_at).total_seconds())))
        case RechargeState.FAILED if attempt.reason not in BUYERS_OWN:
            yield Happened(what=Event.FAILED)
        case RechargeState.UNKNOWN:
            yield Happened(what=Event.UNKNOWN)
        case RechargeState.REVERSED:
            yield Happened(what=Event.REVERSED)
        case _:
            return


def _batch(deps: Deps, batch_id: BatchId, supplier_id: SupplierId) -> Iterator[Happened]:
    job = deps.imports.get(batch_id)
    batch = deps.vault.batch(job.sku, job.ordinal)
    if batch.supplier != supplier_id:
        return
    bad = batch.count if batch.state is BatchState.VOID else len(batch.void)
    yield Happened(what=Event.BATCH)
    yield Happened(what=Event.CARD, count=batch.count - bad)
    yield Happened(what=Event.BAD_CARD, count=bad)


def _counts(complaint: Item, supplier_id: SupplierId, since: datetime) -> bool:
    is_his = complaint["supplier"] == supplier_id and complaint["state"] != ComplaintState.REFUSED
    return is_his and datetime.fromisoformat(complaint["created_at"]) >= since


def _rows(deps: Deps) -> Iterator[Item]:
    after: Item | None = None
    for _ in range(0, ROWS_MAX, SCAN_PAGE):
        rows, after = deps.tables.scan(TableName.TRADE, limit=SCAN_PAGE, after=after)
        yield from rows
        if after is None:
            return
    raise TooMuchHistory("trade")
