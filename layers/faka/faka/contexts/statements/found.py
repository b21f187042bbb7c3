"""From lines to the work list: a finding as a discrepancy, and what a second run of a day does to a first one's."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from faka.contexts.statements.lines import Ours, Theirs, time_of
from faka.contexts.statements.match import Result
from faka.contexts.statements.model import (
    Discrepancy,
    DiscrepancyClass,
    DiscrepancyState,
    discrepancy_id,
    run_key,
    severity,
)
from faka.contexts.statements.tally import Finding
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency


_WAITS = frozenset({DiscrepancyState.OPEN, DiscrepancyState.TIMING, DiscrepancyState.ASSIGNED})
_FACTS = ("severity", "our_state", "their_state", "our_minor", "their_minor", "our_time", "their_time", "line_no", "order_id")


def discrepancy(finding: Finding, channel: ChannelId, day: date) -> Discrepancy:
    """The same finding of the same day makes the same one."""
    theirs, ours = finding.theirs, finding.ours
    some = ours or theirs
    return Discrepancy(
        id=discrepancy_id(run_key(channel, day), finding.kind, finding.key),
        channel=channel,
        day=day,
        kind=finding.kind,
        match_key=finding.key,
        state=DiscrepancyState.TIMING if finding.is_timing else DiscrepancyState.OPEN,
        severity=severity(finding.kind),
        currency=Currency((theirs or some).currency) if some and (theirs or some) else None,
        out_trade_no=some.number if some else "",
        channel_txn_id=(theirs or some).txn if some else "",
        out_refund_no=some.refund_no if some else "",
        order_id=ours.order_id if ours else "",
        our_state=ours.state if ours else "",
        their_state=theirs.status if theirs else "",
        our_minor=int(ours.amount) if ours else None,
        their_minor=int(theirs.amount) if theirs else None,
        our_time=time_of(ours.at) if ours else None,
        their_time=time_of(theirs.at) if theirs else None,
        line_no=int(theirs.line_no) if theirs else 0,
    )


def about_the_file(kind: DiscrepancyClass, channel: ChannelId, day: date) -> Discrepancy:
    """No line of it: the bill as a whole."""
    return discrepancy(Finding(kind, "file"), channel, day)


def seen_again(kept: Discrepancy, now: Discrepancy) -> Discrepancy | None:
    """What the kept one becomes when a run of its day finds it once more; None: nothing changes.

    What another day cleared, what was repaired and what persons decided stays decided.
    """
    facts = {name: getattr(now, name) for name in _FACTS}
    if kept.state in _WAITS:
        is_same = all(getattr(kept, name) == value for name, value in facts.items())
        return None if is_same else kept.model_copy(update={**facts, "version": kept.version + 1})
    if kept.state is DiscrepancyState.CLEARED and not kept.cleared_by:
        return kept.moved(now.state, **facts)
    return None


def gone(kept: Discrepancy, cleared_by: str = "") -> Discrepancy | None:
    """What becomes of one that a run does not find any more; None: nothing."""
    return kept.moved(DiscrepancyState.CLEARED, cleared_by=cleared_by) if kept.state in _WAITS else None


# -- a part's result as a file -------------------------------------------------------------------------------------------


def told(result: Result) -> dict[str, Any]:
    """A part's result without its pairs, as plain values."""
    return {
        "theirs": result.tally.theirs,
        "ours": result.tally.ours,
        "fees": result.fees,
        "charged": result.charged,
        "crossed": result.crossed,
        "found": [[f.kind, f.key, f.theirs, f.ours, f.is_timing] for f in result.found],
        "left_theirs": result.left_theirs,
        "left_ours": result.left_ours,
    }


def findings(told: Mapping[str, Any]) -> list[Finding]:
    return [
        Finding(DiscrepancyClass(kind), key, Theirs(*theirs) if theirs else None, Ours(*ours) if ours else None, is_timing)
        for kind, key, theirs, ours, is_timing in told["found"]
    ]
