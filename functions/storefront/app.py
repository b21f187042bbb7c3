"""The storefront: everything that a visitor does short of seeing a card.

Audience:   visitors and buyers, no account; proof of an order is its lookup code or a mailed one-time code
Trigger:    API `shop` (REST), the routes below
Flows:      browse · quote · checkout · saved_accounts · order_page · correct_account · pay_with_balance · find_order · wallet ·
            redeem_value
Tables:     catalog read · trade read and transactional write · journal append · guard read and write · vault never
Keys:       index key (GenerateMac) for contacts, addresses and what a browser keeps; no key that opens a card
Secrets:    payment channels' accounts, to create and query payments
Limits:     16 KB a form · 500 cards an order · open orders a visitor by FAKA_HOLDS_MAX
On failure: a page in the visitor's language, or problem+json; an order that was committed is on its order page
"""

from browse import Browse
from buy import Buy
from house import House
from lookup import Lookup
from orders import Orders
from settings import StorefrontSettings
from site_files import SiteFiles
from wallet import Wallets

from faka.platform.door import Door
from faka.wiring import Deps


def open_door(deps: Deps) -> Door:
    """The route table; `template.yaml` lists the same, and a test compares the two."""
    house = House(deps)
    browse, buy, orders, lookup, files = Browse(house), Buy(house), Orders(house), Lookup(house), SiteFiles(house)
    wallets = Wallets(house)
    door = Door("storefront", shop_url=deps.settings.faka_shop_url, fault=house.fault)
    for method, path, view in (
        ("GET", "/", browse.home),
        ("GET", "/c/{category}", browse.category),
        ("GET", "/p/{slug}", browse.product),
        ("GET", "/p/{slug}/quote", browse.quote),
        ("POST", "/p/{slug}", buy.submit),
        ("GET", "/o/{no}", orders.show),
        ("GET", "/o/{no}/status", orders.status),
        ("POST", "/o/{no}/check", orders.check),
        ("POST", "/o/{no}/cancel", orders.cancel),
        ("POST", "/o/{no}/refund", orders.give_back),
        ("POST", "/o/{no}/input", orders.correct),
        ("POST", "/o/{no}/pay", orders.change_way),
        ("GET", "/o/{no}/balance", wallets.ask),
        ("POST", "/o/{no}/balance", wallets.pay),
        ("GET", "/wallet", wallets.show),
        ("POST", "/wallet", wallets.open),
        ("POST", "/wallet/redeem", wallets.redeem),
        ("GET", "/orders", lookup.show),
        ("POST", "/orders", lookup.by_code),
        ("POST", "/orders/mail", lookup.send_code),
        ("POST", "/orders/code", lookup.redeem_code),
        ("POST", "/prefs", files.prefs),
        ("GET", "/help", files.help),
        ("GET", "/static/{hash}/{name}", files.static),
        ("GET", "/favicon.ico", files.icon),
        ("GET", "/robots.txt", files.robots),
        ("GET", "/.well-known/security.txt", files.security),
    ):
        door.route(method, path)(view)
    return door


door = open_door(Deps(StorefrontSettings.from_env()))
app = door.app
handler = door.handler()
