"""Take a payment notice: prove it, store it, apply it, acknowledge it, in this order.

```
raw bytes ─► adapter proves ─► store (once per fact) ─► weak channel? ask the provider ─► settle + notice done, one commit ─► ack
              │ forged, malformed: refused, nothing stored       │ no answer, lost race: stays RECEIVED, the sweep applies it
```
Once it is stored the answer is the provider's own acknowledgement, whatever happens next: what follows is our problem, not
the provider's, and real money is never answered with a failure.
"""

from datetime import timedelta

from faka.contexts.payments.errors import NoticeExists
from faka.contexts.payments.model import Notice, NoticeState
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, EventState
from faka.contexts.payments.providers.refunding import RefundProgress
from faka.contexts.payments.store import notice_from
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Forged, HttpAnswer, Malformed, RawRequest
from faka.kernel.ids import ChannelId
from faka.platform import telemetry
from faka.steps.notice import Fact, apply_notice
from faka.wiring import Deps


__all__ = ["NOTICE_BYTES_MAX", "RawRequest", "take_notice"]

PATIENCE = timedelta(seconds=30)
"""How long a stored notice may stay unapplied before the sweep takes it: longer than this function's own time limit."""

KEPT_HEADERS = (
    *("content-type", "user-agent", "stripe-signature"),
    *("wechatpay-serial", "wechatpay-signature", "wechatpay-signature-type", "wechatpay-timestamp", "wechatpay-nonce"),
)
"""Headers that a later look needs to prove the notice again, and what is worth keeping for a dispute."""


def take_notice(deps: Deps, channel_id: ChannelId, raw: RawRequest) -> HttpAnswer:
    """The provider's acknowledgement for a proved notice.

    Raises: Forged, Malformed (refused, no state change), ChannelClosed, ChannelNotFound; Unavailable before the notice
    is stored, so that the provider sends it again.
    """
    adapter = deps.adapter(channel_id)
    event = _proved(adapter, channel_id, raw)
    notice, is_new = _stored(deps, event, raw)
    if is_new or notice.state is NoticeState.RECEIVED:
        _try_to_apply(deps, adapter, notice, event)
    return adapter.acknowledge(True)


def _proved(adapter: Adapter, channel_id: ChannelId, raw: RawRequest) -> Fact:
    try:
        return adapter.parse_notice(raw)
    except (Forged, Malformed) as error:
        telemetry.note("notice_refused", error=error, channel_id=channel_id)
        telemetry.count("NoticesForged" if isinstance(error, Forged) else "NoticesMalformed")
        raise


def _stored(deps: Deps, event: Fact, raw: RawRequest) -> tuple[Notice, bool]:
    now = deps.clock.now()
    notice = Notice(
        channel_id=event.channel_id,
        dedupe_key=event.dedupe_key,
        method=raw.method,
        headers={name: raw.headers[name] for name in KEPT_HEADERS if name in raw.headers},
        query=list(raw.query),
        body=raw.body,
        sha256=event.raw_sha256,
        received_at=now,
    )
    try:
        deps.tables.apply(deps.payments.stored(notice, now + PATIENCE))
    except NoticeExists as known:
        return notice_from(known.row or {}), False
    return notice, True


def _try_to_apply(deps: Deps, adapter: Adapter, notice: Notice, event: Fact) -> None:
    """The notice is safe; failing here only leaves it to the sweep."""
    try:
        outcome = apply_notice(deps, adapter, notice, event)
    except Unavailable as error:
        telemetry.failed("notice_left_to_sweep", error, channel_id=notice.channel_id)
        return
    telemetry.note("notice_applied", channel_id=notice.channel_id, outcome=outcome)
    if event.state in (EventState.UNKNOWN, RefundProgress.UNKNOWN):
        telemetry.count("UnknownStatuses")
