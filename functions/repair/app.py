"""repair: money that a provider has for us and we have not booked is booked, by the rule of all notices. One account at a time.

Audience   none
Trigger    the night's machine: repair
Flows      reconcile: repair
Tables     catalog R, trade RW, journal append, guard RW (what an account took today)
Keys       none
Secrets    faka/channels/* (asks the provider before anything is booked)
Limits     two at a time; a circuit breaker stops it where too much looks wrong to be true
On failure nothing is half done: every repair is one commit, and the next run finds what is left
"""

from typing import Any

from faka.flows.reconcile import AccountDay, Repaired
from faka.flows.reconcile.repair import repair
from faka.platform.task import answer, task
from faka.platform.telemetry import count, observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_journal: str
    faka_table_guard: str
    faka_shop_url: str
    faka_notify_url: str


deps = Deps(Settings.from_env())


def _repaired(asked: AccountDay) -> Repaired:
    done = repair(deps, asked)
    if done.is_tripped:
        count("BreakerTripped")
    return done


TASKS = {"repair": task(AccountDay, _repaired)}


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return answer(event, TASKS)
