"""Book what a provider has for us and we have not, by the rule of all notices; touch nothing when too much looks wrong.

| discrepancy | repair |
|---|---|
| payment of a number of ours, not booked | ask the provider, apply its answer |
| second payment of a number | apply the bill's line: it becomes a refund |
| payment of no number of ours | apply the bill's line: money in suspense, a case |
| refund on its way | ask the provider, apply its answer |
| anything else | a person |

A row is AUTO_FIXED only when the movement can be read back from our books, and says which rule did it, what was and what is.
"""

from collections.abc import Iterable

from faka.contexts.payments.model import PaymentState
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.base import EventSource, EventState, PaymentEvent
from faka.contexts.statements.lines import DONE
from faka.contexts.statements.model import (
    REPAIRABLE,
    RULE_VERSION,
    Action,
    Discrepancy,
    DiscrepancyClass,
    DiscrepancyState,
    Run,
    RunState,
)
from faka.flows.reconcile.advance import advanced, run_of
from faka.flows.reconcile.messages import AccountDay, Repaired
from faka.flows.reconcile.work_list import change
from faka.kernel.errors import FakaError
from faka.kernel.ids import order_of, payment_of, refund_of
from faka.kernel.money import EXPONENT, Money
from faka.platform import telemetry
from faka.steps.refund import drive
from faka.steps.settle import apply
from faka.wiring import Deps


FREE_REPAIRS = 20
SHARE_MAX_BP = 100
"""Twenty lost notices a day happen; above that, more than one in a hundred lines is a parser or an account that is wrong."""

MAJOR_MAX = 50_000
"""In whole units of a currency. Repairing this much by itself in one night, a shop wants to have looked first."""

BY = "reconcile"
_ATTEMPTS = frozenset(state.value for state in PaymentState)
_ASKED = frozenset({DiscrepancyClass.REFUND_STATE_MISMATCH, DiscrepancyClass.LOCAL_ONLY_REFUND})


def repair(deps: Deps, asked: AccountDay) -> Repaired:
    """Writes: whatever settling writes; trade (work list, run). Each repair is one commit and may be done twice.

    Bound:  rows of one day; the breaker stands before the first of them.
    Raises: RunMissing, ChannelClosed, Throttled.
    """
    run = run_of(deps, asked.channel, asked.day)
    waiting = [one for one in deps.statements.discrepancies(asked.channel, asked.day) if one.state is DiscrepancyState.OPEN]
    money = [one for one in waiting if _is_repairable(one)]
    if run.state is RunState.FAILED:
        return Repaired(repaired=0, left=len(waiting), is_tripped=True)
    if run.is_tripped or is_too_much(run, money):
        advanced(deps, asked.channel, asked.day, RunState.REPAIRING, is_tripped=True)
        telemetry.note("repair_tripped", flow="reconcile", channel_id=asked.channel, count=len(money))
        return Repaired(repaired=0, left=len(waiting), is_tripped=True)
    run = advanced(deps, asked.channel, asked.day, RunState.REPAIRING)
    adapter = deps.adapter(asked.channel)
    refunds = [one for one in waiting if one.kind in _ASKED]
    done = sum(_tried(deps, adapter, run, one) for one in [*money, *refunds])
    return Repaired(repaired=done, left=len(waiting) - done, is_tripped=False)


def is_too_much(run: Run, money: Iterable[Discrepancy]) -> bool:
    """The circuit breaker: by count against the bill's lines, and by amount."""
    money = list(money)
    lines = run.bill.lines if run.bill else 0
    if run.overflow or (len(money) > FREE_REPAIRS and len(money) * 10_000 > SHARE_MAX_BP * lines):
        return True
    sums: dict[str, int] = {}
    for one in money:
        if one.currency is not None:
            sums[one.currency] = sums.get(one.currency, 0) + (one.their_minor or 0)
            if sums[one.currency] > MAJOR_MAX * 10 ** EXPONENT[one.currency]:
                return True
    return False


def _is_repairable(one: Discrepancy) -> bool:
    """Money in, of one transaction, that stands against no movement of ours."""
    is_ours = one.our_state not in ("", *_ATTEMPTS)
    return one.kind in REPAIRABLE and one.their_state == DONE and not is_ours and bool(one.channel_txn_id) and (one.their_minor or 0) > 0


def _tried(deps: Deps, adapter: Adapter, run: Run, one: Discrepancy) -> bool:
    """One bad row does not keep the others from being repaired."""
    try:
        with telemetry.contained():
            return _repaired(deps, adapter, run, one)
    except FakaError as error:
        telemetry.failed("repair_failed", error, flow="reconcile", channel_id=one.channel)
        telemetry.count("RepairFailures")
        return False


def _repaired(deps: Deps, adapter: Adapter, run: Run, one: Discrepancy) -> bool:
    before = _standing(deps, one)
    if one.kind in _ASKED:
        _ask_refund(deps, one.out_refund_no)
        after = _standing(deps, one)
        is_done = after != before
    else:
        event = _event(adapter, run, one)
        if event is None:
            return False
        outcome = apply(deps, event)
        is_done = deps.payments.receipt(f"{one.channel}:{one.channel_txn_id}") is not None
        after = f"{_standing(deps, one)}: {outcome}"
    if is_done:
        action = Action(rule_version=RULE_VERSION, before=before, after=after, by=BY, at=deps.clock.now())
        change(deps, one, lambda now: _fixed(now, action))
        telemetry.count("DiscrepanciesRepaired")
    return is_done


def _fixed(one: Discrepancy, action: Action) -> Discrepancy | None:
    if one.state is not DiscrepancyState.OPEN:
        return None
    return one.moved(DiscrepancyState.AUTO_FIXED, actions=(*one.actions, action))


def _event(adapter: Adapter, run: Run, one: Discrepancy) -> PaymentEvent | None:
    """What is applied. None: the provider's own answer contradicts its bill, which a person must see.

    A second payment and a foreign number cannot be asked about by a number of ours; for them the proved bill speaks.
    """
    if one.kind is not DiscrepancyClass.DUPLICATE_PAYMENT and payment_of(one.out_trade_no) is not None:
        answer = adapter.query(one.out_trade_no)
        return answer if answer is not None and answer.state is EventState.SUCCEEDED else None
    if one.currency is None or one.their_minor is None:
        return None
    return PaymentEvent(
        channel_id=one.channel,
        kind=adapter.account.kind,
        source=EventSource.BILL,
        out_trade_no=one.out_trade_no,
        channel_txn_id=one.channel_txn_id,
        state=EventState.SUCCEEDED,
        status="BILL",
        amount=Money(minor=one.their_minor, currency=one.currency),
        paid_at=one.their_time,
        dedupe_key=f"bill-{one.id}",
        raw_sha256=run.bill.sha256 if run.bill else "",
    )


def _ask_refund(deps: Deps, number: str) -> None:
    """The refund's own next step, now instead of at its hour."""
    refund_id = refund_of(number)
    refund = deps.refunds.find(refund_id) if refund_id else None
    if refund is not None:
        drive(deps, refund)


def _standing(deps: Deps, one: Discrepancy) -> str:
    """How our books stand to it, in a few words of states."""
    refund_id = refund_of(one.out_refund_no)
    if refund_id is not None:
        refund = deps.refunds.find(refund_id)
        return f"refund {refund.status}" if refund else "no refund"
    payment_id = payment_of(one.out_trade_no)
    payment = deps.payments.find(payment_id) if payment_id else None
    if payment_id is None or payment is None:
        return "no attempt"
    order = deps.orders.get_many([order_of(payment_id)]).get(order_of(payment_id))
    return f"attempt {payment.state}, order {order.state if order else 'UNKNOWN'}"
