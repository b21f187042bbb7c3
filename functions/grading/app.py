"""grading: once a night, how suppliers did in the last thirty days. Whoever is low is asked last, and a person hears of it.

Audience   none
Trigger    schedule, 04:40 in Shanghai, an hour after the audit
Flows      grade_suppliers
Tables     catalog RW (suppliers), trade RW (cases), vault R (batches), journal R
Keys       none
Limits     one at a time; three million rows and 15 minutes, beyond which nobody is graded
On failure once more, then the dead-letter queue; grades stay as they were
"""

from typing import Any

from faka.flows.grade_suppliers import grade_suppliers
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_vault: str
    faka_table_journal: str


deps = Deps(Settings.from_env())


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    graded = [row for row, _ in grade_suppliers(deps)]
    return {"suppliers": len(graded), "low": sum(row.is_low for row in graded)}
