"""Try a kept notice once more by hand: one that was parked after its failures, or one that somebody doubts."""

from faka.contexts.cases import CaseKind, case_id
from faka.kernel.errors import NotFound
from faka.kernel.ids import ChannelId
from faka.steps.notice import apply_notice, as_it_came
from faka.steps.settle import Outcome
from faka.wiring import Deps


class NoticeMissing(NotFound):
    """No notice of this channel has that key."""


def replay_notice(deps: Deps, channel_id: ChannelId, dedupe_key: str, by: str) -> Outcome:
    """Prove and settle it as if it had come now; what is booked already stays as it is. Its case is answered.

    Raises: NoticeMissing; Forged, Malformed where the channel's secrets do not prove it any more; NoticeUnconfirmed,
    ProviderUnavailable, TransactionBusy: it stays as it was.
    """
    notice = deps.payments.notice(channel_id, dedupe_key)
    if notice is None:
        raise NoticeMissing(dedupe_key)
    adapter = deps.adapter(channel_id)
    outcome = apply_notice(deps, adapter, notice, adapter.parse_notice(as_it_came(notice)))
    case = deps.cases.find(case_id(CaseKind.NOTICE, f"{channel_id}:{dedupe_key}"))
    if case is not None and case.state == "OPEN":
        deps.tables.apply(deps.cases.closed(case.id, f"applied by {by}: {outcome}"))
    return outcome
