"""Ask suppliers what their goods cost now, all suppliers at once: one who hangs keeps nobody else waiting."""

from collections.abc import Callable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor

from faka.contexts.suppliers.base import Quote, SupplierAdapter
from faka.kernel.errors import FakaError, Unavailable
from faka.kernel.ids import SupplierId
from faka.platform import telemetry
from faka.wiring import Deps


LANES = 8
"""Suppliers asked at once. Each waits for his own answers only, so lanes are cheap."""

ONE_BY_ONE = 20
"""Up to so many goods are asked for by name; beyond, his whole catalogue is read, page by page."""

TRIES = 2
"""A single lost answer takes nothing off the shop's pages."""

Quotes = Mapping[str, Quote]
"""By his name of the goods; what he does not sell is not there."""


def quotes(
    deps: Deps, wanted: Mapping[SupplierId, Set[str]], has_time: Callable[[], bool], lanes: int = LANES
) -> dict[SupplierId, Quotes | None]:
    """What each says of the goods; None: he was asked and is silent, or cannot be opened. Who was not asked, for want of
    time, is not there."""
    adapters: dict[SupplierId, SupplierAdapter] = {}
    told: dict[SupplierId, Quotes | None] = {}
    for name in wanted:  # here, because clients and secrets are opened once
        try:
            adapters[name] = deps.supplier(name)
        except FakaError as error:
            telemetry.failed("supplier_closed", error, supplier_id=name)
            told[name] = None

    def asked(name: SupplierId) -> tuple[SupplierId, Quotes | None] | None:
        return (name, _patiently(adapters[name], wanted[name])) if has_time() else None

    with ThreadPoolExecutor(lanes) as pool:
        told |= dict(filter(None, pool.map(asked, adapters)))
    return told


def _patiently(adapter: SupplierAdapter, goods: Set[str]) -> Quotes | None:
    for _ in range(TRIES):
        try:
            return _one_by_one(adapter, goods) if len(goods) <= ONE_BY_ONE else _catalogue(adapter, goods)
        except Unavailable as error:
            telemetry.failed("supplier_silent", error, supplier_id=adapter.account.id)
    return None


def _one_by_one(adapter: SupplierAdapter, goods: Set[str]) -> Quotes:
    found = {name: adapter.quote(name) for name in sorted(goods)}
    return {name: quote for name, quote in found.items() if quote is not None}


def _catalogue(adapter: SupplierAdapter, goods: Set[str]) -> Quotes:
    return {
        one.goods_id: Quote(cost=one.cost, stock=one.stock, is_on_sale=one.stock != 0)
        for one in adapter.catalogue()
        if one.goods_id in goods
    }
