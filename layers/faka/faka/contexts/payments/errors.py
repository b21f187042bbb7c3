"""Outcomes of payments."""

from faka.kernel.errors import Conflict, NotFound, Rejected


class PaymentUnknown(NotFound):
    """No attempt with this number."""


class PaymentMoved(Conflict):
    """Somebody changed the attempt since it was read."""


class ReceiptExists(Conflict):
    """This movement of money is already booked; carries the receipt."""


class NoticeExists(Conflict):
    """The same notice came before; carries it."""


class NoticeMoved(Conflict):
    """Somebody applied or counted the notice since it was read; carries it."""


class ChannelClosedForOrders(Rejected):
    """The chosen way to pay is not offered now."""

    public_message = "This way to pay is not available right now. Please choose another one."


class ChannelNotForAmount(ChannelClosedForOrders):
    """The chosen way to pay takes smaller or larger amounts only."""

    public_message = "This way to pay does not take this amount. Please choose another one."
