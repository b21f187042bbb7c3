"""A small shop with one order in each stage of its life, and good values for every field: what generated requests are mixed with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from faka.contexts.orders.model import Order
from faka.contexts.stock import Why
from faka.contexts.vault import BatchState, moved
from faka.kernel.ids import out_trade_no, ulid
from faka.kernel.money import Currency, Money
from pages.visitor import codes_value
from tests.kit.doors import CONTEXT, Shop, event, load
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import product, sku


CARDS = 2_000
"""More than one run buys, so that selling out is a case and not the end."""

FEW_CARDS = 100
"""Enough for a test that sends a few requests."""

NOTIFY_PATH = "/v1/callbacks/"


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
        if not path.startswith(NOTIFY_PATH):
            return self.shop.raw(method, url, body, headers)
        if len(parts) != 5 or not all(parts[3:]):
            return {"statusCode": 403, "body": "{}"}
        route = f"{NOTIFY_PATH}{{channel}}/{{account}}"
        given = event(
            method, route, path, {"channel": unquote(parts[3]), "account": unquote(parts[4])}, query, body, headers, "203.0.113.9"
        )
        with patch.object(self.callbacks, "deps", self.world.deps):
            answer: dict[str, Any] = self.callbacks.handler(given, CONTEXT)
        return answer


@contextmanager
def scene(cards: int = FEW_CARDS) -> Iterator[Scene]:
    with engine_world(holds_max=1_000) as world:
        yield Scene(world, cards)


__all__ = ["CARDS", "Live", "Scene", "scene"]
