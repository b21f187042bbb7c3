"""Taking one refund a step further: ask, or tell the provider.

```
first look      ──► tell                       a later look ──► ask ──► no such refund ──► tell again, the same number
told: processing, done, failed                 ──► hear
refused for good                               ──► FAILED, a case
not now (our balance there is short)           ──► later
no answer                                      ──► later: ask first
no such call, or nobody to ask what happened   ──► WITH_PERSON, a case
```
"""

from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.refunding import RefundDelayed, RefundEvent, RefundNotOffered, RefundOrder, RefundRefused
from faka.contexts.payments.refunds import Refund
from faka.kernel.errors import Unavailable
from faka.kernel.refund import RefundStatus
from faka.steps.refund.hear import failed, hear, into_wallet, later, with_person
from faka.steps.wallet import WALLET
from faka.wiring import Deps


def drive(deps: Deps, refund: Refund) -> Refund:
    """One step. Raises: RefundMoved, OrderMoved when somebody else did it meanwhile; Unavailable from the database."""
    if refund.status not in (RefundStatus.REQUESTED, RefundStatus.SUBMITTED):
        return refund
    now = deps.clock.now()
    if refund.channel_id == WALLET:
        return into_wallet(deps, refund, now)
    try:
        adapter, order = deps.adapter(refund.channel_id), _order(deps, refund)
    except Unavailable:
        return later(deps, refund, now)  # nothing was said to anybody
    try:
        event = _answer(adapter, refund, order)
    except RefundRefused as refused:
        return failed(deps, refund, str(refused), now)
    except RefundNotOffered:
        return with_person(deps, refund, _why(refund), now)
    except RefundDelayed:
        return later(deps, refund, now)
    except Unavailable:
        # The outcome of telling may be unknown from here on: the next look asks first.
        return later(deps, refund, now, status=RefundStatus.SUBMITTED)
    return hear(deps, refund.id, event) or refund


def _answer(adapter: Adapter, refund: Refund, order: RefundOrder) -> RefundEvent:
    if refund.status is RefundStatus.SUBMITTED:
        event = adapter.query_refund(order)
        if event is not None:
            return event
    return adapter.refund(order)


def _why(refund: Refund) -> str:
    if refund.status is RefundStatus.SUBMITTED:
        return "told to the provider, no answer, and it cannot be asked"
    return "the channel gives nothing back by itself"


def _order(deps: Deps, refund: Refund) -> RefundOrder:
    return RefundOrder(
        out_refund_no=refund.number,
        out_trade_no=refund.out_trade_no,
        channel_txn_id=refund.channel_txn_id,
        amount=refund.amount,
        total=refund.total,
        reason=_PLAIN.get(refund.actor, "refund"),
        notify_url=f"{deps.settings.faka_notify_url}/v1/callbacks/{deps.catalog.channel(refund.channel_id).kind}/{refund.channel_id}",
    )


_PLAIN = {"buyer": "refund at your wish", "fulfil": "not in stock", "settle": "paid twice or too late"}
"""What stands on the buyer's statement; a person's own words stay in our books."""
