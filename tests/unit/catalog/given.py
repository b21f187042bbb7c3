"""Builders of catalogue values: every field has a believable default, a test names what it is about."""

from typing import Any

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.model import Product, Sku
from faka.contexts.catalog.texts import Localized
from faka.kernel.ids import SkuId
from faka.kernel.money import Currency, Money


def text(zh: str = "", en: str = "") -> Localized:
    return Localized(zh=zh, en=en)


def sku(name: str = "vip-month", minor: int = 1580, **fields: Any) -> Sku:
    return Sku(id=SkuId(name), name=text("月卡", "One month"), price=Money(minor=minor, currency=Currency.CNY), **fields)


def product(name: str = "video-vip", **fields: Any) -> Product:
    written: dict[str, Any] = {
        "kind": "CARD",
        "category": "video",
        "title": text("影视会员", "Video membership"),
        "skus": (sku(f"{name}-month"),),
    }
    return Product.model_validate({"id": name} | written | fields)


def tree(*edges: tuple[str, str | None]) -> CategoryTree:
    return CategoryTree(categories=tuple(Category(id=node, parent=parent, name=text(en=node)) for node, parent in edges))
