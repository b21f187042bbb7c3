"""supply: every minute, what is left and what suppliers ask.

Audience   none
Trigger    schedule, every minute
Flows      watch_stock, sync_supply
Tables     catalog R (listing, products, suppliers, offers, rules) and RW (costs of offers, supply), trade RW (low stock, purchases, cases)
Keys       none
Secrets    faka/suppliers/* (asks suppliers for price and stock)
Limits     one at a time; stops 12 s before its own end; eight suppliers are asked at once, each at most twice
On failure the next minute does the same; a supplier who is silent is left out of the shop's promises until he answers
"""

from collections.abc import Callable
from typing import Any

from faka.flows.sync_supply import sync_supply
from faka.flows.watch_stock import watch_stock
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


STOP_BEFORE_MS = 12_000
"""Longer than one question to a supplier: 10 s, and its commit."""


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_machine_restock: str


deps = Deps(Settings.from_env())


def time_of(context: Any) -> Callable[[], bool]:
    return lambda: bool(context.get_remaining_time_in_millis() > STOP_BEFORE_MS)


@observed
def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Stock first: it asks nobody, so no supplier can keep it from being looked at."""
    has_time = time_of(context)
    return {**watch_stock(deps, has_time), **sync_supply(deps, has_time)}
