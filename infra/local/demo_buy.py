"""Buy one card over plain HTTP, as a visitor without a script would: `python -m infra.local.demo_buy --port N`.

Product page → form → order page → provider's cashier → pay → back → wait → show the card. Ends with 0 only if a card was shown.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from infra.local.headless import Form, Page, Visitor
from infra.local.home import PREFERRED_PORT, ROOT


WAIT_S_MAX = 120
"""The sweeper finds within two minutes what an event lost; until then a paid order may still be on its way."""
POLL_S = 0.05
Say = Callable[[str], None]


class NoSale(Exception):
    """The way to the card ended; the message says where."""


@dataclass(frozen=True)
class Bought:
    order: str
    card: str
    paid_to_card_s: float
    total_s: float


def buy(shop: str, product: str = "", say: Say = print, visitor: Visitor | None = None) -> Bought:
    """Raises: NoSale."""
    visitor, began = visitor or Visitor(), time.monotonic()

    def told(line: str) -> None:
        say(f"  {time.monotonic() - began:6.2f} s  {line}")

    page, form = product_page(visitor, shop, product)
    told(f"product    {page.headline}")
    page = visitor.submit(page, form, **choices(form))
    if not page.stage:
        raise NoSale(f"the order was not taken: {page.status} {page.headline}")
    order_url, number = page.url, page.stage.get("data-order", "")
    told(f"order      {number}: {page.headline}")
    cashier = cashier_of(visitor, page)
    told(f"cashier    {cashier.headline}")
    paid_at = time.monotonic()
    back = visitor.submit(cashier, cashier.forms[0], act="pay")
    told("paid       the provider has the money")
    page = _wait(visitor, back if back.stage else visitor.get(order_url), order_url, told)
    form = next(form for form in page.forms if "data-reveal" in form.attributes)
    page = visitor.submit(page, form)
    if not page.secrets:
        raise NoSale(f"the card was not shown: {page.status} {page.headline}")
    ended = time.monotonic()
    told(f"card       {_masked(page.secrets[-1])}")
    return Bought(number, page.secrets[-1], ended - paid_at, ended - began)


def product_page(visitor: Visitor, shop: str, wanted: str) -> tuple[Page, Form]:
    """The wanted product, or the first one on the shelf that can be bought."""
    if wanted:
        addresses = [f"{shop}/p/{wanted}"]
    else:
        home = visitor.get(f"{shop}/")
        addresses = list(dict.fromkeys(urljoin(home.url, link["href"]) for link in home.links if link["href"].startswith("/p/")))
    for address in addresses:
        page = visitor.get(address)
        form = page.form(address.removeprefix(shop))
        if form is not None and form.choices.get("sku") and form.choices.get("channel"):
            return page, form
    raise NoSale(f"nothing can be bought at {', '.join(addresses) or shop}")


def choices(form: Form) -> dict[str, str]:
    """What a person does with the form: the first version, one piece, a page to pay on, and the tick."""
    ways = form.choices["channel"]
    chosen = next((way for way in ways if not way.endswith(":precreate")), ways[0])
    return {"sku": form.fields.get("sku") or form.choices["sku"][0], "channel": chosen, "contact": "buyer@faka.example", **form.ticks}


def cashier_of(visitor: Visitor, page: Page) -> Page:
    """Leave the shop by the button that the order page offers."""
    form = next((form for form in page.forms if "data-leaving" in form.attributes), None)
    link = next((link for link in page.links if "data-leaving" in link), None)
    if form is not None:
        found = visitor.submit(page, form)
    elif link is not None:
        found = visitor.get(link["href"])
    else:
        raise NoSale("the order page offers no way to pay")
    if found.status != 200 or not found.forms:
        raise NoSale(f"the cashier does not open: {found.status} {found.headline}")
    return found


def _wait(visitor: Visitor, page: Page, address: str, told: Say) -> Page:
    """Reload until the card is there, as the page without a script does, only faster."""
    end, last = time.monotonic() + WAIT_S_MAX, ""
    while time.monotonic() < end:
        if page.headline != last:
            last = page.headline
            told(f"state      {last}")
        if any("data-reveal" in form.attributes for form in page.forms):
            return page
        time.sleep(POLL_S)
        page = visitor.get(address)
    raise NoSale(f"still {last!r} after {WAIT_S_MAX} s")


def _masked(card: str) -> str:
    return f"{card[:2]}{'•' * max(4, len(card) - 4)}{card[-2:]}"


def _last_port() -> int:
    try:
        return int(json.loads((ROOT / ".local" / "home.json").read_text())["port"])
    except (OSError, ValueError, KeyError):
        return PREFERRED_PORT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo_buy", description="Buy one card at the running shop.")
    parser.add_argument("--port", type=int, default=_last_port(), help="port of the shop (default: that of the last `make run`)")
    parser.add_argument("--product", default="", help="product to buy (default: the first that can be bought)")
    given = parser.parse_args()
    try:
        bought = buy(f"http://127.0.0.1:{given.port}", given.product)
    except NoSale as reason:
        print(f"No card: {reason}")
        return 1
    except OSError as error:
        print(f"No card: the shop does not answer on port {given.port} ({error}). Is `make run` running?")
        return 1
    print(f"Card shown {bought.paid_to_card_s:.2f} s after the payment, {bought.total_s:.2f} s after the first page.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
