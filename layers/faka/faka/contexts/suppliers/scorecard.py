"""How a supplier has done for weeks: a score from counts, a grade, and the reasons in words. `standing` judges the last minutes.

A score begins at 1,000. Each way of doing badly takes points by its share; shares are of what they concern (bad cards of cards, late
top-ups of top-ups), so that much good business of one kind hides nothing of another. The sequence of what happened does not count.

| score | grade | means |
|---|---|---|
| 900 and more | A | |
| 750 | B | |
| 600 | C | |
| below | D | asked only where nobody else can be |
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from pydantic import Field

from faka.kernel.model import Frozen


FULL: Final = 1_000
ROUTED_MIN: Final = 600
"""Below it a supplier is asked last."""

SAMPLE_MIN: Final = 50
"""Of fewer, a share is counted as if there had been so many: two bad cards of the first three are an accident."""

BATCHES_MIN: Final = 10

LATE_S: Final = 1_800
"""Suppliers promise ten to thirty minutes."""


class Event(StrEnum):
    CARD = "CARD"
    BAD_CARD = "BAD_CARD"
    """A card that was declared void: used, unknown to its issuer, or of a batch that was bad."""
    BATCH = "BATCH"
    COMPLAINT = "COMPLAINT"
    """We claimed a batch back, and he did not prove us wrong."""
    ARRIVED = "ARRIVED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    """No answer whose end anybody knows."""
    REVERSED = "REVERSED"
    """It had arrived, and was taken back."""


class Happened(Frozen):
    what: Event
    count: int = Field(default=1, ge=0)
    wait_s: int = 0
    """From order to arrival."""

    @property
    def is_late(self) -> bool:
        return self.what is Event.ARRIVED and self.wait_s > LATE_S


class Counted(Frozen):
    """A history, as far as it counts."""

    cards: int = 0
    bad_cards: int = 0
    batches: int = 0
    complaints: int = 0
    arrived: int = 0
    failed: int = 0
    unknown: int = 0
    reversed: int = 0
    late: int = 0

    @classmethod
    def of(cls, history: Iterable[Happened]) -> "Counted":
        sums = dict.fromkeys(Event, 0)
        late = 0
        for one in history:
            sums[one.what] += one.count
            late += one.count if one.is_late else 0
        return cls(
            cards=sums[Event.CARD] + sums[Event.BAD_CARD],
            bad_cards=sums[Event.BAD_CARD],
            batches=max(sums[Event.BATCH], sums[Event.COMPLAINT]),
            complaints=sums[Event.COMPLAINT],
            arrived=sums[Event.ARRIVED],
            failed=sums[Event.FAILED],
            unknown=sums[Event.UNKNOWN],
            reversed=sums[Event.REVERSED],
            late=late,
        )

    @property
    def is_empty(self) -> bool:
        return not any((self.cards, self.batches, self.arrived, self.failed, self.unknown, self.reversed))


class Score(Frozen):
    points: int = FULL
    grade: str = ""
    """Empty where nothing has happened yet."""
    reasons: tuple[str, ...] = ()
    """What took points, the most first."""


BAD_CARD_POINTS: Final = 60
"""For each percent. A buyer who gets a used card wants his money, and tells others: seven in a hundred end it."""
REVERSED_POINTS: Final = 60
"""As bad: the order was told to be done."""
COMPLAINT_POINTS: Final = 10
UNKNOWN_POINTS: Final = 10
"""Each may cost a person half an hour."""
FAILED_POINTS: Final = 8
"""The next supplier or the refund follows by itself."""
LATE_POINTS: Final = 4


def score(counted: Counted) -> Score:
    """Bound: 0 to `FULL`. One more bad card, failure, silence, reversal or complaint never raises it: each is
    held against what went well and its own kind only, so that no failure dilutes a reversal."""
    if counted.is_empty:
        return Score()
    lost = [
        _lost("bad cards", counted.bad_cards, counted.cards, SAMPLE_MIN, BAD_CARD_POINTS),
        _lost("top-ups taken back", counted.reversed, counted.arrived + counted.reversed, SAMPLE_MIN, REVERSED_POINTS),
        _lost("batches claimed back", counted.complaints, counted.batches, BATCHES_MIN, COMPLAINT_POINTS),
        _lost("top-ups without an answer", counted.unknown, counted.arrived + counted.unknown, SAMPLE_MIN, UNKNOWN_POINTS),
        _lost("top-ups that failed", counted.failed, counted.arrived + counted.failed, SAMPLE_MIN, FAILED_POINTS),
        _lost("late top-ups", counted.late, counted.arrived, SAMPLE_MIN, LATE_POINTS),
    ]
    points = max(0, FULL - sum(took for took, _ in lost))
    reasons = tuple(words for took, words in sorted(lost, key=lambda one: (-one[0], one[1])) if took)
    return Score(points=points, grade=grade_of(points), reasons=reasons)


def grade_of(points: int) -> str:
    return "A" if points >= 900 else "B" if points >= 750 else "C" if points >= ROUTED_MIN else "D"


def _lost(what: str, bad: int, of: int, sample: int, percent_points: int) -> tuple[int, str]:
    """Points that a share takes, and the words for it."""
    total = max(of, sample)
    took = min(FULL, percent_points * 100 * bad // total)
    tenths = bad * 1_000 // of if of else 0
    return took, f"{what}: {bad} of {of} ({tenths // 10}.{tenths % 10} %), {took} points"
