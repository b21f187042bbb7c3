"""Find claims that no order owns, and give their cards back.

A checkout that dies between its claim and its commit leaves cards that belong to a number without a row. The claim journal
names each claim under the minute by which its order must exist; each round reads the minutes since the last one.

```
order row missing                 → fence the number, cards back       (a slow checkout then meets the fence)
order row there, claim its own    → nothing
order row there, claim a stranger → cards back, once (the row remembers what is gone)
```
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from faka.contexts.stock import ClaimRecord, claims_due
from faka.kernel.clock import from_row, to_row
from faka.kernel.errors import Conflict, TransactionBusy
from faka.kernel.ids import is_order_id
from faka.platform import telemetry
from faka.platform.table import Key, TableName, put
from faka.steps.release import disown, give_back_unordered
from faka.wiring import Deps


MINUTE = timedelta(minutes=1)
MINUTES_MAX = 30
"""Minutes read in one round; a round that was missed for longer catches up in a few."""

TRIES_MAX = 4
"""A claim whose order is being changed right now; after four lost races the minute is read again in the next round."""

LOOK_BACK = timedelta(minutes=10)
"""Where the first round of a new shop begins."""

CURSOR = Key(TableName.TRADE, "CURSOR#claims", "CURSOR")


def adopt_or_return(deps: Deps, has_time: Callable[[], bool]) -> int:
    """Check the claims of every whole minute up to now; answers how many were orphans.

    Raises: Unavailable; the cursor then stands where it stood and the minute is read again.
    """
    now = deps.clock.now()
    row = deps.tables.get(CURSOR)
    minute = from_row(row["minute"]) if row else _whole(now - LOOK_BACK)
    orphans = 0
    for _ in range(MINUTES_MAX):
        if minute + MINUTE > now or not has_time():
            break
        orphans += _checked(deps, claims_due(deps.tables, minute))
        minute += MINUTE
    deps.tables.apply(put(CURSOR.table, {"pk": CURSOR.pk, "sk": CURSOR.sk, "minute": to_row(minute)}))
    return orphans


def _checked(deps: Deps, claims: Iterable[ClaimRecord]) -> int:
    claims = [claim for claim in claims if is_order_id(claim.order_id)]
    orders = deps.orders.get_many(list({claim.order_id for claim in claims}))
    orphans = 0
    for claim in claims:
        order = orders.get(claim.order_id)
        if order is not None and (order.owns(claim.run.event) or claim.run.event in order.gone):
            continue
        orphans += _returned(deps, claim)
    return orphans


def _returned(deps: Deps, claim: ClaimRecord) -> int:
    for _ in range(TRIES_MAX):
        try:
            order = deps.orders.get_many([claim.order_id]).get(claim.order_id)
            if order is None:
                give_back_unordered(deps, claim.order_id, claim.sku, [claim.run], "claimed, never ordered")
            else:
                disown(deps, order, [claim.run])
        except Conflict as error:
            telemetry.note("orphan_met_another", error=error, order_id=claim.order_id)
            continue
        telemetry.note("orphan_returned", order_id=claim.order_id, sku_id=claim.sku, count=claim.run.count)
        telemetry.count("OrphanedClaims")
        return 1
    raise TransactionBusy(claim.order_id)


def _whole(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
