"""What must be true of the rows, whoever died in the middle. Pure: rows in, violations out.

One module for the simulator, the soak and the nightly auditor of a running shop, so that what tests prove is what production
is held to.
"""

from datetime import datetime, timedelta

from faka.contexts.quotas.store import HOLD_TTL
from faka.steps.invariants.books import Books, Question, Violation
from faka.steps.invariants.tally import Tally


__all__ = ["Books", "Question", "Tally", "Violation", "violations"]


def violations(
    books: Books,
    now: datetime,
    *,
    is_quiet: bool,
    holds_max: int = 5,
    held_cards_max: int = 20,
    hold_ttl: timedelta = HOLD_TTL,
    overdue_after: timedelta | None = None,
) -> list[Violation]:
    """The promises that these rows break, in the order of their numbers.

    `is_quiet`: all work has been done: stream and queues are empty, the sweep went round at `now`, and no worker is alive.
    `overdue_after`: how late work may be before it counts, where the world is not quiet; None asks nothing of the clock.
    """
    tally = Tally()
    tally.take_all(books)
    return tally.violations(Question(now, is_quiet, overdue_after, holds_max, held_cards_max, hold_ttl))
