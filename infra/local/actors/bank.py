"""The players' books: trades, what was paid on them, and when. No HTTP, no signatures.

```
NEW ──scan──► WAITING ──pay──► PAID      NEW: a QR that nobody scanned; query and close say that it does not exist
                 └──close──► CLOSED ──late money──► PAID     banks do this, and the shop must live with it
```
"""

import json
import secrets
import threading
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO


@dataclass
class Payment:
    trade_no: str
    amount_minor: int
    paid_at: float
    payer: str


@dataclass
class Trade:
    provider: str
    out_trade_no: str
    method: str
    subject: str
    amount_minor: int
    notify_url: str
    return_url: str
    expires_at: float
    created_at: float
    trade_no: str
    token: str
    state: str = "NEW"
    payments: list[Payment] = field(default_factory=list)
    notices: int = 0

    @property
    def is_paid(self) -> bool:
        return bool(self.payments)


class Bank:
    """All trades of both players, kept in a file of one line per change when a folder is given."""

    def __init__(
        self, now: Callable[[], float], journal: Path | None = None, token: Callable[[], str] = lambda: secrets.token_hex(12)
    ) -> None:
        self.now = now
        self.token = token
        """Makes what nobody may guess: the end of an address, the name of a notice."""
        self.lock = threading.RLock()
        self._trades: dict[tuple[str, str], Trade] = {}
        self._tokens: dict[str, Trade] = {}
        self._count = 0
        self._journal: IO[str] | None = None
        if journal is not None:
            self._load(journal)
            self._journal = journal.open("a", encoding="utf-8")

    def open(self, provider: str, out_trade_no: str, *, is_known: bool, **facts: object) -> Trade:
        """The trade of this number; the first description of it counts, like at the real ones."""
        with self.lock:
            trade = self._trades.get((provider, out_trade_no))
            if trade is None:
                trade_no = self._number(provider)
                trade = Trade(
                    provider=provider,
                    out_trade_no=out_trade_no,
                    created_at=self.now(),
                    trade_no=trade_no,
                    token=self.token(),
                    **facts,  # type: ignore[arg-type]
                )
                self._remember(trade)
            if is_known:
                self.scan(trade)
            return trade

    def scan(self, trade: Trade) -> None:
        with self.lock:
            if trade.state == "NEW":
                trade.state = "WAITING"
                self._write(trade)

    def find(self, provider: str, out_trade_no: str) -> Trade | None:
        with self.lock:
            return self._trades.get((provider, out_trade_no))

    def find_any(self, out_trade_no: str) -> Trade | None:
        return self.find("alipay", out_trade_no) or self.find("epay", out_trade_no)

    def by_token(self, token: str) -> Trade | None:
        return self._tokens.get(token)

    def newest(self, count: int) -> Iterable[Trade]:
        with self.lock:
            return list(self._trades.values())[: -count - 1 : -1]

    def pay(self, trade: Trade, amount_minor: int | None = None) -> Payment:
        """Money arrives, whatever the state: a bank does not ask the shop. A second payment gets its own number."""
        with self.lock:
            payment = Payment(
                trade_no=self._number(trade.provider) if trade.payments else trade.trade_no,
                amount_minor=trade.amount_minor if amount_minor is None else amount_minor,
                paid_at=self.now(),
                payer=f"2088{zlib.crc32(trade.out_trade_no.encode()):012d}",
            )
            trade.payments.append(payment)
            trade.state = "PAID"
            self._write(trade)
            return payment

    def close(self, trade: Trade) -> bool:
        """Close an unpaid trade; False when it is paid or closed already."""
        with self.lock:
            if trade.state != "WAITING":
                return False
            trade.state = "CLOSED"
            self._write(trade)
            return True

    def is_expired(self, trade: Trade) -> bool:
        return 0 < trade.expires_at < self.now()

    def _number(self, provider: str) -> str:
        self._count += 1
        prefix = "2026030222001" if provider == "alipay" else "E20260302"
        return f"{prefix}{int(self.now() * 1000) % 10**10:010d}{self._count % 10**5:05d}"

    def _remember(self, trade: Trade) -> None:
        self._trades[trade.provider, trade.out_trade_no] = trade
        self._tokens[trade.token] = trade
        self._write(trade)

    def _write(self, trade: Trade) -> None:
        if self._journal is not None:
            self._journal.write(json.dumps(asdict(trade), ensure_ascii=False) + "\n")
            self._journal.flush()

    def _load(self, journal: Path) -> None:
        if not journal.exists():
            return
        for line in journal.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # the last line of a killed process
            payments = [Payment(**payment) for payment in row.pop("payments")]
            trade = Trade(**row, payments=payments)
            self._trades[trade.provider, trade.out_trade_no] = trade
            self._tokens[trade.token] = trade
            self._count += 1
