"""The work list as rows: kept once however often a day is run, and what other days' bills say about earlier rows."""

from collections.abc import Callable, Sequence
from datetime import date

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.contexts.statements.found import gone, seen_again
from faka.contexts.statements.model import (
    Discrepancy,
    DiscrepancyClass,
    DiscrepancyState,
    Severity,
    discrepancy_id,
    run_key,
)
from faka.contexts.statements.store import DISCREPANCY_ROWS_MAX, DiscrepancyMoved
from faka.flows.reconcile.messages import PartsRequest
from faka.kernel.errors import TransactionBusy
from faka.kernel.ids import ChannelId
from faka.wiring import Deps


TRIES_MAX = 4
"""Two runs of one day and a person; more lost races than that is a storm."""

INFO_ROWS_MAX = 50
"""A wrong rate makes every line of a day a finding; fifty of them say so, the report has them all."""

_RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Keeper:
    """Chooses which findings become rows: the gravest, in an order that does not depend on how they came."""

    def __init__(self) -> None:
        self.count = 0
        self.overflow = 0
        """Findings that somebody has to look at and that did not become rows."""
        self._grave: list[Discrepancy] = []
        self._light: list[Discrepancy] = []

    def take(self, one: Discrepancy) -> None:
        self.count += 1
        if one.severity is Severity.INFO:
            self._light = _first([*self._light, one], INFO_ROWS_MAX)
            return
        self._grave.append(one)
        if len(self._grave) > 2 * DISCREPANCY_ROWS_MAX:
            self._shorten()

    def keep(self, deps: Deps, channel: ChannelId, day: date) -> None:
        """Write what is new or different, and clear what this run did not find any more.

        Raises: TransactionBusy, Throttled.
        """
        self._shorten()
        kept = {one.id: one for one in deps.statements.discrepancies(channel, day)}
        for one in [*self._grave, *self._light]:
            _write(deps, one, kept.pop(one.id, None))
        if self.overflow == 0:
            for one in kept.values():
                if one.severity is not Severity.INFO or len(self._light) < INFO_ROWS_MAX:
                    change(deps, one, gone)

    def _shorten(self) -> None:
        self.overflow += max(0, len(self._grave) - DISCREPANCY_ROWS_MAX)
        self._grave = _first(self._grave, DISCREPANCY_ROWS_MAX)


def _first(found: Sequence[Discrepancy], count: int) -> list[Discrepancy]:
    return sorted(found, key=lambda one: (_RANK[one.severity], one.id))[:count]


def _write(deps: Deps, one: Discrepancy, kept: Discrepancy | None) -> None:
    if kept is None:
        try:
            deps.tables.apply(deps.statements.noted(one))
            return
        except DiscrepancyMoved:
            kept = deps.statements.discrepancy(one.channel, one.day, one.id)
    if kept is not None:
        change(deps, kept, lambda now: seen_again(now, one))


def change(deps: Deps, one: Discrepancy, rule: Callable[[Discrepancy], Discrepancy | None]) -> Discrepancy:
    """Take a row further by a pure rule, whoever else does so meanwhile. Raises: TransactionBusy."""
    for _ in range(TRIES_MAX):
        after = rule(one)
        if after is None:
            return one
        try:
            deps.tables.apply(deps.statements.changed(one, after))
            return after
        except DiscrepancyMoved:
            one = deps.statements.discrepancy(one.channel, one.day, one.id) or one
    raise TransactionBusy(one.id)


def cross(
    deps: Deps,
    asked: PartsRequest,
    crossed: Sequence[tuple[str, str]],
    overdue: Sequence[tuple[str, str]],
    dropped: Sequence[tuple[str, str]],
) -> None:
    """Rows of earlier days: found in this bill, in doubt for too long, or not expected any more."""
    by = run_key(asked.channel, asked.day)
    for one in _rows(deps, asked.channel, [*crossed, *dropped]):
        change(deps, one, lambda now: gone(now, by))
    for one in _rows(deps, asked.channel, overdue):
        after = change(deps, one, lambda now: now.moved(_OPEN) if now.state is DiscrepancyState.TIMING else None)
        ask_a_person(deps, after)


_OPEN = DiscrepancyState.OPEN


def _rows(deps: Deps, channel: ChannelId, named: Sequence[tuple[str, str]]) -> list[Discrepancy]:
    found = []
    for day, key in named:
        kind = DiscrepancyClass.LOCAL_ONLY_REFUND if key.startswith("R:") else DiscrepancyClass.LOCAL_ONLY_PAYMENT
        name = discrepancy_id(run_key(channel, date.fromisoformat(day)), kind, key)
        one = deps.statements.discrepancy(channel, date.fromisoformat(day), name)
        if one is not None:
            found.append(one)
    return found


_FILES = frozenset({DiscrepancyClass.FILE_MISSING, DiscrepancyClass.FILE_CORRUPT})


def case_kind(one: Discrepancy) -> CaseKind:
    """On whose list a difference is."""
    if one.kind in _FILES:
        return CaseKind.BOOKS
    return CaseKind.REFUND if one.out_refund_no else CaseKind.MONEY


def ask_a_person(deps: Deps, one: Discrepancy) -> None:
    """A case, once for ever, for a discrepancy that is open."""
    if one.state is not DiscrepancyState.OPEN:
        return
    reason = f"{one.kind}: ours {one.our_minor} {one.our_state}, theirs {one.their_minor} {one.their_state}, bill of {one.day}"
    try:
        deps.tables.apply(deps.cases.opened(open_case(case_kind(one), one.id, one.order_id or one.id, reason, deps.clock.now())))
    except CaseExists:
        pass
