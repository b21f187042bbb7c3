"""What the order page says in each state."""

from collections.abc import Callable, Mapping
from datetime import datetime

from faka.kernel.delivery import DeliveryKind
from faka.kernel.money import Money
from pages.forms import mark
from pages.i18n import Language, money
from pages.order_view import OrderFacts, RefundLine, Remark


Translate = Callable[[str], str]


_PLAIN: Mapping[str, str] = {
    "pending": mark("Pay to finish your order"),
    "confirming": mark("Confirming your payment"),
    "paid": mark("Payment received, preparing your goods"),
    "held": mark("Being checked"),
    "withheld": mark("Being checked"),
    "short": mark("Sold out while you paid"),
    "sending": mark("Payment received, your order is on its way to your account"),
    "by_hand": mark("Payment received, a person sends it to your account"),
    "asked": mark("Please correct the account"),
    "done": mark("It has arrived in your account"),
    "used": mark("This link was opened"),
}
"""Stages that read the same for every order."""


def headline(_: Translate, stage: str, order: OrderFacts) -> str:
    match stage:
        case plain if plain in _PLAIN:
            return _(_PLAIN[plain])
        case "ready":
            if order.kind == DeliveryKind.LINK:
                return _("Your link is ready")
            return _("Your card is ready") if order.quantity - order.paid_back == 1 else _("Your cards are ready")
        case "closed" if order.is_late:
            return _("Your payment came late")
        case "closed":
            return _("This order was canceled") if order.state == "CANCELED" else _("Not paid in time")
        case "returned" | "revoked":
            return _went_back(_, stage, order)
        case _:
            return _("This order could not be delivered")


def _went_back(_: Translate, stage: str, order: OrderFacts) -> str:
    if stage == "returned":
        return _("You gave this order back")
    return _("This order was paid back") if order.refund_state == "FULL" else _("This order is being paid back")


def closed_text(_: Translate, order: OrderFacts) -> str:
    if order.is_late:
        return _(
            "It arrived after the reservation had ended, and the goods were gone by then. The payment is recorded and goes back to you."
        )
    if order.refund_state != "NONE":
        return _("This order is closed, but money arrived for it. The payment is recorded and goes back to you.")
    if order.state == "CANCELED":
        return _("You canceled this order, and nothing was charged. The goods are back on the shelf.")
    return _("The reservation ended before a payment arrived. Nothing was charged, and the goods are back on the shelf.")


def refund_remark(_: Translate, order: OrderFacts) -> Remark | None:
    match order.refund_state:
        case "DUE" if any(one.is_own for one in order.refunds):
            return Remark(
                "info", _("A refund is on its way"), _("The amount goes back the way it came. Usually it is there within minutes.")
            )
        case "EXTRA":
            return Remark("ok", _("Refunded"), _("What was paid beside the price of this order went back the way it came."))
        case "FAILED":
            text = _("The way back is closed or needs a person. Your money is safe with us, and a person looks into it.")
            return Remark("warn", _("The refund needs a person"), text)
        case "DUE" if order.state == "COMPLETED":
            text = _("More money arrived than this order costs. What is too much goes back the way it came.")
            return Remark("info", _("A refund is on its way"), text)
        case "DUE":
            return Remark("info", _("A refund is on its way"), _("The whole amount goes back the way it came."))
        case "PARTIAL":
            return Remark("ok", _("Partly refunded"), _("A part of the amount went back the way it came."))
        case "FULL":
            return Remark("ok", _("Refunded"), _("The whole amount went back the way it came."))
        case _:
            return None


def refund_lines(_: Translate, order: OrderFacts, lang: Language, refunded_at: Mapping[str, datetime]) -> tuple[RefundLine, ...]:
    """Every refund of an order, oldest first."""
    return tuple(
        RefundLine(
            amount=money(Money(minor=one.amount_minor, currency=order.total.currency), lang),
            state=_refund_words(_, one.status),
            what=_("from the price of the order") if one.is_own else _("money beside the order"),
            at=refunded_at.get(one.id),
        )
        for one in order.refunds
    )


def _refund_words(_: Translate, status: str) -> str:
    match status:
        case "REQUESTED":
            return _("asked for")
        case "SUBMITTED":
            return _("on its way")
        case "SUCCEEDED":
            return _("done")
        case _:
            return _("a person looks into it")


def late_remark(_: Translate, order: OrderFacts) -> Remark | None:
    """Why a closed order went on after all. Where it did not, the page itself says so."""
    if not order.is_late or order.state not in ("PAID", "COMPLETED"):
        return None
    text = _("Your payment came after the reservation had ended. The goods were still there, so they are yours.")
    return Remark("info", _("Paid late, delivered all the same"), text)
