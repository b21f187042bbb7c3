"""What the rules read and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from faka.platform.table import Item


@dataclass(frozen=True, slots=True)
class Books:
    """The rows of the five tables, as plain items. Rows of no kind that the rules know are ignored here and named by I13."""

    catalog: Sequence[Item] = ()
    trade: Sequence[Item] = ()
    vault: Sequence[Item] = ()
    journal: Sequence[Item] = ()
    guard: Sequence[Item] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that the rows break. `subject` is the id of what breaks it; `what` holds ids, states and counts only."""

    invariant: str
    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.what}"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the books, and at which moment."""

    now: datetime
    is_quiet: bool
    overdue_after: timedelta | None
    holds_max: int
    held_cards_max: int
    hold_ttl: timedelta
