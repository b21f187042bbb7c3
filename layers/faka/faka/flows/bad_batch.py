"""A batch is bad: stop it, find everybody who has cards of it, make each good once, and draft the complaint to its supplier.

```
freeze ─► who has cards of it (claim journal) ─► make_good each ─► void what is unsold ─► complaint DRAFT
```
Every step may be done again after any death: frozen stays frozen, an order that was made good has its row, the complaint is one a batch.
The claim journal follows the sales by seconds; run it again a minute later, and whoever bought in that moment is found, too.
"""

from collections.abc import Iterator

from faka.contexts.complaints import Complaint, ComplaintExists, ComplaintState, Made, complaint_of
from faka.contexts.ledger.purchases import complaint_accepted
from faka.contexts.orders.model import Order
from faka.contexts.stock import claims_of
from faka.contexts.vault import Batch, BatchState
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import BatchId, ComplaintId, OrderId
from faka.kernel.limits import BATCH_GET_MAX
from faka.kernel.model import Frozen
from faka.steps.make_good import bad_cards, make_good
from faka.steps.stop_batch import freeze, void_batch
from faka.wiring import Deps


REASON_MAX = 200


class BadBatch(Frozen):
    """What has been done about a batch, over all runs."""

    batch: BatchId
    buyers: int
    replaced: int
    refunded: int
    with_a_person: int
    waiting: int
    """Orders that have cards of it and are not paid yet: they get others when they are looked at, or go back unpaid."""
    refunded_minor: int
    complaint: ComplaintId


def declare_bad(deps: Deps, batch_id: BatchId, by: str, reason: str) -> BadBatch:
    """Raises: ImportNotFound, ImportNotDone, InvalidRequest; StockBusy, TransactionBusy: then run it again; Broken: buyers may be missing.

    Bound: the claims of the batch's numbers, a hundred orders at a time.
    """
    if not 0 < len(reason.strip()) <= REASON_MAX or not by.strip():
        raise InvalidRequest(f"say who decides and why, in at most {REASON_MAX} characters")
    batch = _stopped(deps, batch_id, by, reason)
    waiting = 0
    done = {one.order for one in deps.complaints.orders(batch_id)}  # their rows forbid it anyway, but only after cards were claimed
    for order in holders(deps, batch):
        if order.id not in done:
            waiting += make_good(deps, order.id, batch, by) is None and order.is_open
    batch = void_batch(deps, batch_id, by, reason)
    complaint = _drafted(deps, batch, by, reason)
    made = deps.complaints.orders(batch_id)
    return BadBatch(
        batch=batch_id,
        buyers=len(made),
        replaced=sum(one.what is Made.REPLACED for one in made),
        refunded=sum(one.what is Made.REFUNDED for one in made),
        with_a_person=sum(one.what is Made.CASE for one in made),
        waiting=waiting,
        refunded_minor=sum(one.amount_minor for one in made),
        complaint=complaint.id,
    )


def _stopped(deps: Deps, batch_id: BatchId, by: str, reason: str) -> Batch:
    """Frozen now, or void since a run before."""
    job = deps.imports.get(batch_id)
    batch = deps.vault.batch(job.sku, job.ordinal) if job.ordinal >= 0 else None
    return batch if batch is not None and batch.state is BatchState.VOID else freeze(deps, batch_id, by, reason)


def holders(deps: Deps, batch: Batch) -> Iterator[Order]:
    """Orders that own cards of the batch now, each once."""
    seen: set[OrderId] = set()
    waiting: list[OrderId] = []
    for claim in claims_of(deps.tables, batch.sku, batch.base, batch.base + batch.room):
        if claim.run.batch == batch.ordinal and claim.order_id not in seen:
            seen.add(claim.order_id)
            waiting.append(claim.order_id)
        if len(waiting) == BATCH_GET_MAX:
            yield from _owning(deps, batch, waiting)
            waiting.clear()
    yield from _owning(deps, batch, waiting)


def _owning(deps: Deps, batch: Batch, names: list[OrderId]) -> list[Order]:
    found = deps.orders.get_many(names) if names else {}
    return [order for order in found.values() if bad_cards(order, batch)]


def _drafted(deps: Deps, batch: Batch, by: str, reason: str) -> Complaint:
    unit = deps.costs.units(batch.sku, [batch.ordinal])[batch.ordinal]
    supplier, now = deps.imports.get(batch.id).supplier, deps.clock.now()
    complaint = complaint_of(batch.id, supplier, batch.sku, batch.count, unit, reason=reason, by=by, at=now)
    try:
        deps.tables.apply(deps.complaints.drafted(complaint))
    except ComplaintExists:
        return deps.complaints.get(complaint.id)
    return complaint


def answer_complaint(deps: Deps, name: ComplaintId, state: ComplaintState, by: str, answer: str) -> Complaint:
    """A person sent it, or the supplier answered. Accepted, it is owed back in the same commit.

    Raises: ComplaintMissing, ComplaintMoved, IllegalTransition, InvalidRequest.
    """
    if not 0 < len(answer.strip()) <= REASON_MAX or not by.strip():
        raise InvalidRequest(f"say who and what was said, in at most {REASON_MAX} characters")
    before = deps.complaints.get(name)
    after = before.moved(state, answer=f"{by}: {answer.strip()}")
    writes = [deps.complaints.replaced(before, after)]
    if state is ComplaintState.ACCEPTED and after.amount is not None and after.amount.minor:
        writes.append(deps.ledger.posted(complaint_accepted(after.id, after.supplier, after.amount, deps.clock.now())))
    deps.tables.commit(writes)
    return after
