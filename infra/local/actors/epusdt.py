"""The player of a stablecoin gateway: BEpusdt, or with `is_first` the older epusdt that it comes from.

Both match money by its exact amount at an address, so another amount than the one that was asked for is nobody's. Late money is
matched by hand in the gateway's console, which then tells the shop as if it had come in time.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, ClassVar

from infra.local.actors.bank import Bank, Payment, Trade
from infra.local.actors.desk import Answered, Asked, Desk
from infra.local.actors.keys import Keys, letters, stranger_keys
from infra.local.actors.notice import Notice, Refusal
from infra.local.actors.spelling import Json, turned


RATE_E2 = 720
"""7.20 yuan a coin."""
WAITING, PAID, EXPIRED, CANCELLED, SEEN = 1, 2, 3, 4, 5


def new_secrets() -> dict[str, str]:
    """The token that both sides hold; the merchant's name is the shop's own."""
    return {"merchant": f"m{letters(6)}", "token": letters(32)}


class EpusdtDesk(Desk):
    """What the gateway does for one merchant."""

    name = "epusdt"
    title: ClassVar[dict[str, str]] = {"zh": "USDT", "en": "USDT"}
    paid = "2"
    waiting = "1"

    def __init__(self, keys: Keys, bank: Bank, base: str) -> None:
        super().__init__(keys, bank, base)
        self.is_first = False

    def channel(self) -> dict[str, Any]:
        return {
            "id": self.name,
            "kind": self.name,
            "title": self.title,
            "gateway": f"{self.base}/{self.name}/",
            "account": {"merchant": self.own["merchant"]},
            "methods": ["usdt"],
            "public_key": "",
            "secret": {"token": self.own["token"]},
        }

    # -- who comes ----------------------------------------------------------------------------------------------------

    def is_entrance(self, asked: Asked) -> bool:
        return asked.page.startswith("pay/checkout-counter/")

    def enter(self, asked: Asked) -> Trade:
        trade = self._trade(asked.page.rpartition("/")[2])
        if trade is None:
            raise Refusal("400", "no such order")
        self.bank.scan(trade)
        return trade

    def call_name(self, asked: Asked) -> str:
        return {"create-transaction": "create", "cancel-transaction": "close"}.get(asked.page.rpartition("/")[2], "query")

    def serve(self, asked: Asked) -> Answered:
        if asked.method == "GET" and asked.page.startswith("pay/check-status/"):
            return _json(self._checked(asked.page.rpartition("/")[2]))
        try:
            told = json.loads(asked.body)
            is_ours = told["signature"] == sign(told, self.own["token"])
        except (ValueError, KeyError, TypeError):
            return _json({"status_code": 10009, "message": "unreadable"})
        if not is_ours:
            return _json({"status_code": 401, "message": "签名认证错误"})
        match asked.page:
            case "api/v1/order/create-transaction":
                return _json(self._created(told))
            case "api/v1/order/cancel-transaction" if not self.is_first:
                return _json(self._cancelled(str(told.get("trade_id", ""))))
        return Answered(404, b'{"message":"Not Found"}')

    def _created(self, told: Json) -> Json:
        known = self.bank.find(self.name, str(told["order_id"]))
        if known is not None and self.is_first:
            return {"status_code": 10002, "message": "支付交易已存在，请勿重复创建"}
        trade = self.bank.open(
            self.name,
            str(told["order_id"]),
            is_known=True,
            method=str(told.get("trade_type", "usdt.trc20")),
            subject=str(told.get("name", "")),
            amount_minor=round(told["amount"] * 100),
            notify_url=told["notify_url"],
            return_url=told["redirect_url"],
            expires_at=self.bank.now() + told.get("timeout", 600),
        )
        money = trade.amount_minor / 100
        return _fine(
            {
                "trade_id": trade.trade_no,
                "order_id": trade.out_trade_no,
                "amount": money if self.is_first else spelt(money),
                "actual_amount": self._coins(trade.amount_minor),
                "token": "TNEns8t9jbWENbStkQdVQtHMGpbsYsQjZK",
                "expiration_time": int(trade.expires_at) if self.is_first else int(trade.expires_at - self.bank.now()),
                "payment_url": f"{self.base}/{self.name}/pay/checkout-counter/{trade.trade_no}",
            }
        )

    def _checked(self, trade_no: str) -> Json:
        trade = self._trade(trade_no)
        if trade is None:
            return {"status_code": 10008 if self.is_first else 400, "message": "订单不存在"}
        status, chain = self._status(trade), self._chain(trade)
        if self.is_first:
            return _fine({"trade_id": trade_no, "status": status})
        url = trade.return_url if status == PAID else ""
        return {"trade_id": trade_no, "trade_hash": chain, "status": status, "return_url": url}

    def _cancelled(self, trade_no: str) -> Json:
        trade = self._trade(trade_no)
        if trade is None:
            return {"status_code": 400, "message": "订单不存在"}
        if self._status(trade) != WAITING or not self.bank.close(trade):
            return {"status_code": 400, "message": f"当前订单({trade_no})状态不允许取消"}
        return _fine({"trade_id": trade_no})

    def _status(self, trade: Trade) -> int:
        if any(payment.amount_minor == trade.amount_minor for payment in trade.payments):
            return PAID
        if trade.facts.get("seen"):
            return SEEN
        if trade.state == "CLOSED":
            return CANCELLED
        return EXPIRED if self.bank.is_expired(trade) else WAITING

    def _chain(self, trade: Trade) -> str:
        """The chain's transaction; until one was found BEpusdt says the trade's own number there."""
        return hashlib.sha256(trade.trade_no.encode()).hexdigest() if trade.payments or trade.facts.get("seen") else trade.trade_no

    def _coins(self, amount_minor: int) -> float | str:
        coins = round(amount_minor / RATE_E2, 4 if self.is_first else 2)
        return coins if self.is_first else spelt(coins)

    def _trade(self, trade_no: str) -> Trade | None:
        mine = (trade for trade in self.bank.newest(1_000_000) if trade.provider == self.name)
        return next((trade for trade in mine if trade.trade_no == trade_no), None)

    # -- what is sent -------------------------------------------------------------------------------------------------

    def notice(self, trade: Trade, payment: Payment | None, status: str = "", **changes: str) -> Notice:
        return self.packed(trade, self.signed(self.fields(trade, payment, status or self.paid) | changes))

    def fields(self, trade: Trade, payment: Payment | None, status: str) -> Json:
        minor = payment.amount_minor if payment else trade.amount_minor
        return {
            "trade_id": trade.trade_no,
            "order_id": trade.out_trade_no,
            "amount": minor / 100,
            "actual_amount": self._coins(minor),
            "token": "TNEns8t9jbWENbStkQdVQtHMGpbsYsQjZK",
            "block_transaction_id": hashlib.sha256(trade.trade_no.encode()).hexdigest(),
            "status": int(status),
        }

    def signed(self, fields: Json) -> Json:
        return fields | {"signature": sign(fields, self.own["token"])}

    def packed(self, trade: Trade, fields: Json, body: bytes = b"") -> Notice:
        return Notice(
            provider=self.name,
            out_trade_no=trade.out_trade_no,
            method="POST",
            url=trade.notify_url,
            content_type="application/json",
            body=body or json.dumps(fields).encode(),
            label=str(fields.get("status", "")),
            ends_with="ok",
        )

    def forgeries(self, trade: Trade) -> Iterator[Notice]:
        claim = self.fields(trade, None, self.paid)
        honest = self.signed(claim)
        stranger = stranger_keys().of(self.name)
        yield self.packed(trade, honest | {"signature": honest["signature"][::-1]})
        yield self.packed(trade, honest | {"order_id": turned(trade.out_trade_no)})
        yield self.packed(trade, honest | {"amount": 0.01})
        yield self.packed(trade, claim)
        yield self.packed(trade, honest | {"signature": True})
        yield self.packed(trade, honest | {"signature": honest["signature"].upper()})
        for token in ("", " ", stranger["token"], self.own["merchant"]):
            yield self.packed(trade, claim | {"signature": sign(claim, token)})
        # Separated from the token, as in schemes that look like this one.
        yield self.packed(trade, claim | {"signature": hashlib.md5(f"{content(claim)}&key={self.own['token']}".encode()).hexdigest()})
        doubled = json.dumps(honest).replace('"amount": ', '"amount": 0.01, "amount": ', 1)
        yield self.packed(trade, honest, doubled.encode())
        # This one is the gateway's own: right token, nothing paid. Only the query tells.
        yield self.packed(trade, honest)


def content(fields: Json) -> str:
    """Fields as the gateways join them, numbers the way Go prints a float."""
    pairs = sorted((name, spelt(value)) for name, value in fields.items() if name != "signature" and value not in ("", None))
    return "&".join(f"{name}={value}" for name, value in pairs)


def sign(fields: Json, token: str) -> str:
    return hashlib.md5((content(fields) + token).encode()).hexdigest()


def spelt(value: Any) -> str:
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _fine(trade: Json) -> Json:
    return {"status_code": 200, "message": "success", "data": trade, "request_id": ""}


def _json(value: Json) -> Answered:
    return Answered(200, json.dumps(value, ensure_ascii=False).encode())
