"""What a visitor may hold: rows that count the open orders of an address and of a contact, and forget those that are over.

```
before stock moves   peek: a full row turns the visitor away ┐
in the commit        the row counts the new order            ┴─ a full row is compared with its orders once: the finished ones leave it
```
"""

from contextlib import suppress
from datetime import datetime

from faka.contexts.catalog.model import Sku
from faka.contexts.quotas.errors import HoldsMoved, QuotaExceeded
from faka.contexts.quotas.model import HoldLimits
from faka.contexts.quotas.store import hold_key
from faka.kernel.contact import mail_address, network
from faka.platform.table import Key
from faka.wiring import Deps


def hold_keys(deps: Deps, address: str, contact: str) -> list[Key]:
    """The rows that count what a visitor and a mail address hold; without an address, the visitor's alone. Raises: InvalidContact."""
    mail = mail_address(contact).lower()
    visitor = hold_key("visitor", deps.index_key.digest("address", network(address)))
    return [visitor, hold_key("contact", deps.index_key.digest("contact", mail))] if mail else [visitor]


def limits(deps: Deps, sku: Sku) -> HoldLimits:
    """The shop's bounds; of cards at least one whole order, where the SKU is sold in larger ones."""
    return HoldLimits(orders=deps.settings.faka_holds_max, cards=max(deps.settings.faka_held_cards_max, sku.per_order_max))


def peek(deps: Deps, keys: list[Key], now: datetime) -> None:
    """Turn away a visitor whose hold row is full of open orders before he makes the stock move back and forth."""
    for key, row in deps.tables.batch_get(keys, strong=False).items():
        if row["n"] >= deps.settings.faka_holds_max and not pruned(deps, key, now):
            raise QuotaExceeded("holds", row)


def pruned(deps: Deps, key: Key, now: datetime) -> bool:
    """Take finished orders out of a hold row; says whether there was one."""
    holds = deps.quotas.holds(key)
    if holds is None:
        return False
    alive = {number for number, order in deps.orders.get_many(list(holds.orders)).items() if order.is_open}
    finished = set(holds.orders) - alive
    if not finished:
        return False
    with suppress(HoldsMoved):  # somebody else moved the row: it is worth another try all the same
        deps.tables.apply(deps.quotas.pruned(holds.without(finished), now))
    return True
