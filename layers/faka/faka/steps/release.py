"""Giving cards back. The order row decides: each return of claims travels in one commit with a write of that row.

```
claims of an order that ends        order → EXPIRED, runs → gone   ┐
claims that no order ever owned     order number → FENCED          ├─ + LOG rows of the shards, one commit
claims beside an order's own        gone += event                  ┘
                                    then the heads take the LOG rows in (repeatable, also by the sweep)
```
"""

from collections.abc import Callable, Sequence

from faka.contexts.orders.errors import OrderExists
from faka.contexts.orders.model import Order, OwnedRun
from faka.contexts.orders.store import from_item, order_key
from faka.contexts.stock import LogMoved, Run, overlap
from faka.kernel.clock import to_row
from faka.kernel.errors import Broken, TransactionBusy
from faka.kernel.ids import OrderId, SkuId
from faka.kernel.limits import WRITE_PAUSE_MS_MAX, WRITE_PAUSE_MS_MIN
from faka.platform.table import Item, Write
from faka.wiring import Deps


TRIES_MAX = 8
"""Returns to one shard that collide take the next log number, after a pause that spreads them: thirty at once all get through.
More than eight in a row means a storm, and the sweep will do it."""


def owned(runs: Sequence[Run]) -> tuple[OwnedRun, ...]:
    return tuple(OwnedRun.model_validate(run.model_dump()) for run in runs)


def stock_runs(runs: Sequence[OwnedRun]) -> tuple[Run, ...]:
    return tuple(Run.model_validate(run.model_dump()) for run in runs)


def commit_return(deps: Deps, sku: SkuId, runs: Sequence[Run], arbiter: Callable[[], list[Write]]) -> None:
    """Commit the arbiter's writes with the return of `runs`, then let the heads take them in.

    Raises: whatever the arbiter's writes raise (then nothing is returned); TransactionBusy after `TRIES_MAX` collisions.
    """
    for attempt in range(TRIES_MAX):
        try:
            deps.tables.commit([*arbiter(), *deps.stock.returned(sku, runs)])
        except LogMoved:
            deps.pause(_spread_s(deps, attempt))
            continue
        deps.stock.settle_log(sku, sorted({run.shard for run in runs}))
        return
    raise TransactionBusy("returns")


def _spread_s(deps: Deps, attempt: int) -> float:
    """Somewhere between nothing and a pause that doubles."""
    ceiling_ms = min(WRITE_PAUSE_MS_MAX, WRITE_PAUSE_MS_MIN << attempt)
    return int.from_bytes(deps.chance.bytes(2), "big") / 0x10000 * ceiling_ms / 1000


def give_back_unordered(deps: Deps, order_id: OrderId, sku: SkuId, runs: Sequence[Run], reason: str) -> None:
    """Give back claims made for an order number that has no row (yet), so that it can never have one.

    If the number became an order meanwhile, only the claims that are not its own go back; if it was fenced before, only
    those that did not go back with the fence.
    Raises: OrderMoved when somebody else does the same right now; the sweep comes again.
    """
    if not runs:
        return
    if overlap(run.extent for run in runs):
        # The ring remembered a claim that another sending of the form gave back, and its card was handed out again: a row says which.
        _beside_what_is_there(deps, sku, deps.tables.get(order_key(order_id)), runs)
        return
    events = [run.event for run in runs]
    try:
        commit_return(deps, sku, runs, lambda: [deps.orders.fenced(order_id, to_row(deps.clock.now()), reason, events)])
    except OrderExists as taken:
        _beside_what_is_there(deps, sku, taken.row, runs)


def _beside_what_is_there(deps: Deps, sku: SkuId, row: Item | None, runs: Sequence[Run]) -> None:
    if row is None:
        raise Broken("claims overlap, and nobody gave one back")
    if "sku_id" in row:
        disown(deps, from_item(row), runs)
    else:
        _beside_the_fence(deps, sku, row, runs)


def _beside_the_fence(deps: Deps, sku: SkuId, fence: Item, runs: Sequence[Run]) -> None:
    left = [run for run in runs if run.event not in fence["gone"]]
    if left:
        commit_return(deps, sku, left, lambda: [deps.orders.fence_extended(fence, [run.event for run in left])])


def disown(deps: Deps, order: Order, runs: Sequence[Run]) -> None:
    """Give back claims that were made for an order but are not among its own. Claims already gone are left alone.

    Raises: OrderMoved when the order changed meanwhile; the sweep comes again.
    """
    strange = [run for run in runs if not order.owns(run.event) and run.event not in order.gone]
    if not strange:
        return
    after = order.changed(
        deps.clock.now(), "release", "gave back cards beside its own", gone=(*order.gone, *(run.event for run in strange))
    )
    commit_return(deps, order.sku_id, strange, lambda: [deps.orders.replaced(order, after)])
