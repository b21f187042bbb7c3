"""I2, I5, I8 and I14 over an order and what belongs to it: its price, its attempts, its openings, its cases."""

from faka.contexts.cases import CaseKind
from faka.contexts.orders.model import DeliveryState, MailState, OrderState
from faka.contexts.payments.model import NoticeState, PaymentState, ReceiptState
from faka.kernel.ids import OrderId, payment_id
from faka.kernel.money import Currency, Money
from faka.kernel.rate import Rate, converted
from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import AttemptFacts, CaseFacts, Facts, OrderFacts
from faka.steps.invariants.money import FREE


_S = OrderState


def check(facts: Facts, _question: Question) -> None:
    paid_by = {receipt.attempt for receipt in facts.receipts.values() if receipt.state in (ReceiptState.APPLIED, ReceiptState.REFUND_DUE)}
    for order in facts.orders.values():
        _priced(facts, order)
        _attempts(facts, order, facts.attempts.get(order.id, {}))
        _opened(facts, order)
        _exchanged(facts, order)
        _waits_with_a_date(facts, order)
        _asks(facts, order)
        _ends_with_a_person(facts, order)
    for order_id, attempts in facts.attempts.items():
        for attempt in attempts.values():
            if order_id not in facts.orders:
                facts.say("I2", attempt.id, "an attempt without its order")
            if attempt.state == PaymentState.SUCCEEDED and attempt.id not in paid_by:
                facts.say("I2", attempt.id, "SUCCEEDED without a receipt")
            if (attempt.state == PaymentState.PENDING) != (attempt.due is not None):
                facts.say("I14", attempt.id, f"{attempt.state} and {'still' if attempt.due else 'never'} due")
    for order_id in facts.openings.keys() - facts.orders.keys():
        facts.say("I5", order_id, "openings of an order that is not there")
    _notices(facts)
    _cases(facts)
    _buyers(facts)


def _priced(facts: Facts, order: OrderFacts) -> None:
    """The price of the version that was bought (I8)."""
    price = facts.prices.get((order.product, order.product_version), {}).get(order.sku)
    asked = order.listed or (order.unit, order.currency)
    if order.listed is not None and not _converted(order):
        facts.say("I8", order.id, f"{order.unit} {order.currency} is not {order.listed[0]} {order.listed[1]} at its rate")
    if price != asked:
        told = f"{price[0]} {price[1]}" if price else "in no price list"
        facts.say("I8", order.id, f"{order.sku} for {order.unit} {order.currency}; version {order.product_version} says {told}")
    if order.total != order.goods + order.fee or order.fee < 0:
        facts.say("I8", order.id, f"{order.unit} × {order.quantity} + {order.fee} is not {order.total}")


def _converted(order: OrderFacts) -> bool:
    """The unit price is the catalogue's at the rate that was frozen with the order."""
    if order.listed is None or order.rate is None:
        return False
    minor, currency = order.listed
    charged = converted(Money(minor=minor, currency=Currency(currency)), Rate.model_validate(order.rate))
    return (charged.minor, charged.currency) == (order.unit, order.currency)


def _attempts(facts: Facts, order: OrderFacts, attempts: dict[str, AttemptFacts]) -> None:
    """One attempt after the other, at most the last one open, and that one for what the order costs now."""
    count = 0 if order.channel == FREE else order.attempt + 1
    wanted = [payment_id(OrderId(order.id), number) for number in range(count)]
    if attempts.keys() != set(wanted):
        facts.say("I2", order.id, f"has {len(attempts)} attempts, should have {count}")
        return
    for name in wanted[:-1]:
        if attempts[name].state == PaymentState.PENDING:
            facts.say("I2", order.id, f"{name} is open beside a later one")
    last = attempts[wanted[-1]] if wanted else None
    if order.state is _S.PENDING_PAYMENT and (last is None or last.state != PaymentState.PENDING):
        facts.say("I2", order.id, f"waits for {last.id if last else 'no attempt'}, which is {last.state if last else 'not there'}")
    asked = (last.minor, last.currency, last.channel) if last is not None and order.paid_at is None else None
    if asked not in (None, (order.total, order.currency, order.channel)):
        facts.say("I8", order.id, f"costs {order.total} {order.currency} by {order.channel}, its attempt asks for {asked}")


def _opened(facts: Facts, order: OrderFacts) -> None:
    """Every opening stands in the journal, and each was of the whole order, or of what is not paid back of it (I5)."""
    openings = facts.openings.get(order.id, 0)
    if openings != order.reveals:
        facts.say("I5", order.id, f"{order.reveals} openings by its row, {openings} by the journal")
    counts = facts.cards_opened[order.id] if openings else set()
    if any(not order.quantity - order.paid_back <= count <= order.quantity for count in counts):
        facts.say("I5", order.id, f"openings of {sorted(counts)} cards, it has {order.quantity}, {order.paid_back} paid back")


def _exchanged(facts: Facts, order: OrderFacts) -> None:
    """Who got another card for one that did not work has the old one no more, and got one for it (I1)."""
    if order.kept_back:
        facts.say("I1", order.id, f"owns {order.kept_back} cards that it got others for")
    olds, news = {old for old, _ in order.exchanged}, {new for _, new in order.exchanged}
    if min(len(olds), len(news)) < len(order.exchanged) or any(old == new for old, new in order.exchanged):
        facts.say("I1", order.id, f"{len(order.exchanged)} exchanges of {len(olds)} cards for {len(news)}")


def _waits_with_a_date(facts: Facts, order: OrderFacts) -> None:
    """Whatever must still happen is in the due index (I14)."""
    waits = order.state is _S.PAID or order.state is _S.SHORT or (order.state is _S.COMPLETED and order.mail is MailState.DUE)
    if waits and order.due is None:
        facts.say("I14", order.id, f"{order.state} with mail {order.mail} and never due")


def _asks(facts: Facts, order: OrderFacts) -> None:
    """A buyer is asked for another account only while his order goes to one, and is not there yet (I2)."""
    if order.asked_until is not None and (order.is_sealed or order.state not in (_S.PAID, _S.SHORT)):
        facts.say("I2", order.id, f"{order.state} and asks its buyer for an account")


def _ends_with_a_person(facts: Facts, order: OrderFacts) -> None:
    """What the shop cannot end by itself has a case (I2)."""
    if order.state is _S.SHORT and not ({f"case_short_{order.id}", f"case_stuck_{order.id}"} & facts.cases.keys()):
        facts.say("I2", order.id, "SHORT without a case")
    if order.state is _S.ON_HOLD and not order.held:
        facts.say("I2", order.id, "ON_HOLD for no receipt")
    case = facts.cases.get(f"case_short_withheld:{order.id}")
    if order.delivery is DeliveryState.WITHHELD and (case is None or case.state != "OPEN"):
        facts.say("I2", order.id, "its goods are WITHHELD without a case that asks somebody")
    if order.delivery is not DeliveryState.WITHHELD and case is not None and case.state == "OPEN":
        facts.say("I2", order.id, f"a case asks for cards, and nothing is withheld: {order.delivery}")
    for key in order.held:
        receipt = facts.receipts.get(key)
        if receipt is None or receipt.state != ReceiptState.HELD:
            facts.say("I2", order.id, f"holds {key}, which is {receipt.state if receipt else 'not there'}")


def _notices(facts: Facts) -> None:
    for name, notice in facts.notices.items():
        if notice.state == NoticeState.PARKED and f"case_notice_{name}" not in facts.cases:
            facts.say("I2", name, "PARKED without a case")
        if notice.state == NoticeState.RECEIVED and notice.due is None:
            facts.say("I14", name, "RECEIVED and never due")


def _cases(facts: Facts) -> None:
    """A case leads to something, and stays due while it is open."""
    for name, case in facts.cases.items():
        if not _leads(facts, name, case):
            facts.say("I2", name, f"a case about {case.ref}, which is not there")
        if case.state == "OPEN" and case.due is None:
            facts.say("I14", name, "OPEN and never due")


def _leads(facts: Facts, name: str, case: CaseFacts) -> bool:
    if case.kind == CaseKind.NOTICE:
        return case.ref in facts.notices or case.ref in facts.notices_done
    if case.kind in (CaseKind.BOOKS, CaseKind.SUPPLIER):
        return True  # its subject may be what is missing, or is a row of the catalogue, a purchase, a paper
    if case.kind == CaseKind.PROBE:
        return case.ref in facts.stored.probed
    cause = name.removeprefix(f"case_{case.kind.lower()}_")
    if cause.startswith("dsc_"):
        return cause in facts.differences
    if case.kind == CaseKind.REFUND and (name.removeprefix("case_refund_") in facts.refunds or ":" in name):
        return True  # a refund of ours, or one by the provider's own pages, which has no row
    # Money for an unknown number names the order that the number would be of.
    return case.ref in facts.orders or name.removeprefix("case_money_") in facts.receipts


def _buyers(facts: Facts) -> None:
    """Who looks his orders up by contact finds his own paid ones (I2)."""
    for order_id, contact in facts.buyers:
        order = facts.orders.get(order_id)
        if order is None or order.contact != contact or order.paid_at is None:
            facts.say("I2", order_id, f"is listed for a contact and is {order.state if order else 'not there'}")
