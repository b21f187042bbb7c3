"""Error pages: what happened, what it means for the money, what to do next. Never a code alone, never what was sent."""

from dataclasses import dataclass

from faka.kernel.errors import FakaError
from pages import i18n
from pages.i18n import Language


@dataclass(frozen=True)
class FaultView:
    heading: str
    text: str
    sign: str
    money: str
    next_label: str
    next_href: str
    reference: str


def fault_view(error: FakaError, lang: Language, reference: str = "", back: str = "/") -> FaultView:
    _ = i18n.translator(lang)
    heading, sign, money = _("Something went wrong"), "alert", ""
    next_label, next_href = _("See all goods"), "/"
    match error.http_status:
        case 404:
            heading, sign = _("Not found"), "search"
        case 403 | 401:
            heading, sign = _("Not allowed"), "lock"
        case 409:
            heading, sign = _("Not possible any more"), "info"
        case 429:
            heading, sign = _("Please wait a moment"), "clock"
            money = _("Nothing was charged.")
            next_label, next_href = _("Try again"), back
        case 503:
            heading, sign = _("Not possible right now"), "refresh"
            next_label, next_href = _("Try again"), back
        case status if status < 500:
            heading = _("Please check your input")
        case _:
            money = _("If you have paid, the payment is recorded and your order page shows it.")
    return FaultView(heading, _(error.public_message), sign, money, next_label, next_href, reference)
