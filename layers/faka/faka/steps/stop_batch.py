"""Stop a batch, or one card: from one moment on none of it is shown, and when the call returns none of it can be claimed."""

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.intake import ImportNotDone
from faka.contexts.stock import Why
from faka.contexts.vault import Batch, BatchState, moved, voided
from faka.kernel.ids import BatchId, SkuId
from faka.kernel.model import Frozen
from faka.platform.table import Write
from faka.steps.write_off import write_off, write_off_one
from faka.wiring import Deps


class VoidCard(Frozen):
    """A single card that is void now. `was_in_stock` is false when an order has it, or had it last."""

    batch: BatchId
    number: int
    was_in_stock: bool


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


def _answered(deps: Deps, batch_id: BatchId, state: BatchState, outcome: str) -> list[Write]:
    """What a person was asked when the batch's sample failed, he answers by thawing or ending it."""
    case = deps.cases.find(case_id(CaseKind.PROBE, batch_id)) if state is not BatchState.FROZEN else None
    return [deps.cases.closed(case.id, outcome)] if case is not None and case.state == "OPEN" else []


def turned(deps: Deps, batch_id: BatchId, state: BatchState, by: str, reason: str) -> Batch:
    """The batch in its new state, written with its journal entry unless it is there already."""
    job = deps.imports.get(batch_id)
    if not job.is_over or job.ordinal < 0:
        raise ImportNotDone(batch_id)
    batch = deps.vault.batch(job.sku, job.ordinal)
    if batch.state is not state:
        what = {BatchState.FROZEN: "frozen", BatchState.OPEN: "thawed", BatchState.VOID: "void"}[state]
        noted = deps.batch_log.noted(batch_id, deps.clock.now(), what, by, {"reason": reason})
        deps.tables.commit([moved(batch, state), noted, *_answered(deps, batch_id, state, f"{what} by {by}: {reason}")])
    return batch.model_copy(update={"state": state})


def void_card(deps: Deps, sku: SkuId, number: int, by: str, reason: str) -> VoidCard:
    """End one card for ever. An order that holds it gets another one when its buyer looks.

    Raises:  BatchNotFound, BatchFull, StockBusy, TooManyBars.
    """
    batch = deps.vault.batch_of(sku, number)
    if number not in batch.void:
        entry = deps.batch_log.noted(batch.id, deps.clock.now(), "card_void", by, {"number": number, "reason": reason})
        deps.tables.commit([voided(batch, number), entry])
    was_in_stock = deps.stock.withhold_number(sku, number, Why.VOID)
    if was_in_stock:
        write_off_one(deps, batch, number)
    return VoidCard(batch=batch.id, number=number, was_in_stock=was_in_stock)
