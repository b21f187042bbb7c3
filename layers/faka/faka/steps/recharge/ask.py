"""Ask a supplier about an attempt that is out, and call a person when it takes too long."""

from faka.contexts.cases import Case, CaseExists, CaseKind, open_case
from faka.contexts.recharges import Attempt, Heard, Recharge, RechargeMoved, Word
from faka.kernel.errors import Unavailable
from faka.platform import telemetry
from faka.steps.recharge.hear import hear
from faka.steps.recharge.submit import word_of
from faka.wiring import Deps


def ask(deps: Deps, recharge: Recharge) -> Recharge:
    """The recharge after one question; unchanged where nothing is out. A supplier who does not answer is a word, too.

    Raises: as `hear`.
    """
    return ask_about(deps, recharge, recharge.last) if recharge.is_open else recharge


def ask_about(deps: Deps, recharge: Recharge, attempt: Attempt) -> Recharge:
    """As `ask`, about any attempt: one that has ended may have been taken back."""
    try:
        adapter = deps.supplier(attempt.supplier_id)
        told = adapter.query(attempt.number, supplier_no=attempt.supplier_no)
    except Unavailable as error:
        telemetry.failed("supplier_silent", error, supplier_id=attempt.supplier_id)
        return hear(deps, recharge.id, Heard(attempt.number, Word.UNKNOWN, "no answer"))
    if told is None:
        return hear(deps, recharge.id, Heard(attempt.number, Word.MISSING, "answer", status="missing", grace_s=adapter.grace_s))
    return hear(deps, recharge.id, word_of(told, "answer", adapter, is_answer=True))


def call_a_person(deps: Deps, recharge: Recharge) -> Recharge:
    """A case with a deadline for a recharge that is open beyond its limit; once. It is asked about all the same.

    Raises: RechargeMoved is swallowed: whoever moved it is looked at next time.
    """
    now = deps.clock.now()
    if not recharge.is_open or recharge.is_with_a_person or now < recharge.limit_at:
        return recharge
    reason = f"{recharge.last.supplier_id} has not said how {recharge.last.number} ended; ask there, then tell the shop"
    return _called(deps, recharge, reason)


def call_for_carrier(deps: Deps, recharge: Recharge) -> Recharge:
    """A case for an account whose carrier no look-up told, once: a guess by prefix would send ported numbers to the wrong one."""
    return recharge if recharge.is_with_a_person else _called(deps, recharge, "who serves this account? name its carrier to the shop")


def _called(deps: Deps, recharge: Recharge, reason: str) -> Recharge:
    now = deps.clock.now()
    told = recharge.model_copy(update={"is_with_a_person": True, "version": recharge.version + 1})
    case = open_case(CaseKind.RECHARGE, recharge.id, recharge.order_id, reason, now)
    try:
        _commit(deps, recharge, told, case)
    except RechargeMoved:
        return deps.recharges.get(recharge.id)
    return told


def _commit(deps: Deps, before: Recharge, told: Recharge, case: Case) -> None:
    """A person may have answered another question about the same recharge: its case is opened anew."""
    try:
        deps.tables.commit([deps.recharges.replaced(before, told), deps.cases.opened(case)])
    except CaseExists:
        deps.tables.commit([deps.recharges.replaced(before, told), deps.cases.reopened(case)])
