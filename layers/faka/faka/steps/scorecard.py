"""What the books and rows of the last weeks say of suppliers."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from faka.contexts.complaints import ComplaintState
from faka.contexts.recharges import Attempt, RechargeState
from faka.contexts.recharges.store import recharge_from
from faka.contexts.suppliers.scorecard import LATE_S, Counted, Event, Happened
from faka.contexts.vault import BatchState
from faka.kernel.errors import Broken
from faka.kernel.ids import BatchId, SupplierId
from faka.platform.table import Item, TableName
from faka.wiring import Deps


WINDOW = timedelta(days=30)
"""Long enough for cards to be tried by their buyers, short enough for a supplier to be better than he was."""

ROWS_MAX = 3_000_000
SCAN_PAGE = 1_000
"""As for the nightly audit; read at night or at a terminal, never for a buyer."""

BUYERS_OWN = frozenset({"account", "price", "goods"})
"""Reasons of a refusal that say nothing about how well a supplier works."""


class TooMuchHistory(Broken):
    """More rows than one reading may take."""


def counted(deps: Deps, since: datetime) -> dict[SupplierId, Counted]:
    """What happened with each supplier from `since` on: one reading for all of them, kept as sums. Raises: TooMuchHistory."""
    sums: Counter[tuple[SupplierId, Event, bool]] = Counter()
    for supplier_id, one in history(deps, since):
        sums[supplier_id, one.what, one.is_late] += one.count
    found: dict[SupplierId, list[Happened]] = {}
    for (supplier_id, what, is_late), count in sums.items():
        found.setdefault(supplier_id, []).append(Happened(what=what, count=count, wait_s=LATE_S + 1 if is_late else 0))
    return {supplier_id: Counted.of(each) for supplier_id, each in found.items()}


def history(deps: Deps, since: datetime) -> Iterator[tuple[SupplierId, Happened]]:
    """What happened with whom from `since` on, in no order. Bound: `ROWS_MAX` rows of trade, and of the journal."""
    for transaction in deps.ledger.every():
        if transaction.kind == "stock_purchased" and transaction.recorded_at >= since:
            yield from _batch(deps, BatchId(transaction.ref))
    for row in _rows(deps):
        if row["sk"] == "RECHARGE":
            for attempt in recharge_from(row).attempts:
                if attempt.sent_at >= since:
                    yield from ((attempt.supplier_id, one) for one in happened(attempt))
        elif row["sk"] == "COMPLAINT" and _counts(row, since):
            yield SupplierId(row["supplier"]), Happened(what=Event.COMPLAINT)


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


def _batch(deps: Deps, batch_id: BatchId) -> Iterator[tuple[SupplierId, Happened]]:
    job = deps.imports.get(batch_id)
    batch = deps.vault.batch(job.sku, job.ordinal)
    bad = batch.count if batch.state is BatchState.VOID else len(batch.void)
    for what, count in ((Event.BATCH, 1), (Event.CARD, batch.count - bad), (Event.BAD_CARD, bad)):
        yield SupplierId(batch.supplier), Happened(what=what, count=count)


def _counts(complaint: Item, since: datetime) -> bool:
    return complaint["state"] != ComplaintState.REFUSED and datetime.fromisoformat(complaint["created_at"]) >= since


def _rows(deps: Deps) -> Iterator[Item]:
    after: Item | None = None
    for _ in range(0, ROWS_MAX, SCAN_PAGE):
        rows, after = deps.tables.scan(TableName.TRADE, limit=SCAN_PAGE, after=after)
        yield from rows
        if after is None:
            return
    raise TooMuchHistory("trade")
