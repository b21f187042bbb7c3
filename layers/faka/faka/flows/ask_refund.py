"""The buyer wants his money back: at once and by himself for goods that nobody has seen, else a person's decision.

The rule is the product's (`refund_days` of the version that was bought), and the way is the way that the money came.
"""

from datetime import datetime, timedelta

from faka.contexts.catalog.model import Product
from faka.contexts.orders.errors import NotRefundable, OrderMoved
from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.kernel.errors import TransactionBusy
from faka.steps.proof import Proof, prove
from faka.steps.refund import take_back
from faka.steps.wallet import WALLET
from faka.wiring import Deps


TRIES_MAX = 4
"""A mail worker or a second tab may change the order at the same moment."""

_UNSEEN = (DeliveryState.READY, DeliveryState.WITHHELD)


def may_return(order: Order, product: Product, now: datetime) -> bool:
    """Whether the rule lets the buyer give this back himself."""
    if order.state is not OrderState.COMPLETED or order.delivery not in _UNSEEN or order.revealed_at is not None:
        return False
    paid = order.paid_at is not None and order.refundable_minor > 0
    return paid and order.paid_at is not None and now <= order.paid_at + timedelta(days=product.refund_days) and product.refund_days > 0


def is_wallet(channel: str) -> bool:
    """Whether money that came this way goes back into a wallet."""
    return channel == WALLET


def ask_refund(deps: Deps, order_id: str, proof: Proof) -> Order:
    """Give the goods back unseen; all of the money goes back the way it came. Asked twice, it is one refund.

    Writes: order RETURNED, refund, entry, the cards' return, in one commit.
    Raises: OrderNotFound, NotRefundable, TransactionBusy.
    """
    for _ in range(TRIES_MAX):
        order = prove(deps, order_id, proof)
        if order.state is OrderState.RETURNED:
            return order
        now = deps.clock.now()
        if not may_return(order, deps.catalog.product_version(order.product_id, order.product_version), now):
            raise NotRefundable(order.id)
        try:
            return take_back(deps, order, "given back unseen", "buyer", now)
        except OrderMoved:
            continue
    raise TransactionBusy("refund")
