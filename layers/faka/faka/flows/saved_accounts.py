"""Accounts that a buyer's device keeps: what it sent us is opened, and sealed anew when it changes. The shop keeps none of it.

`value` is what the device sent, or nothing. Whatever is not ours (forged, cut, under another key, for another purpose) is as if it were
not there. A key service that is silent costs a comfort and no sale: nothing is offered and nothing is remembered.
"""

from collections.abc import Mapping

from faka.contexts.catalog.errors import ProductNotFound
from faka.contexts.catalog.model import Product
from faka.contexts.catalog.saved import ID_BYTES, Saved, added, offered, read_saved, without, written
from faka.kernel.errors import Unavailable
from faka.kernel.ids import ProductId
from faka.platform.mackey import MacKeyUnavailable
from faka.wiring import Deps


__all__ = ["EVERY", "Saved", "forgotten", "offered_accounts", "remembered", "saved_account"]

EVERY = "all"
"""In place of an entry's id, where all of them are meant."""


def offered_accounts(deps: Deps, value: str, product: Product) -> Saved:
    """What the product's page offers, newest first. Raises: nothing; a silent key service offers none."""
    if product.account_form is None or not value:
        return ()
    try:
        return offered(_opened(deps, value), product.account_form, product.id)
    except MacKeyUnavailable:
        return ()


def saved_account(deps: Deps, value: str, product_id: str, chosen: str) -> dict[str, str]:
    """The chosen account by the names of the product's form; empty where it is not offered any more.

    Raises: ProductNotFound, MacKeyUnavailable.
    """
    product = deps.catalog.product(ProductId(product_id))
    if product.account_form is None or not value:
        return {}
    known = offered(_opened(deps, value), product.account_form, product.id)
    return next((one.account for one in known if one.id == chosen), {})


def remembered(deps: Deps, value: str, product_id: str, account: Mapping[str, str]) -> str:
    """The value with an ordered account as its newest; empty where it cannot be kept, such as one that alone is too long.

    Raises: nothing. The order is placed, so what is silent now, or gone from the shelf, may only cost the comfort.
    """
    try:
        product = deps.catalog.product(ProductId(product_id))
        form = product.account_form
        if form is None or set(account) != {one.name for one in form.fields}:
            return ""
        return _sealed(deps, added(_opened(deps, value), form, product.id, account, deps.chance.bytes(ID_BYTES).hex()))
    except (ProductNotFound, Unavailable):
        return ""


def forgotten(deps: Deps, value: str, chosen: str) -> str:
    """The value without an entry; empty where nothing is left. To forget all of them needs no key.

    Raises: MacKeyUnavailable.
    """
    return _sealed(deps, without(_opened(deps, value), chosen)) if chosen != EVERY else ""


def _opened(deps: Deps, value: str) -> Saved:
    text = deps.accounts_seal.open(value) if value else None
    return read_saved(text) if text is not None else ()


def _sealed(deps: Deps, saved: Saved) -> str:
    kept, text = written(saved, deps.accounts_seal.text_max)
    return deps.accounts_seal.seal(text) if kept else ""
