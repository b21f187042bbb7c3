"""A night over a whole shop in one process: tables on the engine, the bucket of the books on moto, the players' true files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import boto3

from faka.contexts.orders.model import Order
from faka.contexts.statements.model import Discrepancy
from faka.flows.reconcile import AccountDay, BillState, Closed, Fetched, PartRequest, PartsRequest, Reduced, Repaired
from faka.flows.reconcile.close import close
from faka.flows.reconcile.export import export
from faka.flows.reconcile.fetch import fetch
from faka.flows.reconcile.match import match
from faka.flows.reconcile.reduce import reduce
from faka.flows.reconcile.repair import repair
from faka.kernel.clock import SHANGHAI, business_day
from faka.kernel.ids import ChannelId, out_trade_no
from faka.platform.objects import Objects
from faka.wiring import Deps
from tests.kit.world import World, engine_world


BUCKET = "books"
ALIPAY = ChannelId("alipay")


@contextmanager
def night_world(**given: Any) -> Iterator["Nights"]:
    with engine_world(**given) as world:
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        world.deps.__dict__["books"] = Objects(s3, BUCKET)
        yield Nights(world)


class Nights:
    def __init__(self, world: World) -> None:
        self.world = world
        self.day: date = business_day(world.clock.now())
        self.fetched = Fetched(state=BillState.NOT_READY)
        self.reduced = Reduced(lines=0, matched=0, discrepancies=0, is_closed=False)
        self.repaired = Repaired(repaired=0, left=0, is_tripped=False)
        world.stock_up(40)

    @property
    def deps(self) -> Deps:
        return self.world.deps

    def bought(self, *, is_heard: bool = True) -> Order:
        """A paid order; unheard, the shop has not been told and has given the order up."""
        order = self.world.buy()
        if is_heard:
            return self.world.pay(order)
        self.world.notices(order)
        return order

    def morning(self, days: int = 1) -> None:
        """Half past ten in Shanghai, so many days after the day that is looked at."""
        now = self.world.clock.now().astimezone(SHANGHAI)
        at = now.replace(year=self.day.year, month=self.day.month, day=self.day.day, hour=10, minute=30)
        self.world.clock.set(at)
        self.world.clock.advance(days=days)

    def night(self, channel: ChannelId = ALIPAY, day: date | None = None, *, is_repaired: bool = True) -> Closed:
        """All steps, as the machine takes them."""
        asked = AccountDay(channel=channel, day=day or self.day)
        self.fetched = fetch(self.deps, asked)
        if self.fetched.state in (BillState.READY, BillState.NO_DATA):
            parts = PartsRequest(**asked.model_dump(), parts=self.fetched.parts)
            export(self.deps, parts)
            for part in range(parts.parts):
                match(self.deps, PartRequest(**asked.model_dump(), part=part))
            self.reduced = reduce(self.deps, parts)
            if is_repaired:
                self.repaired = repair(self.deps, asked)
        return close(self.deps, asked)

    def rows(self, channel: ChannelId = ALIPAY, day: date | None = None) -> list[Discrepancy]:
        return self.deps.statements.discrepancies(channel, day or self.day)

    def states(self) -> list[str]:
        return sorted(f"{one.kind} {one.state}" for one in self.rows())

    def file(self, name: str, channel: ChannelId = ALIPAY) -> bytes:
        return self.deps.books.get(f"{channel}/{self.day.isoformat()}/{name}")

    def summary(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self.file("summary.json"))
        return kept

    def number(self, order: Order) -> str:
        return out_trade_no(order.payment_id)
