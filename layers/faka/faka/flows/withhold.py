"""Take cards off sale and out of sight: freeze and thaw a batch, void a batch or one card, put expired cards aside.

```
vault: the batch's state ──► from now on no card of it is shown, sold or not
stock: bars and extents  ──► when the call returns, none of it can be claimed, nor what comes back later
ledger: void and expired ──► what it has cost is a loss, for cards that nobody has
```
In this order, because showing is the step that cannot be taken back. Each flow may be called again after a crash: what is
done already is passed over, and the rest is done.
"""

from faka.contexts.stock import Why
from faka.contexts.stock.standing import read_standing, standing_key
from faka.contexts.vault import Batch, BatchState
from faka.kernel.clock import business_day
from faka.kernel.ids import BatchId, SkuId
from faka.kernel.model import Frozen
from faka.steps.stop_batch import VoidCard, freeze, turned, void_batch, void_card
from faka.steps.write_off import write_off
from faka.wiring import Deps


__all__ = ["Expired", "ExpiredStock", "VoidCard", "expire", "freeze", "thaw", "void_batch", "void_card"]


class Expired(Frozen):
    """Cards of one batch and day that can no longer be sold. `count` includes those that were sold in time."""

    batch: BatchId
    expires: str
    count: int


class ExpiredStock(Frozen):
    """`unsold` cards of a SKU that nobody bought in time, and the lots they came from."""

    unsold: int
    lots: tuple[Expired, ...]


def thaw(deps: Deps, batch_id: BatchId, by: str, reason: str) -> Batch:
    """Let a frozen batch be shown and sold again, but for its single void cards and what expired meanwhile.

    Raises:  ImportNotFound, ImportNotDone, BatchMoved (void batches stay void), StockBusy.
    """
    batch = turned(deps, batch_id, BatchState.OPEN, by, reason)
    deps.stock.restore(batch.sku, batch.ordinal)
    return batch


def expire(deps: Deps, sku: SkuId) -> ExpiredStock:
    """Put the expired cards of a SKU aside, write them off and report them. A claim never takes them anyway; this makes the counts say so.

    Writes:  trade (heads, drawer), journal (the loss).
    Raises:  Throttled.
    Bound:   the batches that the SKU ever had.
    """
    deps.stock.settle_log(sku, range(read_standing(deps.tables.get(standing_key(sku))).shards))
    today = business_day(deps.clock.now()).isoformat()
    batches = {batch.ordinal: batch for batch in deps.vault.batches(sku)}
    write_off(deps, sku, batches, lambda drawn: drawn.why is Why.EXPIRED)
    lots = [
        Expired(batch=batch.id, expires=lot.expires, count=lot.count)
        for batch in batches.values()
        for lot in batch.lots
        if lot.expires and lot.expires <= today
    ]
    return ExpiredStock(unsold=deps.stock.counts(sku).withheld.get(Why.EXPIRED, 0), lots=tuple(lots))
