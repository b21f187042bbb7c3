"""Every night: suppliers are graded by what they did in the last thirty days, and whoever is low is asked last from then on."""

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.suppliers.scorecard import Counted, Score, score
from faka.contexts.suppliers.store import SupplierMoved, SupplierRow
from faka.kernel.ids import SupplierId
from faka.platform import telemetry
from faka.platform.table import Write
from faka.steps.asked_again import asked_again
from faka.steps.scorecard import WINDOW, counted
from faka.wiring import Deps


REASONS_MAX = 8
"""As many as a supplier's row takes; there are six ways of doing badly."""

REASON_MAX = 200

RACES_MAX = 3
"""A person files a paper, or opens or closes him, in the same moment."""


def grade_suppliers(deps: Deps) -> list[tuple[SupplierRow, Score]]:
    """Each supplier with his new grade, and the score behind it; one reading of the history for all of them.

    Writes: catalog (a row whose grade or reasons are new) and trade (a case for whoever falls, its end for whoever rises), together.
    Raises: SupplierMoved, TooMuchHistory; then whoever is graded by then is, and the same again says the same.
    """
    found = counted(deps, deps.clock.now() - WINDOW)
    return [_graded(deps, row, found.get(row.id, Counted())) for row in deps.suppliers.rows()]


def grade_supplier(deps: Deps, supplier_id: SupplierId) -> tuple[SupplierRow, Score]:
    """The same for one of them. Raises: SupplierMissing, SupplierMoved, TooMuchHistory."""
    row = deps.suppliers.get(supplier_id)
    return _graded(deps, row, counted(deps, deps.clock.now() - WINDOW).get(supplier_id, Counted()))


def _graded(deps: Deps, row: SupplierRow, history: Counted) -> tuple[SupplierRow, Score]:
    found = score(history)
    for left in reversed(range(RACES_MAX)):
        after = row.changed(grade=found.grade, grade_reasons=found.reasons[:REASONS_MAX])
        if (after.grade, after.grade_reasons) == (row.grade, row.grade_reasons):
            return row, found
        try:
            deps.tables.commit([deps.suppliers.replaced(row, after), *_told(deps, row, after)])
        except SupplierMoved:
            if not left:
                raise
            row = deps.suppliers.get(row.id)
        else:
            break
    if after.is_low and not row.is_low:
        telemetry.note("supplier_downgraded", supplier_id=row.id, outcome="; ".join(found.reasons))
        telemetry.count("SuppliersDowngraded")
    return after, found


def _told(deps: Deps, before: SupplierRow, after: SupplierRow) -> list[Write]:
    """In the commit of the row that says so, so that it is said once."""
    cause = f"{after.id}:grade"
    if after.is_low and not before.is_low:
        reason = f"{after.id} is asked last from now on: {'; '.join(after.grade_reasons)}"
        return [asked_again(deps, CaseKind.SUPPLIER, cause, after.id, reason[:REASON_MAX])]
    if before.is_low and not after.is_low and deps.cases.find(case_id(CaseKind.SUPPLIER, cause)) is not None:
        return [deps.cases.closed(case_id(CaseKind.SUPPLIER, cause), "answered: his grade is not low any more")]
    return []
