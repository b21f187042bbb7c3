"""I2, I3 and I8 over receipts, attempts, entries and refunds: each movement of money is booked once and has its end.

| receipt | order | entry `rcp:` | besides |
|---|---|---|---|
| APPLIED | paid by it, for this amount, by this channel | clearing → the order's funds | its attempt SUCCEEDED |
| APPLIED, channel `wallet` | the same | a wallet → the order's funds | that wallet's line (I10) |
| HELD | not paid | clearing → suspense | a case |
| REFUND_DUE | has a note of the refund | clearing → suspense | a refund of this amount (`refunds`) |
| ORPHAN | | clearing → suspense | a case |
"""

from collections import defaultdict
from collections.abc import Callable, Mapping

from faka.contexts.ledger.chart import plan_of
from faka.contexts.ledger.model import clearing, funds, suspense
from faka.contexts.orders.model import OrderState, RefundState
from faka.contexts.payments.model import PaymentState, ReceiptState
from faka.contexts.payments.refunds import RefundSource
from faka.kernel.ids import ChannelId, OrderId
from faka.kernel.money import Currency
from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import EntryFacts, Facts, OrderFacts, ReceiptFacts


FREE = "free"
"""The channel of orders that cost nothing; they have no attempt, no receipt and no entry."""

WALLET = "wallet"
"""The channel of what wallets pay."""

_DELIVERED = (OrderState.COMPLETED, OrderState.RETURNED)
_KEPT = (OrderState.PAID, OrderState.SHORT)
_COMPLETED_ONLY = "dlv:"
_MOVEMENT = "rcp:"
_EXCHANGE = "rep:"
_COST = ("expense:cogs/", "inventory:cards/")
_MAY_TURN = ("psp:", "revenue:", "expense:", "inventory:", "bank:", "equity:", "supplier:")
"""Accounts that may stand on either side: a refund of money that was paid out already, a day of refunds only, stock that had no cost, a
supplier with a deposit of ours."""

_BY_HAND = ("bat:", "cpl:", "void:", "set:", "fee:", "pout:", "den:", "cor:", "rev:", "com:", "mis:")
"""Facts whose rows are not among these books, or that only the books know."""


def check(facts: Facts, _question: Question) -> None:
    applied: dict[str, list[ReceiptFacts]] = defaultdict(list)
    refunds = {refund.receipt for refund in facts.refunds.values() if refund.source == RefundSource.SUSPENSE}
    for receipt in facts.receipts.values():
        _booked(facts, receipt)
        if receipt.state == ReceiptState.APPLIED:
            applied[receipt.order or ""].append(receipt)
        else:
            _with_a_person(facts, receipt)
        _refund_of(facts, receipt, receipt.key in refunds)
    exchanged = _exchanged(facts)
    for order in facts.orders.values():
        earned = _paid_once(facts, order, applied.pop(order.id, []))
        if order.state is OrderState.COMPLETED:
            _cost(facts, order, earned, exchanged)
    for order_id, receipts in applied.items():
        facts.say("I2", receipts[0].key, f"paid {order_id or 'nothing'}, which is not there")
    _entries(facts)
    _accounts(facts)


def _booked(facts: Facts, receipt: ReceiptFacts) -> None:
    """One entry for a movement, with its amount, to the account that its first decision names."""
    entry = facts.entries.get(f"{_MOVEMENT}{receipt.key}")
    if entry is None:
        facts.say("I3", receipt.key, "a receipt without an entry")
        return
    currency = Currency(receipt.currency)
    pays = receipt.state == ReceiptState.APPLIED
    to = funds(OrderId(receipt.order or ""), currency) if pays else suspense(currency)
    came: str = clearing(ChannelId(receipt.channel), currency)
    if receipt.channel == WALLET:  # which wallet only its line says, and the line says it of this entry (I10)
        came = next((account for account, _ in entry.debits if account.startswith("wallet:")), "no wallet")
    wanted = ((came, receipt.minor),), ((to, receipt.minor),)
    if (entry.debits, entry.credits) != wanted or entry.kind != ("receipt_applied" if pays else "receipt_suspended"):
        facts.say("I3", receipt.key, f"{receipt.state} of {receipt.minor} is booked as {entry.kind} of {_sum(entry)}")


def _with_a_person(facts: Facts, receipt: ReceiptFacts) -> None:
    """Money that pays nothing is on somebody's list, and its order knows."""
    if receipt.state != ReceiptState.REFUND_DUE and f"case_money_{receipt.key}" not in facts.cases:
        facts.say("I2", receipt.key, f"{receipt.state} without a case")
    order = facts.orders.get(receipt.order or "")
    if receipt.state == ReceiptState.ORPHAN or (order is None and receipt.order in facts.fences):
        return
    if order is None:
        facts.say("I2", receipt.key, f"{receipt.state} for an order that is not there")
    elif receipt.state == ReceiptState.HELD and (order.paid_at is not None or receipt.key not in order.held):
        facts.say("I2", receipt.key, f"HELD, and its order is {order.state}{' and paid' if order.paid_at else ' and does not know'}")
    elif receipt.state == ReceiptState.REFUND_DUE and order.refund is RefundState.NONE:
        facts.say("I2", receipt.key, "a refund is due and its order does not know")


def _refund_of(facts: Facts, receipt: ReceiptFacts, has_refund: bool) -> None:
    if (receipt.state == ReceiptState.REFUND_DUE) != has_refund:
        facts.say("I2", receipt.key, f"{receipt.state} {'with' if has_refund else 'without'} a refund")


def _paid_once(facts: Facts, order: OrderFacts, receipts: list[ReceiptFacts]) -> EntryFacts | None:
    """A paid order has the one receipt that paid it (I2), for exactly what it costs (I8). Answers the entry of its delivery."""
    is_free = order.channel == FREE
    if is_free != (order.total == 0):
        facts.say("I8", order.id, f"costs {order.total} by channel {order.channel}")
    wanted = int(order.paid_at is not None and not is_free)
    if len(receipts) != wanted:
        facts.say("I2", order.id, f"{'paid' if order.paid_at else 'not paid'} with {len(receipts)} applied receipts")
    if wanted and order.paid_by not in {receipt.key for receipt in receipts}:
        facts.say("I2", order.id, f"says that {order.paid_by or 'nothing'} paid it")
    for receipt in receipts:
        if (receipt.minor, receipt.currency, receipt.channel) != (order.total, order.currency, order.channel):
            told = f"{receipt.minor} {receipt.currency} by {receipt.channel}"
            facts.say("I8", order.id, f"costs {order.total} {order.currency} by {order.channel} and was paid {told}")
        attempt = facts.attempts.get(order.id, {}).get(receipt.attempt or "")
        if attempt is None or attempt.state != PaymentState.SUCCEEDED:
            facts.say("I2", order.id, f"paid by attempt {receipt.attempt}, which is {attempt.state if attempt else 'not there'}")
        elif (receipt.minor, receipt.currency, receipt.channel) != (attempt.minor, attempt.currency, attempt.channel):
            facts.say("I8", order.id, f"{attempt.id} asked for {attempt.minor} by {attempt.channel}, {receipt.minor} paid it")
    earned = facts.entries.get(f"{_COMPLETED_ONLY}{order.id}")
    if (earned is not None) != (order.state in _DELIVERED and not is_free):
        facts.say("I3", order.id, f"{order.state} {'with' if earned else 'without'} an entry of delivery")
    elif earned is not None:
        _earned(facts, order, earned)
    return earned


def _earned(facts: Facts, order: OrderFacts, entry: EntryFacts) -> None:
    """What was delivered is earned as goods and fee, out of the order's own funds."""
    sales = [(f"revenue:sales/{order.currency}", order.goods), (f"revenue:fees/{order.currency}", order.fee)]
    wanted = ((funds(OrderId(order.id), Currency(order.currency)), order.total),), tuple(line for line in sales if line[1])
    cost = sum(minor for account, minor in entry.debits if account.startswith("expense:cogs/"))
    spent = sum(minor for account, minor in entry.credits if account.startswith("inventory:cards/"))
    booked = tuple(tuple(line for line in side if not line[0].startswith(_COST)) for side in (entry.debits, entry.credits))
    if booked != wanted or cost != spent:
        facts.say("I3", order.id, f"delivered for {order.goods} + {order.fee}, booked as {_sum(entry)}")


def _exchanged(facts: Facts) -> dict[tuple[str, str], int]:
    """Order and currency → how much more its cards have cost since they are others."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for name, entry in facts.entries.items():
        if name.startswith(_EXCHANGE):
            for sign, lines in ((1, entry.debits), (-1, entry.credits)):
                for account, minor in lines:
                    if account.startswith("expense:cogs/"):
                        found[name.split(":")[1], account.rpartition("/")[2]] += sign * minor
    return found


def _cost(facts: Facts, order: OrderFacts, earned: EntryFacts | None, exchanged: Mapping[tuple[str, str], int]) -> None:
    """What its very cards have cost, each currency once: beside the price, or alone, and what replacing some has changed."""
    wanted: dict[str, int] = defaultdict(int)
    for batch, count in order.taken:
        unit, currency = facts.costs.get((order.sku, batch), (0, order.currency))
        wanted[currency] += unit * count
    for currency in Currency:
        alone = facts.entries.get(f"cst:{order.id}:{currency}")
        beside = earned if currency == order.currency else None
        booked = sum(minor for entry in (alone, beside) if entry for account, minor in entry.debits if account.startswith(_COST))
        booked += exchanged.get((order.id, currency), 0)
        if booked != wanted[currency]:
            facts.say("I3", order.id, f"its cards have cost {wanted[currency]} {currency}, booked are {booked}")


def _entries(facts: Facts) -> None:
    """Each entry has its movement or its delivery."""
    there: dict[str, Callable[[str], bool]] = {_MOVEMENT: facts.receipts.__contains__, _COMPLETED_ONLY: facts.orders.__contains__}
    there |= {"cst:": facts.orders.__contains__, "rec:": facts.refunds.__contains__}
    there[_EXCHANGE] = lambda order: order in facts.orders and facts.orders[order].replaced > 0
    for name in facts.entries:
        if name.startswith(("rfd:", "val:", "wal:", "rch:", "pur:")):
            continue  # judged beside its refund, its value, its wallet, its recharge, its purchase
        about = name[4:].split(":")[0]
        known = there.get(name[:4])
        if not name.startswith(_BY_HAND) and (known is None or not known(name[4:] if name.startswith(_MOVEMENT) else about)):
            facts.say("I3", name, "an entry without the fact that it books")


def _accounts(facts: Facts) -> None:
    """Clearing grows by debit, what we owe and earn by credit; no account is on its wrong side."""
    for account, balance in facts.accounts.items():
        if not account.startswith(_MAY_TURN) and ((balance < 0) if plan_of(account).of.grows_by_debit else (balance > 0)):
            facts.say("I3", account, f"overdrawn by {abs(balance)}")
    for order in facts.orders.values():
        held = -facts.accounts.get(f"order:{order.id}:funds/{order.currency}", 0)
        wanted = order.total if order.state in _KEPT else 0
        if not held == wanted == order.funds:
            facts.say("I3", order.id, f"{order.state} and {held} of {order.total} are kept for it, its row says {order.funds}")


def _sum(entry: EntryFacts) -> str:
    return ", ".join(f"{minor} to {account}" for account, minor in entry.credits)
