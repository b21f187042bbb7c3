"""What suppliers that hold the line cost the buyers of other goods: by turns, under the same load."""

import json
import statistics
import time
import urllib.request
from typing import Any

from faka.wiring import Deps
from infra.bench.shop import PRICE_MINOR
from infra.bench.top_ups import CARDS, KINDS, TOP_UP, TOP_UP_MINOR, Doors, ended


HANGS_S = 8.0
HANGING = 8
"""Top-ups that run meanwhile, in either half: more than functions of a provider's call that the emulator runs at once on two processors."""

ROUNDS, ROUNDS_QUICK = 10, 1
VISITS = 8
"""Pages and orders of the other goods, in each half of a round."""


class Half:
    """What visits took, in milliseconds, and how many calls the suppliers held when each of them began."""

    def __init__(self) -> None:
        self.pages: list[float] = []
        self.forms: list[float] = []
        self.held: list[int] = []


def beside_those_that_hang(deps: Deps, doors: Doors, players: str, rounds: int) -> dict[str, Any]:
    """Page and order of other goods while top-ups run whose suppliers answer, and while they run whose suppliers hold the line: by turns,
    with as many top-ups, and nothing left of one turn in the next. Odd rounds begin with the other half.
    """
    halves = (Half(), Half())
    ratios: dict[str, list[float]] = {"pages": [], "forms": []}
    for each in range(rounds):
        seen = (Half(), Half())
        for turn in (0, 1) if each % 2 == 0 else (1, 0):
            _turn(deps, doors, players, seen[turn], hangs_s=HANGS_S * turn)
        for name, kept in ratios.items():
            kept.append(statistics.median(getattr(seen[1], name)) / statistics.median(getattr(seen[0], name)))
        for whole, part in zip(halves, seen, strict=True):
            whole.pages += part.pages
            whole.forms += part.forms
            whole.held += part.held
    found: dict[str, Any] = {"rounds": rounds, "visits": rounds * VISITS, "held": [round(statistics.mean(one.held), 1) for one in halves]}
    for said, name in (("page", "pages"), ("order", "forms")):
        medians = [statistics.median(getattr(one, name)) for one in halves]
        found[f"{said}_ms"] = [round(one, 1) for one in medians]
        found[f"{said}_ratio"] = round(medians[1] / medians[0], 2)
        found[f"{said}_ratios"] = [round(min(ratios[name]), 2), round(max(ratios[name]), 2)]
    return found


def _turn(deps: Deps, doors: Doors, players: str, half: Half, *, hangs_s: float) -> None:
    for kind in KINDS:
        _control(players, supplier=kind, hangs_s=hangs_s)
    orders = [doors.buy(TOP_UP, TOP_UP_MINOR)[0] for _ in range(HANGING)]
    time.sleep(1)
    for _ in range(VISITS):
        half.held.append(sum(_control(players, supplier=kind)["held"] for kind in KINDS))
        half.pages.append(doors.page_s(CARDS) * 1_000)
        half.forms.append(doors.buy(CARDS, PRICE_MINOR)[1] * 1_000)
    for kind in KINDS:
        _control(players, supplier=kind, hangs_s=0)
    ended(deps, orders, time.monotonic())


def _control(players: str, **order: Any) -> Any:
    asked = urllib.request.Request(f"{players}/_control", json.dumps(order).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)
