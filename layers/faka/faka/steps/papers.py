"""Call a person before a supplier's papers end."""

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.kernel.clock import business_day
from faka.kernel.ids import SupplierId
from faka.wiring import Deps


def warn_of_papers(deps: Deps, supplier_id: SupplierId) -> int:
    """Open a case for each paper whose end is near; answers for how many. A case is opened once for a paper, whoever comes first."""
    now = deps.clock.now()
    near = deps.papers.due(supplier_id, now)
    for paper in near:
        reason = f"{paper.kind} of {supplier_id} ends on {business_day(paper.valid_until).isoformat()}: then nothing is ordered there"
        case = open_case(CaseKind.SUPPLIER, f"{supplier_id}:{paper.name}", supplier_id, reason, now)
        try:
            deps.tables.commit([deps.papers.warned(paper), deps.cases.opened(case)])
        except CaseExists:
            deps.tables.apply(deps.papers.warned(paper))
    return len(near)
