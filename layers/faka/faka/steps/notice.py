"""Applying a stored notice, now or again from the sweep."""

from datetime import datetime

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.contexts.payments.model import Notice, NoticeState
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.base import EventState, PaymentEvent, ProviderUnavailable
from faka.contexts.payments.providers.refunding import RefundEvent
from faka.contexts.payments.store import NOTICE_TRIES_MAX
from faka.kernel.exchange import RawRequest
from faka.kernel.ids import payment_of, refund_of
from faka.platform.table import Write
from faka.steps.refund import hear, heard_unknown
from faka.steps.settle import Outcome, apply
from faka.wiring import Deps


Fact = PaymentEvent | RefundEvent
"""What a notice can say."""


class NoticeUnconfirmed(ProviderUnavailable):
    """A weak channel's notice says paid and the provider does not (yet): asked again later, never believed."""


def apply_notice(deps: Deps, adapter: Adapter, notice: Notice, event: Fact) -> Outcome:
    """Settle what a notice says; the notice is done in the same commit.

    A notice of a weak channel only says *ask now*: the provider's own answer is applied instead.
    Raises: NoticeUnconfirmed, ProviderUnavailable, TransactionBusy, Throttled: it stays RECEIVED.
    """
    done = deps.payments.settled(notice.channel_id, notice.dedupe_key, NoticeState.APPLIED)
    if isinstance(event, RefundEvent):
        return _refund_told(deps, event, done)
    if event.state is not EventState.SUCCEEDED:
        deps.tables.apply(deps.payments.settled(notice.channel_id, notice.dedupe_key, NoticeState.IGNORED))
        return Outcome.NOTHING
    if not adapter.needs_query:
        return apply(deps, event, [done])
    answer = adapter.query(event.out_trade_no, provider_ref=_reference(deps, event))
    if answer is None or answer.state is not EventState.SUCCEEDED:
        raise NoticeUnconfirmed(notice.channel_id)
    if answer.channel_txn_id == event.channel_txn_id:
        return apply(deps, answer, [done])
    outcome = apply(deps, answer)
    _keep_for_a_person(deps, notice, "the provider confirms another transaction than this notice", [done])
    return outcome


def _reference(deps: Deps, event: PaymentEvent) -> str:
    """By what the provider finds the attempt, where it says more than our number."""
    payment_id = payment_of(event.out_trade_no)
    payment = deps.payments.find(payment_id) if payment_id is not None else None
    return payment.provider_ref if payment is not None else ""


def _refund_told(deps: Deps, event: RefundEvent, done: Write) -> Outcome:
    """A refund of ours goes on; one that nobody here asked for becomes a person's question."""
    refund_id = refund_of(event.out_refund_no)
    if refund_id is None or hear(deps, refund_id, event, (done,)) is None:
        heard_unknown(deps, event, (done,))
    return Outcome.NOTHING


def as_it_came(notice: Notice) -> RawRequest:
    """The request that was kept, to be proved again by the time at which it came."""
    return RawRequest(
        method=notice.method,
        headers=notice.headers,
        query=tuple(notice.query),
        body=notice.body,
        received_at=notice.received_at,
    )


def failed(deps: Deps, notice: Notice, next_at: datetime) -> None:
    """Count a failure; at the bound the notice is parked and becomes a person's case.

    Raises: NoticeMoved when somebody applied or counted it meanwhile.
    """
    write = deps.payments.failed(notice, next_at)
    if notice.tries + 1 < NOTICE_TRIES_MAX:
        deps.tables.apply(write)
        return
    _keep_for_a_person(deps, notice, "a notice that could not be applied", [write])


def _keep_for_a_person(deps: Deps, notice: Notice, reason: str, also: list[Write]) -> None:
    cause = f"{notice.channel_id}:{notice.dedupe_key}"
    case = open_case(CaseKind.NOTICE, cause, cause, reason, deps.clock.now())
    try:
        deps.tables.commit([deps.cases.opened(case), *also])
    except CaseExists:
        for write in also:
            deps.tables.apply(write)
