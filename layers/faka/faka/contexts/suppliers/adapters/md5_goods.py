"""Goods and targets of the form protocol. Addresses and names of its goods pages are an assumption: each platform has its own."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from faka.contexts.suppliers.base import FIELDS_MAX, GOODS_MAX, Quote, SupplierGoods, SupplierUnavailable, SupplyRefused
from faka.contexts.suppliers.reading import NUMBER, cost_of, list_of, object_of, text_of
from faka.kernel.errors import InvalidAmount
from faka.kernel.money import Currency


PAGE_GOODS: Final = 100
CARD, RECHARGE = "1", "2"
ON_SALE = "1"
TARGET = "account"
"""The field that says where it goes; what else a platform wants travels in `params`."""


def catalogue(currency: Currency, page: Callable[[Mapping[str, str]], Mapping[str, object]]) -> Iterator[SupplierGoods]:
    """Raises: SupplierUnavailable, also between two pages."""
    for count in range(GOODS_MAX // PAGE_GOODS):
        rows = list_of(page({"page": str(count + 1), "pageSize": str(PAGE_GOODS)}).get("list"))
        for row in rows[:PAGE_GOODS]:
            goods = _goods(currency, object_of(row))
            if goods is not None:
                yield goods
        if len(rows) < PAGE_GOODS:
            return


def quoted(currency: Currency, code: str, row: Mapping[str, object]) -> Quote | None:
    """Raises: SupplierUnavailable for an answer without a price."""
    if code == "404":
        return None
    try:
        cost = cost_of(text_of(row, "price"), currency)
    except InvalidAmount:
        raise SupplierUnavailable("the price is unreadable") from None
    if code != "200":
        raise SupplierUnavailable("the platform refused the question")
    stock = _stock(row)
    return Quote(cost=cost, stock=stock, is_on_sale=text_of(row, "status") == ON_SALE and stock != 0)


def target_of(account: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The field `account`, and `params` where more is known. Raises: SupplyRefused: nothing has been sent."""
    if not 0 < len(account) <= FIELDS_MAX:
        raise SupplyRefused("account")
    name = TARGET if TARGET in account else next(iter(account))
    more = {field: value for field, value in sorted(account.items()) if field != name}
    params = {"params": json.dumps(more, ensure_ascii=False, separators=(",", ":"))} if more else {}
    return account[name], params


def _goods(currency: Currency, row: Mapping[str, object]) -> SupplierGoods | None:
    """None for a row that cannot be read: one of them does not hide the others."""
    goods_id, kind = text_of(row, "goodsId"), text_of(row, "goodsType")
    if not NUMBER.fullmatch(goods_id) or kind not in (CARD, RECHARGE):
        return None
    try:
        cost = cost_of(text_of(row, "price"), currency)
    except InvalidAmount:
        return None
    is_card = kind == CARD
    return SupplierGoods(
        goods_id=goods_id,
        name=text_of(row, "goodsName")[:200],
        cost=cost,
        stock=_stock(row),
        is_card=is_card,
        fields=() if is_card else (TARGET, *_more(row)),
    )


def _more(row: Mapping[str, object]) -> tuple[str, ...]:
    names = [name for name in list_of(row.get("params")) if isinstance(name, str) and NUMBER.fullmatch(name)]
    return tuple(names[: FIELDS_MAX - 1])


def _stock(row: Mapping[str, object]) -> int | None:
    text = text_of(row, "stock")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
