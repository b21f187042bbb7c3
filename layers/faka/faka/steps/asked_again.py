"""A question to a person that may come up again and again: one case for its cause, open once at a time."""

from faka.contexts.cases import CaseKind, case_id, open_case
from faka.platform.table import Write
from faka.wiring import Deps


def asked_again(deps: Deps, kind: CaseKind, cause: str, ref: str, reason: str) -> Write:
    """The cause's case, opened or opened anew; the caller's own row says that it was not open. Else CaseExists where two came at once."""
    case = open_case(kind, cause, ref, reason, deps.clock.now())
    return deps.cases.opened(case) if deps.cases.find(case_id(kind, cause)) is None else deps.cases.reopened(case)
