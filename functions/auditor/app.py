"""auditor: once a night, the whole books against the promises of the shop. Reads everything, opens no card, mends nothing.

Audience   none
Trigger    schedule, 03:40 in Shanghai, when the shop is quietest
Flows      examine
Tables     catalog R, trade R and append (cases only), vault R (as sealed as it lies there), journal R, guard R
Keys       none
Limits     one at a time; three million rows and 15 minutes, beyond which it concludes nothing and says so (AuditIncomplete)
On failure once more, then the dead-letter queue; a night without a finished audit rings by itself (AuditorSilent)
"""

from typing import Any

from faka.flows.examine import examine
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_vault: str
    faka_table_journal: str
    faka_table_guard: str


deps = Deps(Settings.from_env())


@observed
def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    return examine(deps, lambda: context.get_remaining_time_in_millis() / 1000).model_dump(mode="json")
