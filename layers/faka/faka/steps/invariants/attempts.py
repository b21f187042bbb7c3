"""I2 over orders at suppliers, of recharges and of purchases alike: one at a time, each under a number of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from sys import intern
from typing import TYPE_CHECKING

from faka.platform.table import Item


if TYPE_CHECKING:
    from faka.steps.invariants.facts import Facts


FAILED = "FAILED"
"""Of a recharge's attempt and of a purchase's: proved to have charged nothing."""


@dataclass(slots=True)
class AttemptFacts:
    number: str
    supplier: str
    state: str
    minor: int
    """What the supplier took, or may take: of a recharge all of it, of a purchase one card."""
    sent_at: str
    ended_at: str | None


def read_attempt(one: Item, minor: int) -> AttemptFacts:
    return AttemptFacts(one["number"], intern(one["supplier_id"]), intern(one["state"]), minor, one["sent_at"], one.get("ended_at"))


def one_after_the_other(facts: "Facts", subject: str, attempts: Sequence[AttemptFacts], wanted: Sequence[str]) -> None:
    """A number is never used twice, and nothing is ordered anywhere before the last order is proved to have failed."""
    if [one.number for one in attempts] != list(wanted):
        facts.say("I2", subject, f"ordered under {', '.join(one.number for one in attempts)}")
    for before, after in pairwise(attempts):
        if before.state != FAILED or before.ended_at is None or before.ended_at > after.sent_at:
            facts.say("I2", subject, f"{after.number} was sent while {before.number} was {before.state}")
