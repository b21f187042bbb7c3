"""A visitor over HTTP with a tape: everything that was sent and answered is kept for a test to look at."""

import http.client
import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from infra.local.headless import Form, Page, Visitor


WAIT_S_MAX = 150
"""What an event lost, the sweep finds within two minutes."""


@dataclass(frozen=True)
class Taken:
    method: str
    url: str
    sent: bytes
    status: int
    headers: bytes
    body: bytes


class _Recording(http.client.HTTPConnection):
    tape: list[Taken]

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **named: Any) -> None:
        self._asked = (method, url, body or b"")
        super().request(method, url, body, headers or {}, **named)

    def getresponse(self) -> http.client.HTTPResponse:
        response = super().getresponse()
        content = response.read()
        response.read = lambda *_: content  # type: ignore[method-assign]
        self.tape.append(Taken(*self._asked, response.status, bytes(response.headers), content))
        return response


class _Connections(dict[str, http.client.HTTPConnection]):
    """One recording connection a site, from a loopback address of the visitor's own: the shop bounds what one address may do."""

    def __init__(self, tape: list[Taken], address: str) -> None:
        super().__init__()
        self._tape, self._address = tape, address

    def setdefault(self, site: str, _: Any = None) -> http.client.HTTPConnection:
        if site not in self:
            self[site] = made = _Recording(urlsplit(site).netloc, timeout=60, source_address=(self._address, 0))
            made.tape = self._tape
        return self[site]


class Shopper(Visitor):
    def __init__(self, shop: str, number: int = 1, contact: str = "") -> None:
        super().__init__()
        self.shop = shop
        self.tape: list[Taken] = []
        self.contact = contact
        self._connections = _Connections(self.tape, f"127.0.{number // 250 + 1}.{number % 250 + 1}")

    # -- buying ---------------------------------------------------------------------------------------------------

    def form_of(self, product: str) -> tuple[Page, Form]:
        page = self.get(f"{self.shop}/p/{product}")
        form = page.form(f"/p/{product}")
        assert form is not None, (page.status, page.headline)
        return page, form

    def send(self, page: Page, form: Form, by: str = "alipay", **changes: str) -> Page:
        """Fill the form in as a person does who pays by that channel, with `changes`, and send it."""
        channel = next(way for way in form.choices["channel"] if way.startswith(f"{by}:") and not way.endswith(":precreate"))
        sku = form.fields.get("sku") or form.choices["sku"][0]
        return self.submit(page, form, **{"sku": sku, "channel": channel, "contact": self.contact, **form.ticks, **changes})

    def order(self, product: str, by: str = "alipay", **changes: str) -> Page:
        page = self.send(*self.form_of(product), by, **changes)
        if page.status == 409 and (form := page.form(f"/p/{product}")):  # another quantity has another total: look, and confirm
            page = self.send(page, form, by, **changes)
        assert page.stage, (page.status, page.headline)
        return page

    def cashier(self, order: Page) -> Page:
        form = next((form for form in order.forms if "data-leaving" in form.attributes), None)
        found = self.submit(order, form) if form else self.get(next(link["href"] for link in order.links if "data-leaving" in link))
        assert "/cashier/" in found.url, (found.status, found.headline)
        return found

    def act(self, order: Page, act: str, **more: Any) -> str:
        """Play something at the provider; answers the payment's number there."""
        cashier = urlsplit(self.cashier(order).url)
        number = cashier.path.rpartition("/")[2]
        asked(f"{cashier.scheme}://{cashier.netloc}/_control", {"out_trade_no": number, "act": act, **more})
        return number

    def ready(self, order: Page, within_s: float = WAIT_S_MAX) -> Page:
        """The order page once it offers the goods."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            page = self.get(address(order))
            if any("data-reveal" in form.attributes for form in page.forms):
                return page
            time.sleep(0.1)
        raise AssertionError(f"still {page.headline!r}")

    def reveal(self, page: Page) -> Page:
        return self.submit(page, next(form for form in page.forms if "data-reveal" in form.attributes))

    def download(self, order: Page) -> Page:
        return self.submit(order, Form(f"/o/{number(order)}/cards.txt", "POST", {}))

    def bought(self, product: str, by: str = "alipay", **changes: str) -> list[str]:
        """The whole way; answers the cards."""
        order = self.order(product, by, **changes)
        self.act(order, "pay")
        return self.reveal(self.ready(order)).secrets

    def state(self, order: Page) -> str:
        return self.get(f"{address(order)}/status").stage.get("data-state", "")


def number(order: Page) -> str:
    return order.stage["data-order"]


def address(order: Page) -> str:
    return order.url.partition("?")[0]


def asked(url: str, what: Any = None) -> Any:
    body = json.dumps(what).encode() if what is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as answer:
        return json.load(answer)
