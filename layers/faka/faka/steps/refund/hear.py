"""What a provider says about a refund, applied once, whatever its source and however often it comes.

| the refund is | PROCESSING | SUCCEEDED | FAILED |
|---|---|---|---|
| REQUESTED, SUBMITTED | asked again by the ladder | booked | booked, a case |
| SUCCEEDED | nothing | nothing | the money is with us again: booked, a case |
| FAILED | nothing | a case: two opposite words, once | nothing |
| WITH_PERSON | nothing | booked | booked, a case |

One case asks about one refund: it is answered when the refund is done, and asks anew, with its reason and a deadline, whenever
something new must be decided.
"""

from datetime import datetime

from faka.contexts.cases import Case, CaseExists, CaseKind, case_id, open_case
from faka.contexts.ledger import refunds as postings
from faka.contexts.ledger.accounts import in_transit
from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.refunds import with_note
from faka.contexts.payments.providers.refunding import RefundEvent, RefundProgress
from faka.contexts.payments.refunds import Refund, RefundMoved
from faka.contexts.wallets.model import WalletId
from faka.kernel.errors import TransactionBusy
from faka.kernel.ids import RefundId
from faka.kernel.refund import RefundStatus
from faka.platform.table import Write
from faka.steps.refund.request import note_of
from faka.steps.wallet import credited
from faka.wiring import Deps


TRIES_MAX = 6
"""A notice, a sweep and a buyer's look are three at once; more than six lost races is a storm."""

_OPEN = (RefundStatus.REQUESTED, RefundStatus.SUBMITTED)


def hear(deps: Deps, refund_id: RefundId, event: RefundEvent, also: tuple[Write, ...] = ()) -> Refund | None:
    """Apply one fact; None when there is no such refund. `also` are writes that belong into the same commit.

    Raises: TransactionBusy after `TRIES_MAX` lost races. The event can be applied again.
    """
    for _ in range(TRIES_MAX):
        refund = deps.refunds.find(refund_id)
        if refund is None:
            return None
        try:
            return _once(deps, refund, event, also)
        except (RefundMoved, OrderMoved, AlreadyPosted, CaseExists):
            continue
    raise TransactionBusy("refund")


def _once(deps: Deps, refund: Refund, event: RefundEvent, also: tuple[Write, ...]) -> Refund:
    now = deps.clock.now()
    if event.state is RefundProgress.SUCCEEDED and event.amount != refund.amount:
        return _asks_a_person(deps, refund, f"asked for {refund.amount.minor}, the provider says {event.amount.minor}", now, also)
    match event.state:
        case RefundProgress.SUCCEEDED if refund.status is not RefundStatus.SUCCEEDED:
            if refund.status is RefundStatus.FAILED:
                return _asks_a_person(deps, refund, "the provider first said failed and now done", now, also)
            return done(deps, refund, event.finished_at or now, event.channel_refund_id, now, also)
        case RefundProgress.FAILED if refund.status is not RefundStatus.FAILED:
            return failed(deps, refund, f"the provider says {event.status}", now, also)
        case RefundProgress.PROCESSING | RefundProgress.UNKNOWN if refund.status in _OPEN:
            return later(deps, refund, now, also, RefundStatus.SUBMITTED, event.channel_refund_id)
    if also:
        deps.tables.commit(also)
    return refund


def done(
    deps: Deps,
    refund: Refund,
    done_at: datetime,
    channel_refund_id: str,
    now: datetime,
    also: tuple[Write, ...] = (),
    outcome: str = "it is done",
) -> Refund:
    """The customer has his money. A person who was asked about it need not look any more: `outcome` says why."""
    after = refund.changed(
        status=RefundStatus.SUCCEEDED,
        finished_at=done_at,
        due_at=None,
        channel_refund_id=channel_refund_id or refund.channel_refund_id,
    )
    post = postings.refund_done_late if refund.status is RefundStatus.FAILED else postings.refund_done
    entry = post(refund.id, refund.channel_id, refund.amount, done_at, now)
    deps.tables.commit([*_told(deps, refund, after, now), deps.ledger.posted(entry), *_case_answered(deps, refund, outcome), *also])
    return after


def into_wallet(deps: Deps, refund: Refund, now: datetime) -> Refund:
    """What was paid out of a wallet goes back into it at once, in the commit that says so."""
    receipt = deps.payments.receipt(refund.receipt)
    if receipt is None or not receipt.wallet:
        return with_person(deps, refund, "nobody knows which wallet paid", now)
    after = refund.changed(status=RefundStatus.SUCCEEDED, finished_at=now, due_at=None)
    way = in_transit(refund.channel_id, refund.amount.currency)
    money = credited(deps, WalletId(receipt.wallet), refund.amount, refund.id, debit=way, ref=refund.order_id or refund.id, at=now)
    deps.tables.commit([*_told(deps, refund, after, now), *money])
    return after


def failed(deps: Deps, refund: Refund, reason: str, now: datetime, also: tuple[Write, ...] = ()) -> Refund:
    """The way is closed, also after it had been done: the money is the customer's and with us."""
    post = postings.refund_came_back if refund.status is RefundStatus.SUCCEEDED else postings.refund_failed
    entry = post(refund.id, refund.channel_id, refund.amount, now)
    after = refund.changed(status=RefundStatus.FAILED, finished_at=now, due_at=None)
    writes = [*_told(deps, refund, after, now, reason), deps.ledger.posted(entry), *also]
    deps.tables.commit([*writes, _case_anew(deps, refund, f"refund failed: {reason}", now)])
    return after


def with_person(deps: Deps, refund: Refund, reason: str, now: datetime, also: tuple[Write, ...] = ()) -> Refund:
    """Nobody can be asked: a person looks at the provider's own pages, or sends the money by hand, and says so."""
    after = refund.changed(status=RefundStatus.WITH_PERSON, due_at=None)
    deps.tables.commit([*_told(deps, refund, after, now, reason), _case_anew(deps, refund, reason, now), *also])
    return after


def later(
    deps: Deps,
    refund: Refund,
    now: datetime,
    also: tuple[Write, ...] = (),
    status: RefundStatus | None = None,
    channel_refund_id: str = "",
) -> Refund:
    """Ask again by the ladder; past its deadline a person is told, and it is asked all the same."""
    after = refund.changed(
        status=status or refund.status,
        tries=refund.tries + 1,
        due_at=refund.next_look(now),
        channel_refund_id=channel_refund_id or refund.channel_refund_id,
    )
    case = _case_once(deps, refund, "refund not done in time", now) if now >= refund.deadline_at else []
    deps.tables.commit([*_told(deps, refund, after, now), *case, *also])
    return after


def heard_unknown(deps: Deps, event: RefundEvent, also: tuple[Write, ...] = ()) -> None:
    """A refund that we never asked for: somebody used the provider's own pages. A person says what it was for.

    Its money shows in the nightly comparison; nothing of ours changes by a number that we do not know.
    """
    number = event.out_refund_no or event.channel_refund_id
    cause = f"{event.channel_id}:{number}"
    reason = f"a refund of {event.amount.minor} {event.amount.currency} that nobody here asked for"
    case = open_case(CaseKind.REFUND, cause, event.out_trade_no, reason, deps.clock.now())
    try:
        deps.tables.commit([deps.cases.opened(case), *also])
    except CaseExists:
        if also:
            deps.tables.commit(also)


def _asks_a_person(deps: Deps, refund: Refund, reason: str, now: datetime, also: tuple[Write, ...]) -> Refund:
    if refund.status in _OPEN:
        return with_person(deps, refund, reason, now, also)
    if refund.doubt == reason:
        if also:
            deps.tables.commit(also)
        return refund
    after = refund.changed(doubt=reason)
    deps.tables.commit([deps.refunds.replaced(refund, after), _case_anew(deps, refund, reason, now), *also])
    return after


def _told(deps: Deps, before: Refund, after: Refund, now: datetime, reason: str = "") -> list[Write]:
    """The refund's row, and its order's row where it has one, in step."""
    writes = [deps.refunds.replaced(before, after)]
    if before.order_id is None or before.status is after.status:
        return writes
    order = deps.orders.find(before.order_id)
    if order is None:
        return writes
    changes = with_note(order, note_of(after))
    told = f"refund {after.id} {after.status.lower()}" + (f": {reason}" if reason else "")
    return [*writes, deps.orders.replaced(order, order.changed(now, "refund", told, **changes))]


def _case_once(deps: Deps, refund: Refund, reason: str, now: datetime) -> list[Write]:
    case = _case(refund, reason, now)
    return [] if deps.cases.find(case.id) is not None else [deps.cases.opened(case)]


def _case_anew(deps: Deps, refund: Refund, reason: str, now: datetime) -> Write:
    """Whoever answered the case before answered another question."""
    case = _case(refund, reason, now)
    return deps.cases.reopened(case) if deps.cases.find(case.id) is not None else deps.cases.opened(case)


def _case_answered(deps: Deps, refund: Refund, outcome: str) -> list[Write]:
    case = deps.cases.find(case_id(CaseKind.REFUND, refund.id))
    return [deps.cases.closed(case.id, outcome)] if case is not None and case.state == "OPEN" else []


def _case(refund: Refund, reason: str, now: datetime) -> Case:
    return open_case(CaseKind.REFUND, refund.id, refund.order_id or refund.receipt, reason, now)
