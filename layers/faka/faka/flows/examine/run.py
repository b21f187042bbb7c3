"""One night: scan, suspect, look again, tell."""

import logging
from collections.abc import Callable
from datetime import timedelta

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.contexts.quotas.store import HOLD_TTL
from faka.flows.examine.again import Verdict, looked_at_again
from faka.kernel.model import Frozen
from faka.platform import telemetry
from faka.platform.table import Item, TableName
from faka.steps.invariants import Question, Tally, Violation
from faka.wiring import Deps


ROWS_MAX = 3_000_000
"""Rows of all tables, some 300,000 orders: 0.7 GB of facts, and eleven minutes of pages at 150 ms for a thousand rows. A shop that
outgrows it hears of it (AuditIncomplete) and gives the auditor more."""

SCAN_PAGE = 1_000
"""Rows of one request; the service cuts it at a megabyte anyway."""

LATE = timedelta(minutes=10)
"""How late work may be before a night's look counts it: several rounds of the sweep, and a provider's short outage."""

TIME_TO_LOOK_AGAIN_S = 240
"""Kept for the second look when the scan is slow."""

TIME_TO_TELL_S = 20

CASES_MAX = 50
"""Cases of one night. More broken promises than that have one cause, and fifty cases show it."""

REASON_MAX = 200

ORDER = (TableName.VAULT, TableName.CATALOG, TableName.GUARD, TableName.JOURNAL, TableName.TRADE)


class Examination(Frozen):
    rows: int = 0
    broken: int = 0
    deferred: int = 0
    is_complete: bool = False


def examine(deps: Deps, seconds_left: Callable[[], float]) -> Examination:
    """Look at every row once, and at what looks wrong again.

    Writes:  trade (one case for each broken promise, once for ever).
    Bound:   `ROWS_MAX` rows and the time of its function. Beyond either nothing is concluded, and AuditIncomplete counts.
    Raises:  Throttled.
    """
    question = Question(
        now=deps.clock.now(),
        is_quiet=False,
        overdue_after=LATE,
        holds_max=deps.settings.faka_holds_max,
        held_cards_max=deps.settings.faka_held_cards_max,
        hold_ttl=HOLD_TTL,
    )
    tally = Tally()
    rows, is_whole = _scan(deps, tally, lambda: seconds_left() > TIME_TO_LOOK_AGAIN_S)
    if not is_whole:
        return _told(rows, Verdict(unclear=1))
    suspects = tally.violations(question)
    verdict = looked_at_again(deps, tally, suspects, question, lambda: seconds_left() > TIME_TO_TELL_S)
    for i, broken in enumerate(verdict.broken):
        _tell(deps, broken, has_case=i < CASES_MAX)
    return _told(rows, verdict)


def _scan(deps: Deps, tally: Tally, has_time: Callable[[], bool]) -> tuple[int, bool]:
    """Take every row of every table; says how many, and whether it were all."""
    rows = 0
    for table in ORDER:
        after: Item | None = None
        while rows <= ROWS_MAX and has_time():
            page, after = deps.tables.scan(table, limit=SCAN_PAGE, after=after)
            tally.take(table, page)
            rows += len(page)
            if after is None:
                break
        else:
            return rows, False
    return rows, True


def _tell(deps: Deps, broken: Violation, *, has_case: bool) -> None:
    """A line, and a case for a person, unless this promise of this subject has one from another night."""
    case = open_case(CaseKind.BOOKS, f"{broken.invariant}:{broken.subject}", broken.subject, broken.what[:REASON_MAX], deps.clock.now())
    telemetry.note("promise_broken", level=logging.ERROR, step=broken.invariant, case_id=case.id, outcome=broken.what)
    if has_case:
        try:
            deps.tables.apply(deps.cases.opened(case))
        except CaseExists as known:
            telemetry.note("promise_known_to_be_broken", error=known, case_id=case.id)


def _told(rows: int, verdict: Verdict) -> Examination:
    is_complete = not verdict.unclear
    telemetry.count("InvariantViolations", len(verdict.broken))
    telemetry.count("RowsExamined", rows)
    telemetry.count("SuspectsDeferred", verdict.deferred)
    telemetry.count("AuditIncomplete", 0 if is_complete else 1)
    if is_complete:
        telemetry.count("AuditsDone")
    else:
        telemetry.note("audit_incomplete", count=verdict.unclear)
    return Examination(rows=rows, broken=len(verdict.broken), deferred=verdict.deferred, is_complete=is_complete)
