"""Find an order again: this browser's own, by lookup code, or by a one-time code to the mail address."""

from dataclasses import dataclass

from house import House
from views import FormFault, form_faults

from faka.flows import find_order as flow
from faka.kernel.errors import FakaError, Unavailable
from faka.kernel.ids import ProductId
from faka.platform.door import Answer, Request, cookie, see_other
from pages import i18n
from pages.forms import BadForm, Fault, Reader, mark
from pages.i18n import TAGS, moment, money
from pages.order import stage_of
from pages.order_view import OrderFacts
from pages.visitor import GRANT_AGE_S, GRANT_COOKIE, ORDERS_AGE_S, ORDERS_COOKIE, Visitor, codes_value


FOUND_MAX = 20
"""Orders listed; a person looks for one of the newest."""


@dataclass(frozen=True)
class Line:
    id: str
    title: str
    when: str
    total: str
    state: str
    tone: str


@dataclass(frozen=True)
class LookupView:
    heading: str
    no: str = ""
    mail: str = ""
    message: str = ""
    tone: str = "info"
    is_code_sent: bool = False
    orders: tuple[Line, ...] = ()
    orders_title: str = ""
    faults: tuple[FormFault, ...] = ()


def not_found_view(who: Visitor, no: str) -> LookupView:
    """An order page without proof. The sentence is the same whether the order exists or not."""
    _ = i18n.translator(who.frame.lang)
    text = _("To open this order here, enter its lookup code, or let us send a code to its e-mail address.")
    return LookupView(_("Prove that it is yours"), no=no[:40], message=text)


class Lookup:
    def __init__(self, house: House) -> None:
        self._house = house

    def show(self, request: Request) -> Answer:
        who = self._house.visitor(request)
        _ = i18n.translator(who.frame.lang)
        deps = self._house.deps
        orders = flow.orders_known(deps, dict(who.codes))
        orders += [one for one in flow.orders_of(deps, who.grant) if one.id not in who.codes]
        orders.sort(key=lambda one: one.created_at, reverse=True)
        lines = tuple(self._line(one, self._title(one.product_id, one.product_version, who), who) for one in orders[:FOUND_MAX])
        message = _("No orders belong to this address.") if who.grant and not lines else ""
        view = LookupView(_("Find my order"), orders=lines, orders_title=_("Your orders on this device"), message=message)
        return self._house.page(who, "shop/lookup.html", view)

    def _line(self, order: OrderFacts, title: str, who: Visitor) -> Line:
        lang = who.frame.lang
        _ = i18n.translator(lang)
        stage = stage_of(order)
        word, tone = {
            "pending": (_("Waiting for payment"), "warn"),
            "paid": (_("Preparing"), "info"),
            "held": (_("Being checked"), "warn"),
            "short": (_("Waiting for stock"), "warn"),
            "ready": (_("Delivered"), "ok"),
            "used": (_("Opened"), "ok"),
            "closed": (_("Closed"), "plain"),
        }.get(stage, (_("Refund"), "plain"))
        return Line(order.id, title, moment(order.created_at), money(order.total, lang), word, tone)

    def _title(self, product_id: ProductId, version: int, who: Visitor) -> str:
        return self._house.deps.catalog.product_version(product_id, version).title.pick(who.frame.lang)

    def by_code(self, request: Request) -> Answer:
        """Order number and lookup code together open the page; either alone says nothing."""
        who = self._house.visitor(request)
        reader = Reader(request.form)
        try:
            no = reader.text("no", 40, missing=mark("Please enter the order number.")).upper().removeprefix("ORD_")
            code = reader.text("code", 40, missing=mark("Please enter the lookup code."))
            reader.done()
            order = flow.by_code(self._house.deps, f"ord_{no}", code, request.address)
        except FakaError as error:
            return self._refused(request, who, error, "no")
        return see_other(f"/o/{order.id}", cookie(ORDERS_COOKIE, codes_value(who.codes, order.id, code), ORDERS_AGE_S))

    def send_code(self, request: Request) -> Answer:
        """The answer is the same whether orders exist under the address."""
        who = self._house.visitor(request)
        reader = Reader(request.form)
        try:
            mail = reader.mail("mail", is_required=True)
            reader.done()
            flow.send_code(self._house.deps, i18n.translate, mail, request.address, TAGS[who.frame.lang].replace("-", "_"))
        except FakaError as error:
            return self._refused(request, who, error, "mail")
        _ = i18n.translator(who.frame.lang)
        return self._house.page(who, "shop/lookup.html", LookupView(_("Find my order"), mail=mail, is_code_sent=True))

    def redeem_code(self, request: Request) -> Answer:
        who = self._house.visitor(request)
        reader = Reader(request.form)
        try:
            mail = reader.mail("mail", is_required=True)
            digits = reader.text("digits", 12, missing=mark("Please enter the code from the e-mail.")).replace(" ", "")
            reader.done()
            grant = flow.redeem_code(self._house.deps, mail, digits, request.address)
        except FakaError as error:
            return self._refused(request, who, error, "digits")
        return see_other("/orders", cookie(GRANT_COOKIE, grant.reveal(), GRANT_AGE_S))

    def _refused(self, request: Request, who: Visitor, error: FakaError, field: str) -> Answer:
        if not request.wants_page or isinstance(error, Unavailable):
            raise error
        _ = i18n.translator(who.frame.lang)
        faults = error.faults if isinstance(error, BadForm) else (Fault(field, error.public_message),)
        form = request.form
        view = LookupView(
            _("Find my order"),
            no=form.get("no", "")[:40],
            mail=form.get("mail", "")[:120],
            is_code_sent=field == "digits",
            faults=form_faults(faults, who.frame.lang, ("no", "code", "mail", "digits")),
        )
        return self._house.page(who, "shop/lookup.html", view, status=error.http_status)
