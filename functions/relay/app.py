"""relay: the trade table's stream becomes events and the claim journal.

Audience   none
Trigger    trade stream (orders, cases, stock heads and stock logs), batches of 100
Flows      announce
Tables     trade stream, trade RW (stock heads take in their logs), journal insert
Keys       none
Limits     100 records an invocation
On failure the batch comes again, halved; every row and event of it is the same then
"""

from typing import Any

from faka.flows.announce import announce
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_trade: str
    faka_table_journal: str
    faka_event_bus: str


deps = Deps(Settings.from_env())


@observed
def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    announce(deps, event["Records"])
    return {"batchItemFailures": []}
