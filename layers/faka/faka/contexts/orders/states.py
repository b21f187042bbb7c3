"""The states of an order, of its goods, of its money on the way back, of its mail."""

from enum import StrEnum


class OrderState(StrEnum):
    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAID = "PAID"
    SHORT = "SHORT"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    CANCELED = "CANCELED"
    ON_HOLD = "ON_HOLD"
    FAILED = "FAILED"
    FENCED = "FENCED"
    RETURNED = "RETURNED"
    """Was completed; nobody ever saw the goods, they are stock again and the money goes back."""


class DeliveryState(StrEnum):
    NONE = "NONE"
    READY = "READY"
    REVEALED = "REVEALED"
    OPENED = "OPENED"
    WITHHELD = "WITHHELD"
    """The goods were frozen or voided before anybody saw them, and nothing replaces them yet: a case is open."""
    RETURNED = "RETURNED"
    """Never shown, and no longer the buyer's."""
    DONE = "DONE"
    """A recharge that arrived: there is nothing to open."""
    REVOKED = "REVOKED"
    """Shown once, paid back in whole: the cards are in quarantine for good and are not shown again."""


class RefundState(StrEnum):
    NONE = "NONE"
    DUE = "DUE"
    """Money is on its way back."""
    PARTIAL = "PARTIAL"
    FULL = "FULL"
    """All that the order cost went back."""
    EXTRA = "EXTRA"
    """What went back was beside the order's price: a second payment, one of another amount."""
    FAILED = "FAILED"
    """The way back is closed; a person finds another."""


class MailState(StrEnum):
    NONE = "NONE"
    DUE = "DUE"
    SENT = "SENT"
    FAILED = "FAILED"


_S = OrderState
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    _S.PENDING_PAYMENT: frozenset({_S.PAID, _S.COMPLETED, _S.EXPIRED, _S.CANCELED, _S.ON_HOLD}),
    _S.PAID: frozenset({_S.COMPLETED, _S.SHORT, _S.ON_HOLD, _S.FAILED}),
    _S.SHORT: frozenset({_S.COMPLETED, _S.FAILED}),
    _S.ON_HOLD: frozenset({_S.PAID, _S.COMPLETED, _S.EXPIRED, _S.FAILED}),
    _S.EXPIRED: frozenset({_S.PAID, _S.COMPLETED, _S.ON_HOLD}),
    _S.CANCELED: frozenset({_S.PAID, _S.COMPLETED, _S.ON_HOLD}),
    _S.COMPLETED: frozenset({_S.RETURNED}),
    _S.FAILED: frozenset(),
    _S.FENCED: frozenset(),
    _S.RETURNED: frozenset(),
}
"""Who may follow whom. PENDING_PAYMENT goes straight to COMPLETED when the payment finds the cards already held: one
commit less, and no moment in which a paid order has no goods."""

GIVES_BACK = frozenset({_S.EXPIRED, _S.CANCELED, _S.FAILED, _S.FENCED, _S.RETURNED})
"""States in which an order owns no cards."""
