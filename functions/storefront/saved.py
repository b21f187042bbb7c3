"""Accounts that this browser keeps for its owner: which one a form means, what the cookie is after an order and after a removal."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts import typed_account

from faka.flows.saved_accounts import forgotten, remembered, saved_account
from faka.platform.door import cookie
from faka.wiring import Deps
from pages.forms import Fault, mark
from pages.order_view import OrderFacts
from pages.visitor import ACCOUNTS_AGE_S, ACCOUNTS_COOKIE, Visitor


ID_MAX = 8

GONE = Fault("saved_account", mark("This account is no longer saved on this device. Please choose again, or enter it."))
APART = Fault("saved_account", mark("This saved account does not go together with your other choices. Please choose another one."))


@dataclass(frozen=True)
class Meant:
    """Where the goods of a form go."""

    account: Mapping[str, str]
    is_saved: bool = False
    faults: tuple[Fault, ...] = ()


def meant(deps: Deps, who: Visitor, product: str, form: Mapping[str, str]) -> Meant:
    """The saved account that was chosen, else what was typed. Raises: ProductNotFound, MacKeyUnavailable, both only for a saved one."""
    chosen = form.get("saved_account", "")[:ID_MAX]
    if not chosen:
        return Meant(typed_account(form))
    account = saved_account(deps, who.accounts, product, chosen)
    return Meant(account, is_saved=True, faults=() if account else (GONE,))


def after_order(deps: Deps, who: Visitor, product: str, form: Mapping[str, str], order: OrderFacts) -> tuple[str, ...]:
    """The cookie with the order's account in front, for another half-year; none where nothing is to be kept, or can be."""
    if not (form.get("remember_account") or order.is_account_saved):
        return ()
    value = remembered(deps, who.accounts, product, order.account)
    return (cookie(ACCOUNTS_COOKIE, value, ACCOUNTS_AGE_S),) if value else ()


def dropped_id(form: Mapping[str, str]) -> str:
    """Which account a button takes away; empty for a form that was sent by another one."""
    return form.get("drop_account", "")[:ID_MAX]


def after_removal(deps: Deps, who: Visitor, chosen: str) -> tuple[str, str]:
    """The value without one account or all of them, and its cookie. Raises: MacKeyUnavailable."""
    value = forgotten(deps, who.accounts, chosen)
    return value, cookie(ACCOUNTS_COOKIE, value, ACCOUNTS_AGE_S if value else 0)
