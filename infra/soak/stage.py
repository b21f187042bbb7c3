"""The shop of a soak: three products, and cards that carry a mark by which they would be found wherever they do not belong."""

import hashlib
import itertools
import time
from collections.abc import Iterable
from pathlib import Path

import urllib3

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.policy import read_product
from faka.contexts.catalog.texts import Localized
from faka.contexts.intake import ImportState, Shape, Wish
from faka.flows.edit_catalog import publish
from faka.flows.intake import ImportOrder, open_import, progress
from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.wiring import Deps
from infra.local.seed import seed_channels, seed_sender


CATEGORY = "soak"
PRICE_MINOR = 1580
FIRST = {"soak-plenty": 600, "soak-pairs": 300, "soak-scarce": 24}
"""Product → cards at the start."""

A_MINUTE = {"soak-plenty": 900, "soak-pairs": 400, "soak-scarce": 40}
"""Cards more for each minute of the run: as many as the crowd can buy on a fast machine; of the last one too few."""

SHARDS = {"soak-plenty": 2}
TRIES_MAX = 10
AGAIN_S = 0.5
IMPORT_S_MAX = 60


class NotStocked(Exception):
    """The cards did not come in."""


class Cards:
    """Card texts, each new: `ZQ…-N17` and `ZQ…-S17`."""

    def __init__(self, seed: int) -> None:
        self.mark = "ZQ" + hashlib.sha256(f"soak {seed} {time.time_ns()}".encode()).hexdigest()[:16].upper()
        self._serial = itertools.count()

    def lines(self, count: int) -> list[str]:
        return [f"{self.mark}-N{n},{self.mark}-S{n}" for n in itertools.islice(self._serial, count)]


def open_shop(deps: Deps, bank: str, keys: Path) -> None:
    """A category, both channels and three products, without cards."""
    category = Category(id=CATEGORY, parent=None, name=Localized(zh="耐久", en="Soak"))
    deps.tables.commit([deps.catalog.save_tree(CategoryTree(categories=(category,)))])
    seed_sender(deps)
    seed_channels(deps, bank, keys)
    for name in FIRST:
        price = {"minor": PRICE_MINOR, "currency": "CNY"}
        sku = {"id": sku_of(name), "name": {"zh": name, "en": name}, "price": price, "per_order_max": 5, "shards": SHARDS.get(name, 1)}
        written = {"id": name, "kind": "CARD", "category": CATEGORY, "state": "LISTED", "title": {"zh": name, "en": name}, "skus": [sku]}
        publish(deps, read_product(written))


def sku_of(product: str) -> SkuId:
    return SkuId(f"{product}-one")


def bring_in(deps: Deps, product: str, lines: Iterable[str]) -> BatchId:
    """Upload a card file as an operator does; its worker goes on alone. Raises: NotStocked."""
    order = ImportOrder(product=ProductId(product), sku=sku_of(product), by="soak", wish=Wish(shape=Shape.CSV))
    opened = open_import(deps, order)
    file = "\n".join(["卡号,密码", *lines]).encode()
    fields: list[tuple[str, str | bytes | tuple[str, str | bytes, str]]] = [*opened.form.fields.items()]
    fields.append(("file", ("cards.csv", file, "text/csv")))
    answer = urllib3.request("POST", opened.form.url, fields=fields, timeout=10, retries=False)
    if answer.status >= 300:
        raise NotStocked(f"the bucket answered {answer.status}")
    return opened.job.id


def wait_for(deps: Deps, batches: Iterable[BatchId], wait_s: float = IMPORT_S_MAX) -> list[BatchId]:
    """Those that have not ended when the time is over."""
    left, ends = list(batches), time.monotonic() + wait_s
    while left:
        left = [batch for batch in left if progress(deps, batch).state not in (ImportState.DONE, ImportState.REFUSED)]
        if time.monotonic() >= ends:
            break
        time.sleep(0.1 if left else 0)
    return left


def stock_up(deps: Deps, cards: Cards, minutes: float) -> None:
    """The first cards of all products, on sale. Raises: NotStocked."""
    counts = {product: first + int(minutes * A_MINUTE[product]) for product, first in FIRST.items()}
    left = wait_for(deps, [bring_in(deps, product, cards.lines(count)) for product, count in counts.items()])
    if left:
        raise NotStocked(f"{len(left)} of {len(FIRST)} card files were not taken in")
