"""The order page's view: one stage per state of an order, in words, with nothing left to decide for the template."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from faka.kernel.delivery import DeliveryKind
from faka.kernel.mask import mask_account, mask_mail
from pages import i18n
from pages.i18n import Language, money
from pages.order_view import Bought, CardView, OrderFacts, OrderView, Part
from pages.order_words import closed_text, headline, late_remark, refund_lines, refund_remark


MOBILE_DIGITS = 11

_NEVER: Mapping[str, datetime] = {}

CARDS_SHOWN_MAX = 20
"""Cards drawn on the page; a phone freezes on hundreds, so the rest comes as a text file."""


def state_tag(order: OrderFacts) -> str:
    """Changes exactly when the page would; `faka.flows.order_page.tag_of` says the same for the polling script."""
    asked = ("asked",) if order.question else ()
    return ".".join((order.state, order.delivery, order.refund_state, *(note.status for note in order.refunds), *asked)).lower()


_STEPS = {"pending": 1, "confirming": 1, "paid": 2, "sending": 2, "by_hand": 2, "asked": 2, "held": 2, "withheld": 2, "short": 2}
_STEPS |= dict.fromkeys(("ready", "open", "opened", "used", "done"), 3)
_POLL_S = {"pending": 1, "confirming": 1, "paid": 1, "sending": 1, "by_hand": 10, "asked": 10, "held": 10, "withheld": 10, "short": 10}
_POLL_REFUND_S = 10
"""First pause between two questions of the waiting page; it grows to five seconds, or stays where it is longer."""
_REFUND_STAGES = ("returned", "revoked", "failed", "closed", "ready", "used", "done")
"""Nothing else is waited for there, so the page asks for the end of a refund."""


def stage_of(order: OrderFacts, is_asking: bool = False) -> str:
    match order.state:
        case "PENDING_PAYMENT":
            return "confirming" if is_asking else "pending"
        case "PAID" | "SHORT" if order.question is not None:
            return "asked"
        case "PAID":
            return "sending" if order.kind.goes_to_account else "paid"
        case "SHORT":
            return "by_hand" if order.kind.goes_to_account else "short"
        case "COMPLETED" if order.delivery == "DONE":
            return "done"
        case "COMPLETED" if order.delivery == "WITHHELD":
            return "withheld"
        case "COMPLETED" if order.delivery == "REVOKED":
            return "revoked"
        case "COMPLETED":
            return "used" if order.delivery == "OPENED" else "ready"
        case "RETURNED":
            return "returned"
        case "ON_HOLD":
            return "held"
        case "EXPIRED" | "CANCELED":
            return "closed"
        case _:
            return "failed"


def order_view(
    order: OrderFacts,
    bought: Bought,
    lang: Language,
    now: datetime,
    *,
    code: str = "",
    open_id: str = "",
    is_asking: bool = False,
    refunded_at: Mapping[str, datetime] = _NEVER,
) -> OrderView:
    """The page of an order that is not being opened; `refunded_at` says when each refund that is done was done."""
    _ = i18n.translator(lang)
    return replace(
        _as_it_stands(order, bought, lang, now, stage_of(order, is_asking)),
        code=code,
        open_id=open_id,
        closed_text=closed_text(_, order),
        refund=refund_remark(_, order),
        refunds=refund_lines(_, order, lang, refunded_at),
        late=late_remark(_, order),
    )


def _as_it_stands(order: OrderFacts, bought: Bought, lang: Language, now: datetime, stage: str) -> OrderView:
    """The stage and the receipt, without what is said beside them."""
    has_goods = order.state == "COMPLETED" and order.delivery != "REVOKED"
    return OrderView(
        id=order.id,
        tag=state_tag(order),
        stage=stage,
        headline=headline(i18n.translator(lang), stage, order),
        step=_STEPS.get(stage, 0),
        poll_s=_POLL_REFUND_S if stage in _REFUND_STAGES and order.refund_state == "DUE" else _POLL_S.get(stage, 0),
        kind=str(order.kind),
        quantity=order.quantity,
        paid_back=order.paid_back,
        exchanged=tuple(one.at for one in order.exchanges),
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
        guide=bought.guide if has_goods else "",
        rights=bought.rights,
        account=account_parts(order, bought, is_masked=stage != "pending" or order.is_account_saved),
    )


def account_parts(order: OrderFacts, bought: Bought, *, is_masked: bool) -> tuple[Part, ...]:
    """The account by the product's words. A choice is nobody's secret; the rest is masked once it is paid, or chosen masked."""
    found = []
    for name, value in order.account.items():
        words = bought.labels.get(f"{name}={value}")
        shown = words or (mask_account(value) if is_masked else _grouped(value))
        found.append(Part(bought.labels.get(name, name), shown))
    return tuple(found)


def _grouped(value: str) -> str:
    """A mobile number as people read it aloud: 138 0013 8000."""
    return f"{value[:3]} {value[3:7]} {value[7:]}" if value.isdigit() and len(value) == MOBILE_DIGITS else value


def opened_view(view: OrderView, cards: Sequence[CardView], lang: Language, now: datetime) -> OrderView:
    """The same page with the cards open; at most `CARDS_SHOWN_MAX` of them. It asks for nothing, because an answer would hide them."""
    _ = i18n.translator(lang)
    view = replace(view, poll_s=0)
    if view.kind == DeliveryKind.LINK:
        return replace(view, stage="opened", headline=_("Your link is open"), step=3, cards=tuple(cards[:CARDS_SHOWN_MAX]), opened_at=now)
    title = _("Here is your card") if view.here == 1 else _("Here are your cards")
    return replace(view, stage="open", headline=title, step=3, cards=tuple(cards[:CARDS_SHOWN_MAX]))


def card_view(number_text: str, secret: str, lang: Language, expires: str = "", instead_at: datetime | None = None) -> CardView:
    """A card for the eye: number and secret apart. The QR holds the secret alone, character by character as stored."""
    _ = i18n.translator(lang)
    parts = [Part(_("Card number"), number_text), Part(_("Password"), secret)] if number_text else [Part(_("Card code"), secret)]
    return CardView(parts=tuple(parts), qr_text=secret, expires=expires, instead_at=instead_at)


def link_view(secret: str) -> CardView:
    """A link is only offered for clicking when it is a plain web address; anything else is shown as text."""
    is_web = secret.startswith(("https://", "http://")) and not any(c.isspace() or c in "\"'<>" for c in secret)
    return CardView(parts=(), qr_text=secret, href=secret if is_web else "", text=secret)


def text_file(cards: Sequence[tuple[str, str]]) -> str:
    """The download: one card a line, number and secret apart by a tab, as the card file had them."""
    return "".join(f"{number}\t{secret}\r\n" if number else f"{secret}\r\n" for number, secret in cards)
