"""Claiming cards for an order that exists already: late payments, replacements, restocked shortages."""

from faka.contexts.orders.model import Order
from faka.contexts.stock import OutOfStock, Run, StockBusy
from faka.steps.release import disown
from faka.wiring import Deps


def claim_for(deps: Deps, order: Order, quantity: int | None = None) -> tuple[Run, ...] | None:
    """Cards for the whole order, or for `quantity` of it; None when there are not enough.

    The tag holds the order's version: two workers on the same version meet the same claims, and whoever commits second
    finds the order moved. What a shortage took along goes straight back.

    Raises: StockBusy (come again), Throttled, UnknownOutcome; OrderMoved when the order changed meanwhile.
    """
    try:
        return deps.stock.claim(order.sku_id, f"{order.id}+{order.version}", quantity or order.quantity, order.shards)
    except (OutOfStock, StockBusy) as short:
        disown(deps, order, short.taken)
        if isinstance(short, StockBusy):
            raise
        return None
