"""The order page for the order's whole life, and its buttons. Cards are opened by another door."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from accounts import account_fields, account_labels, as_form, correction_faults, typed_account
from house import House
from lookup import not_found_view
from product import said
from views import form_faults, way, way_of

from faka.flows import order_page as flow
from faka.flows.ask_refund import ask_refund, is_wallet, may_return
from faka.flows.order_page import OrderPage, came_by
from faka.flows.ways import METHODS, ways_of
from faka.kernel import ids
from faka.kernel.errors import FakaError, NotFound, Unavailable
from faka.kernel.money import Money
from faka.platform.door import Answer, Request, no_change, see_other
from faka.steps.proof import Proof
from pages import i18n
from pages.forms import Fault
from pages.i18n import Language, money
from pages.order import order_view
from pages.order_view import Asked, Bought, GiveBack, OrderFacts, OrderView, Pay, Way
from pages.visitor import Visitor


NOTHING: Mapping[str, str] = {}


class Orders:
    def __init__(self, house: House) -> None:
        self._house = house

    def show(self, request: Request) -> Answer:
        """The whole page; without proof the same 404 page for unknown orders and for other people's."""
        if ids.is_order_id(request.params["no"]) and any(name not in ("asked", "hl") for name, _value in request.query):
            # Back from the provider, whose parameters prove nothing here: the address gets rid of them, and the page asks.
            return see_other(f"/o/{request.params['no']}?asked=1")
        who = self._house.visitor(request)
        try:
            page = flow.open_order(self._house.deps, request.params["no"], proof_of(who, request), request.address)
        except NotFound:
            if not request.wants_page:
                raise
            return self._house.page(who, "shop/lookup.html", not_found_view(who, request.params["no"]), status=404)
        view = self._view(who, page, is_asking="asked" in request.asked)
        return self._house.page(who, "shop/order.html", view, form_hosts=self._form_hosts(page))

    def status(self, request: Request) -> Answer:
        """204 while nothing changed: one read. Otherwise the part of the page that the script swaps."""
        who = self._house.visitor(request)
        proof = proof_of(who, request)
        tag = flow.state(self._house.deps, request.params["no"], proof)
        if tag == request.headers.get("x-state"):
            return no_change()
        page = flow.open_order(self._house.deps, request.params["no"], proof, request.address)
        return self._house.fragment(who, "shop/stage.html", view=self._view(who, page))

    def check(self, request: Request) -> Answer:
        """*I have paid*: ask the provider, then say what we know."""
        order = flow.check_payment(self._house.deps, request.params["no"], proof_of(self._house.visitor(request), request))
        return see_other(f"/o/{order.id}?asked=1")

    def cancel(self, request: Request) -> Answer:
        return self._acted(request, lambda no, proof: flow.cancel(self._house.deps, no, proof))

    def give_back(self, request: Request) -> Answer:
        """Goods that nobody saw, against all of the money; asked twice it is one refund."""
        return self._acted(request, lambda no, proof: ask_refund(self._house.deps, no, proof))

    def correct(self, request: Request) -> Answer:
        """Another account instead of one at which nothing can arrive, or the money. What was typed stays in the form until it is right."""
        from faka.flows.correct_account import correct_account, have_money_instead  # few orders come here: 15 ms of a cold start

        who, typed = self._house.visitor(request), typed_account(request.form)
        proof, no = proof_of(who, request), request.params["no"]
        try:
            if request.form.get("instead") == "money":
                order = have_money_instead(self._house.deps, no, proof)
            else:
                order = correct_account(self._house.deps, no, proof, typed)
        except FakaError as error:
            if not request.wants_page:
                raise as_form(error) from None
            page = flow.open_order(self._house.deps, no, proof, request.address)
            view, faults = self._view(who, page), correction_faults(error)
            if view.asked is None or not faults:
                view = replace(view, faults=(said(error, who),))
            else:
                view = replace(view, asked=_asked(page, who.frame.lang, typed, faults))
            status = 422 if error.http_status == 404 else error.http_status
            return self._house.page(who, "shop/order.html", view, status=status)
        return see_other(f"/o/{order.id}")

    def change_way(self, request: Request) -> Answer:
        value = request.form.get("channel", "")[:80]
        return self._acted(request, lambda no, proof: flow.change_method(self._house.deps, no, proof, *way_of(value)))

    def _acted(self, request: Request, act: Callable[[str, Proof], OrderFacts]) -> Answer:
        """Do it and show the page. A refusal is shown on the page itself, because the order may have moved on."""
        who = self._house.visitor(request)
        proof = proof_of(who, request)
        try:
            order = act(request.params["no"], proof)
        except FakaError as error:
            if not request.wants_page:
                raise
            # Not his order: the same 404 as everywhere.
            page = flow.open_order(self._house.deps, request.params["no"], proof, request.address)
            view = replace(self._view(who, page), faults=(said(error, who),))
            status = 422 if error.http_status == 404 else error.http_status
            return self._house.page(who, "shop/order.html", view, status=status, form_hosts=self._form_hosts(page))
        return see_other(f"/o/{order.id}")

    def _view(self, who: Visitor, page: OrderPage, *, is_asking: bool = False) -> OrderView:
        lang, now = who.frame.lang, self._house.now()
        order = page.order
        open_id = ids.ulid(now, self._house.deps.chance)
        known = {"code": who.code(order.id), "open_id": open_id}
        view = order_view(order, bought(page, lang), lang, now, **known, is_asking=is_asking, refunded_at=page.refunded_at)
        if view.stage in ("ready", "withheld") and may_return(order, page.product, now):
            amount = money(Money(minor=order.refundable_minor, currency=order.total.currency), lang)
            return replace(view, give_back=GiveBack(amount, self._channel_title(came_by(order), lang)))
        if view.stage == "asked":
            return replace(view, asked=_asked(page, lang))
        if view.stage != "pending":
            return view
        return replace(view, pay=self._pay(page, lang), ways=self._ways(who, page))

    def _channel_title(self, channel: str, lang: Language) -> str:
        """The way in the buyer's language; a wallet is no account of a provider."""
        if is_wallet(channel):
            _ = i18n.translator(lang)
            return _("your wallet")
        return self._house.deps.catalog.channel(channel).title.pick(lang)

    def _pay(self, page: OrderPage, lang: Language) -> Pay | None:
        if page.checkout is None:
            return None
        title = self._house.deps.catalog.channel(page.order.channel_id).title.pick(lang)
        url = page.checkout.url
        return Pay(str(page.checkout.kind), url, title, tuple(page.checkout.fields), is_link=url.startswith("https://"))

    def _ways(self, who: Visitor, page: OrderPage) -> tuple[Way, ...]:
        """Every way of the accounts that this order can be paid by, the present one chosen."""
        lang, sight, found = who.frame.lang, who.sight, []
        present = f"{page.order.channel_id}:{page.payment.method}" if page.payment else ""
        for row in ways_of(self._house.deps, page.order, sight):
            found += [way(row, one, lang, is_chosen=present == f"{row.id}:{one}") for one in METHODS[sight] if one in row.methods]
        return tuple(found) if len(found) > 1 else ()

    def _form_hosts(self, page: OrderPage) -> Collection[str]:
        """Where the page's payment form may go, and where the gateway may send it on to."""
        if page.checkout is None or str(page.checkout.kind) != "FORM":
            return ()
        parts = urlsplit(page.checkout.url)
        try:
            known = self._house.deps.adapter(page.order.channel_id).form_hosts
        except Unavailable:
            known = ()
        return {f"{parts.scheme}://{parts.netloc}", *known}


def proof_of(who: Visitor, request: Request) -> Proof:
    return Proof(code=who.code(request.params["no"]), grant=who.grant)


def _asked(page: OrderPage, lang: Language, typed: Mapping[str, str] = NOTHING, faults: Collection[Fault] = ()) -> Asked | None:
    """The form for another account: empty at first, because what stood there was wrong."""
    if page.order.question is None:
        return None
    fields = account_fields(page.product.account_form, typed, lang)
    return Asked(page.order.question.until, fields, form_faults(faults, lang, [one.id for one in fields]))


def bought(page: OrderPage, lang: Language) -> Bought:
    product, sku = page.product, page.product.sku(page.order.sku_id)
    labels = account_labels(product.account_form, lang)
    return Bought(product.title.pick(lang), sku.name.pick(lang), sku.id, product.guide_after.pick(lang), product.rights.pick(lang), labels)
