"""The daily close: the last close is held against the journal once more, then yesterday is closed; never over what does not fit."""

from datetime import timedelta

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.contexts.ledger.closes import CloseStore
from faka.flows.books.close import close_day
from faka.kernel.clock import business_day
from faka.kernel.errors import Broken
from faka.kernel.model import Frozen
from faka.platform import telemetry
from faka.wiring import Deps


BY = "closing"
"""Who closed it, where nobody did it by hand."""

DETAIL_MAX = 120
"""Of an error's own words in the name of a case: an id of a transaction or a day."""


class ClosedBooks(Frozen):
    day: str
    is_closed: bool
    chain: str = ""
    transactions: int = 0
    wrong: str = ""
    """The code of what is wrong, where the day stays open."""


def close_yesterday(deps: Deps) -> ClosedBooks:
    """Close the business day before this one. Done again, it compares; a day that was left open is covered by the next close.

    Writes: journal (one row, once), trade (a case for what does not fit, once for ever).
    Bound:  two readings of the journal.
    Raises: DayNotOver within twenty minutes after midnight; AlreadyClosed when a person closes a day around it right now; Throttled.
    """
    today = business_day(deps.clock.now())
    day = today - timedelta(days=1)
    try:
        before, _, _ = CloseStore(deps.tables).around(day, today)
        if before is not None:
            close_day(deps, before.day, BY)
        made = close_day(deps, day, BY)
    except Broken as error:
        _ask_a_person(deps, day.isoformat(), error)
        return ClosedBooks(day=day.isoformat(), is_closed=False, wrong=error.code())
    telemetry.count("BooksClosed")
    telemetry.count("BooksNotClosed", 0)
    telemetry.note("books_closed", flow="books", outcome=made.chain, count=made.transactions)
    return ClosedBooks(day=day.isoformat(), is_closed=True, chain=made.chain, transactions=made.transactions)


def _ask_a_person(deps: Deps, day: str, error: Broken) -> None:
    """A line and a figure each time; one case for one fault, however many days it keeps open."""
    telemetry.failed("books_not_closed", error, flow="books")
    telemetry.count("BooksNotClosed")
    found = str(error)[:DETAIL_MAX]
    case = open_case(CaseKind.BOOKS, f"{error.code()}:{found}", day, f"{error.code()}: {found}", deps.clock.now())
    try:
        deps.tables.apply(deps.cases.opened(case))
    except CaseExists as known:
        telemetry.note("fault_known", error=known, case_id=case.id)
