"""recharge: orders a top-up from a supplier, asks how it ended, gives the money back where nobody is left.

Audience   none
Trigger    the recharge's machine: submit, ask, send_back, give_up; the storefront, before anybody pays: check
Flows      recharge, check_account
Tables     catalog R (suppliers, offers), trade RW, journal append, guard RW (how suppliers do)
Keys       none
Secrets    faka/suppliers/* (signs what is ordered and asked)
Limits     one recharge an invocation, 60 s; a supplier has 10 s to answer
On failure an attempt that was written is asked about and never sent again; the machine tries again, the sweep begins a lost one anew
"""

from typing import Any

from faka.flows.check_account import CheckRequest, check_account
from faka.flows.recharge import RechargeRequest, ask_buyer, ask_supplier, give_back, submit_next
from faka.platform.task import answer, task
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_journal: str
    faka_table_guard: str
    faka_notify_url: str


deps = Deps(Settings.from_env())

TASKS = {
    "check": task(CheckRequest, lambda asked: check_account(deps, asked)),
    "submit": task(RechargeRequest, lambda asked: submit_next(deps, asked)),
    "ask": task(RechargeRequest, lambda asked: ask_supplier(deps, asked)),
    "send_back": task(RechargeRequest, lambda asked: ask_buyer(deps, asked)),
    "give_up": task(RechargeRequest, lambda asked: give_back(deps, asked)),
}


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return answer(event, TASKS)
