"""I9: what one visitor or contact holds unpaid is within the limits, and the rows that count it tell the truth."""

from collections import Counter
from datetime import datetime

from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import Facts, HoldFacts, OrderFacts


def check(facts: Facts, question: Question) -> None:
    open_orders: Counter[str] = Counter()
    for order in facts.orders.values():
        if order.is_open and question.now - datetime.fromisoformat(order.created_at) < question.hold_ttl:
            open_orders[order.visitor] += 1
            _is_counted(facts, order, "visitor", order.visitor)
            if order.contact:
                _is_counted(facts, order, "contact", order.contact)
    for visitor, count in open_orders.items():
        if count > question.holds_max:
            facts.say("I9", visitor, f"{count} open orders, {question.holds_max} are allowed")
    for hold in facts.holds.values():
        _within(facts, hold, question)


def _is_counted(facts: Facts, order: OrderFacts, kind: str, who: str) -> None:
    """An open order stands in its hold rows: they were written in one commit, and only finished orders leave them."""
    hold = facts.holds.get((kind, who))
    told = hold.orders.get(order.id) if hold is not None else None
    if told != f"{order.product} {order.quantity}":
        facts.say("I9", order.id, f"open, and its {kind}'s row holds {told or 'nothing'} for it")


def _within(facts: Facts, hold: HoldFacts, question: Question) -> None:
    subject = f"{hold.kind}#{hold.who}"
    if hold.count != len(hold.orders) or hold.count > question.holds_max:
        facts.say("I9", subject, f"counts {hold.count}, lists {len(hold.orders)}, {question.holds_max} are allowed")
    sums: Counter[str] = Counter()
    most: dict[str, int] = {}
    for held in hold.orders.values():
        product, _, quantity = held.rpartition(" ")
        slot = product.replace("-", "_")
        sums[slot] += int(quantity)
        most[slot] = max(question.held_cards_max, facts.order_max.get(product, 0))
    if sums != hold.sums:
        facts.say("I9", subject, f"counts {sorted(hold.sums.items())} cards, lists {sorted(sums.items())}")
    for slot, count in sums.items():
        if count > most[slot]:
            facts.say("I9", subject, f"{count} cards of {slot}, {most[slot]} are allowed")
