"""How many differences of an account nobody has decided about in time: the figure behind an alarm."""

from datetime import timedelta

from faka.contexts.statements.model import DiscrepancyState
from faka.flows.reconcile.messages import AccountDay
from faka.platform.telemetry import note
from faka.wiring import Deps


GRACE_DAYS = 2
"""The next day's bill explains what lay near midnight; a person gets the day after that."""

LOOK_BACK_DAYS = 14
"""How far back is counted. What is older rings through its case (the oldest case has an alarm of its own)."""

UNDECIDED = frozenset({DiscrepancyState.OPEN, DiscrepancyState.TIMING, DiscrepancyState.ASSIGNED})


def overdue(deps: Deps, asked: AccountDay) -> int:
    """Differences of days up to two before the asked one that are still undecided.

    Bound: the rows of thirteen days of one account.
    """
    days = [asked.day - timedelta(days=back) for back in range(GRACE_DAYS, LOOK_BACK_DAYS + 1)]
    found = sum(one.state in UNDECIDED for day in days for one in deps.statements.discrepancies(asked.channel, day))
    if found:
        note("discrepancies_overdue", flow="reconcile", channel_id=asked.channel, count=found)
    return found
