"""closing: once a day yesterday's books are held against the last close, found even, and frozen. Changes nothing that is booked.

Audience   none
Trigger    schedule, 12:10 in Shanghai, when the reconciliation of the day before is over
Flows      books: night
Tables     trade append (cases only), journal R and append (closed days)
Keys       none
Limits     one at a time; three million rows of the journal, twice, in 15 minutes
On failure once more, then the dead-letter queue; what does not fit leaves the day open, opens a case and rings (BooksNotClosed), and a
           day without a close rings by itself (ClosingSilent)
"""

from typing import Any

from faka.flows.books.night import close_yesterday
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_trade: str
    faka_table_journal: str


deps = Deps(Settings.from_env())


@observed
def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    return close_yesterday(deps).model_dump(mode="json")
