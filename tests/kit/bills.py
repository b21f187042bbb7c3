"""A synthetic day of a provider: thousands of movements in the player's books, the file in its true format, and planted faults.

```python
day = PlantedDay("wechatpay", lines=10_000, faults=57)
night = day.night(parts=4)          # the adapter reads the file, the matcher matches
sorted(night.classes) == sorted(day.planted)
```
Both sides come from one list of trades; a fault changes one side of one trade. Fees are the exception: players charge one rate,
so the fee of a planted line is changed after the adapter has read it.
"""

import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from faka.contexts.payments.providers.bill import BillLine
from faka.contexts.statements.compare import Rules
from faka.contexts.statements.lines import ATTEMPT, PAY, REFUND, Ours, Theirs, starts_at
from faka.contexts.statements.parts import spread_bill
from faka.contexts.statements.reduce import Known
from faka.kernel.ids import OrderId, out_trade_no, payment_id, refund_id, ulid
from infra.local.actors.bank import Bank, BankRefund, Payment, Trade
from tests.kit.clock import FrozenClock, SeededChance
from tests.kit.providers import FakeProvider, FakeProviders
from tests.unit.statements.given import Night


DAY = date(2026, 3, 2)
REFUND_ONE_IN = 20
CONTRACTS = {"wechatpay": 60, "alipay": 60}
"""What these two players keep, in basis points; others take a fixed part too, and are not judged."""


class PlantedDay:
    def __init__(self, kind: str, lines: int, faults: int) -> None:
        self.kind = kind
        self.at = 0.0
        self.clock = FrozenClock(starts_at(DAY))
        bank = Bank(lambda: self.at)
        self.provider: FakeProvider = FakeProviders(self.clock, bank=bank, kinds=(kind,)).by_id(kind)
        self.bank = bank
        self.currency = str(self.provider.account().currency)
        self.chance = SeededChance(7)
        self.ours: list[Ours] = []
        self.attempts: dict[str, Ours] = {}
        self.receipts: dict[str, Ours] = {}
        self.planted: list[str] = []
        self.dear: set[str] = set()
        """Numbers whose fee is another than the contract's."""
        self._fill(lines, faults)

    # -- the trades and their faults

    def _fill(self, lines: int, faults: int) -> None:
        plants = itertools.islice(itertools.cycle(self.plants()), faults)
        every = lines // (faults + 1)
        for n in range(lines):
            self.at = starts_at(DAY).timestamp() + 3_600 + n * 79_200 / lines  # from one o'clock to eleven at night
            if n % every == every // 2 and (plant := next(plants, None)):
                plant()
            else:
                trade, payment = self.paid()
                if n % REFUND_ONE_IN == 0:
                    self.booked(trade, payment)
                    self.refunded(trade, payment)
                elif n % 997 == 0:  # a payment over midnight: of yesterday in our books, of today in theirs
                    yesterday = (DAY - timedelta(days=1)).isoformat()
                    self.receipts[self.txn(payment)] = self.receipt(trade, payment, day=yesterday)
                else:
                    self.booked(trade, payment)

    def plants(self) -> list[Callable[[], None]]:
        all_kinds = [self.lost_notice, self.stranger, self.missing, self.midnight, self.amount, self.currency_differs, self.undelivered]
        if self.kind in ("epay", "epay_rsa"):
            return all_kinds
        rest = [self.second_payment, self.console_refund, self.missing_refund, self.refund_amount, self.refund_state]
        if self.kind in CONTRACTS:
            rest.append(self.fee)
        return [*all_kinds, *rest, self.printed_twice]

    def lost_notice(self) -> None:
        trade, payment = self.paid()
        self.attempts[trade.out_trade_no] = self.receipt(trade, payment, kind=ATTEMPT, state="CLOSED", txn="")
        self.planted.append("STATE_MISMATCH")

    def stranger(self) -> None:
        self.paid(number=f"till{len(self.planted):08d}")
        self.planted.append("BILL_ONLY_PAYMENT")

    def missing(self, hour: float = 12, name: str = "LOCAL_ONLY_PAYMENT") -> None:
        at = str(int(starts_at(DAY).timestamp() + hour * 3_600))
        self.ours.append(self._line(PAY, "APPLIED", self.number(), f"ghost{len(self.planted)}", "", "1580", at))
        self.planted.append(name)

    def midnight(self) -> None:
        self.missing(23.75, "TIMING")

    def amount(self) -> None:
        self.booked(*self.paid(), amount="1")
        self.planted.append("AMOUNT_MISMATCH")

    def currency_differs(self) -> None:
        self.booked(*self.paid(), currency="JPY")
        self.planted.append("CURRENCY_MISMATCH")

    def undelivered(self) -> None:
        self.booked(*self.paid(), goods="WAITING")
        self.planted.append("UNDELIVERED_PAID")

    def second_payment(self) -> None:
        trade, payment = self.paid()
        self.booked(trade, payment)
        self.bank.pay(trade)
        self.planted.append("DUPLICATE_PAYMENT")

    def printed_twice(self) -> None:
        trade, payment = self.paid()
        self.booked(trade, payment)
        trade.payments.append(payment)
        self.planted.append("DUPLICATE_BILL_LINE")

    def fee(self) -> None:
        trade, payment = self.paid()
        self.booked(trade, payment)
        self.dear.add(trade.out_trade_no)
        self.planted.append("FEE_MISMATCH")

    def console_refund(self) -> None:
        trade, payment = self.paid()
        self.booked(trade, payment)
        self.bank.refund(trade, f"console{len(self.planted)}", payment.amount_minor, payment.trade_no)
        self.planted.append("BILL_ONLY_REFUND")

    def missing_refund(self) -> None:
        trade, payment = self.paid()
        self.booked(trade, payment)
        self.ours.append(self._refund(trade, payment, self.refund_no(trade)))
        self.planted.append("TIMING")

    def refund_amount(self) -> None:
        trade, payment = self.paid()
        self.booked(trade, payment)
        self.refunded(trade, payment, amount="-1")
        self.planted.append("REFUND_AMOUNT_MISMATCH")

    def refund_state(self) -> None:
        trade, payment = self.paid()
        self.booked(trade, payment)
        self.refunded(trade, payment, state="WITH_PERSON")
        self.planted.append("REFUND_STATE_MISMATCH")

    # -- both sides of one trade

    def number(self) -> str:
        return out_trade_no(payment_id(OrderId(f"ord_{ulid(self.clock.now(), self.chance)}"), 0))

    def refund_no(self, trade: Trade) -> str:
        return refund_id(trade.out_trade_no).replace("_", "")

    def paid(self, number: str = "") -> tuple[Trade, Payment]:
        facts: dict[str, Any] = {"method": self.provider.channel["methods"][0], "subject": "Video VIP, 30 days"}
        facts |= {"notify_url": "", "return_url": "", "expires_at": 0.0, "currency": self.currency}
        amount = 990 + int.from_bytes(self.chance.bytes(2), "big")
        trade = self.bank.open(self.kind, number or self.number(), is_known=True, amount_minor=amount, **facts)
        return trade, self.bank.pay(trade)

    def booked(self, trade: Trade, payment: Payment, **changes: str) -> None:
        self.ours.append(self.receipt(trade, payment, **changes))

    def refunded(self, trade: Trade, payment: Payment, **changes: str) -> BankRefund:
        refund = self.bank.refund(trade, self.refund_no(trade), payment.amount_minor, payment.trade_no)
        self.ours.append(self._refund(trade, payment, refund.refund_no)._replace(**changes))
        return refund

    def txn(self, payment: Payment) -> str:
        return f"pi_{payment.trade_no}" if self.kind == "stripe" else payment.trade_no

    def receipt(self, trade: Trade, payment: Payment, **changes: str) -> Ours:
        line = self._line(PAY, "APPLIED", trade.out_trade_no, self.txn(payment), "", str(payment.amount_minor), str(int(payment.paid_at)))
        return line._replace(**changes)

    def _refund(self, trade: Trade, payment: Payment, number: str) -> Ours:
        facts = (trade.out_trade_no, self.txn(payment), number, str(-payment.amount_minor), str(int(self.at)))
        return self._line(REFUND, "SUCCEEDED", *facts)

    def _line(self, kind: str, state: str, number: str, txn: str, refund_no: str, amount: str, at: str) -> Ours:
        return Ours(kind, state, number, txn, refund_no, "", amount, self.currency, at, DAY.isoformat(), "ord", "")

    # -- the file, read by the adapter

    def read(self) -> Iterator[BillLine]:
        self.clock.advance(days=1, hours=11)
        self.at = self.clock.now().timestamp()
        adapter = self.provider.adapter()
        file = io.BytesIO()
        if self.kind == "stripe":  # the player counts all its movements anew for each page of a hundred
            file.write(self.provider.bill(DAY))
        else:
            adapter.fetch_bill(DAY, file)
        file.seek(0)
        for line in adapter.parse_bill(DAY, file):
            is_dear = line.out_trade_no in self.dear and line.kind == PAY
            yield replace(line, fee_e5=line.fee_e5 + 5_000) if is_dear else line

    def night(self, parts: int = 1) -> Night:
        rows = _Rows()
        spread_bill(self.read(), 1, rows)
        rules = Rules(fee_bp=CONTRACTS.get(self.kind), shows_refunds=self.kind not in ("epay", "epay_rsa"))
        return Night(rows.rows, self.ours, Known(self.receipts, self.attempts), parts=parts, rules=rules, day=DAY)


class _Rows:
    def __init__(self) -> None:
        self.rows: list[Theirs] = []

    def write(self, part: int, row: Any) -> None:
        del part
        self.rows.append(row)
