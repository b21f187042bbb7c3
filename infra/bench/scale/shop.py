"""A shop in the model: its tables, its stock, the instances behind its doors."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.model import Product
from faka.contexts.catalog.texts import Localized
from faka.contexts.orders.model import OwnedRun
from faka.contexts.stock import StockStore, extent
from faka.contexts.vault import PAGE_CARDS, Batch, BatchState, CardText, Lot, Page, VaultStore, filled, opened
from faka.contexts.vault.model import pages_of
from faka.kernel.ids import ProductId, SkuId, batch_id
from faka.platform.bus import Bus
from faka.platform.envelope import DataKey, Envelope
from faka.platform.index_key import IndexKey
from faka.platform.secrets import Secrets
from faka.platform.table import TableName, Tables
from faka.wiring import Deps, ShopSettings
from infra.bench.scale.client import Client, Direct, Latency
from infra.bench.scale.neighbours import Neighbours
from infra.bench.scale.parameters import Parameters
from infra.bench.scale.service import PHYSICAL, Service
from infra.bench.scale.timeline import Chance, SimulatedClock, Timeline
from infra.bench.scale.truth import Truth


SKU = SkuId("model")
PRODUCT = ProductId("model")
PRICE_MINOR = 1580


def secret_of(number: int) -> str:
    """What the card of a number reads: of the usual length, and known without opening it."""
    return f"MODEL-{number:012}-{number * 2654435761 % 2**40:010X}"


class Shop:
    """Everything of one scene. `office` works at once and for nothing: it prepares."""

    def __init__(
        self, parameters: Parameters, seed: int, *, shards: int, warm: Mapping[TableName, tuple[float, float]] | None = None
    ) -> None:
        self.parameters = parameters
        self.shards = shards
        self.timeline = Timeline()
        self.clock = SimulatedClock(self.timeline)
        self.chance = Chance(seed)
        self.service = Service(self.timeline, parameters, warm)
        self.latency = Latency(parameters, seed)
        self.neighbours = Neighbours(self.timeline, parameters, self.latency, self.clock)
        self.truth = Truth(SKU)
        self.service.watchers.append(self.truth)
        names = {f"faka_table_{table}": physical for table, physical in PHYSICAL.items()}
        urls = {"faka_shop_url": "https://shop.test", "faka_notify_url": "https://notify.test"}
        self._settings = ShopSettings.model_validate({**names, **urls, "faka_holds_max": 50})
        self._jitter = Chance(seed + 1)
        """For the pauses of `Tables`, apart from ids, so that a throttled buyer changes nobody's number."""
        self.office = self._deps(self._tables(Direct(self.service)))
        self._sealed: dict[int, tuple[Batch, DataKey]] = {}
        self._pressed: set[int] = set()

    def deps(self, step: str) -> Deps:
        """What one instance of a door holds; nothing in it is warm yet."""
        return self._deps(self._tables(Client(self.service, self.latency, step)))

    def _tables(self, client: Client | Direct) -> Tables:
        return Tables(client, PHYSICAL, self.timeline.wait, self._jitter)

    def _deps(self, tables: Tables) -> Deps:
        near = self.neighbours
        deps = Deps(
            self._settings,
            clock=self.clock,
            chance=self.chance,
            pause=self.timeline.wait,
            tables=tables,
            transport=near,
            secrets=Secrets(near, self.clock),
        )
        deps.__dict__["index_key"] = IndexKey(near, "index-key")
        deps.__dict__["envelope"] = Envelope(near, "card-key", self.clock)
        deps.__dict__["bus"] = Bus(near, "bus")
        return deps

    # -- before the scene ---------------------------------------------------------------------------------------------

    def open_doors(self) -> None:
        """A product, its category and both channels."""
        deps = self.office
        category = Category(id="model", parent=None, name=Localized(zh="模型", en="Model"))
        deps.tables.commit([deps.catalog.save_tree(CategoryTree(categories=(category,)))])
        for row in self.neighbours.players.rows():
            deps.tables.commit([deps.catalog.save_channel(row)])
        text = "打开官方客户端，登录账号，进入会员中心，输入兑换码，时长即时到账。" * 4
        sku: dict[str, object] = {"id": SKU, "name": {"zh": "月", "en": "Month"}, "price": {"minor": PRICE_MINOR, "currency": "CNY"}}
        sku |= {"per_order_max": 500, "shards": self.shards}
        facts = {"id": PRODUCT, "kind": "CARD", "category": "model", "state": "LISTED", "title": {"zh": "影视会员", "en": "Membership"}}
        facts |= {name: {"zh": text, "en": text} for name in ("description", "rights", "guide_after")}
        deps.tables.commit(deps.catalog.publish(Product.model_validate({**facts, "skus": [sku]}), 0))

    def stock_up(self, count: int, *, sold: int = 0) -> None:
        """Put cards on sale as one batch; `sold` of them are gone already, in orders of 500. Pages are sealed when they are needed."""
        deps = self.office
        allotted = deps.stock.allot(SKU, count + sold)
        now, base, ordinal = self.clock.now(), allotted.base, allotted.batch
        facts = {"id": batch_id(now, self.chance), "sku": SKU, "product": PRODUCT, "ordinal": ordinal, "by": "model", "at": now}
        batch = Batch.model_validate({**facts, "state": BatchState.OPEN, "base": base, "room": allotted.room})
        key = deps.envelope.new_key(batch.job)
        batch = batch.model_copy(update={"keys": (key.wrapped,)})
        deps.tables.commit([opened(batch)])
        deps.tables.commit([filled(batch, [Lot(start=base, count=count + sold)])])
        self._sealed[ordinal] = batch, key
        deps.stock.link(SKU, ordinal, [extent(base, count + sold, ordinal)], self.shards)
        while sold:
            deps.stock.claim(SKU, f"before-{sold}", min(sold, 500), self.shards)
            sold -= min(sold, 500)

    def press(self, runs: Iterable[OwnedRun]) -> None:
        """Seal the pages of some runs, in no time: the import did that long ago."""
        vault = VaultStore(self.office.tables)
        for run in runs:
            batch, key = self._sealed[run.batch]
            for number in pages_of(run.start, run.count):
                if number not in self._pressed:
                    self._pressed.add(number)
                    vault.save_pages(SKU, [self._page(batch, key, number)])

    def _page(self, batch: Batch, key: DataKey, number: int) -> Page:
        cards = range(number * PAGE_CARDS, (number + 1) * PAGE_CARDS)
        texts = ((card, CardText(str(card), secret_of(card)).joined()) for card in cards)
        return Page(number, batch.ordinal, tuple(self.office.envelope.seal(key, 0, text, batch.place(card)) for card, text in texts))

    def look_at_a_card(self, deps: Deps) -> None:
        """Let an instance open a card, so that it has the data key in memory."""
        for batch, key in self._sealed.values():
            text = CardText("0", secret_of(0)).joined()
            sealed = self.office.envelope.seal(key, 0, text, batch.place(0))
            deps.envelope.open(batch.keys, batch.job, sealed, batch.place(0))

    def begin(self) -> None:
        """From here on everything is counted."""
        self.service.tally.clear()
        self.neighbours.calls.clear()


class Instances:
    """The instances of one door: a request takes a free one or starts another. Where every buyer is cold, none is used twice."""

    def __init__(self, make: Callable[[], Deps], *, is_cold: bool = False) -> None:
        self._make = make
        self._is_cold = is_cold
        self._free: list[Deps] = []
        self.started = 0

    @contextmanager
    def one(self) -> Iterator[Deps]:
        if not self._free:
            self.started += 1
        deps = self._free.pop() if self._free else self._make()
        try:
            yield deps
        finally:
            if not self._is_cold:
                self._free.append(deps)

    @property
    def idle(self) -> list[Deps]:
        return list(self._free)

    def stand_by(self, count: int) -> None:
        """So many are there before the first request."""
        self._free += [self._make() for _ in range(count)]


def without_memory(deps: Deps) -> Deps:
    """An instance that never repeats "sold out" without asking."""
    deps.__dict__["stock"] = StockStore(deps.tables, deps.clock)
    return deps
