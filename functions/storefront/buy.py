"""The product page's form: read it whole, place the order, or show the page again with everything kept."""

from collections.abc import Mapping
from dataclasses import replace

from accounts import account_faults, typed_account
from house import House
from product import fresh_form, product_view
from saved import APART, ID_MAX, Meant, after_order, after_removal, dropped_id, meant
from views import Tile, Typed, form_faults, tile, way_of

from faka.flows import browse as flow
from faka.flows.accounts import BadAccount
from faka.flows.browse import ProductPage
from faka.flows.checkout import CheckoutCommand, ConsentMissing, checkout
from faka.kernel.errors import Broken, FakaError, NotFound
from faka.kernel.ids import is_ulid
from faka.kernel.limits import AMOUNT_MINOR_MAX, ORDER_CARDS_MAX
from faka.platform.door import Answer, Request, cookie, see_other
from pages import i18n
from pages.forms import WHOLE, BadForm, Fault, Reader, mark
from pages.i18n import TAGS, language
from pages.order_view import OrderFacts
from pages.visitor import ORDERS_AGE_S, ORDERS_COOKIE, PREFS_AGE_S, PREFS_COOKIE, Visitor, codes_value, is_code, prefs_value


FIELDS = {
    "unknown_sku": "sku",
    "out_of_stock": "quantity",
    "quantity_out_of_limits": "quantity",
    "invalid_contact": "contact",
    "consent_missing": "consent",
    "account_unknown": "account",
    "channel_not_found": "channel",
    "channel_closed_for_orders": "channel",
    "channel_not_for_amount": "channel",
    "channel_closed": "channel",
}
"""Which field an outcome of the checkout belongs to."""

USED_UP = frozenset({"key_reused_with_other_body", "quota_exceeded", "out_of_stock", "transaction_busy"})
"""Outcomes after which the form's number may be taken or fenced off: sent again it would read as sold out, so the page gets another."""

ALTERNATIVES_MAX = 4

NONE = "none"
"""The way to pay of a form that names none: right for a free product, and known to no channel."""


class Buy:
    def __init__(self, house: House) -> None:
        self._house = house

    def submit(self, request: Request) -> Answer:
        """Place the order and go to its page. The same form sent twice leads to the same order."""
        who, form = self._house.visitor(request), request.form
        lang = language(form.get("lang", ""))
        if lang is not None or form.get("step") == "quote" or dropped_id(form):
            return self._again(request, who, form, lang)
        try:
            command = _command(who, request, form, meant(self._house.deps, who, request.params["slug"], form))
            order = self._placed(command)
        except FakaError as error:
            if not request.wants_page or isinstance(error, Broken) or (isinstance(error, NotFound) and error.code() not in FIELDS):
                raise
            return self._refused(request, who, form, error)
        kept = cookie(ORDERS_COOKIE, codes_value(who.codes, order.id, command.code), ORDERS_AGE_S)
        return see_other(f"/o/{order.id}", kept, *after_order(self._house.deps, who, request.params["slug"], form, order))

    def _placed(self, command: CheckoutCommand) -> OrderFacts:
        """Raises: BadForm for a wrong account, so that its faults stand beside the form's own fields; else as `checkout`."""
        try:
            return checkout(self._house.deps, command)
        except BadAccount as error:
            raise BadForm([APART] if command.is_account_saved else account_faults(error)) from error

    def _again(self, request: Request, who: Visitor, form: Mapping[str, str], lang: i18n.Language | None) -> Answer:
        """The page once more, in another language, with a new total or without a saved account; nothing typed is lost or judged yet."""
        cookies: tuple[str, ...] = ()
        if lang is not None:
            who = replace(who, frame=replace(who.frame, lang=lang))
            cookies = (cookie(PREFS_COOKIE, prefs_value(lang, who.frame.theme), PREFS_AGE_S),)
        if chosen := dropped_id(form):
            value, dropped = after_removal(self._house.deps, who, chosen)
            who, cookies = replace(who, accounts=value), (*cookies, dropped)
        view = product_view(self._house, who, self._page(request), self._typed(form))
        return self._house.page(who, "shop/product.html", view, cookies=cookies)

    def _refused(self, request: Request, who: Visitor, form: Mapping[str, str], error: FakaError) -> Answer:
        page, typed, lang = self._page(request), self._typed(form), who.frame.lang
        _ = i18n.translator(lang)
        if error.code() in USED_UP:
            fresh = fresh_form(self._house)
            typed = replace(typed, form_id=fresh.form_id, code=fresh.code)
        view = product_view(self._house, who, page, typed)
        faults = _with_limits(page, typed, list(error.faults) if isinstance(error, BadForm) else [_fault(error)])
        if isinstance(error, BadForm) and page.product.notice_version and form.get("consent") != page.product.notice_version:
            faults.append(Fault("consent", ConsentMissing.public_message))
        alternatives: tuple[Tile, ...] = ()
        if error.code() == "out_of_stock":
            alternatives = self._alternatives(page, who)
        titles = {
            409: _("This was not ordered. Nothing was charged."),
            429: _("Please finish first what you began."),
            503: _("This is not possible right now."),
        }
        fields = ("sku", "quantity", "account", "saved_account", *(one.id for one in view.account), "contact", "channel", "consent")
        view = replace(
            view,
            faults=form_faults(faults, lang, fields),
            fault_title=titles.get(error.http_status, _("Please check this before you pay:")),
            alternatives=alternatives,
        )
        status = 422 if error.http_status == 404 else error.http_status  # what is missing is a choice of the form, not the page
        return self._house.page(who, "shop/product.html", view, status=status)

    def _page(self, request: Request) -> ProductPage:
        return flow.product_page(self._house.deps, request.params["slug"], self._house.now())

    def _typed(self, form: Mapping[str, str]) -> Typed:
        """What was typed, bounded; a form id that is not one of ours is replaced, or the page could never be sent."""
        fresh = fresh_form(self._house)
        is_ours = is_ulid(form.get("form_id", ""))
        return Typed(
            form_id=form["form_id"] if is_ours else fresh.form_id,
            code=form.get("code", "")[:40] if is_ours else fresh.code,
            sku=form.get("sku", "")[:48],
            quantity=form.get("quantity", "").strip()[:12],
            contact=form.get("contact", "").strip()[:200],
            channel=form.get("channel", "")[:80],
            has_consent=bool(form.get("consent")),
            account=typed_account(form),
            saved=form.get("saved_account", "")[:ID_MAX],
            is_remembered=bool(form.get("remember_account")),
        )

    def _alternatives(self, page: ProductPage, who: Visitor) -> tuple[Tile, ...]:
        """What else is in stock, from the same category or the nearest one above that has something."""
        for crumb in reversed(page.path):
            shelf = flow.shelf(self._house.deps, crumb.id, self._house.now())
            others = [one for one in shelf.tiles if one.id != page.product.id and one.stock != "none"]
            if others:
                return tuple(tile(one, who.frame.lang) for one in others[:ALTERNATIVES_MAX])
        return ()


def _command(who: Visitor, request: Request, form: Mapping[str, str], goes_to: Meant) -> CheckoutCommand:
    """Raises: BadForm with every fault of the form at once."""
    reader = Reader(form)
    sku = reader.text("sku", 48, missing=mark("Please choose one of the versions on this page."))
    quantity = reader.whole("quantity", 1, ORDER_CARDS_MAX)
    contact = reader.mail("contact")
    channel, method = _way(reader)
    if not (is_ulid(reader.raw("form_id")) and is_code(reader.raw("code"))):
        reader.faults.append(Fault("form_id", mark("This form is not complete. Please open the product page again.")))
    reader.faults += goes_to.faults
    seen = reader.whole("seen_total_minor", 0, AMOUNT_MINOR_MAX) if reader.raw("seen_total_minor") else None
    reader.done()
    return CheckoutCommand(
        form_id=reader.raw("form_id"),
        code=reader.raw("code"),
        product=request.params["slug"],
        sku=sku,
        quantity=quantity,
        contact=contact,
        channel=channel,
        method=method,
        device=who.sight,
        address=request.address,
        consent=reader.raw("consent")[:80],
        account=dict(goes_to.account),
        is_account_saved=goes_to.is_saved,
        locale=TAGS[who.frame.lang].replace("-", "_"),
        seen_total_minor=seen,
    )


def _way(reader: Reader) -> tuple[str, str]:
    value = reader.text("channel", 80)
    if not value:
        return NONE, NONE
    try:
        return way_of(value)
    except BadForm as error:
        reader.faults += error.faults
        return NONE, NONE


def _with_limits(page: ProductPage, typed: Typed, faults: list[Fault]) -> list[Fault]:
    """A fault of the quantity says the limits of the chosen version, so that the second try is right."""
    sku = next((one for one in page.product.skus if one.id == typed.sku), page.product.skus[0])
    limits = {"least": sku.per_order_min, "most": sku.per_order_max}
    text = mark("Please enter %(least)s.") if limits["least"] == limits["most"] else WHOLE
    return [Fault("quantity", text, limits) if fault.field == "quantity" and "left" not in fault.values else fault for fault in faults]


def _fault(error: FakaError) -> Fault:
    """An outcome of the checkout as a line beside its field."""
    left = getattr(error, "available", 0)
    if error.code() == "out_of_stock" and left:
        return Fault("quantity", mark("Only %(left)s left. Please choose fewer."), {"left": left})
    field = FIELDS.get(error.code(), "")
    if error.code() == "out_of_stock":
        return Fault("sku", mark("This version has just been sold out."))
    return Fault(field, error.public_message)
