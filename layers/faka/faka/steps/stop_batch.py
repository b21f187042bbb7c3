"""Stop a batch: from one moment on none of it is shown, and when the call returns none of it can be claimed."""

from faka.contexts.intake import ImportNotDone
from faka.contexts.stock import Why
from faka.contexts.vault import Batch, BatchState, moved
from faka.kernel.ids import BatchId
from faka.steps.write_off import write_off
from faka.wiring import Deps


def freeze(deps: Deps, batch_id: BatchId, by: str, reason: str) -> Batch:
    """Stop the sale and the showing of a batch until it is thawed.

    Writes:  vault (batch FROZEN), journal (one entry), trade (standing orders, heads, drawer).
    Raises:  ImportNotFound, ImportNotDone, BatchMoved (void batches stay void), StockBusy, TooManyBars.
    """
    batch = turned(deps, batch_id, BatchState.FROZEN, by, reason)
    deps.stock.withhold(batch.sku, batch.ordinal, Why.FROZEN)
    return batch


def void_batch(deps: Deps, batch_id: BatchId, by: str, reason: str) -> Batch:
    """End a batch for ever: neither sold nor shown again. Its fingerprints stay, so it cannot come back as a new import.

    Cards of it that orders have are written off when they are replaced, or when they came back and this is called again.
    Writes:  vault, trade as `freeze`; journal (one entry; the loss of its cards).
    Raises:  ImportNotFound, ImportNotDone, StockBusy, TooManyBars.
    """
    batch = turned(deps, batch_id, BatchState.VOID, by, reason)
    deps.stock.withhold(batch.sku, batch.ordinal, Why.VOID)
    write_off(deps, batch.sku, {batch.ordinal: batch}, lambda drawn: drawn.extent.batch == batch.ordinal)
    return batch


def turned(deps: Deps, batch_id: BatchId, state: BatchState, by: str, reason: str) -> Batch:
    """The batch in its new state, written with its journal entry unless it is there already."""
    job = deps.imports.get(batch_id)
    if not job.is_over or job.ordinal < 0:
        raise ImportNotDone(batch_id)
    batch = deps.vault.batch(job.sku, job.ordinal)
    if batch.state is not state:
        what = {BatchState.FROZEN: "frozen", BatchState.OPEN: "thawed", BatchState.VOID: "void"}[state]
        deps.tables.commit([moved(batch, state), deps.batch_log.noted(batch_id, deps.clock.now(), what, by, {"reason": reason})])
    return batch.model_copy(update={"state": state})
