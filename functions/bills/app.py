"""bills: the providers' own books of a day come into the bucket of the books.

Audience   none
Trigger    schedule, 10:10 in Shanghai (begins the night's machine); the machine's tasks plan and fetch
Flows      reconcile: begin, plan, fetch
Tables     catalog R, trade RW (runs of a day)
Keys       none
Secrets    faka/channels/* (signs the request for a bill)
Limits     eight at a time; a bill of 10 million lines in one piece and 15 minutes
On failure the machine tries again what may pass, then every half hour until noon; a schedule that failed three times lies in the
           dead-letter queue and rings
"""

from typing import Any

from faka.flows.reconcile import AccountDay, PlanRequest
from faka.flows.reconcile.begin import begin
from faka.flows.reconcile.fetch import fetch
from faka.flows.reconcile.plan import plan
from faka.platform.task import answer, task
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_bucket_books: str
    faka_machine_reconciliation: str
    faka_shop_url: str
    faka_notify_url: str


deps = Deps(Settings.from_env())

TASKS = {
    "begin": task(PlanRequest, lambda asked: begin(deps, asked)),
    "plan": task(PlanRequest, lambda asked: plan(deps, asked)),
    "fetch": task(AccountDay, lambda asked: fetch(deps, asked)),
}


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return answer(event, TASKS)
