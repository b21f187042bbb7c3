"""Letters: what the shop writes to buyers. English msgids; the caller brings the translation. A letter holds links and
words, never a card, and it names product and SKU so that a buyer of five things knows which one this is."""

from collections.abc import Callable
from datetime import datetime

from faka.kernel.ids import OrderId


Words = Callable[[str, str], str]
"""(locale, msgid) → text."""


class Letter:
    __slots__ = ("subject", "text")

    def __init__(self, subject: str, text: str) -> None:
        self.subject = subject
        self.text = text


def _(msgid: str) -> str:
    """Marks a msgid for extraction."""
    return msgid


GOODS_READY = _("Ready: {product} · {sku} · order {order}")
GOODS_READY_TEXT = _(
    "Your goods are ready: {product} · {sku} × {quantity}.\n\n"
    "Open your order to see them:\n{link}\n\n"
    "For your safety they are not in this mail. On another device, use your lookup code, or ask for a code by mail at {lookup}"
)
ARRIVED = _("Arrived: {product} · {sku} · order {order}")
ARRIVED_TEXT = _(
    "It has arrived in your account: {product} · {sku} × {quantity}.\n\n"
    "Your order and its receipt:\n{link}\n\n"
    "On another device, use your lookup code, or ask for a code by mail at {lookup}"
)
ACCOUNT_WANTED = _("Please correct the account: {product} · order {order}")
ACCOUNT_WANTED_TEXT = _(
    "{product} could not arrive at the account that you gave. Nothing was sent, and your payment is safe.\n\n"
    "Please open your order and enter the right account:\n{link}\n\n"
    "If we do not hear from you by {until} UTC, the whole amount goes back to you by itself.\n\n"
    "On another device, use your lookup code, or ask for a code by mail at {lookup}"
)
LOOKUP_CODE = _("Your order code: {digits}")
LOOKUP_CODE_TEXT = _("Your code is {digits}. It works once, within 10 minutes. If you did not ask for it, ignore this mail.")


def goods_ready(
    words: Words, locale: str, *, product: str, sku: str, quantity: int, order: OrderId, shop_url: str, is_sent: bool = False
) -> Letter:
    """`is_sent`: they went to an account, and there is nothing to open."""
    link, lookup = f"{shop_url}/o/{order}", f"{shop_url}/orders"
    subject, text = (ARRIVED, ARRIVED_TEXT) if is_sent else (GOODS_READY, GOODS_READY_TEXT)
    return Letter(
        words(locale, subject).format(product=product, sku=sku, order=order),
        words(locale, text).format(product=product, sku=sku, quantity=quantity, link=link, lookup=lookup),
    )


def account_wanted(words: Words, locale: str, *, product: str, order: OrderId, until: datetime, shop_url: str) -> Letter:
    """Asks for another account. The one that was wrong is not in it."""
    link, lookup = f"{shop_url}/o/{order}", f"{shop_url}/orders"
    text = words(locale, ACCOUNT_WANTED_TEXT).format(product=product, link=link, until=f"{until:%Y-%m-%d %H:%M}", lookup=lookup)
    return Letter(words(locale, ACCOUNT_WANTED).format(product=product, order=order), text)


def lookup_code(words: Words, locale: str, digits: str) -> Letter:
    return Letter(words(locale, LOOKUP_CODE).format(digits=digits), words(locale, LOOKUP_CODE_TEXT).format(digits=digits))
