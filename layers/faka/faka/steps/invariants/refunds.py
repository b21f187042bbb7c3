"""I3, I8 and I14 over refunds: no more goes back than came, each step is booked once, and what is on its way is looked after.

| refund | entries | besides |
|---|---|---|
| REQUESTED, SUBMITTED | due | in the due index |
| WITH_PERSON | due | a case |
| SUCCEEDED | due, ok; or as FAILED, and late | |
| FAILED | due, and fail, or ok and back | a case, or a further refund of that money |
"""

from collections import Counter, defaultdict

from faka.contexts.ledger.accounts import Account, clearing, failed_refunds, funds, in_transit, suspense
from faka.contexts.orders.model import REFUNDS_MAX, DeliveryState, OrderState
from faka.contexts.orders.refunds import refund_state
from faka.contexts.payments.model import ReceiptState
from faka.contexts.payments.refunds import RefundSource
from faka.kernel.ids import ChannelId, OrderId, refund_id
from faka.kernel.money import Currency
from faka.kernel.refund import RefundStatus
from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import Facts, OrderFacts, RefundFacts
from faka.steps.wallet import WALLET


_STEPS = ("due", "ok", "fail", "back", "late")
_BOOKED: dict[RefundStatus, set[tuple[str, ...]]] = {
    RefundStatus.REQUESTED: {("due",)},
    RefundStatus.SUBMITTED: {("due",)},
    RefundStatus.WITH_PERSON: {("due",)},
    RefundStatus.SUCCEEDED: {("due", "ok"), ("due", "fail", "late"), ("due", "ok", "back", "late")},
    RefundStatus.FAILED: {("due", "fail"), ("due", "ok", "back")},
}


def check(facts: Facts, _question: Question) -> None:
    sums: Counter[str] = Counter()
    own: dict[str, int] = defaultdict(int)
    for refund in facts.refunds.values():
        _from_its_receipt(facts, refund)
        _booked(facts, refund)
        _looked_after(facts, refund)
        if refund.source != RefundSource.FAILED:
            sums[refund.receipt] += refund.minor
            own[refund.order or ""] += refund.minor if refund.is_own else 0
    for key, minor in sums.items():
        receipt = facts.receipts.get(key)
        if receipt is not None and minor > receipt.minor:
            facts.say("I8", key, f"{minor} of {receipt.minor} go back")
    for order in facts.orders.values():
        _noted(facts, order)
        _ended(facts, order, own[order.id])
    _without_refund(facts)


def _from_its_receipt(facts: Facts, refund: RefundFacts) -> None:
    receipt = facts.receipts.get(refund.receipt)
    if receipt is None:
        facts.say("I2", refund.id, f"a refund of {refund.receipt}, which is not there")
        return
    if (refund.currency, refund.channel, refund.order) != (receipt.currency, receipt.channel, receipt.order):
        facts.say("I3", refund.id, f"gives back {refund.currency} by {refund.channel} of {receipt.currency} by {receipt.channel}")
    if refund.source == RefundSource.SUSPENSE:
        whole = refund.minor == receipt.minor and refund.id == refund_id(f"receipt:{receipt.key}")
        if not whole or receipt.state != ReceiptState.REFUND_DUE:
            facts.say("I2", refund.id, f"gives back {refund.minor} of {receipt.minor}, which is {receipt.state}")
    elif refund.source in (RefundSource.FUNDS, RefundSource.SALES) and receipt.state != ReceiptState.APPLIED:
        facts.say("I2", refund.id, f"gives back money that is {receipt.state}")


def _booked(facts: Facts, refund: RefundFacts) -> None:
    """The entries that its status asks for, each of its amount and along its way (I3)."""
    entries = {step: facts.entries.get(f"rfd:{refund.id}:{step}") for step in _STEPS}
    if refund.channel == WALLET:
        entries["ok"] = facts.entries.get(f"wal:{refund.id}")
    there = tuple(step for step in _STEPS if entries[step] is not None)
    if there not in _BOOKED[RefundStatus(refund.status)]:
        facts.say("I3", refund.id, f"{refund.status} with entries {', '.join(there) or 'none'}")
        return
    currency, channel = Currency(refund.currency), ChannelId(refund.channel)
    way, out, failed = in_transit(channel, currency), clearing(channel, currency), failed_refunds(currency)
    if refund.channel == WALLET:
        out = _wallet_of(facts, refund)
    wanted = {"due": (None, way), "ok": (way, out), "fail": (way, failed), "back": (out, failed), "late": (failed, out)}
    for step in there:
        entry = entries[step]
        debit, credit = wanted[step]
        if entry is None or entry.credits != ((credit, refund.minor),) or not (debit is None or entry.debits == ((debit, refund.minor),)):
            facts.say("I3", refund.id, f"{step} is not {refund.minor} to {credit}")
        elif step == "due" and not _stood_there(refund, entry.debits):
            facts.say("I3", refund.id, f"out of {', '.join(account for account, _ in entry.debits)}, its source is {refund.source}")


def _wallet_of(facts: Facts, refund: RefundFacts) -> Account:
    """The account that the money came out of."""
    paid = facts.entries.get(f"rcp:{refund.receipt}")
    return Account(paid.debits[0][0] if paid is not None else "")


def _stood_there(refund: RefundFacts, debits: tuple[tuple[str, int], ...]) -> bool:
    currency = Currency(refund.currency)
    accounts = [account for account, _ in debits]
    match refund.source:
        case RefundSource.SUSPENSE:
            return accounts == [suspense(currency)]
        case RefundSource.FUNDS:
            return accounts == [funds(OrderId(refund.order or ""), currency)]
        case RefundSource.FAILED:
            return accounts == [failed_refunds(currency)]
        case _:
            return set(accounts) <= {f"revenue:sales/{currency}", f"revenue:fees/{currency}"}


def _looked_after(facts: Facts, refund: RefundFacts) -> None:
    is_open = refund.status in (RefundStatus.REQUESTED, RefundStatus.SUBMITTED)
    if is_open != (refund.due is not None):
        facts.say("I14", refund.id, f"{refund.status} and {'still' if refund.due else 'never'} due")
    if refund.status in (RefundStatus.FAILED, RefundStatus.WITH_PERSON) and f"case_refund_{refund.id}" not in facts.cases:
        facts.say("I2", refund.id, f"{refund.status} without a case")


def _noted(facts: Facts, order: OrderFacts) -> None:
    """The order's row tells what its refunds' rows tell (I2)."""
    noted = {note.id: note for note in order.notes}
    for note in order.notes:
        refund = facts.refunds.get(note.id)
        told = (refund.minor, refund.status, refund.is_own, refund.order) if refund is not None else None
        if told != (note.amount_minor, note.status, note.is_own, order.id):
            facts.say("I2", order.id, f"says {note.status} of {note.id}, which is {refund.status if refund else 'not there'}")
    wanted = refund_state(order.notes, order.total)
    if order.refund is not wanted:
        facts.say("I2", order.id, f"refund {order.refund} with notes of {wanted}")
    if len(order.notes) >= REFUNDS_MAX:
        return
    superseded = {refund.receipt for refund in facts.refunds_of(order.id) if refund.source == RefundSource.FAILED}
    for refund in facts.refunds_of(order.id):
        if refund.id not in noted and not (refund.status == RefundStatus.FAILED and refund.receipt in superseded):
            facts.say("I2", order.id, f"does not know of {refund.id}")


def _ended(facts: Facts, order: OrderFacts, own: int) -> None:
    """What ended without goods gave all of its money back, and cards that were paid back are nobody's (I2, I8)."""
    if own > order.total:
        facts.say("I8", order.id, f"{own} of {order.total} go back")
    is_whole = order.paid_at is not None and own == order.total
    if order.state is OrderState.RETURNED and (not is_whole or order.reveals):
        facts.say("I2", order.id, f"RETURNED with {order.reveals} openings and {own} of {order.total} going back")
    if order.state is OrderState.FAILED and order.paid_at is not None and not is_whole:
        facts.say("I2", order.id, f"paid and FAILED with {own} of {order.total} going back")
    if order.paid_back and (own < order.paid_back * order.unit or not order.reveals):
        facts.say("I2", order.id, f"{order.paid_back} cards paid back with {order.reveals} openings and {own} going back")
    if order.delivery is DeliveryState.REVOKED and not (is_whole and order.reveals):
        facts.say("I2", order.id, f"REVOKED with {order.reveals} openings and {own} of {order.total} going back")


def _without_refund(facts: Facts) -> None:
    for name in facts.entries:
        if name.startswith("rfd:") and name.split(":")[1] not in facts.refunds:
            facts.say("I3", name, "an entry without the refund that it books")
