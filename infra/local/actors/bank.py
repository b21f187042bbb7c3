"""The players' books: trades, what was paid on them and went back, and when. No HTTP, no signatures.

```
NEW ──scan──► WAITING ──pay──► PAID      NEW: a QR that nobody scanned; query and close say that it does not exist
                 └──close──► CLOSED ──late money──► PAID     banks do this, and the shop must live with it
refund ──► PROCESSING ──finish──► SUCCEEDED ──fail──► FAILED     the last also days after everybody was told of success
```
"""

import json
import secrets
import threading
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import IO

from infra.local.actors.trade import BalanceShort, BankRefund, NotRefundable, Payment, RefundWay, Trade, shanghai_day


__all__ = ["BalanceShort", "Bank", "BankRefund", "NotRefundable", "Payment", "RefundWay", "Trade"]

PREFIXES = {"alipay": "2026030222001", "epay": "E20260302"}
"""How the providers' own numbers begin; others begin with the first letters of their name."""


class Bank:
    """All trades of all players, kept in a file of one line per change when a folder is given."""

    def __init__(
        self, now: Callable[[], float], journal: Path | None = None, token: Callable[[], str] = lambda: secrets.token_hex(12)
    ) -> None:
        self.now = now
        self.token = token
        """Makes what nobody may guess: the end of an address, the name of a notice."""
        self.refund_ways: dict[str, RefundWay] = {}
        """How each provider takes refunds; AT_ONCE where nothing is said."""
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
        with self.lock:
            return next((trade for (_, number), trade in self._trades.items() if number == out_trade_no), None)

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

    def date_back(self, trade: Trade, seconds: float) -> None:
        """What was paid was paid so much earlier: a provider's books of yesterday can then be read today."""
        with self.lock:
            for payment in trade.payments:
                payment.paid_at -= seconds
            self._write(trade)

    def refund(self, trade: Trade, refund_no: str, amount_minor: int, trade_no: str = "") -> BankRefund:
        """Money goes back, under the merchant's number: the same number again is the same refund.

        `trade_no` says which payment, where there are several; else it is the first.
        Raises: NotRefundable, BalanceShort.
        """
        with self.lock:
            known = trade.refund_of(refund_no)
            if known is not None:
                if known.amount_minor != amount_minor:
                    raise NotRefundable
                return known
            payment = trade.payment_of(trade_no)
            if payment is None or not 0 < amount_minor <= payment.amount_minor - trade.refunded_minor(payment.trade_no):
                raise NotRefundable
            way = self.refund_ways.get(trade.provider, RefundWay.AT_ONCE)
            if way is RefundWay.SHORT:
                raise BalanceShort
            refund = BankRefund(self._number(trade.provider), refund_no, amount_minor, self.now(), payment.trade_no)
            trade.refunds.append(refund)
            if way is RefundWay.AT_ONCE:
                refund.state, refund.finished_at = "SUCCEEDED", self.now()
            self._write(trade)
            return refund

    def finish_refund(self, trade: Trade, refund: BankRefund) -> None:
        """The buyer has the money."""
        self._end_refund(trade, refund, "SUCCEEDED")

    def fail_refund(self, trade: Trade, refund: BankRefund) -> None:
        """His bank sent it back, perhaps days after success was told: the merchant has the money again."""
        self._end_refund(trade, refund, "FAILED")

    def _end_refund(self, trade: Trade, refund: BankRefund, state: str) -> None:
        with self.lock:
            refund.state, refund.finished_at = state, self.now()
            self._write(trade)

    def payments_on(self, provider: str, day: date) -> list[tuple[Trade, Payment]]:
        """What was paid at a provider between 00:00 and 24:00 of this day in Shanghai."""
        with self.lock:
            mine = [trade for (name, _), trade in self._trades.items() if name == provider]
            return [(trade, payment) for trade in mine for payment in trade.payments if shanghai_day(payment.paid_at) == day]

    def refunds_on(self, provider: str, day: date, *, by_end: bool = False) -> list[tuple[Trade, BankRefund]]:
        """The refunds that were started on this day in Shanghai, as they stand now; or those that ended on it."""
        with self.lock:
            mine = [(trade, refund) for (name, _), trade in self._trades.items() if name == provider for refund in trade.refunds]
            return [(trade, refund) for trade, refund in mine if day == shanghai_day(refund.finished_at if by_end else refund.created_at)]

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
        prefix = PREFIXES.get(provider, f"{provider[:4].upper()}20260302")
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
            refunds = [BankRefund(**refund) for refund in row.pop("refunds", [])]
            trade = Trade(**row, payments=payments, refunds=refunds)
            self._trades[trade.provider, trade.out_trade_no] = trade
            self._tokens[trade.token] = trade
            self._count += 1
