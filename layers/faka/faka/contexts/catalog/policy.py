"""Rules of the catalogue without state: what may be published, which trees are trees, how stock is put into words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.errors import (
    CategoryCycle,
    CategoryInUse,
    CategoryNotFound,
    CategoryTooDeep,
    InvalidProduct,
    KindFixed,
    NoticeNotRenewed,
    NotYetSold,
)
from faka.contexts.catalog.model import ListingState, Product
from faka.contexts.catalog.texts import Localized
from faka.kernel.delivery import DeliveryKind
from faka.kernel.limits import CATEGORIES_MAX, CATEGORY_DEPTH_MAX, PRODUCT_BYTES_MAX, STOCK_FEW


SOLD_NOW = frozenset({DeliveryKind.CARD, DeliveryKind.LINK, DeliveryKind.DIRECT_RECHARGE, DeliveryKind.MANUAL_RECHARGE})
"""Kinds that have a way to their buyer today."""


class StockWord(StrEnum):
    PLENTY = "plenty"
    FEW = "few"
    NONE = "none"


def stock_word(available: int, per_order_min: int = 1) -> StockWord:
    """What a buyer is told about stock. Below the smallest order there is nothing that he could buy."""
    if available < per_order_min:
        return StockWord.NONE
    return StockWord.FEW if available < max(STOCK_FEW, per_order_min) else StockWord.PLENTY


# -- products -----------------------------------------------------------------------------------------------------


def read_product(written: Mapping[str, Any]) -> Product:
    """A product as an operator wrote it down.

    Raises: InvalidProduct, naming every field that is wrong and how, never the value.
    """
    try:
        return Product.model_validate(dict(written))
    except ValidationError as error:
        raise InvalidProduct(explain(error)) from error


def explain(error: ValidationError) -> str:
    """`skus.0.price: … ; title: …`"""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(str(part) for part in one['loc']) or 'product'}: {one['msg']}" for one in found)


def require_publishable(product: Product, before: Product | None) -> None:
    """Check one version against the rules and against the version that it follows.

    Raises: NotYetSold, InvalidProduct, KindFixed, NoticeNotRenewed.
    """
    if product.state is ListingState.LISTED and product.kind not in SOLD_NOW:
        raise NotYetSold(f"{product.kind} can be kept as a draft, but there is no way yet to deliver it")
    if product.state is ListingState.LISTED and product.kind.goes_to_account and product.account_form is None:
        raise InvalidProduct("account_form: what goes to an account needs the form that asks for it")
    if stored_bytes(product) > PRODUCT_BYTES_MAX:
        raise InvalidProduct(f"all texts together take more than {PRODUCT_BYTES_MAX} bytes")
    if before is None:
        return
    if (before.kind, before.currency) != (product.kind, product.currency):
        raise KindFixed(f"{product.id} is {before.kind} in {before.currency} and stays so; make another product")
    if before.notice and before.notice != product.notice and before.notice_version == product.notice_version:
        raise NoticeNotRenewed("the notice changed, so notice_version must change too")


def stored_bytes(product: Product) -> int:
    return len(product.model_dump_json().encode())


# -- categories ---------------------------------------------------------------------------------------------------


def lawful(tree: CategoryTree) -> CategoryTree:
    """The tree itself, when it is one: unique ids, known parents, no cycle, bounded depth and size.

    Raises: InvalidProduct, CategoryNotFound, CategoryCycle, CategoryTooDeep.
    """
    if len(tree.categories) > CATEGORIES_MAX:
        raise CategoryTooDeep(f"more than {CATEGORIES_MAX} categories")
    parents = {node.id: node.parent for node in tree.categories}
    if len(parents) < len(tree.categories):
        raise InvalidProduct("two categories have the same id")
    for start in parents:
        _require_root(start, parents)
    return tree


def _require_root(start: str, parents: Mapping[str, str | None]) -> None:
    passed: list[str] = []
    node: str | None = start
    while node is not None:
        if node in passed:
            raise CategoryCycle(f"{start} would lie below itself")
        if node not in parents:
            raise CategoryNotFound(node)
        passed.append(node)
        node = parents[node]
    if len(passed) > CATEGORY_DEPTH_MAX:
        raise CategoryTooDeep(f"{start} would lie on level {len(passed)} of at most {CATEGORY_DEPTH_MAX}")


def move(tree: CategoryTree, category: str, parent: str | None, position: int | None = None) -> CategoryTree:
    """Hang a category with everything below it under another parent (None: top level).

    Raises: CategoryNotFound, CategoryCycle, CategoryTooDeep.
    """
    node = tree.get(category)
    return put(tree, node.id, parent, node.name, node.position if position is None else position)


def put(tree: CategoryTree, category: str, parent: str | None, name: Localized, position: int = 0) -> CategoryTree:
    """Add a category, or rename, move and reorder the one with this id.

    Raises: CategoryNotFound, CategoryCycle, CategoryTooDeep.
    """
    node = Category(id=category, parent=parent, name=name, position=position)
    others = tuple(one for one in tree.categories if one.id != category)
    return lawful(CategoryTree(categories=(*others, node), version=tree.version))


def remove(tree: CategoryTree, category: str) -> CategoryTree:
    """Take an empty category away. Raises: CategoryNotFound, CategoryInUse."""
    node = tree.get(category)
    if tree.children(category):
        raise CategoryInUse(category)
    return CategoryTree(categories=tuple(one for one in tree.categories if one != node), version=tree.version)
