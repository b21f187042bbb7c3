"""sweep: the minute's round over everything that is due or was left lying.

Audience   none
Trigger    schedule, every minute
Flows      sweep, orphans, fulfil, deliver
Tables     catalog R, trade RW, journal R (claim journal) and append, guard RW
Keys       none
Secrets    faka/channels/* (asks providers about unpaid attempts)
Limits     one at a time; stops 8 s before its own end, the rest is oldest in the next minute
On failure the next minute does the same: every cure is the normal, conditional step
"""

from typing import Any

from faka.flows.deliver import deliver
from faka.flows.fulfil import fulfil
from faka.flows.orphans import adopt_or_return
from faka.flows.sweep import sweep
from faka.kernel.ids import OrderId
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings
from pages.i18n import translate


STOP_BEFORE_MS = 8_000
"""Longer than one question to a provider (3 s to connect, then its answer) and its commit."""


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_journal: str
    faka_machine_recharge: str
    faka_machine_restock: str
    faka_table_guard: str
    faka_shop_url: str
    faka_notify_url: str
    faka_mail_from: str


deps = Deps(Settings.from_env())


def cure_order(order_id: OrderId) -> None:
    fulfil(deps, order_id)
    deliver(deps, order_id, translate)


@observed
def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    def has_time() -> bool:
        return bool(context.get_remaining_time_in_millis() > STOP_BEFORE_MS)

    done = sweep(deps, cure_order, has_time)
    return {**done, "ORPHANS": adopt_or_return(deps, has_time)}
