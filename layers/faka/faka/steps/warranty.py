"""What the warranty says of one card of an order: may it be replaced at once, or does a person decide?"""

from datetime import datetime, timedelta
from enum import StrEnum

from faka.contexts.catalog.model import Product
from faka.contexts.orders.model import DeliveryState, Order


OF_ORDER_MAX = 3
"""Cards of one order that are replaced without a person. Of good stock nobody meets three bad ones; then the batch is the question."""

OF_CONTACT_MAX = 5
"""Cards of one contact in a window, over all of his orders: who has more is either unlucky enough for a person to look, or trying."""

WINDOW = timedelta(days=30)

WARRANTY = "warranty"
"""What is counted for a contact."""


class Why(StrEnum):
    """Why a person decides, in words that he reads."""

    LATE = "the warranty of the product is over"
    ORDER = "the order has had its share of other cards"
    CONTACT = "the buyer has had his share of other cards"
    REFUNDED = "a part of the order was refunded"
    OPENED = "a one-use link was opened"
    SOLD_OUT = "there is no other card"


def who_asks(order: Order) -> str:
    """The hash that a buyer's cards are counted under: of his contact, else of where he ordered from."""
    return order.contact_hash or order.visitor_hash


def asks_a_person(order: Order, product: Product, now: datetime) -> Why | None:
    """None where the card may be replaced at once, as far as the order says.

    Units: the time runs from the delivery, in whole days of `warranty_days`.
    """
    given_back = order.given_back_minor - order.paid_back * order.unit.minor  # its bad cards' own price is no favour
    if order.delivery is DeliveryState.OPENED:
        return Why.OPENED
    if given_back > 0:
        return Why.REFUNDED
    if order.completed_at is None or now > order.completed_at + timedelta(days=product.warranty_days):
        return Why.LATE
    if len(order.exchanges) >= OF_ORDER_MAX:
        return Why.ORDER
    return None
