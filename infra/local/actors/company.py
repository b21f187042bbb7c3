"""All who play in one process: providers with their bank, suppliers, the ways to staff, the courier and the mailbox."""

import time
from pathlib import Path

from infra.local.actors.acts import ACTS, Step, play
from infra.local.actors.bank import Bank, Trade
from infra.local.actors.courier import Courier
from infra.local.actors.desks import open_desks
from infra.local.actors.keys import Keys, create_keys
from infra.local.actors.mailbox import Mailbox
from infra.local.actors.staff import StaffDesk
from infra.local.actors.suppliers.counter import SupplierCounter


class Players:
    """All providers, their books and their courier."""

    def __init__(self, state: Path | None, base: str, mail_source: str = "", keys: Keys | None = None) -> None:
        if keys is None and state is None:
            raise ValueError("keys or a state folder")
        self.keys = keys or create_keys(state or Path())
        self.bank = Bank(time.time, state / "trades.jsonl" if state else None)
        self.desks = open_desks(self.keys, self.bank, base)
        self.courier = Courier()
        self.suppliers = SupplierCounter(self.keys, base, self.courier)
        self.staff = StaffDesk(self.keys.of, base, time.time)
        self.silent: dict[str, SupplierCounter | StaffDesk] = dict.fromkeys(self.suppliers.desks, self.suppliers)
        """Who may cut the line instead of answering."""
        self.silent |= dict.fromkeys(self.staff.received, self.staff)
        self.mailbox = Mailbox(mail_source)
        self.base = base

    def play(self, trade: Trade, act: str, *, amount_minor: int | None = None, times: int = 1, delay_s: float = 0.0) -> int:
        """Start an act now, or later; answers how many notices leave at once.

        Raises: ValueError for an unknown act.
        """
        if act not in ACTS:
            raise ValueError("no such act")
        if act == "late":
            delay_s += max(0.0, trade.expires_at - self.bank.now())
        if delay_s > 0:
            self.courier.later(delay_s, lambda: self.courier.carry(self._steps(trade, act, amount_minor, times)))
            return 0
        steps = self._steps(trade, act, amount_minor, times)
        self.courier.carry(steps)
        return len(steps)

    def _steps(self, trade: Trade, act: str, amount_minor: int | None, times: int) -> list[Step]:
        return play(self.desks[trade.provider], trade, act, amount_minor=amount_minor, times=min(times, 100))
