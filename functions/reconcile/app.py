"""reconcile: our books of a day against the provider's, line by line. Moves no money, books what the provider kept, asks nobody outside.

Audience   none
Trigger    the night's machine: export, match (one part of a day), reduce, close
Flows      reconcile: export, match, reduce, close, overdue
Tables     catalog R, trade RW (runs, discrepancies, cases), journal append (closed days, fees)
Keys       none
Limits     sixteen parts at a time; 16,000 lines of either side a part
On failure the machine tries again what may pass; then the account counts as not reconciled and the night rings
"""

from typing import Any

from faka.flows.reconcile import AccountDay, Closed, PartRequest, PartsRequest
from faka.flows.reconcile.close import close
from faka.flows.reconcile.export import export
from faka.flows.reconcile.match import match
from faka.flows.reconcile.overdue import overdue
from faka.flows.reconcile.reduce import reduce
from faka.platform.task import answer, task
from faka.platform.telemetry import count, observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_journal: str
    faka_bucket_books: str


deps = Deps(Settings.from_env())


def _closed(asked: AccountDay) -> Closed:
    done = close(deps, asked)
    count("DiscrepanciesOverdue", overdue(deps, asked))
    return done


TASKS = {
    "export": task(PartsRequest, lambda asked: export(deps, asked)),
    "match": task(PartRequest, lambda asked: match(deps, asked)),
    "reduce": task(PartsRequest, lambda asked: reduce(deps, asked)),
    "close": task(AccountDay, _closed),
}


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return answer(event, TASKS)
