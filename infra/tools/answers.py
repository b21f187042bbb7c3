"""How each operation answers, and what its fields mean: the part of the API documents that no source says in one place.

Statuses and codes are those of the error classes named here. `tests/contract/api` sends thousands of requests to the real doors
and holds that nothing else is answered, so a class that is missing here is noticed, and so is a field without words.
"""

from dataclasses import dataclass

from faka.contexts.catalog import errors as catalog
from faka.contexts.orders import errors as orders
from faka.contexts.orders.price import PriceChanged
from faka.contexts.payments.errors import ChannelClosedForOrders
from faka.contexts.quotas.errors import QuotaExceeded, TooManyTries, WrongCode
from faka.contexts.quotas.flights import InFlight
from faka.contexts.stock import OutOfStock
from faka.contexts.suppliers.store import SupplierMissing
from faka.contexts.vault import CardWithheld
from faka.contexts.wallets import errors as wallets
from faka.flows.checkout import ConsentMissing, QuantityOutOfLimits
from faka.flows.correct_account import NotAsked, SameAccount
from faka.flows.quote import QuantityNotOffered
from faka.flows.reveal import GoodsWentBack, NothingToOpen
from faka.flows.take_supply_notice import NoSuchRecharge
from faka.kernel.contact import InvalidContact
from faka.kernel.errors import FakaError, InvalidRequest, NotFound
from faka.kernel.exchange import Forged, Malformed
from faka.steps.checked import AccountUnknown
from pages.forms import BadForm


Good = tuple[int, str, str]
"""Status, content type (empty for none), what it is."""

SEE_ORDER: Good = (303, "text/plain", "see the order's page")
NOTHING: Good = (204, "", "nothing has changed, or nothing is to be shown")


def page(what: str) -> Good:
    return 200, "text/html", what


@dataclass(frozen=True)
class Answers:
    """The good answers of an operation, and the errors that are its own; what every door does stands in `openapi`."""

    good: tuple[Good, ...]
    errors: tuple[type[FakaError], ...] = ()


OPENED = (orders.OrderNotFound, orders.NotReady, orders.AlreadyOpened, GoodsWentBack, NothingToOpen, CardWithheld)
CHOSEN = (BadForm, catalog.ProductNotFound, catalog.UnknownSku, catalog.ChannelNotFound, catalog.OffShelf)
BOUGHT = (
    *(InvalidContact, QuantityOutOfLimits, ConsentMissing, ChannelClosedForOrders, PriceChanged, OutOfStock),
    *(QuotaExceeded, orders.KeyReusedWithOtherBody, AccountUnknown, InFlight),
)
OPENS = (wallets.WalletNotFound, TooManyTries)
SVG = "image/svg+xml"

SHOP: dict[str, Answers] = {
    "GET /": Answers((page("the shelf"),)),
    "GET /c/{category}": Answers((page("the shelf of a category and all below it"),), (catalog.CategoryNotFound,)),
    "GET /p/{slug}": Answers((page("the product with its order form"),), (catalog.ProductNotFound,)),
    "GET /p/{slug}/quote": Answers((page("the sum, as a fragment"),), (*CHOSEN, QuantityNotOffered)),
    "POST /p/{slug}": Answers(
        (SEE_ORDER, page("the form again, in another language, with a new total or without a saved account")), (*CHOSEN, *BOUGHT)
    ),
    "GET /o/{no}": Answers(
        (page("the order"), (303, "text/plain", "the same address without a provider's parameters")), (orders.OrderNotFound,)
    ),
    "GET /o/{no}/status": Answers((page("the changed part of the order's page"), NOTHING), (orders.OrderNotFound,)),
    "POST /o/{no}/check": Answers((SEE_ORDER,), (orders.OrderNotFound,)),
    "POST /o/{no}/cancel": Answers((SEE_ORDER,), (orders.OrderNotFound, orders.OrderClosed)),
    "POST /o/{no}/refund": Answers((SEE_ORDER,), (orders.OrderNotFound, orders.NotRefundable)),
    "POST /o/{no}/input": Answers(
        (SEE_ORDER,), (BadForm, orders.OrderNotFound, NotAsked, SameAccount, AccountUnknown, InFlight, TooManyTries)
    ),
    "POST /o/{no}/pay": Answers(
        (SEE_ORDER,),
        (BadForm, orders.OrderNotFound, orders.OrderClosed, catalog.ChannelNotFound, ChannelClosedForOrders, TooManyTries),
    ),
    "GET /o/{no}/balance": Answers(
        (page("number and code of the wallet that pays"), (303, "text/plain", "see the order's page")), (orders.OrderNotFound,)
    ),
    "POST /o/{no}/balance": Answers(
        (SEE_ORDER,),
        (BadForm, orders.OrderNotFound, orders.OrderClosed, TooManyTries, wallets.BalanceTooLow, wallets.CurrencyDiffers),
    ),
    "GET /wallet": Answers((page("the ways to open a wallet and to redeem a gift code"),)),
    "POST /wallet": Answers((page("the wallet's balance and newest movements"),), (BadForm, *OPENS)),
    "POST /wallet/redeem": Answers(
        (page("the wallet with the value in it; of a new one also its code, this once"),),
        (BadForm, *OPENS, wallets.ValueNotFound, wallets.ValueUsed, wallets.ValueOver, wallets.CurrencyDiffers, wallets.WalletExists),
    ),
    "GET /orders": Answers((page("this browser's orders, and the ways to find one"),)),
    "POST /orders": Answers((SEE_ORDER,), (BadForm, orders.OrderNotFound, TooManyTries)),
    "POST /orders/mail": Answers(
        (page("the same, whether orders exist under the address or not"),), (BadForm, InvalidContact, TooManyTries)
    ),
    "POST /orders/code": Answers(
        ((303, "text/plain", "see the orders of the address"),), (BadForm, InvalidContact, WrongCode, TooManyTries)
    ),
    "POST /prefs": Answers(((303, "text/plain", "back to where the visitor was"), NOTHING)),
    "GET /help": Answers((page("help"),)),
    "GET /static/{hash}/{name}": Answers(
        ((200, "text/css", "a file of the pages"), (200, "text/javascript", ""), (200, SVG, ""), (404, "text/plain", "no such file"))
    ),
    "GET /favicon.ico": Answers(((200, SVG, "the icon"),)),
    "GET /robots.txt": Answers(((200, "text/plain", "what robots leave alone"),)),
    "GET /.well-known/security.txt": Answers(((200, "text/plain", "whom to tell about a hole"),)),
    "POST /o/{no}/cards": Answers((page("the order with its cards open"),), OPENED),
    "POST /o/{no}/cards.txt": Answers(((200, "text/plain", "all cards, one a line"),), OPENED),
}

_NOTICE = Answers(
    ((200, "text/plain", "acknowledged: the provider stops repeating"),),
    (Malformed, Forged, NotFound, catalog.ChannelNotFound, InvalidRequest),
)
_SUPPLY_NOTICE = Answers(
    ((200, "text/plain", "heard: the supplier stops repeating"),),
    (Malformed, Forged, NotFound, SupplierMissing, NoSuchRecharge, InvalidRequest),
)
NOTIFY = {f"{method} /v1/callbacks/{{channel}}/{{account}}": _NOTICE for method in ("GET", "POST")} | {
    "POST /v1/suppliers/{kind}/{supplier}": _SUPPLY_NOTICE
}

MEANINGS = {
    "{account}": "the payment channel's id in the shop",
    "{category}": "a category's id",
    "{channel}": "kind of the provider",
    "{hash}": "hash of the file's content; an old one gets the present file",
    "{kind}": "kind of the supplier",
    "{name}": "file name",
    "{no}": "order number",
    "{slug}": "a product's id",
    "{supplier}": "the supplier's id in the shop",
    "asked": "present after the provider was asked",
    "back": "path of this shop to return to; anything else leads home",
    "channel": "way to pay, as `channel:method`",
    "code": "the order's lookup code; case, spaces and hyphens do not matter",
    "consent": "version of the product's notice that was agreed to",
    "contact": "where news go; may stay empty",
    "digits": "the six digits that were mailed",
    "form_id": "one-time id of the form; it becomes the number of the order or wallet, so a form sent twice makes one",
    "drop_account": "id of a saved account that this device forgets, or `all`; shows the form again",
    "gift_code": "the code to redeem; case, spaces and hyphens do not matter",
    "hl": "language for who carries no cookies: `zh` or `en`",
    "instead": "`money`: no other account, the money back",
    "into": "number of the wallet that the value goes into; empty for a new one",
    "into_code": "that wallet's code",
    "lang": "`zh` or `en`",
    "mail": "the address that was given with the orders",
    "new_code": "code of the wallet that is opened where none is named; shown in the answer and kept as a hash only",
    "no": "order number",
    "open_id": "one-time id of this opening; the same again is the same opening",
    "page": "page of the listing",
    "quantity": "how many",
    "remember_account": "present when this device keeps the order's account, sealed",
    "saved_account": "id of the saved account that the goods go to; empty where it is typed",
    "seen_total_minor": "the total that the buyer saw; another one is refused",
    "sku": "the version chosen",
    "step": "`quote` shows the form again with its new total",
    "theme": "`auto`, `light` or `dark`",
    "wallet": "wallet number",
    "wallet_code": "the wallet's code; case, spaces and hyphens do not matter",
    "x-fragment": "present when a script asks for a part of the page",
    "x-state": "the state that the page shows; the same one is answered with 204",
}
"""A field without words here is an error, as is a word without a field. Parts of a path stand in braces."""
