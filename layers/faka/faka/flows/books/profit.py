"""What was earned, from the transactions alone: sales and fees, less what went back, less cost, fees of channels, commissions.

```
of an order      its own transactions by their names: a dozen keys, one read
of a day         the journal once; each fact under its order, then orders together by product or by channel
```
A provider's fee is known per account and day, from its bill: it lessens a channel's profit and no single order's.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from faka.contexts.ledger.chart import family_of
from faka.contexts.ledger.store import BooksTooLarge
from faka.contexts.ledger.transaction import Side, Transaction
from faka.contexts.orders.model import Order
from faka.contexts.payments.refunds import refund_from, refund_key
from faka.kernel.clock import business_day
from faka.kernel.ids import OrderId, RefundId
from faka.kernel.limits import BATCH_GET_MAX
from faka.kernel.model import Frozen
from faka.kernel.money import Currency
from faka.wiring import Deps


REFS_MAX = 200_000
"""Orders, refunds and channels of one day in memory; some 60 MB."""

UNKNOWN = "-"
"""The group of facts that belong to no order: a provider's fees by product, a person's corrections."""


class By(StrEnum):
    ORDER = "order"
    PRODUCT = "product"
    CHANNEL = "channel"


class Profit(Frozen):
    """One group in one currency. All amounts are positive in their usual direction."""

    group: str
    currency: str
    sales_minor: int = 0
    """The goods' price, less what of it went back."""
    fees_minor: int = 0
    """What buyers paid for their way to pay, less what of it went back."""
    commission_earned_minor: int = 0
    cost_minor: int = 0
    commission_minor: int = 0
    channel_fee_minor: int = 0
    other_minor: int = 0
    """Losses and what was given away."""
    delivered: int = 0
    uncosted: int = 0
    """Deliveries of which nobody said what the cards have cost: their profit is too high by it."""

    @property
    def profit_minor(self) -> int:
        income = self.sales_minor + self.fees_minor + self.commission_earned_minor
        return income - self.cost_minor - self.commission_minor - self.channel_fee_minor - self.other_minor


_FIELD = {
    "revenue:sales": ("sales_minor", 1),
    "revenue:fees": ("fees_minor", 1),
    "revenue:commission": ("commission_earned_minor", 1),
    "expense:cogs": ("cost_minor", -1),
    "expense:commission": ("commission_minor", -1),
    "expense:channel_fee": ("channel_fee_minor", -1),
    "expense:promotion": ("other_minor", -1),
    "expense:loss": ("other_minor", -1),
}
"""Account → its figure, and the side on which it grows: credit 1, debit -1."""

Key = tuple[str, str]
"""Whose figures: of an order, a refund or a channel at first, of a group in the end; and the currency."""

Figures = dict[Key, dict[str, int]]


def profit_of_order(deps: Deps, order_id: OrderId) -> tuple[Profit, ...]:
    """One order's, by currency. Raises: OrderNotFound, LedgerTampered."""
    order = deps.orders.get(order_id)
    figures: Figures = {}
    for transaction in deps.ledger.find_many(_names_of(order)).values():
        _take(figures, transaction, order.id)
    _costed_in_another_currency(figures)
    return _profits(figures)


def profit_of_day(deps: Deps, day: date, by: By) -> tuple[Profit, ...]:
    """Everything that was recorded on a business day, by order, product or channel.

    Bound:  one reading of the journal, `REFS_MAX` facts' objects, and a read per hundred orders.
    Raises: BooksTooLarge, LedgerTampered, Throttled.
    """
    by_ref: Figures = {}
    for transaction in deps.ledger.every():
        if business_day(transaction.recorded_at) == day:
            _take(by_ref, transaction, transaction.ref)
            if len(by_ref) > REFS_MAX:
                raise BooksTooLarge("profit")
    _costed_in_another_currency(by_ref)
    groups = _groups(deps, sorted({ref for ref, _ in by_ref}), by)
    figures: Figures = {}
    for (ref, currency), found in by_ref.items():
        group = figures.setdefault((groups.get(ref, UNKNOWN), currency), {})
        for name, amount in found.items():
            group[name] = group.get(name, 0) + amount
    return _profits(figures)


def _names_of(order: Order) -> list[str]:
    """Every transaction that an order's profit may be made of."""
    names = [f"dlv:{order.id}", f"com:{order.id}"]
    names += [f"cst:{order.id}:{currency}" for currency in Currency]
    for note in order.refunds:
        names += [f"rfd:{note.id}:due", f"com:{note.id}:back", *(f"rec:{note.id}:{currency}" for currency in Currency)]
    versions = range(order.version + 1) if any(entry.actor == "replace" for entry in order.log) else ()
    return [*names, *(f"rep:{order.id}:{version}:{currency}" for version in versions for currency in Currency)]


def _take(figures: Figures, transaction: Transaction, ref: str) -> None:
    """Add what a transaction says about profit; most say nothing."""
    found: dict[str, int] = {}
    for line in transaction.lines:
        field, sign = _FIELD.get(family_of(line.account), ("", 0))
        if field:
            direction = 1 if (line.side is Side.CREDIT) == (sign > 0) else -1
            found[field] = found.get(field, 0) + direction * line.amount_minor
    if transaction.kind == "delivered":
        found |= {"delivered": 1, "uncosted": 0 if "cost_minor" in found else 1}
    if transaction.kind == "cost_of_goods":
        found["elsewhere"] = 1
    if found:
        whole = figures.setdefault((ref, transaction.currency.value), {})
        for name, amount in found.items():
            whole[name] = whole.get(name, 0) + amount


def _costed_in_another_currency(figures: Figures) -> None:
    """A delivery whose cost is a transaction of its own is not one of unknown cost."""
    costed = {ref for (ref, _), found in figures.items() if found.pop("elsewhere", 0)}
    for (ref, _), found in figures.items():
        if ref in costed and "uncosted" in found:
            found["uncosted"] = 0


def _profits(figures: Figures) -> tuple[Profit, ...]:
    made = [{"group": group, "currency": currency, **found} for (group, currency), found in sorted(figures.items())]
    return tuple(Profit.model_validate(one) for one in made)


def _groups(deps: Deps, refs: list[str], by: By) -> dict[str, str]:
    """The group of every object that a transaction may be about."""
    found: dict[str, str] = {}
    for start in range(0, len(refs), BATCH_GET_MAX):
        page = refs[start : start + BATCH_GET_MAX]
        orders = {ref: OrderId(ref) for ref in page if ref.startswith("ord_")}
        orders |= _orders_of_refunds(deps, [RefundId(ref) for ref in page if ref.startswith("rfd_")])
        known = deps.orders.get_many(list(set(orders.values()))) if orders and by is not By.ORDER else {}
        for ref, order_id in orders.items():
            found[ref] = order_id if by is By.ORDER else _group(known.get(order_id), by)
        if by is By.CHANNEL:
            found |= {ref: ref for ref in page if not ref.startswith(("ord_", "rfd_"))}
    return found


def _orders_of_refunds(deps: Deps, refunds: Iterable[RefundId]) -> dict[str, OrderId]:
    rows = deps.tables.batch_get([refund_key(refund) for refund in refunds])
    found = [refund_from(row) for row in rows.values()]
    return {refund.id: refund.order_id for refund in found if refund.order_id is not None}


def _group(order: Order | None, by: By) -> str:
    if order is None:
        return UNKNOWN
    return order.product_id if by is By.PRODUCT else order.channel_id
