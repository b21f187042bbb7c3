"""Admit a supplier by his papers, and let him sell.

His row says until when the approved papers admit him, written in the commit that decides about one. Whoever chooses a supplier looks
at the row and the clock, so the end of a paper suspends him by itself and a new one brings him back.
"""

from datetime import datetime

from faka.contexts.papers import Paper, PaperKind, PaperMissing, PaperState, admitted_until, decided, filed
from faka.contexts.proposals import person
from faka.contexts.suppliers.store import SupplierRow
from faka.kernel.errors import Rejected
from faka.kernel.ids import SupplierId
from faka.wiring import Deps


class NotAdmitted(Rejected):
    """The supplier has no approved papers of every required kind that are still good."""


def file_paper(deps: Deps, supplier_id: SupplierId, kind: PaperKind, *, number: str, sha256: str, valid_until: datetime, by: str) -> Paper:
    """Raises: SupplierMissing, PaperExists, InvalidRequest."""
    deps.suppliers.get(supplier_id)
    paper = filed(supplier_id, kind, number, sha256, valid_until, person(by), deps.clock.now())
    deps.tables.apply(deps.papers.filed(paper))
    return paper


def decide_paper(deps: Deps, supplier_id: SupplierId, name: str, to: PaperState, by: str) -> SupplierRow:
    """The supplier as he stands after it: of two decisions at once the second reads again.

    Writes: trade (the paper), catalog (the supplier's row), one commit.
    Raises: SupplierMissing, PaperMissing, PaperOver, OwnPaper, SupplierMoved, InvalidRequest.
    """
    now = deps.clock.now()
    row = deps.suppliers.get(supplier_id)
    papers = {one.name: one for one in deps.papers.of(supplier_id)}
    if name not in papers:
        raise PaperMissing(name)
    before = papers[name]
    after = decided(before, to, person(by), now)
    admitted = row.changed(admitted_until=admitted_until([*({**papers, name: after}).values()]))
    deps.tables.commit([deps.papers.decided(before, after, now), deps.suppliers.replaced(row, admitted)])
    return admitted


def switch_supplier(deps: Deps, supplier_id: SupplierId, enabled: bool) -> SupplierRow:
    """Open or close a supplier; what is open at him is asked about either way. Raises: SupplierMissing, SupplierMoved, NotAdmitted."""
    row = deps.suppliers.get(supplier_id)
    if enabled and not row.is_admitted(deps.clock.now()):
        raise NotAdmitted(f"{supplier_id} needs approved papers of each kind: {', '.join(PaperKind)}")
    after = row.changed(enabled=enabled)
    deps.tables.apply(deps.suppliers.replaced(row, after))
    return after
