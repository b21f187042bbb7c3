"""A small shop with one order in each stage of its life, and good values for every field: what generated requests are mixed with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from faka.contexts.orders.model import Order
from faka.contexts.stock import Why
from faka.contexts.suppliers.base import SupplierAdapter
from faka.contexts.suppliers.store import Offer
from faka.contexts.vault import BatchState, moved
from faka.kernel.ids import SupplierId, out_trade_no, ulid
from faka.kernel.money import Currency, Money
from faka.steps.offers import offered
from pages.visitor import codes_value
from tests.kit.doors import CONTEXT, Shop, event, load
from tests.kit.suppliers import FakeSupplier, FakeSuppliers
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import product, sku


CARDS = 2_000
"""More than one run buys, so that selling out is a case and not the end."""

FEW_CARDS = 100
"""Enough for a test that sends a few requests."""

NOTIFY_PATHS = {"/v1/callbacks/": ("channel", "account"), "/v1/suppliers/": ("kind", "supplier")}


@dataclass(frozen=True)
class Live:
    """What a visitor with one order can send: path, cookies, fields."""

    path: dict[str, str]
    cookies: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)


class Scene:
    """A world, its doors, its orders."""

    def __init__(self, world: World, cards: int) -> None:
        self.world = world
        self.shop = Shop(world.deps)
        self.callbacks = load("callbacks")
        self._publish(cards)

    def _publish(self, cards: int) -> None:
        """Beside the one that sells: sold out, announced for tomorrow, free of charge, with a notice to agree to."""
        tomorrow = self.world.clock.now() + timedelta(days=1)
        free = (sku("gift-month").model_copy(update={"price": Money(minor=0, currency=Currency.CNY)}),)
        for one in (
            product("gone", skus=(sku("gone-month"),)),
            product("later", skus=(sku("later-month"),), on_at=tomorrow),
            product("gift", skus=free),
            product("asks", skus=(sku("asks-month"),), notice={"zh": "须知", "en": "Mind this"}, notice_version="2026-01"),
            product("lots", skus=(sku("lots-month", per_order_min=5, per_order_max=10),)),
            product("link", skus=(sku("link-month"),), kind="LINK"),
        ):
            self.world.deps.tables.commit(self.world.deps.catalog.publish(one.model_copy(update={"state": "LISTED"}), 0))
        self.batch = self.world.stock_up(cards)
        sold, self.world.sku = self.world.sku, self.world.deps.catalog.product("link").skus[0]
        self.world.stock_up(cards // 10, secret="https://goods.example/{n}")
        self.world.sku = sold

    def sells_top_ups(self) -> FakeSupplier:
        """One product goes to an account, of which its supplier knows no number that ends with 9."""
        deps = self.world.deps
        form = {"is_looked_up": True, "fields": [{"name": "mobile", "label": {"en": "Mobile number"}, "kind": "PHONE"}]}
        one = product("top-up", kind="DIRECT_RECHARGE", account_form=form, skus=(sku("top-up-month", per_order_max=1),))
        deps.tables.commit(deps.catalog.publish(one.model_copy(update={"state": "LISTED"}), 0))
        supplier = FakeSuppliers(self.world.clock, ["signed_json"]).by_kind("signed_json")
        row = supplier.row()
        supplier.warehouse.goods["5010"].cost_minor = one.skus[0].price.minor
        offer = Offer(
            sku=one.skus[0].id, supplier_id=row.id, goods_id="5010", cost=one.skus[0].price, fields={"mobile": supplier.desk.target}
        )
        deps.tables.commit([deps.suppliers.save(row), *offered(deps, offer)])
        deps.__dict__["recharging"] = SimpleNamespace(begin=lambda _name, **_given: True)
        looks = SimpleNamespace(ask=lambda _task, account, **_given: {"verdict": "BAD" if account["mobile"].endswith("9") else "GOOD"})
        deps.__dict__["recharges_function"] = looks
        deps.supplier = self._opened({row.id: supplier.adapter()})  # type: ignore[method-assign]
        return supplier

    def _opened(self, adapters: dict[SupplierId, SupplierAdapter]) -> Callable[[SupplierId], SupplierAdapter]:
        def opened(name: SupplierId) -> SupplierAdapter:
            self.world.deps.suppliers.get(name)
            return adapters[name]

        return opened

    def orders(self) -> dict[str, Order]:
        """One new order in each stage. Three quarters of an hour pass."""
        world = self.world
        made = {"expired": world.buy()}
        world.clock.advance(minutes=40)
        world.sweep()
        made |= {name: world.buy(contact=f"{name}@example.com") for name in ("paid", "shown", "pending")}
        made["epay"] = world.buy(channel="epay", method="epay")
        made["qr"] = world.buy(method="precreate")
        made["opened"] = world.buy(product="link", sku="link-month")
        for name in ("paid", "shown", "opened"):
            world.pay(made[name])
        for name in ("shown", "opened"):
            world.reveal(made[name])
        return made

    def freeze(self) -> None:
        """Nothing of what sells may be shown any more."""
        self.world.deps.tables.commit([moved(self.batch, BatchState.FROZEN)])
        self.world.deps.stock.withhold(self.batch.sku, self.batch.ordinal, Why.FROZEN)

    def form_id(self) -> str:
        return ulid(self.world.clock.now(), self.world.chance)

    def code(self, order: Order) -> str:
        return self.world.proof(order).code

    def cookie(self, order: Order) -> dict[str, str]:
        return {"__Host-orders": codes_value({}, order.id, self.code(order))}

    def lives(self) -> list[Live]:
        """Visitors with one new order each, on their way to each of the products."""
        fields = {
            "sku": "video-vip-month",
            "quantity": "1",
            "channel": "alipay:page",
            "contact": "buyer@example.com",
            "consent": "",
            "mail": "paid@example.com",
            "digits": "123456",
            "lang": "",
            "step": "",
            "theme": "dark",
            "back": "/help",
            "page": "1",
        }
        orders = self.orders().values()
        return [
            Live(
                {
                    "no": order.id,
                    "slug": slug,
                    "category": "video",
                    "name": "base.css",
                    "channel": order.channel_id,
                    "account": order.channel_id,
                    "kind": "signed_json",
                    "supplier": "signed-json",
                },
                self.cookie(order),
                {**fields, "no": order.id, "code": self.code(order), "sku": f"{slug}-month", "form_id": self.form_id()},
            )
            for slug in ("video-vip", "gone", "later", "asks", "lots", "gift")
            for order in orders
        ]

    def notice(self, order: Order) -> Any:
        """An authentic notice of a payment that has happened."""
        provider = self.world.providers.by_id(order.channel_id)
        number = out_trade_no(order.payment_id)
        if not provider.state(number):
            provider.open(number, order.total.minor)
        return provider.pay(number)[0]

    def raw(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """One request to the door that has the route."""
        path, _, query = url.removeprefix("https://shop.test").partition("?")
        parts = path.split("/")
        names = next((names for start, names in NOTIFY_PATHS.items() if path.startswith(start)), None)
        if names is None:
            return self.shop.raw(method, url, body, headers)
        if len(parts) != 5 or not all(parts[3:]):
            return {"statusCode": 403, "body": "{}"}
        route = f"/v1/{parts[2]}/{{{names[0]}}}/{{{names[1]}}}"
        given = event(method, route, path, dict(zip(names, map(unquote, parts[3:]), strict=True)), query, body, headers, "203.0.113.9")
        with patch.object(self.callbacks, "deps", self.world.deps):
            answer: dict[str, Any] = self.callbacks.handler(given, CONTEXT)
        return answer


@contextmanager
def scene(cards: int = FEW_CARDS) -> Iterator[Scene]:
    with engine_world(holds_max=1_000) as world:
        yield Scene(world, cards)


__all__ = ["CARDS", "Live", "Scene", "scene"]
