"""Writing off: what cards in the drawer have cost that will never be sold is a loss.

| fact | transaction |
|---|---|
| an extent in the drawer whose batch is void, or whose cards have expired | `void:{sku}:{shard}:{its row}`, less its single cards below |
| a single void card of a batch that is on sale or frozen | `void:{sku}:{number}` |

The drawer decides, once and for ever, that a card is neither sold nor an order's, so its rows name the facts. A card that an order has is
no loss yet: it is one when the order gets another for it (`steps.earn.exchanged`), or when it comes back; then the drawer has it, and
whoever voids the batch again, or counts expired cards again, books what came since.
"""

from collections.abc import Callable, Mapping

from faka.contexts.ledger.purchases import cards_voided
from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.stock import Drawn, Why
from faka.contexts.vault import Batch
from faka.kernel.ids import SkuId
from faka.kernel.money import Money
from faka.wiring import Deps


def write_off(deps: Deps, sku: SkuId, batches: Mapping[int, Batch], is_lost: Callable[[Drawn], bool]) -> None:
    """Book whole extents, each once. Called again it books what lies there since.

    `batches` by ordinal: those that an extent of `is_lost` may be of.
    Raises: LedgerConflict, Throttled.
    """
    lost = [drawn for drawn in deps.stock.drawn(sku) if is_lost(drawn)]
    singles = {drawn: _singles(drawn, batches[drawn.extent.batch]) for drawn in lost}
    names = [name for drawn in lost for name in (_name(sku, drawn), *(f"{sku}:{number}" for number in singles[drawn]))]
    known = deps.ledger.find_many([f"void:{name}" for name in names])
    units = deps.costs.units(sku, (drawn.extent.batch for drawn in lost))
    for drawn in lost:
        unit, name = units[drawn.extent.batch], _name(sku, drawn)
        count = drawn.extent.count - sum(f"void:{sku}:{number}" in known for number in singles[drawn])
        if unit is not None and f"void:{name}" not in known:
            _post(deps, name, batches[drawn.extent.batch], unit.times(count), drawn.why)


def write_off_one(deps: Deps, batch: Batch, number: int) -> None:
    """Book a single card that lies in the drawer, unless its whole extent is booked. Raises: LedgerConflict, Throttled."""
    lies = next((drawn for drawn in deps.stock.drawn(batch.sku) if drawn.extent.start <= number < drawn.extent.end), None)
    unit = deps.costs.units(batch.sku, [batch.ordinal])[batch.ordinal]
    if lies is not None and unit is not None and deps.ledger.find(f"void:{_name(batch.sku, lies)}") is None:
        _post(deps, f"{batch.sku}:{number}", batch, unit, Why.VOID)


def _name(sku: SkuId, drawn: Drawn) -> str:
    return f"{sku}:{drawn.shard}:{drawn.key.sk.replace('#', '.')}"


def _singles(drawn: Drawn, batch: Batch) -> list[int]:
    return sorted(number for number in batch.void if drawn.extent.start <= number < drawn.extent.end)


def _post(deps: Deps, name: str, batch: Batch, cost: Money, why: Why) -> None:
    """Who did it and what for stands in the batch's own log, so that two who write off the same book the same."""
    if not cost.minor:
        return
    try:
        deps.tables.apply(deps.ledger.posted(cards_voided(name, batch.id, cost, why.value, deps.clock.now())))
    except AlreadyPosted:
        pass  # somebody writes it off at the same time
