"""The JSON protocol of Chinese goods platforms: a SHA-1 over the time, the sorted body and a shared key, in the headers.

```
order/buy        a recharge or cards, under `external_orderno`, at most `maxmoney`     always taken first, done later
order/details    by our number: status, and the cards of a card order                  goods/list, goods/details, user/info
callback (JSON)  the same signature and time; never a card; answered `ok`
```
Documented by platforms of this class: the headers `Sign`, `Timestamp` (milliseconds), `UserId`; the signed text `timestamp + JSON with
its names sorted and no blanks + key`; `order/buy` with `goodsid`, `buynum`, `attach`, `maxmoney`, `callbackurl`; that an order which was
taken is not done; that cards come by the details alone; code 1000 as *good*. Assumed, because each platform numbers them its own way:
the statuses below, and the codes of *no such order* and of a refusal. Only a code of that closed list is believed to mean that nothing
was taken. The same number sent twice is nowhere documented to be one order.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from faka.contexts.suppliers.account import SupplierAccount
from faka.contexts.suppliers.adapters import signed_goods
from faka.contexts.suppliers.adapters.signed_signing import JSON, dense, proved, signature, word
from faka.contexts.suppliers.base import (
    CARDS_MAX,
    FIELDS_MAX,
    AccountCheck,
    CheckVerdict,
    NoStatement,
    Progress,
    Quote,
    StatementLine,
    SupplierGoods,
    SupplierUnavailable,
    SupplyOrder,
    SupplyRefused,
    SupplyState,
)
from faka.contexts.suppliers.reading import NUMBER, bounded, card_of, cost_or_none, list_of, object_of, read_json, text_of
from faka.kernel.clock import Clock, epoch_ms
from faka.kernel.errors import InvalidAmount, Unavailable
from faka.kernel.exchange import HttpAnswer, RawRequest, Transport
from faka.kernel.money import Money, parse_decimal


GRACE_S: Final = 600
"""Nothing is documented; ten minutes is what others of this trade ask for."""

GOOD: Final = "1000"
_MISSING: Final = "1404"
_REFUSALS: Final = MappingProxyType({"1101": "goods", "1102": "stock", "1103": "balance", "1104": "account", "1105": "price"})
_STATES: Final = MappingProxyType(
    {
        "1": SupplyState.PROCESSING,
        "2": SupplyState.PROCESSING,
        "3": SupplyState.SUCCEEDED,
        "4": SupplyState.FAILED,
        "5": SupplyState.REVERSED,
    }
)
"""1 taken, 2 under way, 3 done, 4 failed and given back, 5 given back after a success."""

_CODE = re.compile(r"[0-9]{1,6}", re.ASCII)


class SignedJson:
    """One user at one platform."""

    grace_s = GRACE_S
    is_idempotent = False

    def __init__(self, account: SupplierAccount, transport: Transport, clock: Clock) -> None:
        self.account = account
        self._transport = transport
        self._clock = clock

    # -- goods --------------------------------------------------------------------------------------------------------

    def catalogue(self) -> Iterator[SupplierGoods]:
        return signed_goods.catalogue(self.account.currency, lambda asked: self._told("goods/list", asked))

    def quote(self, goods_id: str) -> Quote | None:
        code, answer, _ = self._asked("goods/details", {"goodsid": goods_id})
        if code == _MISSING:
            return None
        if code != GOOD:
            raise SupplierUnavailable("the platform refused the question")
        return signed_goods.quoted(self.account.currency, object_of(answer.get("data")))

    def balance(self) -> Money:
        data = self._told("user/info", {})
        try:
            return parse_decimal(text_of(data, "money"), self.account.currency)
        except InvalidAmount:
            raise SupplierUnavailable("the balance is unreadable") from None

    def check_account(self, goods_id: str, account: dict[str, str]) -> AccountCheck:  # noqa: ARG002 - the protocol has no look-up
        return AccountCheck(verdict=CheckVerdict.NOT_OFFERED)

    # -- orders -------------------------------------------------------------------------------------------------------

    def submit(self, order: SupplyOrder) -> Progress:
        if not 0 < len(order.account) <= FIELDS_MAX or order.face_minor is not None:
            raise SupplyRefused("account" if order.face_minor is None else "goods")
        return self._bought(order, {name: order.account[name] for name in sorted(order.account)})

    def buy_cards(self, order: SupplyOrder) -> Progress:
        if not 1 <= order.quantity <= CARDS_MAX:
            raise SupplyRefused("refused")
        return self._bought(order, {})

    def _bought(self, order: SupplyOrder, attach: Mapping[str, str]) -> Progress:
        """The platform itself holds the bound on the price: it is asked in the order, so nothing can change between."""
        asked: dict[str, object] = {
            "goodsid": order.goods_id,
            "buynum": order.quantity,
            "external_orderno": order.number,
            "callbackurl": order.notify_url,
            "attach": dict(attach),
        }
        if order.unit_cost_max is not None:
            asked["maxmoney"] = order.unit_cost_max.times(order.quantity).decimal()
        code, answer, digest = self._asked("order/buy", asked)
        if code in _REFUSALS:
            raise SupplyRefused(_REFUSALS[code])
        data = object_of(answer.get("data"))
        if code != GOOD or text_of(data, "external_orderno") != order.number:
            raise SupplierUnavailable("the platform did not say that it took the order")
        return self._progress(order.number, SupplyState.PROCESSING, "TAKEN", data, digest)

    def query(self, number: str, *, supplier_no: str = "", is_card: bool = False) -> Progress | None:  # noqa: ARG002 - ours is enough
        code, answer, digest = self._asked("order/details", {"external_orderno": number})
        if code == _MISSING:
            return None
        data = object_of(answer.get("data"))
        if code != GOOD or text_of(data, "external_orderno") != number:
            raise SupplierUnavailable("the platform did not answer about this order")
        status = text_of(data, "status")
        state = _STATES.get(status, SupplyState.UNKNOWN)
        return self._progress(number, state, _said(status), data, digest, is_card and state is SupplyState.SUCCEEDED)

    def _progress(
        self, number: str, state: SupplyState, status: str, data: Mapping[str, object], digest: str, has_cards: bool = False
    ) -> Progress:
        given = [object_of(one) for one in bounded(list_of(data.get("cards")))] if has_cards else []
        supplier_no = text_of(data, "orderno")
        return Progress(
            supplier_id=self.account.id,
            number=number,
            state=state,
            status=status,
            supplier_no=supplier_no if NUMBER.fullmatch(supplier_no) else "",
            cost=cost_or_none(text_of(data, "money"), self.account.currency),
            reason="refused" if state is SupplyState.FAILED else "",
            cards=tuple(card_of(text_of(one, "no"), text_of(one, "password"), text_of(one, "expires")) for one in given),
            raw_sha256=digest,
        )

    # -- callback -----------------------------------------------------------------------------------------------------

    def parse_notice(self, raw: RawRequest) -> Progress:
        """Prove a callback, in the order: shape, time, signature, account, content. Raises: Malformed, Forged."""
        now_ms = epoch_ms(raw.received_at or self._clock.now())
        data = proved(raw, self.account.identity, self.account.live("key"), now_ms)
        number, status = word(data, "external_orderno", NUMBER), word(data, "status", _CODE)
        return self._progress(number, _STATES.get(status, SupplyState.UNKNOWN), _said(status), data, raw.sha256())

    def acknowledge(self, ok: bool) -> HttpAnswer:
        return HttpAnswer(status=200, body=b"ok") if ok else HttpAnswer(status=503)

    def statement(self, day: date) -> Iterator[StatementLine]:
        raise NoStatement(f"{self.account.id}: no list of {day.isoformat()}")

    # -- calls --------------------------------------------------------------------------------------------------------

    def _told(self, page: str, asked: Mapping[str, object]) -> dict[str, object]:
        """An answer that must be good. Raises: SupplierUnavailable."""
        code, answer, _ = self._asked(page, asked)
        if code != GOOD:
            raise SupplierUnavailable("the platform refused the question")
        return object_of(answer.get("data"))

    def _asked(self, page: str, asked: Mapping[str, object]) -> tuple[str, dict[str, object], str]:
        """Code, answer and its fingerprint. Raises: SupplierUnavailable, without a chain."""
        body, timestamp = dense(asked), str(epoch_ms(self._clock.now()))
        headers = {
            "Content-Type": JSON,
            "UserId": self.account.identity,
            "Timestamp": timestamp,
            "Sign": signature(timestamp, body, self.account.newest("key")),
        }
        try:
            status, told = self._transport.request("POST", self.account.gateway + page, headers=headers, body=body)
        except Unavailable:
            status, told = 0, b""
        if status != 200:
            raise SupplierUnavailable("the platform did not answer")
        answer = object_of(read_json(told))
        code = text_of(answer, "code")
        if not _CODE.fullmatch(code):
            raise SupplierUnavailable("the platform's answer has no code")
        return code, answer, hashlib.sha256(told).hexdigest()


def _said(status: str) -> str:
    """The platform's word for the log; an unreadable one is none. Never empty."""
    return f"STATUS{status}" if _CODE.fullmatch(status) else "STATUS"
