"""The shop that is measured: products, channels, and stock of any size."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.model import Product
from faka.contexts.catalog.texts import Localized
from faka.contexts.stock import extent
from faka.contexts.vault import PAGE_CARDS, Batch, BatchState, CardText, Lot, Page, filled, opened
from faka.contexts.vault.model import pages_of
from faka.flows.edit_catalog import publish
from faka.kernel.ids import ProductId, SkuId, batch_id
from faka.platform.envelope import DataKey
from faka.wiring import Deps
from infra.bench.cloud import Cloud
from infra.bench.provider import BASE
from infra.local.seed import seed_channels


PRICE_MINOR = 1580
CATEGORY = "bench"
PAGES_AT_ONCE = 2_000
"""A few MB of pages in memory."""


def open_shop(deps: Deps, cloud: Cloud) -> None:
    """A category and both channels, pointed at nobody."""
    category = Category(id=CATEGORY, parent=None, name=Localized(zh="测量", en="Bench"))
    deps.tables.commit([deps.catalog.save_tree(CategoryTree(categories=(category,)))])
    seed_channels(deps, BASE, cloud.players)


def put_up(deps: Deps, product: str, skus: list[str]) -> Product:
    """A card product with texts of the usual length."""
    text = "打开官方客户端，登录账号，进入会员中心，输入兑换码，时长即时到账。" * 4
    price = {"minor": PRICE_MINOR, "currency": "CNY"}
    written = {
        "id": product,
        "kind": "CARD",
        "category": CATEGORY,
        "state": "LISTED",
        "title": {"zh": "影视会员", "en": "Video membership"},
        "description": {"zh": text, "en": text},
        "rights": {"zh": text, "en": text},
        "guide_after": {"zh": text, "en": text},
        "skus": [{"id": sku, "name": {"zh": sku, "en": sku}, "price": price, "per_order_max": 500} for sku in skus],
    }
    return publish(deps, Product.model_validate(written))


def secret_of(sku: str, number: int) -> str:
    """What the card of a number reads. A buyer's answer can be checked against it without opening anything."""
    return f"BENCH-{sku}-{number:08}-{hashlib.sha256(f'{sku} {number}'.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Stock:
    """A batch that is sealed but not on sale yet."""

    product: ProductId
    sku: SkuId
    batch: Batch
    count: int

    @property
    def base(self) -> int:
        return self.batch.base


def seal(deps: Deps, product: ProductId, sku: SkuId, count: int, real: Iterable[range]) -> Stock:
    """`count` cards of one batch. Those of `real` (numbers from 0, whole pages) open to what `secret_of` says; the pages of the
    others are copies of a sealed page, which take the same room and would not open anywhere but in their own place."""
    allotted = deps.stock.allot(sku, count)
    base, ordinal, now = allotted.base, allotted.batch, deps.clock.now()
    batch = Batch(
        id=batch_id(now, deps.chance),
        sku=sku,
        product=product,
        ordinal=ordinal,
        state=BatchState.OPEN,
        base=base,
        room=count,
        by="bench",
        at=now,
    )
    key = deps.envelope.new_key(batch.job)
    batch = batch.model_copy(update={"keys": (key.wrapped,)})
    deps.tables.commit([opened(batch)])
    pages = {n: _page(deps, key, batch, n) for part in real for n in pages_of(base + part.start, len(part))}
    example = next(iter(pages.values()))
    everything = (pages.get(n) or Page(n, ordinal, example.cards) for n in pages_of(base, count))
    while some := list(islice(everything, PAGES_AT_ONCE)):
        deps.vault.save_pages(sku, some)
    deps.tables.commit([filled(batch, [Lot(start=base, count=count)])])
    return Stock(product, sku, batch, count)


def _page(deps: Deps, key: DataKey, batch: Batch, number: int) -> Page:
    cards = []
    for card in range(number * PAGE_CARDS, (number + 1) * PAGE_CARDS):
        text = CardText(str(card), secret_of(batch.sku, card)).joined()
        cards.append(deps.envelope.seal(key, 0, text, batch.place(card)))
    return Page(number, batch.ordinal, tuple(cards))


def put_on_sale(deps: Deps, stock: Stock, shards: int = 1) -> None:
    deps.stock.link(stock.sku, stock.batch.ordinal, [extent(stock.base, stock.count, stock.batch.ordinal)], shards)
