"""Earning: the ledger's side of a delivery, with what the order's very cards have cost, and of cards that come back or are replaced."""

from collections.abc import Sequence
from datetime import datetime

from faka.contexts.ledger import model as ledger
from faka.contexts.ledger.purchases import cards_recovered, cards_replaced
from faka.contexts.orders.model import Order, OwnedRun
from faka.kernel.money import Money
from faka.platform.table import Write
from faka.wiring import Deps


def earned(deps: Deps, order: Order, runs: Sequence[OwnedRun], goods: Money, fee: Money, now: datetime) -> list[Write]:
    """What belongs into the commit that makes the goods the buyer's.

    One transaction: revenue and cost side by side. What was bought in another currency than it is sold in is a transaction of its own,
    and so is the cost of what is given away; batches of unknown cost have none.

    Reads:  the cost of batches that this instance has not sold from yet, in one request; none when warm.
    Raises: Throttled.
    """
    costs = deps.costs.of_runs(order.sku_id, runs)
    writes = []
    if goods.minor + fee.minor:
        beside = costs.pop(goods.currency, 0)
        writes.append(deps.ledger.posted(ledger.delivered(order.id, goods, fee, now, beside)))
    alone = [Money(minor=minor, currency=currency) for currency, minor in sorted(costs.items())]
    return [*writes, *(deps.ledger.posted(ledger.cost_of_goods(order.id, cost, now)) for cost in alone)]


def recovered(deps: Deps, order: Order, runs: Sequence[OwnedRun], refund: str, now: datetime) -> list[Write]:
    """What belongs into the commit that puts unseen cards of a refund back into stock: their cost is stock again.

    Nothing for cards that were seen (they are worth nothing, and their cost stays spent) and for orders that were never delivered.
    Reads and raises as `earned`.
    """
    costs = deps.costs.of_runs(order.sku_id, runs)
    back = [Money(minor=minor, currency=currency) for currency, minor in sorted(costs.items())]
    return [deps.ledger.posted(cards_recovered(refund, order.id, cost, now)) for cost in back]


def exchanged(deps: Deps, after: Order, withheld: Sequence[OwnedRun], fresh: Sequence[OwnedRun], now: datetime) -> list[Write]:
    """What belongs into the commit that gives a delivered order other cards: theirs is the order's cost now, the withheld ones' is lost.

    `after` is the order as that commit writes it. Reads and raises as `earned`.
    """
    lost, spent = deps.costs.of_runs(after.sku_id, withheld), deps.costs.of_runs(after.sku_id, fresh)
    return [
        deps.ledger.posted(
            cards_replaced(
                after.id,
                after.version,
                Money(minor=lost.get(currency, 0), currency=currency),
                Money(minor=spent.get(currency, 0), currency=currency),
                now,
            )
        )
        for currency in sorted({*lost, *spent})
    ]
