"""The order page's view: one stage per state of an order, in words, with nothing left to decide for the template."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from faka.kernel.delivery import DeliveryKind
from faka.kernel.mask import mask_mail
from faka.kernel.money import Money
from pages import i18n
from pages.i18n import Language, money


CARDS_SHOWN_MAX = 20
"""Cards drawn on the page; a phone freezes on hundreds, so the rest comes as a text file."""


class Words(Protocol):
    def pick(self, lang: str) -> str: ...


class OrderFacts(Protocol):
    """What the page reads of an order."""

    @property
    def id(self) -> str: ...
    @property
    def product_id(self) -> str: ...
    @property
    def kind(self) -> DeliveryKind: ...
    @property
    def quantity(self) -> int: ...
    @property
    def unit(self) -> Money: ...
    @property
    def fee(self) -> Money: ...
    @property
    def total(self) -> Money: ...
    @property
    def state(self) -> str: ...
    @property
    def delivery(self) -> str: ...
    @property
    def refund_state(self) -> str: ...
    @property
    def contact(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def paid_at(self) -> datetime | None: ...
    @property
    def revealed_at(self) -> datetime | None: ...
    @property
    def short_until(self) -> datetime | None: ...
    @property
    def is_late(self) -> bool: ...


@dataclass(frozen=True)
class Bought:
    """The product as it was when it was bought, in the reader's language."""

    title: str
    sku: str
    sku_id: str
    guide: str
    rights: str


@dataclass(frozen=True)
class Way:
    """One way to pay. `value` is `channel:method`."""

    value: str
    kind: str
    title: str
    hint: str
    is_chosen: bool = False

    @property
    def sign(self) -> str:
        return self.title[:1]


@dataclass(frozen=True)
class Pay:
    """How to pay now. `is_link` says whether the text of the QR can also be opened by tapping."""

    kind: str
    url: str
    title: str
    fields: tuple[tuple[str, str], ...] = ()
    is_link: bool = False


@dataclass(frozen=True)
class Part:
    label: str
    text: str


@dataclass(frozen=True)
class CardView:
    """One opened card. `qr_text` is the secret exactly as stored."""

    parts: tuple[Part, ...]
    qr_text: str
    expires: str = ""
    href: str = ""
    text: str = ""


@dataclass(frozen=True)
class Remark:
    tone: str
    title: str
    text: str


@dataclass(frozen=True)
class OrderView:
    id: str
    tag: str
    stage: str
    headline: str
    step: int
    poll_s: int
    kind: str
    quantity: int
    product_id: str
    title: str
    sku: str
    unit: str
    fee: str
    total: str
    contact: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    revealed_at: datetime | None
    short_until: datetime | None
    now: datetime
    left: str
    again_href: str
    code: str = ""
    open_id: str = ""
    guide: str = ""
    rights: str = ""
    closed_text: str = ""
    pay: Pay | None = None
    ways: tuple[Way, ...] = ()
    cards: tuple[CardView, ...] = ()
    opened_at: datetime | None = None
    refund: Remark | None = None
    late: Remark | None = None
    faults: tuple[str, ...] = ()

    @property
    def more(self) -> bool:
        return self.quantity > len(self.cards) > 0

    @property
    def is_receipt_open(self) -> bool:
        return self.stage not in ("open", "opened", "pending")


def state_tag(order: OrderFacts) -> str:
    """Changes exactly when the page would; `faka.flows.order_page.state` answers the same for the polling script."""
    return f"{order.state}.{order.delivery}.{order.refund_state}".lower()


_STEPS = {"pending": 1, "confirming": 1, "paid": 2, "held": 2, "short": 2, "ready": 3, "open": 3, "opened": 3, "used": 3}
_POLL_S = {"pending": 1, "confirming": 1, "paid": 1, "held": 10, "short": 10}
"""First pause between two questions of the waiting page; it grows to five seconds, or stays where it is longer."""


def stage_of(order: OrderFacts, is_asking: bool = False) -> str:
    match order.state:
        case "PENDING_PAYMENT":
            return "confirming" if is_asking else "pending"
        case "PAID":
            return "paid"
        case "SHORT":
            return "short"
        case "COMPLETED" if order.delivery == "WITHHELD":
            return "held"
        case "COMPLETED":
            return "used" if order.delivery == "OPENED" else "ready"
        case "ON_HOLD":
            return "held"
        case "EXPIRED" | "CANCELED":
            return "closed"
        case _:
            return "failed"


def order_view(order: OrderFacts, bought: Bought, lang: Language, now: datetime, *, code: str = "", open_id: str = "", is_asking: bool = False) -> OrderView:
    """The page of an order that is not being opened."""
    _ = i18n.translator(lang)
    stage = stage_of(order, is_asking)
    has_goods = order.state == "COMPLETED"
    return OrderView(
        id=order.id,
        tag=state_tag(order),
        stage=stage,
        headline=_headline(_, stage, order),
        step=_STEPS.get(stage, 0),
        poll_s=_POLL_S.get(stage, 0),
        kind=str(order.kind),
        quantity=order.quantity,
        product_id=order.product_id,
        title=bought.title,
        sku=bought.sku,
        unit=money(order.unit, lang),
        fee=money(order.fee, lang),
        total=money(order.total, lang),
        contact=mask_mail(order.contact) if order.contact else "",
        created_at=order.created_at,
        expires_at=order.expires_at,
        paid_at=order.paid_at,
        revealed_at=order.revealed_at,
        short_until=order.short_until,
        now=now,
        left=i18n.clock_left(order.expires_at, now),
        again_href=f"/p/{order.product_id}?sku={bought.sku_id}&quantity={order.quantity}",
        code=code,
        open_id=open_id,
        guide=bought.guide if has_goods else "",
        rights=bought.rights,
        closed_text=_closed_text(_, order),
        refund=_refund(_, order, lang),
        late=_late(_, order),
    )


def opened_view(view: OrderView, cards: Sequence[CardView], lang: Language, now: datetime) -> OrderView:
    """The same page with the cards open; at most `CARDS_SHOWN_MAX` of them."""
    _ = i18n.translator(lang)
    if view.kind == DeliveryKind.LINK:
        return replace(view, stage="opened", headline=_("Your link is open"), step=3, cards=tuple(cards[:CARDS_SHOWN_MAX]), opened_at=now)
    headline = _("Here is your card") if view.quantity == 1 else _("Here are your cards")
    return replace(view, stage="open", headline=headline, step=3, cards=tuple(cards[:CARDS_SHOWN_MAX]))


def card_view(number_text: str, secret: str, lang: Language, expires: str = "") -> CardView:
    """A card for the eye: number and secret apart. The QR holds the secret alone, character by character as stored."""
    _ = i18n.translator(lang)
    parts = [Part(_("Card number"), number_text)] if number_text else []
    parts.append(Part(_("Card secret"), secret))
    return CardView(parts=tuple(parts), qr_text=secret, expires=expires)


def link_view(secret: str) -> CardView:
    """A link is only offered for clicking when it is a plain web address; anything else is shown as text."""
    is_web = secret.startswith(("https://", "http://")) and not any(c.isspace() or c in "\"'<>" for c in secret)
    return CardView(parts=(), qr_text=secret, href=secret if is_web else "", text=secret)


def text_file(cards: Sequence[tuple[str, str]]) -> str:
    """The download: one card a line, number and secret apart by a tab, as the card file had them."""
    return "".join(f"{number}\t{secret}\r\n" if number else f"{secret}\r\n" for number, secret in cards)


def _headline(_: Callable[[str], str], stage: str, order: OrderFacts) -> str:
    match stage:
        case "pending":
            return _("Pay to finish your order")
        case "confirming":
            return _("Confirming your payment")
        case "paid":
            return _("Payment received, preparing your goods")
        case "held":
            return _("Being checked")
        case "short":
            return _("Sold out while you paid")
        case "ready":
            if order.kind == DeliveryKind.LINK:
                return _("Your link is ready")
            return _("Your card is ready") if order.quantity == 1 else _("Your cards are ready")
        case "used":
            return _("This link was opened")
        case "closed":
            return _("This order was canceled") if order.state == "CANCELED" else _("Not paid in time")
        case _:
            return _("This order could not be delivered")


def _closed_text(_: Callable[[str], str], order: OrderFacts) -> str:
    if order.state == "CANCELED":
        return _("You canceled this order, and nothing was charged. The goods are back on the shelf.")
    return _("The reservation ended before a payment arrived. Nothing was charged, and the goods are back on the shelf.")


def _refund(_: Callable[[str], str], order: OrderFacts, lang: Language) -> Remark | None:
    match order.refund_state:
        case "DUE":
            title = _("A refund is on its way")
            text = _("Money arrived that this order does not use, because it came late, twice or in another amount. It goes back the way it came.")
            return Remark("info", title, text)
        case "PARTIAL":
            return Remark("ok", _("Partly refunded"), _("A part of the amount went back the way it came."))
        case "FULL":
            return Remark("ok", _("Refunded"), _("The whole amount went back the way it came."))
        case _:
            return None


def _late(_: Callable[[str], str], order: OrderFacts) -> Remark | None:
    if not order.is_late:
        return None
    if order.state in ("PAID", "COMPLETED"):
        return Remark("info", _("Paid late, delivered all the same"), _("Your payment came after the reservation had ended. The goods were still there, so they are yours."))
    return Remark("info", _("Your payment came late"), _("It arrived after the reservation had ended, and the goods were gone by then. The payment is recorded and goes back to you."))
