"""The wallet's page: open it by number and code, put gift codes into it. Nothing of it stays in the browser, no code is in an address."""

from collections.abc import Mapping
from dataclasses import dataclass

from house import House
from lookup import not_found_view
from orders import proof_of
from views import FormFault, form_faults

from faka.flows import wallet as flow
from faka.flows.pay_with_balance import pay_with_balance, to_pay
from faka.flows.redeem_value import Redemption, redeem_value
from faka.flows.wallet import WalletPage
from faka.kernel import ids
from faka.kernel.errors import Broken, FakaError, NotFound, Unavailable
from faka.kernel.money import Money
from faka.platform.door import Answer, Request, see_other
from faka.steps.proof import Proof
from faka.wiring import Deps
from pages import i18n
from pages.forms import BadForm, Fault, Reader, mark
from pages.i18n import Language, moment, money
from pages.order_view import OrderFacts
from pages.visitor import Visitor, is_code


FIELDS = ("wallet", "wallet_code", "gift_code", "into", "into_code")

NUMBER, CODE = mark("Please enter the wallet number."), mark("Please enter the wallet code.")

TARGETS = {
    "value_not_found": "gift_code",
    "value_used": "gift_code",
    "value_over": "gift_code",
    "currency_differs": "into",
}
"""Which field an outcome of redeeming belongs to; a wallet that does not open belongs to the field that named it."""


@dataclass(frozen=True)
class Line:
    what: str
    when: str
    amount: str
    is_in: bool


@dataclass(frozen=True)
class WalletView:
    heading: str
    form_id: str
    new_code: str
    no: str = ""
    """The wallet that is open."""
    code: str = ""
    """Of a wallet that was opened just now."""
    balance: str = ""
    added: str = ""
    lines: tuple[Line, ...] = ()
    wallet: str = ""
    gift_code: str = ""
    into: str = ""
    faults: tuple[FormFault, ...] = ()


@dataclass(frozen=True)
class BalanceView:
    heading: str
    id: str
    total: str
    wallet: str = ""
    faults: tuple[FormFault, ...] = ()


def typed_wallet(form: Mapping[str, str]) -> tuple[str, str]:
    """Number and code as typed. Raises: BadForm."""
    reader = Reader(form)
    number = reader.text("wallet", 40, missing=NUMBER)
    code = reader.text("wallet_code", 40, missing=CODE)
    reader.done()
    return _number(number), code


def _number(typed: str) -> str:
    """As it is printed; who leaves the prefix out or types small letters means the same."""
    return f"wal_{typed.upper().removeprefix('WAL_')}"


class Wallets:
    def __init__(self, house: House) -> None:
        self._house = house

    def show(self, request: Request) -> Answer:
        who = self._house.visitor(request)
        return self._house.page(who, "shop/wallet.html", self._view(who))

    def open(self, request: Request) -> Answer:
        """Number and code together show balance and movements; either alone says nothing."""
        who = self._house.visitor(request)
        try:
            found = flow.open_wallet(self._house.deps, *typed_wallet(request.form), request.address)
        except FakaError as error:
            return self._refused(request, who, error, "wallet")
        return self._opened(who, found)

    def redeem(self, request: Request) -> Answer:
        """Into a wallet that the visitor can open, or into a new one, whose code is shown in this answer only."""
        who = self._house.visitor(request)
        try:
            asked = _redemption(request)
            found = redeem_value(self._house.deps, asked)
        except FakaError as error:
            return self._refused(request, who, error, "into")
        return self._opened(who, found, code="" if asked.wallet else ids.normal_code(asked.new_code), is_added=True)

    def ask(self, request: Request) -> Answer:
        """The form on a page of its own: the order's page reloads itself while it waits, which would empty it."""
        who = self._house.visitor(request)
        return self._asked(request, who)

    def pay(self, request: Request) -> Answer:
        """The whole order at once; then its page shows the goods."""
        who = self._house.visitor(request)
        no = request.params["no"]
        try:
            to_pay(self._house.deps, no, proof_of(who, request))  # not his order: that is the answer, whatever he typed
            number, code = typed_wallet(request.form)
            order = _paid(self._house.deps, no, proof_of(who, request), number, code, request.address)
        except FakaError as error:
            if not request.wants_page or isinstance(error, Unavailable | Broken):
                raise
            return self._asked(request, who, error, request.form.get("wallet", "")[:40])
        return see_other(f"/o/{order.id}")

    def _asked(self, request: Request, who: Visitor, error: FakaError | None = None, typed: str = "") -> Answer:
        no, lang = request.params["no"], who.frame.lang
        try:
            order = to_pay(self._house.deps, no, proof_of(who, request))
        except NotFound:
            if not request.wants_page:
                raise
            return self._house.page(who, "shop/lookup.html", not_found_view(who, no), status=404)
        if order is None:
            return see_other(f"/o/{no}")
        total = money(order.unit.times(order.quantity), lang)
        faults = form_faults(_faults(error, "wallet"), lang, FIELDS) if error else ()
        view = BalanceView(i18n.translator(lang)("Pay with a wallet"), no, total, typed, faults)
        status = 200 if error is None else error.http_status
        return self._house.page(who, "shop/balance.html", view, status=status)

    def _view(self, who: Visitor, **more: object) -> WalletView:
        _ = i18n.translator(who.frame.lang)
        now, chance = self._house.now(), self._house.deps.chance
        given: dict[str, object] = {"form_id": ids.ulid(now, chance), "new_code": ids.lookup_code(chance), **more}
        return WalletView(_("Wallet"), **given)  # type: ignore[arg-type]

    def _opened(self, who: Visitor, found: WalletPage, *, code: str = "", is_added: bool = False) -> Answer:
        lang, wallet = who.frame.lang, found.wallet
        lines = tuple(_line(one.kind, one.amount_minor, moment(one.at), wallet.balance, lang) for one in found.movements)
        added = lines[0].amount.removeprefix("+") if is_added and lines else ""
        view = self._view(who, no=wallet.id, code=code, balance=money(wallet.balance, lang), added=added, lines=lines, into=wallet.id)
        return self._house.page(who, "shop/wallet.html", view)

    def _refused(self, request: Request, who: Visitor, error: FakaError, field: str) -> Answer:
        if not request.wants_page or isinstance(error, Unavailable | Broken):
            raise error
        form = request.form
        typed = {name: form.get(name, "")[:40] for name in ("wallet", "gift_code", "into")}
        view = self._view(who, **typed, faults=form_faults(_faults(error, field), who.frame.lang, FIELDS))
        return self._house.page(who, "shop/wallet.html", view, status=error.http_status)


def _faults(error: FakaError, field: str) -> tuple[Fault, ...]:
    """An outcome as lines beside their fields."""
    return error.faults if isinstance(error, BadForm) else (Fault(TARGETS.get(error.code(), field), error.public_message),)


def _paid(deps: Deps, no: str, proof: Proof, number: str, code: str, address: str) -> OrderFacts:
    """Of an order that is there, a wallet that does not open is a fault of the form."""
    try:
        return pay_with_balance(deps, no, proof, number, code, address)
    except NotFound as error:
        raise BadForm(_faults(error, "wallet")) from error


def _redemption(request: Request) -> Redemption:
    """Raises: BadForm with every fault of the form at once."""
    reader = Reader(request.form)
    gift = reader.text("gift_code", 40, missing=mark("Please enter the gift code."))
    if not (ids.is_ulid(reader.raw("form_id")) and is_code(reader.raw("new_code"))):
        reader.faults.append(Fault("form_id", mark("This form is not complete. Please open the page again.")))
    is_into = bool(reader.raw("into") or reader.raw("into_code"))
    into = reader.text("into", 40, missing=NUMBER if is_into else "")
    into_code = reader.text("into_code", 40, missing=CODE if is_into else "")
    reader.done()
    return Redemption(
        code=gift,
        form_id=reader.raw("form_id"),
        new_code=reader.raw("new_code"),
        wallet=_number(into) if is_into else "",
        wallet_code=into_code,
        address=request.address,
    )


def _line(kind: str, amount_minor: int, when: str, balance: Money, lang: Language) -> Line:
    _ = i18n.translator(lang)
    what = {"REDEEMED": _("Gift code"), "SPENT": _("Order paid"), "REFUNDED": _("Refund")}[kind]
    amount = money(balance.model_copy(update={"minor": abs(amount_minor)}), lang)
    is_in = amount_minor > 0
    return Line(what, when, f"+{amount}" if is_in else f"−{amount}", is_in)
