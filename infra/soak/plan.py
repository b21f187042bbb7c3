"""What will happen, out of a seed: what each buyer does, and which fault falls when."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What a buyer does about paying. The words but the last five are the players' own."""

    PAY = "pay"
    REPEAT = "repeat"
    REORDER = "reorder"
    LOSE = "lose"
    TWICE = "twice"
    LESS = "less"
    MORE = "more"
    DECLINE = "decline"
    FORGE = "forge"
    NEVER = "never"
    CANCEL = "cancel"
    LATE = "late"
    """After the order's end."""
    REGRET = "regret"
    """Cancels, with the cashier still open, and pays there."""
    RETURN = "return"
    """Pays, and gives the goods back unseen; with two tabs open the other one shows them at the same moment."""


ACTS = {
    Act.PAY: 40,
    Act.REPEAT: 6,
    Act.REORDER: 5,
    Act.LOSE: 6,
    Act.TWICE: 6,
    Act.LESS: 3,
    Act.MORE: 3,
    Act.DECLINE: 2,
    Act.FORGE: 2,
    Act.NEVER: 5,
    Act.CANCEL: 5,
    Act.LATE: 5,
    Act.REGRET: 6,
    Act.RETURN: 8,
}
"""Of a hundred buyers, about."""

UNPAID = frozenset({Act.DECLINE, Act.FORGE, Act.NEVER, Act.CANCEL})
HABIT = 0.12
"""Share of buyers with each of the habits of `Visit`, whatever else they do."""


@dataclass(frozen=True)
class Visit:
    """One buyer's visit."""

    number: int
    act: Act
    channel: str
    product: str
    quantity: int
    has_contact: bool
    sends_twice: bool
    changes_way: bool
    has_two_tabs: bool
    comes_again: bool
    """Looks the order up by its code, on another device."""
    delay_s: float
    """Of a late payment, after the order's end."""


def visit(seed: int, number: int) -> Visit:
    chance = random.Random(f"{seed} visit {number}")
    product = chance.choices(("soak-plenty", "soak-pairs", "soak-scarce"), (70, 22, 8))[0]
    return Visit(
        number=number,
        act=chance.choices(list(ACTS), list(ACTS.values()))[0],
        channel=chance.choice(("alipay", "epay")),
        product=product,
        quantity=chance.randint(1, 3) if product == "soak-pairs" else 1,
        has_contact=chance.random() < 0.5,
        sends_twice=chance.random() < HABIT,
        changes_way=chance.random() < HABIT,
        has_two_tabs=chance.random() < HABIT,
        comes_again=chance.random() < HABIT,
        delay_s=chance.uniform(0, 90),
    )


class Kind(StrEnum):
    """A fault, or somebody whose work is as bad as one."""

    KILL_DOOR = "door process ended"
    KILL_WORKER = "worker process ended"
    STALL = "process stopped for a while"
    DOWN = "provider down"
    SLOW = "provider slow"
    GARBAGE = "provider talks nonsense"
    REFUSE = "emulator refuses"
    DELAY = "emulator slow"
    LOSE = "emulator's answers lost"
    SWEEPS = "two sweeps at once"
    FREEZE = "batch frozen and thawed"
    VOID = "card void"
    PRICE = "price changed"
    IMPORT = "card file imported"


OFTEN = (Kind.KILL_DOOR, Kind.KILL_DOOR, Kind.KILL_WORKER)
"""These fall more often than the others, which fall once a round."""

GAP_S = (0.4, 1.6)
"""Between two faults. A round of all kinds takes about 17 s at full speed."""

ROUND_SHARE = 0.9
"""Of a short run, even with the longest gaps: a fault in its last moments would meet nobody."""

WINDOW_S = (0.5, 3.0)
"""How long a fault lasts that lasts."""


@dataclass(frozen=True)
class Fault:
    at_s: float
    kind: Kind
    number: int
    """Chance for whoever carries it out."""
    lasts_s: float


def faults(seed: int, seconds: float) -> Iterator[Fault]:
    """All faults of a run in order: each kind once a round, in a new order each round, squeezed so that one round fits at least."""
    chance = random.Random(f"{seed} faults")
    pace = min(1.0, ROUND_SHARE * seconds / (len(Kind) + len(OFTEN)) / GAP_S[1])
    at_s = 0.0
    while True:
        deck = [*Kind, *OFTEN]
        chance.shuffle(deck)
        for kind in deck:
            at_s += pace * chance.uniform(*GAP_S)
            if at_s >= seconds:
                return
            yield Fault(at_s, kind, chance.getrandbits(32), chance.uniform(*WINDOW_S))
