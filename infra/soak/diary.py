"""What buyers saw, kept for the judge. Written by many threads: each entry is one append."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Placed:
    """An order as its buyer knows it."""

    order: str
    code: str
    visit: int
    act: str


@dataclass
class Diary:
    placed: list[Placed] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Order and the state that one and the same person was shown, in order."""
    shown: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Order and the cards of one answer."""
    answers: Counter[int] = field(default_factory=Counter)
    own_faults: list[str] = field(default_factory=list)
    """Requests that the shop answered with 500: it does not know itself what is wrong."""
    forms: list[tuple[str, str]] = field(default_factory=list)
    """Orders that one form led to when it was sent twice."""
    place_ms: list[float] = field(default_factory=list)
    """From sending the form to the order page."""
    card_ms: list[float] = field(default_factory=list)
    """From paying to the card on the screen, of those who paid once and in time and waited."""
    refused: Counter[str] = field(default_factory=Counter)
    """Visits that ended before an order, by the shop's headline."""
    gave_up: list[str] = field(default_factory=list)
    """Orders whose buyer left before he saw his card."""

    def answered(self, method: str, path: str, status: int) -> None:
        self.answers[status] += 1
        if status == 500:
            self.own_faults.append(f"{method} {path}")
