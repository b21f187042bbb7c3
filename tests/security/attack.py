"""Send anything to any route of the real doors, and judge what comes back and what it changed."""

import json
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

from faka.contexts.orders.model import Order
from pages.visitor import codes_value
from tests.kit.doors import CONTEXT, Page, Shop, event, load, read
from tests.kit.suppliers import FakeSuppliers
from tests.kit.tables import PHYSICAL
from tests.kit.world import World


TRUSTED = "203.0.113.7"
"""The address that the gateway itself saw."""

ORIGIN = "https://shop.test"
FORM = "application/x-www-form-urlencoded"
NOTICE = "/v1/callbacks/{channel}/{account}"
FOREIGN = (NOTICE, "/v1/suppliers/{kind}/{supplier}")
"""Messages of others, which may be longer than a form."""

SUPPLIER = "known"
QUIET = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "strict-transport-security",
    "cache-control",
)

Route = tuple[str, str]


class Doors:
    """All three HTTP functions over one world. Nothing is kept between requests: each brings all that it has."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._handlers: dict[Route, Any] = {(method, path): handler for method, _, path, handler in Shop(world.deps)._handlers}
        self._callbacks = load("callbacks")
        for route in self._callbacks.door.routes:
            self._handlers[route] = self._callbacks.door.handler()
        supplier = FakeSuppliers(world.clock, ["signed_json"]).by_kind("signed_json")
        world.deps.tables.apply(world.deps.suppliers.save(supplier.row(id=SUPPLIER)))
        world.providers.secrets.write(f"faka/suppliers/{SUPPLIER}", supplier.secret)

    @property
    def routes(self) -> list[Route]:
        return sorted(self._handlers)

    def send(
        self,
        route: Route,
        *,
        params: dict[str, str] | None = None,
        query: Iterable[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        address: str = TRUSTED,
    ) -> Page:
        method, path = route
        given = {**usual(self.world, path), **(params or {})} if "{" in path else {}
        filled = path
        for name, value in given.items():
            filled = filled.replace(f"{{{name}}}", quote(value, errors="replace"))
        named = {"accept": "text/html", "host": "shop.test", "origin": ORIGIN, "content-type": FORM} | (headers or {})
        made = event(method, path, filled, given or None, "", body, named, address)
        lists: dict[str, list[str]] = {}
        for name, value in query:
            lists.setdefault(name, []).append(value)
        made["multiValueQueryStringParameters"] = lists or None
        with patch.object(self._callbacks, "deps", self.world.deps):
            return read(self._handlers[route](made, CONTEXT))


def usual(world: World, path: str) -> dict[str, str]:
    """Path parameters that lead somewhere."""
    facts = {
        "slug": world.product.id,
        "no": "ord_01KJPB7WG08HQWXGN3V08Q7SBR",
        "category": "video",
        "hash": "0" * 12,
        "name": "base.css",
        "channel": "alipay",
        "account": "alipay",
        "kind": "signed_json",
        "supplier": SUPPLIER,
    }
    return {name: value for name, value in facts.items() if f"{{{name}}}" in path}


def cookie_of(world: World, order: Order) -> dict[str, str]:
    """What the browser of an order's buyer sends along."""
    return {"cookie": f"__Host-orders={codes_value({}, order.id, world.proof(order).code)}"}


# -- judging ---------------------------------------------------------------------------------------------------------


def faults(page: Page, value: str, mark: str, *, may_show: bool = False) -> list[str]:
    """What is wrong with an answer. `may_show`: what was typed may be shown again, as text and never as markup."""
    headers = {**page.headers, **{f"set-cookie {n}": line for n, line in enumerate(page.set_cookies)}}
    wrong = [f"status {page.status}"] if page.status >= 500 else []
    wrong += [f"no {name}" for name in QUIET if name not in page.headers]
    wrong += [f"line break in {name}" for name, text in headers.items() if any(sign in text for sign in "\r\n\0")]
    wrong += [f"mark in {name}" for name, text in headers.items() if mark in text]
    wrong += [
        f"loose cookie {line}" for line in page.set_cookies if not {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(line.split("; "))
    ]
    if page.location and (not page.location.startswith("/") or page.location.startswith(("//", "/\\"))):
        wrong.append(f"leads to {page.location[:60]}")
    if is_raw(page, value, mark, may_show=may_show):
        wrong.append("shown as it was sent")
    return wrong


def is_raw(page: Page, value: str, mark: str, *, may_show: bool) -> bool:
    if not may_show:
        return mark in page.text
    is_markup = any(sign in value for sign in "<>\"'") and len(value) > 3
    return is_markup and page.headers.get("content-type", "").startswith("text/html") and value in page.text


def image(world: World, *but: str) -> str:
    """All rows of all tables, to compare; `but` are tables left out."""
    return json.dumps({name: world.rows(name) for name in PHYSICAL.values() if name not in but}, sort_keys=True, default=repr)
