"""The form protocol of Chinese recharge platforms: an MD5 over sorted fields and a shared key.

```
order/create      a recharge                 order/card       cards, at most 100
order/query       by our number              customer/balance, goods/list, goods/detail
callback (form)   the same signature; answered SUCCESS, repeated after 15 s, 30 s, 3 m, … 6 h until then
```
Documented by platforms of this class: the signature (sorted, `k=v` joined by `&`, **all of it in lower case**, empty values
included, then the key), order/create, order/card and the balance with their fields; for a query 200 done, 421 under way, 505
failed, 420 *no such order*, which counts as failed only ten minutes after the order, and *nothing follows from anything else*;
the callback's repeats. Assumed, because each platform differs there: the addresses and fields of query and goods, and the
callback's fields (the query's). Codes of a refused order differ most of all, so only 505 is believed to be one: after any other
the order's number is asked about, and what the platform did not take ends by 420 ten minutes later.

Lower case makes the signature blind to case. So a card is never read from a callback, whose letters anybody on the way could
turn; and a number counts only as it was given. The same number sent twice is nowhere documented to be one order.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from faka.contexts.suppliers.account import SupplierAccount
from faka.contexts.suppliers.adapters import md5_goods
from faka.contexts.suppliers.adapters.md5_signing import FORM, form_fields, is_signed, signature, word
from faka.contexts.suppliers.base import (
    CARDS_MAX,
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
from faka.kernel.clock import Clock
from faka.kernel.errors import InvalidAmount, Unavailable
from faka.kernel.exchange import Forged, HttpAnswer, RawRequest, Transport
from faka.kernel.money import Money, parse_decimal


GRACE_S: Final = 600
"""Documented: before ten minutes *no such order* means nothing."""

_FAILED = "505"
_STATES = MappingProxyType({"200": SupplyState.SUCCEEDED, "421": SupplyState.PROCESSING, _FAILED: SupplyState.FAILED})
_MISSING = "420"
_CODE = re.compile(r"[0-9]{1,6}", re.ASCII)


class Md5Form:
    """One customer number at one platform."""

    grace_s = GRACE_S
    is_idempotent = False

    def __init__(self, account: SupplierAccount, transport: Transport, clock: Clock) -> None:
        del clock  # nothing here has a time: a message of this protocol can be replayed for ever
        self.account = account
        self._transport = transport

    # -- goods --------------------------------------------------------------------------------------------------------

    def catalogue(self) -> Iterator[SupplierGoods]:
        return md5_goods.catalogue(self.account.currency, lambda fields: self._told("goods/list", fields)[1])

    def quote(self, goods_id: str) -> Quote | None:
        code, answer, _ = self._asked("goods/detail", {"goodsId": goods_id})
        return md5_goods.quoted(self.account.currency, code, object_of(answer.get("data")))

    def balance(self) -> Money:
        _, data = self._told("customer/balance", {})
        try:
            return parse_decimal(text_of(data, "balance"), self.account.currency)
        except InvalidAmount:
            raise SupplierUnavailable("the balance is unreadable") from None

    def check_account(self, goods_id: str, account: dict[str, str]) -> AccountCheck:  # noqa: ARG002 - the protocol has no look-up
        return AccountCheck(verdict=CheckVerdict.NOT_OFFERED)

    # -- orders -------------------------------------------------------------------------------------------------------

    def submit(self, order: SupplyOrder) -> Progress:
        target, more = md5_goods.target_of(order.account)
        fields = {"account": target, "num": str(order.quantity)} | more
        if order.face_minor is not None:
            face = Money(minor=order.face_minor, currency=self.account.currency)
            fields["faceValue"] = face.decimal()
        return self._ordered("order/create", order, fields)

    def buy_cards(self, order: SupplyOrder) -> Progress:
        if not 1 <= order.quantity <= CARDS_MAX:
            raise SupplyRefused("refused")
        return self._ordered("order/card", order, {"num": str(order.quantity)})

    def _ordered(self, page: str, order: SupplyOrder, fields: dict[str, str]) -> Progress:
        """Taken is not done: what becomes of it, the query or the callback says.

        The protocol has no bound on the price, so it is asked for before; between question and order it may still change.
        """
        self._judge_offer(order)
        common = {"customerOrderNo": order.number, "goodsId": order.goods_id, "notifyURL": order.notify_url}
        code, answer, digest = self._asked(page, common | fields)
        if code == _FAILED:
            raise SupplyRefused("refused")
        data = object_of(answer.get("data"))
        if code != "200" or text_of(data, "customerOrderNo") != order.number:
            raise SupplierUnavailable("the platform did not say that it took the order")
        return self._progress(order.number, SupplyState.PROCESSING, "ACCEPTED", data, digest)

    def _judge_offer(self, order: SupplyOrder) -> None:
        if order.unit_cost_max is None or order.face_minor is not None:
            return
        try:
            quote = self.quote(order.goods_id)
        except SupplierUnavailable:
            raise SupplyRefused("refused") from None  # nothing has been sent yet
        if quote is None:
            raise SupplyRefused("goods")
        if not quote.is_on_sale or (quote.stock is not None and quote.stock < order.quantity):
            raise SupplyRefused("stock")
        if quote.cost.minor > order.unit_cost_max.minor:
            raise SupplyRefused("price")

    def query(self, number: str, *, supplier_no: str = "", is_card: bool = False) -> Progress | None:  # noqa: ARG002 - ours is enough
        code, answer, digest = self._asked("order/query", {"customerOrderNo": number})
        if code == _MISSING:
            return None
        data = object_of(answer.get("data"))
        if text_of(data, "customerOrderNo") != number:
            raise SupplierUnavailable("the platform did not answer about this order")
        state = _STATES.get(code, SupplyState.UNKNOWN)
        return self._progress(number, state, f"CODE{code}", data, digest, is_card and state is SupplyState.SUCCEEDED)

    def _progress(
        self, number: str, state: SupplyState, status: str, data: Mapping[str, object], digest: str, has_cards: bool = False
    ) -> Progress:
        given = [object_of(one) for one in bounded(list_of(data.get("cards")))] if has_cards else []
        supplier_no = text_of(data, "orderNo")
        return Progress(
            supplier_id=self.account.id,
            number=number,
            state=state,
            status=status,
            supplier_no=supplier_no if NUMBER.fullmatch(supplier_no) else "",
            cost=cost_or_none(text_of(data, "amount"), self.account.currency),
            reason="refused" if state is SupplyState.FAILED else "",
            cards=tuple(card_of(text_of(one, "cardNo"), text_of(one, "cardPwd"), text_of(one, "expireTime")) for one in given),
            raw_sha256=digest,
        )

    # -- callback -----------------------------------------------------------------------------------------------------

    def parse_notice(self, raw: RawRequest) -> Progress:
        """Prove a callback, in the order: shape, signature, account, content.

        Raises: Malformed, Forged.
        """
        fields = form_fields(raw)
        if not is_signed(fields, self.account.live("key")):
            raise Forged("the signature is not the platform's")
        if fields.get("customerId") != self.account.identity.encode():
            raise Forged("a callback for another account")
        number, code = word(fields, "customerOrderNo", NUMBER), word(fields, "code", _CODE)
        data = {name: value.decode("utf-8", "replace") for name, value in fields.items()}
        return self._progress(number, _STATES.get(code, SupplyState.UNKNOWN), f"CODE{code}", data, raw.sha256())

    def acknowledge(self, ok: bool) -> HttpAnswer:
        return HttpAnswer(status=200, body=b"SUCCESS") if ok else HttpAnswer(status=503)

    def statement(self, day: date) -> Iterator[StatementLine]:
        raise NoStatement(f"{self.account.id}: no list of {day.isoformat()}")

    # -- calls --------------------------------------------------------------------------------------------------------

    def _told(self, page: str, fields: Mapping[str, str]) -> tuple[str, dict[str, object]]:
        """An answer that must be good. Raises: SupplierUnavailable."""
        code, answer, _ = self._asked(page, fields)
        if code != "200":
            raise SupplierUnavailable("the platform refused the question")
        return code, object_of(answer.get("data"))

    def _asked(self, page: str, fields: Mapping[str, str]) -> tuple[str, dict[str, object], str]:
        """Code, answer and its fingerprint. Raises: SupplierUnavailable, without a chain."""
        form = {"customerId": self.account.identity, **fields}
        sign = signature({name: value.encode() for name, value in form.items()}, self.account.newest("key"))
        body = urlencode({**form, "sign": sign}).encode()
        try:
            status, told = self._transport.request("POST", self.account.gateway + page, headers={"Content-Type": FORM}, body=body)
        except Unavailable:
            status, told = 0, b""
        if status != 200:
            raise SupplierUnavailable("the platform did not answer")
        answer = object_of(read_json(told))
        code = text_of(answer, "code")
        if not _CODE.fullmatch(code):
            raise SupplierUnavailable("the platform's answer has no code")
        return code, answer, hashlib.sha256(told).hexdigest()
