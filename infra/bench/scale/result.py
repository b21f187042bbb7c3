"""What happened to the buyers of a scene, and the row that is made of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    SERVED = "SERVED"
    SOLD_OUT = "SOLD_OUT"
    BUSY = "BUSY"
    """Told to come again: too many refusals by the service, one after the other."""
    LATER = "LATER"
    """Paid, and the goods wait for the sweep: the notice is safe, but could not be applied at once."""


@dataclass
class Ledger:
    """One entry per buyer, and every number that anybody got."""

    began: list[float] = field(default_factory=list)
    served_s: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    fates: Counter[Fate] = field(default_factory=Counter)
    numbers: Counter[int] = field(default_factory=Counter)
    false_refusals: int = 0

    def note(self, fate: Fate, began: float, now: float) -> None:
        self.began.append(began)
        self.fates[fate] += 1
        if fate is Fate.SERVED:
            self.served_s.append(now - began)
            self.ends.append(now)

    def got(self, numbers: Iterable[int]) -> None:
        self.numbers.update(numbers)

    @property
    def sold_twice(self) -> int:
        return sum(times - 1 for times in self.numbers.values() if times > 1)

    def per_s(self) -> float:
        """From the first arrival to the last served answer."""
        return len(self.ends) / max(1e-9, max(self.ends) - min(self.began)) if self.ends else 0.0

    def meanwhile_per_s(self) -> float:
        """Answers while buyers still came: what goes through under a load that goes on."""
        first, last = min(self.began), max(self.began)
        return sum(end <= last for end in self.ends) / max(1e-9, last - first)

    def row(self) -> dict[str, Any]:
        return {
            "served": self.fates[Fate.SERVED],
            "refused": self.fates[Fate.SOLD_OUT],
            "false": self.false_refusals,
            "busy": self.fates[Fate.BUSY],
            "later": self.fates[Fate.LATER],
            "twice": self.sold_twice,
            "per_s": round(self.per_s(), 1),
            "meanwhile_per_s": round(self.meanwhile_per_s(), 1),
            "ms": spread(self.served_s),
        }


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share does not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1_000_000) * len(ordered) // 1_000_000) - 1)] if ordered else 0.0


def spread(seconds: Sequence[float]) -> list[float]:
    """p50, p99 and p99.9 in milliseconds."""
    return [round(quantile(seconds, share) * 1000, 1) for share in (0.5, 0.99, 0.999)]


def mean_ms(seconds: Sequence[float]) -> float:
    return round(1000 * sum(seconds) / max(1, len(seconds)), 1)
