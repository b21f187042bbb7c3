"""I14: nothing waits longer than it may. Asked of a quiet world, and of a running one with a patience on top."""

from datetime import datetime, timedelta

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.model import CLOSE_PATIENCE_S, NoticeState, PaymentState
from faka.kernel.clock import to_row
from faka.steps.invariants import recharges
from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import Facts, OrderFacts


ROUND = timedelta(minutes=1)
"""The sweep's: what became due after the last one is not late yet."""

STUCK_AFTER = timedelta(minutes=2)
"""The promise for an order that is paid."""

NOTICE_AFTER = timedelta(minutes=15)
"""Ten tries, one a minute, and then a person."""

CLAIM_AFTER = timedelta(minutes=5)
"""A claim's owner is looked for two minutes after the stream told of it, in the round of that minute; three for the way there."""


def check(facts: Facts, question: Question) -> None:
    patience = timedelta(0) if question.is_quiet else question.overdue_after
    if patience is None:
        return
    latest = question.now - patience
    for order in facts.orders.values():
        _order(facts, order, latest)
    for attempts in facts.attempts.values():
        for attempt in attempts.values():
            if attempt.state == PaymentState.PENDING:
                _due(facts, attempt.id, attempt.due, latest)
                _late(facts, attempt.id, "still open", attempt.expires_at, timedelta(seconds=CLOSE_PATIENCE_S) + ROUND, latest)
    for refund in facts.refunds.values():
        _due(facts, refund.id, refund.due, latest)
    for recharge in facts.recharges.values():
        _due(facts, recharge.id, recharge.due, latest)
    for name, notice in facts.notices.items():
        if notice.state == NoticeState.RECEIVED:
            _due(facts, name, notice.due, latest)
            _late(facts, name, "RECEIVED", notice.received_at, NOTICE_AFTER, latest)
    recharges.overdue(facts, latest)
    _claims(facts, latest)


def _order(facts: Facts, order: OrderFacts, latest: datetime) -> None:
    _due(facts, order.id, order.due, latest)
    if order.state is OrderState.PENDING_PAYMENT:
        _late(facts, order.id, "unpaid and not ended", order.expires_at, timedelta(seconds=CLOSE_PATIENCE_S) + ROUND, latest)
    elif order.state is OrderState.PAID and order.paid_at is not None and order.id not in facts.recharges:
        _late(facts, order.id, "PAID and no goods, no case", order.paid_at, STUCK_AFTER, latest)
    elif order.state is OrderState.SHORT and order.short_until is not None:
        _late(facts, order.id, "SHORT and not given up", order.asked_until or order.short_until, STUCK_AFTER, latest)


def _claims(facts: Facts, latest: datetime) -> None:
    """Cards that were claimed belong to an order, or go back."""
    for sku, stock in facts.stock.items():
        for event, claim in stock.claims.items():
            if not claim.at or event in stock.owners or event in stock.returned or event in stock.left:
                continue
            _late(facts, f"{sku}#{event}", f"claimed by {claim.order}, which does not own it,", claim.at, CLAIM_AFTER, latest)


def _due(facts: Facts, subject: str, due: str | None, latest: datetime) -> None:
    if due is not None and due < to_row(latest):
        facts.say("I14", subject, f"due since {due}")


def _late(facts: Facts, subject: str, what: str, since: str, after: timedelta, latest: datetime) -> None:
    if datetime.fromisoformat(since) + after < latest:
        facts.say("I14", subject, f"{what} since {since}")
