"""A whole shop in one process: tables on the engine or on moto, real sealing (moto's KMS), both providers, a clock in the test's hand.

```python
world = World(client)                    # one product `video-vip` with one SKU, priced 15.80, channel alipay
world.stock_up(10)                       # ten sealed cards, numbered 0 … 9
order = world.buy()                      # checkout, not paid
world.pay(order)                         # the provider's signed notice, through the door's flow
[card] = world.reveal(order)
world.minute()                           # the clock moves and the sweep goes round
```
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import boto3
from moto import mock_aws

from faka.contexts.catalog.model import Product
from faka.contexts.orders.model import Order
from faka.contexts.stock import extent
from faka.contexts.vault import Batch, BatchState, CardText, Lot, Page
from faka.contexts.vault.changes import filled, opened
from faka.flows.announce import announce
from faka.flows.checkout import CheckoutCommand, checkout
from faka.flows.deliver import deliver
from faka.flows.fulfil import fulfil
from faka.flows.orphans import adopt_or_return
from faka.flows.reveal import Revealed, Viewer, reveal
from faka.flows.sweep import sweep
from faka.flows.take_notice import take_notice
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import FakaError
from faka.kernel.exchange import HttpAnswer, RawRequest
from faka.kernel.ids import ChannelId, OrderId, batch_id, lookup_code, out_trade_no, ulid
from faka.platform.device_seal import DeviceSeal
from faka.platform.envelope import Envelope
from faka.platform.index_key import IndexKey
from faka.platform.mackey import MacKey
from faka.platform.table import from_wire
from faka.steps.proof import Proof
from faka.wiring import SAVED_ACCOUNTS, SAVED_VALUE_MAX, Deps, ShopSettings
from tests.kit.clock import CountingPause, FrozenClock, SeededChance
from tests.kit.engine import Engine
from tests.kit.providers import FakeProviders
from tests.kit.tables import PHYSICAL, tables_over
from tests.unit.catalog.given import product, tree


class Letterbox:
    """Takes what would have been mailed."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str, str]] = []

    def send(self, to: str, subject: str, text: str) -> None:
        self.letters.append((to, subject, text))


class Announcements:
    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, str]]] = []

    def announce(self, events: list[tuple[str, dict[str, str]]]) -> None:
        self.events += events


def english(_locale: str, msgid: str) -> str:
    return msgid


@contextmanager
def engine_world(**given: Any) -> Iterator["World"]:
    """A world on the in-process engine: some 50 times quicker than moto, atomic, without an index that lags."""
    with mock_aws():
        yield World(Engine(), **given)


class World:
    """`client` is a DynamoDB client with the five tables; KMS comes from the mock around it, unless a model of it is given."""

    def __init__(self, client: Any, *, holds_max: int = 50, hold_ttl_s: int = 900, kms: Any = None, **kept: Any) -> None:
        self.clock = FrozenClock()
        self.chance = SeededChance()
        self.providers = FakeProviders(self.clock)
        names = {f"faka_table_{name}": physical for name, physical in PHYSICAL.items()}
        limits = {"faka_holds_max": holds_max, "faka_hold_ttl_s": hold_ttl_s}
        self.settings = ShopSettings.model_validate(
            {**names, **limits, "faka_shop_url": "https://shop.test", "faka_notify_url": "https://notify.test"}
        )
        self.kms = kms or boto3.client("kms", region_name="us-east-1")
        self.card_key = self.kms.create_key()["KeyMetadata"]["KeyId"]
        index = self.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
        self.client = client
        self.deps = self._deps(client, index)
        self._index = index
        self.product: Product = product(**kept)
        self._codes: dict[OrderId, str] = {}
        self._addresses = itertools.count(1)
        self.deps.tables.commit([self.deps.catalog.save_tree(tree(("video", None)))])
        self.deps.tables.commit(self.deps.catalog.publish(self.product.model_copy(update={"state": "LISTED"}), 0))
        for row in self.providers.rows():
            self.deps.tables.commit([self.deps.catalog.save_channel(row)])
        self.product = self.deps.catalog.product(self.product.id, fresh=True)
        self.sku = self.product.skus[0]

    def _deps(self, client: Any, index: str) -> Deps:
        deps = Deps(
            self.settings,
            clock=self.clock,
            chance=self.chance,
            pause=CountingPause(),
            tables=tables_over(client),
            transport=self.providers,
            secrets=self.providers.secrets,  # type: ignore[arg-type]
        )
        deps.__dict__["index_key"] = IndexKey(self.kms, index)
        deps.__dict__["accounts_seal"] = DeviceSeal(MacKey(self.kms, index, SAVED_ACCOUNTS), SAVED_ACCOUNTS, SAVED_VALUE_MAX, self.chance)
        deps.__dict__["envelope"] = Envelope(self.kms, self.card_key, self.clock)
        deps.__dict__["mail"] = Letterbox()
        deps.__dict__["bus"] = Announcements()
        return deps

    def over(self, client: Any) -> Deps:
        """The same shop through another client: one that crashes, counts or waits."""
        deps = self._deps(client, self._index)
        deps.__dict__["mail"], deps.__dict__["bus"] = self.deps.mail, self.deps.bus
        return deps

    def moment(self) -> Callable[[], None]:
        """What puts this world back to where its rows and its clock stand now, as another process: a scene is set once for many deaths.

        The world is on the engine. What its providers have done stays done.
        """
        rows, at = self.client.fork(), self.clock.now()

        def back() -> None:
            self.client = rows.fork()
            self.clock.set(at)
            self.deps = self.over(self.client)

        return back

    @property
    def letters(self) -> list[tuple[str, str, str]]:
        return self.deps.mail.letters  # type: ignore[attr-defined,no-any-return]

    # -- stock --------------------------------------------------------------------------------------------------

    def stock_up(self, count: int, *, secret: str = "SECRET-{n}", number: str = "NUMBER-{n}", deps: Deps | None = None) -> Batch:
        """Sealed cards on sale; card n reads `number` and `secret` with its n."""
        deps, sku_id = deps or self.deps, self.sku.id
        allotted = deps.stock.allot(sku_id, count)
        base, ordinal = allotted.base, allotted.batch
        batch = Batch(
            id=batch_id(deps.clock.now(), deps.chance),
            sku=sku_id,
            product=self.product.id,
            ordinal=ordinal,
            state=BatchState.OPEN,
            base=base,
            room=count,
            by="test",
            at=deps.clock.now(),
        )
        key = deps.envelope.new_key(batch.job)
        batch = batch.model_copy(update={"keys": (key.wrapped,)})
        lot = Lot(start=base, count=count)
        sealed = [
            deps.envelope.seal(key, 0, CardText(number.format(n=n), secret.format(n=n)).joined(), batch.place(n))
            for n in range(base, base + count)
        ]
        pages = [Page((base + i) // 8, ordinal, tuple(sealed[i : i + 8])) for i in range(0, count, 8)]
        deps.tables.commit([opened(batch)])
        deps.vault.save_pages(sku_id, pages)
        deps.tables.commit([filled(batch, [lot])])
        deps.stock.link(sku_id, ordinal, [extent(base, count, ordinal)], self.sku.shards)
        return batch

    @property
    def left(self) -> int:
        return self.deps.stock.available({self.sku.id: self.sku.shards}, strong=True)[self.sku.id]

    # -- the buyer ----------------------------------------------------------------------------------------------

    def command(self, **changes: Any) -> CheckoutCommand:
        given = {
            "form_id": ulid(self.clock.now(), self.chance),
            "code": lookup_code(self.chance),
            "product": self.product.id,
            "sku": self.sku.id,
            "quantity": 1,
            "channel": "alipay",
            "method": "page",
            "address": f"10.0.{next(self._addresses) // 250}.{next(self._addresses) % 250}",
            "contact": "",
        }
        return CheckoutCommand.model_validate({**given, **changes})

    def buy(self, deps: Deps | None = None, **changes: Any) -> Order:
        command = self.command(**changes)
        order = checkout(deps or self.deps, command)
        self._codes[order.id] = command.code
        return order

    def remember(self, command: CheckoutCommand, order: Order) -> None:
        self._codes[order.id] = command.code

    def proof(self, order: Order) -> Proof:
        return Proof(code=self._codes[order.id])

    def reveal(self, order: Order, deps: Deps | None = None, open_id: str = "") -> Revealed:
        return reveal(deps or self.deps, order.id, self.proof(order), Viewer("10.0.0.9", "test"), open_id)

    def secrets(self, order: Order) -> list[str]:
        return [card.secret.reveal() for card in self.reveal(order).cards]

    # -- the provider -------------------------------------------------------------------------------------------

    def notices(self, order: Order, amount_minor: int | None = None) -> list[RawRequest]:
        """The buyer pays at the provider; its notices, not yet delivered."""
        provider = self.providers.by_id(order.channel_id)
        number = out_trade_no(order.payment_id)
        if not provider.state(number):
            provider.open(number, order.total.minor)
        return provider.pay(number, amount_minor)

    def deliver_notice(self, order: Order, raw: RawRequest, deps: Deps | None = None) -> HttpAnswer:
        return take_notice(deps or self.deps, ChannelId(order.channel_id), raw)

    def pay(self, order: Order, deps: Deps | None = None) -> Order:
        [raw] = self.notices(order)
        self.deliver_notice(order, raw, deps)
        return self.order(order)

    # -- the shop's own work ------------------------------------------------------------------------------------

    def order(self, order: Order) -> Order:
        return self.deps.orders.get(order.id)

    def cure(self, deps: Deps, order_id: OrderId) -> None:
        fulfil(deps, order_id)
        deliver(deps, order_id, english)

    def sweep(self, deps: Deps | None = None) -> None:
        used = deps or self.deps
        sweep(used, lambda order_id: self.cure(used, order_id), lambda: True)
        adopt_or_return(used, lambda: True)

    def pays_for_nothing(self, order: Order) -> Order:
        """The money comes and the cards are gone, as if their claim had been undone by hand: paid, booked, and no goods."""
        by_hand = order.model_copy(update={"kind": DeliveryKind.MANUAL_RECHARGE, "version": order.version + 1})
        self.deps.tables.apply(self.deps.orders.replaced(order, by_hand))
        paid = self.pay(by_hand)
        bare = paid.model_copy(update={"kind": order.kind, "runs": (), "version": paid.version + 1, "due_at": self.clock.now()})
        self.deps.tables.apply(self.deps.orders.replaced(paid, bare))
        return bare

    def minute(self, minutes: int = 1) -> None:
        for _ in range(minutes):
            self.clock.advance(minutes=1)
            self.sweep()

    def announce(self, before: dict[str, Any], deps: Deps | None = None) -> None:
        """Play the stream: what changed since the image `before` (see `image`)."""
        records = []
        for pk, new in self.image().items():
            old = before.get(pk)
            if old != new:
                records.append({"dynamodb": {"NewImage": new, **({"OldImage": old} if old else {})}})
        announce(deps or self.deps, records)

    def image(self) -> dict[str, Any]:
        rows = self.client.scan(TableName=PHYSICAL_TRADE)["Items"]
        return {row["pk"]["S"]: row for row in rows}

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [from_wire(row) for row in self.client.scan(TableName=table)["Items"]]

    def try_(self, work: Any) -> None:
        with suppress(FakaError):
            work()


PHYSICAL_TRADE = next(physical for name, physical in PHYSICAL.items() if name.value == "trade")
