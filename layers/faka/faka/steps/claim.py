"""Claiming cards for an order that exists already: late payments, replacements, restocked shortages."""

from faka.contexts.orders.model import Order
from faka.contexts.stock import OutOfStock, Run
from faka.steps.release import disown
from faka.wiring import Deps


def claim_for(deps: Deps, order: Order) -> tuple[Run, ...] | None:
    """Cards for the whole order, or None when there are not enough.

    The tag holds the order's version: two workers on the same version meet the same claims, and whoever commits second
    finds the order moved. What a shortage took along goes straight back.
    """
    try:
        return deps.stock.claim(order.sku_id, f"{order.id}+{order.version}", order.quantity, order.shards)
    except OutOfStock as short:
        disown(deps, order, short.taken)
        return None
