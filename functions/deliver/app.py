"""deliver: tells buyers by mail that their goods are ready; the mail holds a link, never a card.

Audience   none
Trigger    deliver queue (event order.completed)
Flows      deliver
Tables     catalog R, trade RW
Keys       none
Limits     10 messages an invocation
On failure only the failed messages come again; after five the dead-letter queue and its alarm; the page has the goods anyway
"""

from typing import Any

from faka.flows.deliver import deliver
from faka.platform.queue import each_order
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings
from pages.i18n import translate


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_shop_url: str
    faka_mail_from: str


deps = Deps(Settings.from_env())


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return each_order(event, context, lambda order_id: deliver(deps, order_id, translate))
