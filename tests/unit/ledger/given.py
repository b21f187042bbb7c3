"""A shop whose cards have cost something, and looks into its books."""

from datetime import UTC, datetime
from typing import Any

from faka.contexts.ledger.balances import balances
from faka.contexts.ledger.purchases import stock_purchased
from faka.contexts.ledger.store import transaction_from
from faka.contexts.ledger.transaction import Transaction
from faka.contexts.vault import Batch
from faka.kernel.money import Currency, Money
from tests.kit.world import World


AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def cny(minor: int) -> Money:
    return Money(minor=minor, currency=Currency.CNY)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency=Currency.USD)


def bought(world: World, count: int, unit_cost: Money | None, supplier: str = "north") -> Batch:
    """Cards on sale, booked like an import books them."""
    batch = world.stock_up(count)
    if unit_cost is not None:
        money = stock_purchased(batch.id, supplier, unit_cost.times(count), world.clock.now())
        world.deps.tables.commit([world.deps.costs.noted(batch.sku, batch.ordinal, batch.id, unit_cost), world.deps.ledger.posted(money)])
    return batch


def journal(world: World) -> dict[str, Transaction]:
    return {row["id"]: transaction_from(row) for row in world.rows("test-journal") if row["sk"] == "TXN"}


def books(world: World) -> dict[str, int]:
    """Every account's balance, by its own direction; those that are nothing left out."""
    return {account: minor for account, minor in balances(journal(world).values()).items() if minor}


def lines(transaction: Transaction) -> dict[tuple[str, str], int]:
    return {(line.side.value, line.account): line.amount_minor for line in transaction.lines}


def row_of(transaction: Transaction) -> dict[str, Any]:
    return {**transaction.sealed().model_dump(mode="json"), "pk": f"TXN#{transaction.id}", "sk": "TXN"}
