"""fulfil: a paid order whose goods were not handed over with the payment gets them, or a case.

Audience   none
Trigger    fulfil queue (events order.paid, order.short)
Flows      fulfil
Tables     catalog -, trade RW, journal append
Keys       none
Limits     10 messages an invocation
On failure only the failed messages come again; after five the dead-letter queue and its alarm; the sweep does the same work
"""

from typing import Any

from faka.flows.fulfil import fulfil
from faka.platform.queue import each_order
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_trade: str
    faka_table_journal: str
    faka_machine_recharge: str


deps = Deps(Settings.from_env())


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return each_order(event, context, lambda order_id: fulfil(deps, order_id))
