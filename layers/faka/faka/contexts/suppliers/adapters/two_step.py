"""Two steps after the manner of DT One's Digital Value Services: a transaction is created under our number, then confirmed.

```
create ─► CREATED ─ confirm ─► CONFIRMED ─► SUBMITTED ─► COMPLETED ─► REVERSED (rare, by hand)
             ├─ cancel ─► CANCELLED              └─► DECLINED (the operator)
             └─► REJECTED (his own rules)
```
Documented: basic authentication; `async/transactions`, its `/confirm`, `transactions/{id}/cancel`, the list by `external_id` or by
a window of 24 hours, `products`, `balances`, `lookup/mobile-number`; the error codes below; that money is held by CREATED, let go
by CANCELLED, REJECTED and DECLINED, captured by COMPLETED and given back by REVERSED; that logic goes by the status's *class*; one
PIN for each transaction. Assumed: that a purchase of PINs needs no credit party (documented for gift cards), and the wholesale
price of a transaction is the product's plus its fee.

*Between the steps* nothing can be charged, and only the process that created a transaction knows what it may cost. So a **question
never confirms**: it cancels what it finds CREATED, because whoever created it is dead or about to confirm. If he is, one of the two
calls loses by the supplier's own rule (*can no longer be confirmed*, *can no longer be cancelled*), and the state that is read after
it is true for both. A transaction is confirmed by its own flow only, also when the flow comes again and finds the number used.

*Callbacks* carry no signature. One only says *ask now* (state UNKNOWN): a secret in its address would stand in the supplier's and
every proxy's logs, could not be rotated while transactions are open, and would save one question.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from faka.contexts.suppliers.account import SupplierAccount
from faka.contexts.suppliers.adapters import two_step_goods
from faka.contexts.suppliers.adapters.two_step_gateway import Gateway
from faka.contexts.suppliers.adapters.two_step_table import class_of, id_of, line_of, progress_of, stamp
from faka.contexts.suppliers.base import (
    AccountCheck,
    CheckVerdict,
    Progress,
    Quote,
    StatementLine,
    SupplierGoods,
    SupplierUnavailable,
    SupplyOrder,
    SupplyRefused,
    SupplyState,
)
from faka.contexts.suppliers.reading import NUMBER, list_of, object_of, read_json, text_of
from faka.kernel.clock import SHANGHAI, Clock
from faka.kernel.errors import InvalidAmount
from faka.kernel.exchange import HttpAnswer, Malformed, RawRequest, Transport
from faka.kernel.money import Money, parse_decimal


GRACE_S: Final = 600
"""Nothing is documented. A transaction that nobody confirms costs nothing, so this only bounds how late a list may be."""

NOTICE_BYTES_MAX: Final = 64 * 1024
"""A transaction with its product is 3 to 6 KB."""

PAGES_MAX: Final = 20_000
"""A million lines of a day."""

_EXTERNAL_ID_USED = "1007001"


class TwoStep:
    """One pair of API keys."""

    grace_s = GRACE_S
    is_idempotent = True
    """A number that was used is documented to be refused: never a second transaction."""

    def __init__(self, account: SupplierAccount, transport: Transport, clock: Clock) -> None:
        self.account = account
        self._gateway = Gateway(account, transport)
        self._clock = clock

    # -- goods --------------------------------------------------------------------------------------------------------

    def catalogue(self) -> Iterator[SupplierGoods]:
        return two_step_goods.catalogue(self._gateway, self.account.currency)

    def quote(self, goods_id: str) -> Quote | None:
        product = two_step_goods.product(self._gateway, goods_id)
        if product is None:
            return None
        cost = two_step_goods.wholesale(product, self.account.currency)
        if cost is None:
            raise SupplierUnavailable("the price is unreadable, or in another currency")
        return Quote(cost=cost, stock=None, is_on_sale=True)

    def balance(self) -> Money:
        for row in list_of(self._gateway.get("balances").good()):
            found = object_of(row)
            if text_of(found, "unit") == self.account.currency:
                try:
                    return parse_decimal(text_of(found, "available"), self.account.currency)
                except InvalidAmount:
                    break
        raise SupplierUnavailable("no readable balance in the account's currency")

    def check_account(self, goods_id: str, account: dict[str, str]) -> AccountCheck:
        mobile = account.get("mobile", "")
        if not mobile:
            return AccountCheck(verdict=CheckVerdict.NOT_OFFERED)
        return two_step_goods.looked_up(self._gateway, goods_id, mobile)

    # -- orders -------------------------------------------------------------------------------------------------------

    def submit(self, order: SupplyOrder) -> Progress:
        return self._two_steps(order, {"credit_party_identifier": two_step_goods.credit_party(order.account)}, is_card=False)

    def buy_cards(self, order: SupplyOrder) -> Progress:
        """One card: a transaction has one PIN, and a number of ours is one transaction."""
        if order.quantity != 1:
            raise SupplyRefused("refused")
        return self._two_steps(order, {}, is_card=True)

    def _two_steps(self, order: SupplyOrder, whose: dict[str, object], *, is_card: bool) -> Progress:
        body = two_step_goods.asked_for(order, self.account.currency) | whose
        told = self._gateway.post("async/transactions", body)
        if told.code == _EXTERNAL_ID_USED:
            found = self._found(order.number)
            if found is None:
                raise SupplierUnavailable("the number is used and not found")
            transaction, digest = found
        elif told.reason:
            # Documented codes, each of them for a transaction that was not created; and one that was costs nothing unconfirmed.
            raise SupplyRefused(told.reason)
        else:
            transaction, digest = object_of(told.good()), told.digest
        self._judge(order.number, transaction)
        if class_of(transaction) != "CREATED":
            return progress_of(self.account, transaction, digest, is_card=is_card)
        if not self._fits(order, transaction):
            return self._given_up(transaction, "price")
        return self._changed(transaction, f"async/transactions/{id_of(transaction)}/confirm", is_card=is_card)

    def _fits(self, order: SupplyOrder, transaction: Mapping[str, object]) -> bool:
        """Whether what was created is what was asked for, at no more than it may cost."""
        goods_id = text_of(object_of(transaction.get("product")), "id")
        cost = two_step_goods.wholesale(transaction, self.account.currency)
        is_fine = order.unit_cost_max is None or (cost is not None and cost.minor <= order.unit_cost_max.minor)
        return is_fine and goods_id == order.goods_id

    def _given_up(self, transaction: Mapping[str, object], reason: str) -> Progress:
        """Raises: SupplyRefused when it is proved to be cancelled. Else the progress says how it stands."""
        progress = self._changed(transaction, f"transactions/{id_of(transaction)}/cancel", is_card=False)
        if progress.state is SupplyState.FAILED:
            raise SupplyRefused(reason)
        return progress

    def _changed(self, transaction: Mapping[str, object], page: str, *, is_card: bool) -> Progress:
        """Confirm or cancel. Where he refuses, somebody else did one of them: the state that is read then is the truth."""
        told = self._gateway.post(page, {})
        number = text_of(transaction, "external_id")
        if not told.is_refused:
            changed = object_of(told.good())
            self._judge(number, changed)
            return progress_of(self.account, changed, told.digest, is_card=is_card)
        found = self._found(number)
        if found is None:
            raise SupplierUnavailable("a transaction that was there is not found")
        return progress_of(self.account, *found, is_card=is_card)

    def query(self, number: str, *, supplier_no: str = "", is_card: bool = False) -> Progress | None:  # noqa: ARG002 - ours is enough
        """How it stands; one that was never confirmed is cancelled, see above."""
        found = self._found(number)
        if found is None:
            return None
        transaction, digest = found
        if class_of(transaction) == "CREATED":
            return self._changed(transaction, f"transactions/{id_of(transaction)}/cancel", is_card=is_card)
        return progress_of(self.account, transaction, digest, is_card=is_card)

    def _found(self, number: str) -> tuple[dict[str, object], str] | None:
        told = self._gateway.get("transactions", {"external_id": number})
        if told.is_missing:
            return None
        rows = [object_of(row) for row in list_of(told.good())]
        if not rows:
            return None
        if len(rows) != 1:
            raise SupplierUnavailable("several transactions under one number")
        self._judge(number, rows[0])
        return rows[0], told.digest

    def _judge(self, number: str, transaction: Mapping[str, object]) -> None:
        """Raises: SupplierUnavailable for an answer about something else."""
        if text_of(transaction, "external_id") != number or not NUMBER.fullmatch(id_of(transaction)):
            raise SupplierUnavailable("the answer is not about this transaction")

    # -- callback and books -------------------------------------------------------------------------------------------

    def parse_notice(self, raw: RawRequest) -> Progress:
        """Raises: Malformed. Nobody is proved, so nothing is believed but the number."""
        if raw.method != "POST" or not 0 < len(raw.body) <= NOTICE_BYTES_MAX:
            raise Malformed("a callback is posted JSON")
        try:
            number = text_of(object_of(read_json(raw.body)), "external_id")
        except SupplierUnavailable:
            number = ""
        if not NUMBER.fullmatch(number):
            raise Malformed("external_id is missing or unreadable")
        return Progress(supplier_id=self.account.id, number=number, state=SupplyState.UNKNOWN, status="CALLBACK", raw_sha256=raw.sha256())

    def acknowledge(self, ok: bool) -> HttpAnswer:
        return HttpAnswer(status=200 if ok else 503)

    def statement(self, day: date) -> Iterator[StatementLine]:
        start = datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
        window = {"from_date": stamp(start), "to_date": stamp(start + timedelta(hours=24, seconds=-1))}
        for rows in self._gateway.pages("transactions", window, PAGES_MAX):
            for row in rows:
                line = line_of(row, self.account.currency)
                if line is not None:
                    yield line
