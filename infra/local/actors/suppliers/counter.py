"""All players of suppliers behind one port: their desks, what is to go wrong next, and what they charged.

| order to `/_control` | what happens |
|---|---|
| `{"supplier": kind, "way": way}` | the fate of its orders from now on (`warehouse`) |
| `{"supplier": kind, "cut": call, "hold_s": s}` | it does the next call of this name, holds the line, answers nothing; "" ends that |
| `{"supplier": kind, "hangs_s": s}` | it holds every call for so long before it does it; 0 ends that for calls that come |
| `{"supplier": kind, "finish" or "fail" or "reverse": number}` | an order that is under way ends, or is taken back; the shop is told |
| `{"supplier": kind, "unknown": [account]}` | accounts at which nothing can arrive from now on |
| `{"supplier": kind, "balance_minor": n}` | what is left of the shop's deposit |

It answers with how many calls this supplier holds.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from infra.local.actors.acts import Step
from infra.local.actors.courier import Courier
from infra.local.actors.desk import Answered, Asked
from infra.local.actors.keys import Keys
from infra.local.actors.suppliers import DESKS
from infra.local.actors.suppliers.desk import SupplierDesk
from infra.local.actors.suppliers.warehouse import Warehouse


BALANCE_MINOR = 100_000_000
"""A million of the currency: no bench uses it up."""

ENDS: dict[str, Callable[[Warehouse, str], object]] = {"finish": Warehouse.finish, "fail": Warehouse.fail, "reverse": Warehouse.reverse}


def open_suppliers(keys: Keys, base: str, now: Callable[[], float] = time.time) -> dict[str, SupplierDesk]:
    """One desk a kind, with the keys of this state folder, answering at `{base}/{kind}/`."""
    found = {}
    for kind, desk in DESKS.items():
        found[kind] = desk(Warehouse(now, BALANCE_MINOR), base)
        found[kind].secret = dict(keys.of(kind))
    return found


class SupplierCounter:
    def __init__(self, keys: Keys, base: str, courier: Courier) -> None:
        self.desks = open_suppliers(keys, base)
        self._courier = courier
        self._cuts: dict[tuple[str, str], float] = {}
        self._hangs_s: dict[str, float] = {}
        self._held: dict[str, int] = {}
        self._turn = threading.Lock()

    def serve(self, kind: str, asked: Asked) -> Answered | None:
        """A call of the shop's server; None where the line is cut instead of an answer."""
        desk = self.desks[kind]
        self._hold(kind)
        with self._turn:
            hold_s = self._cuts.pop((kind, desk.call_name(asked)), None)
            answer = desk.serve(asked)
        if hold_s is None:
            return answer
        time.sleep(hold_s)
        return None

    def _hold(self, kind: str) -> None:
        hangs_s = self._hangs_s.get(kind, 0.0)
        if hangs_s:
            with self._turn:
                self._held[kind] = self._held.get(kind, 0) + 1
            time.sleep(hangs_s)
            with self._turn:
                self._held[kind] -= 1

    def control(self, order: dict[str, Any]) -> dict[str, Any]:
        """Raises: KeyError, ValueError for an order that is none."""
        kind = str(order["supplier"])
        warehouse = self.desks[kind].warehouse
        if "cut" in order:
            self._cuts = {key: hold_s for key, hold_s in self._cuts.items() if key[0] != kind}
            self._cuts |= {(kind, str(order["cut"])): float(order.get("hold_s", 0))} if order["cut"] else {}
        if "hangs_s" in order:
            self._hangs_s[kind] = float(order["hangs_s"])
        if "way" in order:
            warehouse.way = str(order["way"])
        if "unknown" in order:
            warehouse.unknown = {str(one) for one in order["unknown"]}
        if "balance_minor" in order:
            warehouse.balance_minor = int(order["balance_minor"])
        for act, end in ENDS.items():
            if act in order:
                with self._turn:
                    end(warehouse, str(order[act]))
                    notice = self.desks[kind].notice(warehouse.orders[str(order[act])])
                self._courier.carry([Step(notice)])
        return {"held": self._held.get(kind, 0)}

    def facts(self) -> dict[str, Any]:
        """Kind → its orders by number: state, and how often each was charged."""
        with self._turn:
            return {
                kind: {
                    number: {"state": order.state, "charges": desk.warehouse.charges[number], "cost_minor": order.cost_minor}
                    for number, order in desk.warehouse.orders.items()
                }
                for kind, desk in self.desks.items()
            }
