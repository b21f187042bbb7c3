"""restock: buys cards from suppliers and hands them to the import. Never opens one that is sealed.

Audience   none
Trigger    the purchase's machine: go_on
Flows      restock
Tables     catalog R (products, suppliers, offers), trade RW (purchases, imports, cases, complaints), journal append
Keys       none: cards go encrypted into the intake bucket, and are sealed from there
Secrets    faka/suppliers/* (signs what is ordered and asked)
Limits     one purchase an invocation, 120 s: up to twenty suppliers are asked for their price, each has 10 s
On failure an attempt that was written is asked about and never sent again; the machine tries again, an operator begins it anew
"""

from typing import Any

from faka.flows.restock import PurchaseRequest, go_on
from faka.platform.task import answer, task
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_journal: str
    faka_bucket_intake: str
    faka_notify_url: str


deps = Deps(Settings.from_env())

TASKS = {"go_on": task(PurchaseRequest, lambda asked: go_on(deps, asked.name))}


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return answer(event, TASKS)
