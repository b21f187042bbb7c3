"""Outcomes of orders."""

from faka.kernel.errors import Conflict, Exhausted, NotFound


class OrderNotFound(NotFound):
    """No such order, or not this caller's: the answer is the same."""

    public_message = "We could not find that order. Check the order number and the lookup code."


class OrderExists(Conflict):
    """The order's row is already there; carries it."""


class OrderMoved(Conflict):
    """Somebody changed the order since it was read; carries the row as it is."""


class KeyReusedWithOtherBody(Conflict):
    """The form's one-time id was used for another purchase."""

    public_message = "This form was already used for another order. Please open the product page again."


class OrderClosed(Conflict):
    """The order can no longer be paid or canceled."""

    public_message = "This order is closed. You can buy again; your choices are kept."


class NotReady(Conflict):
    """The goods are not there yet."""

    public_message = "Your goods are not ready yet. This page continues by itself."


class AlreadyOpened(Exhausted):
    """The one-use link was opened before, by another opening."""

    public_message = "This link was already opened. It can be opened only once."


class NothingToRefund(Conflict):
    """Less was paid, or all of it went back or is on its way already."""

    public_message = "There is nothing left to refund on this order."


class TooManyRefunds(Exhausted):
    """The order has been refunded in too many parts."""


class NotRefundable(Conflict):
    """The rule does not let the buyer do this himself."""

    public_message = "This order cannot be refunded here. Please write to us with its number."
