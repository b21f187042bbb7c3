"""Hold a supplier's own list of top-ups against our books, and call a person for each difference."""

from datetime import date, datetime, timedelta

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.contexts.ledger.accounts import account_id, payable
from faka.contexts.ledger.owed import day_begins
from faka.contexts.recharges import Attempt, RechargeState
from faka.contexts.suppliers.base import NoStatement, StatementLine, SupplierAdapter
from faka.contexts.suppliers.compared import Comparison, Found, Side, charged, compared, still_open
from faka.contexts.suppliers.store import SupplierRow
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import RechargeId, SupplierId
from faka.kernel.model import Frozen
from faka.wiring import Deps


DAYS_MAX = 31
"""A month: suppliers settle by it, and a list of a million lines a day is read day by day."""

NEAR = timedelta(days=1)

_CHARGED = frozenset({RechargeState.SUCCEEDED, RechargeState.REVERSED})


class Bought(Frozen):
    """One top-up that our books say he charged."""

    attempt: Attempt
    minor: int
    at: datetime


class Report(Frozen):
    comparison: Comparison
    has_list: bool
    """False: he was asked for each of our numbers, so nothing that only he knows can be seen."""
    new_cases: int


def compare_supplier(deps: Deps, supplier_id: SupplierId, first: date, last: date) -> Report:
    """Both days included. The same difference opens one case, however often it is found.

    Writes: trade (cases). Raises: SupplierMissing, SupplierClosed, SupplierUnavailable, SecretsUnavailable, InvalidRequest.
    """
    if not timedelta(0) <= last - first < timedelta(days=DAYS_MAX):
        raise InvalidRequest(f"compare 1 to {DAYS_MAX} days")
    row = deps.suppliers.get(supplier_id)
    since, until = day_begins(first), day_begins(last + timedelta(days=1))
    bought = _bought(deps, row, since - NEAR, until + NEAR)
    ours = Side(
        period={one.attempt.number: one.minor for one in bought if since <= one.at < until},
        near={one.attempt.number: one.minor for one in bought},
    )
    adapter = deps.supplier(supplier_id)
    try:
        lines, has_list = _listed(adapter, first, last), True
    except NoStatement:
        lines, has_list = [(one.at, line) for one in bought if (line := _asked(adapter, one)) is not None], False
    theirs = Side(period=charged(line for at, line in lines if since <= at < until), near=charged(line for _, line in lines))
    comparison = compared(ours, theirs, still_open(line for _, line in lines))
    return Report(comparison=comparison, has_list=has_list, new_cases=sum(_told(deps, row, one) for one in comparison.found))


def _bought(deps: Deps, row: SupplierRow, since: datetime, until: datetime) -> list[Bought]:
    """What was charged and not taken back, from the journal."""
    account = payable(account_id(row.id), row.currency)
    costs: dict[RechargeId, tuple[int, datetime]] = {}
    back: set[RechargeId] = set()
    for one in deps.ledger.every():
        if one.kind not in ("recharge_cost", "recharge_taken_back") or all(line.account != account for line in one.lines):
            continue
        name = RechargeId(one.id.split(":")[1])
        if one.kind == "recharge_taken_back":
            back.add(name)
        elif since <= one.recorded_at < until:
            costs[name] = one.lines[0].amount_minor, one.recorded_at
    found = []
    for name, (minor, at) in costs.items():
        attempts = [one for one in deps.recharges.get(name).attempts if one.supplier_id == row.id and one.state in _CHARGED]
        if name not in back and attempts:
            found.append(Bought(attempt=attempts[-1], minor=minor, at=at))
    return found


def _listed(adapter: SupplierAdapter, first: date, last: date) -> list[tuple[datetime, StatementLine]]:
    """His lists of the days and of one day at both ends, each line with the day on whose list it stands. Raises: NoStatement."""
    days = [first + timedelta(days=n) for n in range(-1, (last - first).days + 2)]
    return [(day_begins(day), line) for day in days for line in adapter.statement(day)]


def _asked(adapter: SupplierAdapter, one: Bought) -> StatementLine | None:
    """His answer to one number; where he says no cost, ours."""
    told = adapter.query(one.attempt.number, supplier_no=one.attempt.supplier_no)
    if told is None:
        return None
    cost = told.cost or (one.attempt.cost or one.attempt.cost_max)
    return StatementLine(number=told.number, supplier_no=told.supplier_no, cost=cost, state=told.state, at=one.at)


def _told(deps: Deps, row: SupplierRow, one: Found) -> bool:
    """Whether the case is new. It names the number and the amounts; where the top-up went stands in its own row."""
    reason = f"{row.id} {one.what}: {one.number}, ours {one.ours_minor}, his {one.theirs_minor} ({row.currency} minor units)"
    try:
        case = open_case(CaseKind.SUPPLIER, f"{row.id}:{one.number}:{one.what}", row.id, reason, deps.clock.now())
        deps.tables.apply(deps.cases.opened(case))
    except CaseExists:
        return False
    return True
