"""All parts of a day together: what was left finds its place, the sums are held against what came in, the work list is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any

from faka.contexts.statements.compare import Rules, is_wrong_on_the_day
from faka.contexts.statements.found import discrepancy, findings, told
from faka.contexts.statements.lines import Ours, Theirs
from faka.contexts.statements.model import DiscrepancyClass, RunState
from faka.contexts.statements.parts import Totals
from faka.contexts.statements.reduce import Known, Placed, place
from faka.contexts.statements.tally import MATCHED, Finding, Tally, added, whole
from faka.flows.reconcile.advance import advanced
from faka.flows.reconcile.books import known_for
from faka.flows.reconcile.match import rules_of
from faka.flows.reconcile.messages import PartsRequest, Reduced
from faka.flows.reconcile.shelf import BILL, LINES, OURS, Shelf
from faka.flows.reconcile.work_list import Keeper, cross
from faka.kernel.ids import ChannelId
from faka.platform.telemetry import count, note
from faka.wiring import Deps


LEFT_MAX = 50_000
"""Lines without a partner that are looked at together: some 50 MB, and 500 reads. A day with more of them has one cause, a wrong
account or a wrong parser; then each part is placed by itself, nothing is looked up, and nothing will be repaired."""


@dataclass
class _Day:
    """What the parts have told so far."""

    deps: Deps
    asked: PartsRequest
    rules: Rules
    tally: Tally = field(default_factory=Tally)
    fees: dict[str, list[int]] = field(default_factory=dict)
    charged: dict[str, int] = field(default_factory=dict)
    crossed: list[tuple[str, str]] = field(default_factory=list)
    overdue: list[tuple[str, str]] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    looked_up: Totals = field(default_factory=Totals)
    theirs: list[Theirs] = field(default_factory=list)
    ours: list[Ours] = field(default_factory=list)
    is_flooded: bool = False

    def take_in(self, part: dict[str, Any]) -> None:
        self.tally.take_in(part["theirs"], part["ours"])
        self.fees = added(self.fees, part["fees"])
        self.charged = {name: self.charged.get(name, 0) + part["charged"].get(name, 0) for name in {*self.charged, *part["charged"]}}
        self.crossed += [(day, key) for day, key in part["crossed"]]


def reduce(deps: Deps, asked: PartsRequest) -> Reduced:
    """Writes: books (sums, findings, what has crossed), trade (work list, run; rows of earlier days that this bill explains).

    Bound:  `LEFT_MAX` lines in memory; rows as `Keeper` has them. May be done twice: ids are made of what was found.
    Raises: ObjectGone when a part was never matched; RunMissing, Throttled, ObjectsDown.
    """
    shelf = Shelf(deps.books, asked.channel, asked.day)
    day = _Day(deps, asked, rules_of(deps.catalog.channel(asked.channel)))
    keeper = Keeper()
    with TemporaryFile() as file:
        for finding in _findings(day, shelf):
            one = discrepancy(finding, asked.channel, asked.day)
            file.write(one.model_dump_json().encode() + b"\n")
            keeper.take(one)
        shelf.upload("found.jsonl", file, LINES)
    sums = _sums(day, shelf)
    shelf.put_json("sums.json", sums)
    shelf.put_json("crossed.json", day.crossed)
    is_closed = bool(sums["is_closed"])
    if is_closed:
        keeper.keep(deps, asked.channel, asked.day)
        cross(deps, asked, day.crossed, day.overdue, day.dropped)
    else:
        count("ReconcileNotClosed")
    matched = sum(lines for lines, _ in day.tally.theirs.get(MATCHED, {}).values())
    advanced(
        deps,
        asked.channel,
        asked.day,
        RunState.MATCHED if is_closed else RunState.FAILED,
        matched=matched,
        discrepancies=keeper.count,
        overflow=keeper.overflow,
        is_tripped=day.is_flooded,
    )
    note("day_reduced", flow="reconcile", channel_id=asked.channel, count=keeper.count)
    return Reduced(lines=sums["bill"]["lines"], matched=matched, discrepancies=keeper.count, is_closed=is_closed)


def _findings(day: _Day, shelf: Shelf) -> Iterator[Finding]:
    for part in range(day.asked.parts):
        given = shelf.get_json(f"matched/{part:02d}.json")
        day.take_in(given)
        yield from findings(given)
        day.theirs += [Theirs(*line) for line in given["left_theirs"]]
        day.ours += [Ours(*line) for line in given["left_ours"]]
        if day.is_flooded or len(day.theirs) + len(day.ours) > LEFT_MAX:
            day.is_flooded = True
            yield from _placed(day, Known())
    yield from _placed(day, Known() if day.is_flooded else known_for(day.deps, ChannelId(day.asked.channel), day.theirs))
    yield from _wrong_rates(day)


def _placed(day: _Day, known: Known) -> Sequence[Finding]:
    placed: Placed = place(day.theirs, day.ours, known, day.rules, day.asked.day, day.crossed)
    day.theirs, day.ours = [], []
    given = told(placed.result)
    given["theirs"] = placed.result.tally.theirs
    day.take_in(given)
    day.tally.theirs.setdefault(MATCHED, {})
    day.overdue += placed.overdue
    day.dropped += placed.dropped
    for line in placed.looked_up:
        day.looked_up.add(line.currency, int(line.amount))
    return placed.result.found


def _wrong_rates(day: _Day) -> Iterator[Finding]:
    """No line of the bill: the day's fees as a whole."""
    for currency, (kept, expected) in sorted(day.fees.items()):
        if is_wrong_on_the_day(kept, expected):
            yield Finding(DiscrepancyClass.FEE_MISMATCH, f"day:{currency}")


def _sums(day: _Day, shelf: Shelf) -> dict[str, Any]:
    """Both sides by place and currency. What came in was counted where it came in, so a part lost or taken twice shows here."""
    bill, ours = shelf.get_json(f"{BILL}/totals.json"), shelf.get_json(f"{OURS}/totals.json")
    came_in = added(ours["sums"], day.looked_up.told())
    is_closed = whole(day.tally.theirs) == bill["sums"] and whole(day.tally.ours) == came_in
    return {
        "bill": bill,
        "ours": {"lines": ours["lines"] + day.looked_up.lines, "sums": came_in},
        "theirs_by_place": day.tally.theirs,
        "ours_by_place": day.tally.ours,
        "fees_e5": day.fees,
        "charged_e5": dict(sorted(day.charged.items())),
        "is_closed": is_closed,
    }
