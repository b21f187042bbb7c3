"""Goods of the JSON protocol. Names of its fields are an assumption: each platform has its own."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from faka.contexts.suppliers.base import FIELDS_MAX, GOODS_MAX, Quote, SupplierGoods, SupplierUnavailable
from faka.contexts.suppliers.reading import NUMBER, cost_of, list_of, object_of, text_of
from faka.kernel.errors import InvalidAmount
from faka.kernel.money import Currency


PAGE_GOODS: Final = 100
CARD, RECHARGE = "1", "2"
ON_SALE = "1"


def catalogue(currency: Currency, page: Callable[[Mapping[str, object]], Mapping[str, object]]) -> Iterator[SupplierGoods]:
    """Raises: SupplierUnavailable, also between two pages."""
    for count in range(GOODS_MAX // PAGE_GOODS):
        rows = list_of(page({"page": count + 1, "limit": PAGE_GOODS}).get("list"))
        for row in rows[:PAGE_GOODS]:
            goods = _goods(currency, object_of(row))
            if goods is not None:
                yield goods
        if len(rows) < PAGE_GOODS:
            return


def quoted(currency: Currency, row: Mapping[str, object]) -> Quote:
    """Raises: SupplierUnavailable for an answer without a price."""
    try:
        cost = cost_of(text_of(row, "price"), currency)
    except InvalidAmount:
        raise SupplierUnavailable("the price is unreadable") from None
    stock = _stock(row)
    return Quote(cost=cost, stock=stock, is_on_sale=text_of(row, "state") == ON_SALE and stock != 0)


def _goods(currency: Currency, row: Mapping[str, object]) -> SupplierGoods | None:
    """None for a row that cannot be read: one of them does not hide the others."""
    goods_id, kind = text_of(row, "goodsid"), text_of(row, "type")
    if not NUMBER.fullmatch(goods_id) or kind not in (CARD, RECHARGE):
        return None
    try:
        cost = cost_of(text_of(row, "price"), currency)
    except InvalidAmount:
        return None
    names = [name for name in list_of(row.get("attach")) if isinstance(name, str) and NUMBER.fullmatch(name)]
    return SupplierGoods(
        goods_id=goods_id,
        name=text_of(row, "name")[:200],
        cost=cost,
        stock=_stock(row),
        is_card=kind == CARD,
        fields=() if kind == CARD else tuple(names[:FIELDS_MAX]),
    )


def _stock(row: Mapping[str, object]) -> int | None:
    text = text_of(row, "stock")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
