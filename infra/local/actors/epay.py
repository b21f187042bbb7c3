"""The player of an epay gateway, version 1: submit.php, mapi.php, api.php, notices by address."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from infra.local.actors.alipay_counter import beijing
from infra.local.actors.bank import BankRefund, Payment, Trade
from infra.local.actors.desk import Answered, Asked, Desk
from infra.local.actors.keys import digits, letters, stranger_keys
from infra.local.actors.notice import Notice, Refusal
from infra.local.actors.spelling import Json, Params, md5, minor_of, turned, with_second_field, yuan


def new_secrets() -> dict[str, str]:
    """A merchant's number and the key that both sides hold."""
    return {"pid": "1" + digits(3), "key": letters(32)}


class EpayDesk(Desk):
    """What the gateway does for one merchant."""

    name = "epay"
    title: ClassVar[dict[str, str]] = {"zh": "易支付", "en": "Epay"}

    def channel(self) -> dict[str, Any]:
        return {
            "id": self.name,
            "kind": self.name,
            "title": self.title,
            "gateway": f"{self.base}/epay/",
            "account": {"pid": self.keys.pid},
            "methods": ["epay"],
            "public_key": "",
            "secret": {"key": self.keys.epay_key},
        }

    def is_entrance(self, asked: Asked) -> bool:
        return asked.page == "submit.php"

    def enter(self, asked: Asked) -> Trade:
        """A buyer arrives with a signed address (submit.php).

        Raises: Refusal.
        """
        return self._opened(asked.params)

    def serve(self, asked: Asked) -> Answered:
        params = asked.params
        return Answered(200, self._mapi(params) if asked.page == "mapi.php" else self._answer(params))

    def _opened(self, params: Params) -> Trade:
        if params.get("pid") != self.keys.pid:
            raise Refusal("-1", "no such merchant")
        if params.get("sign_type") != "MD5" or params.get("sign") != md5(params, self.keys.epay_key):
            raise Refusal("-1", "signature")
        try:
            amount_minor = minor_of(params["money"])
            number = params["out_trade_no"]
        except (KeyError, ValueError):
            raise Refusal("-1", "parameters") from None
        return self.bank.open(
            self.name,
            number,
            is_known=True,
            method=params.get("type", "") or "cashier",
            subject=params.get("name", ""),
            amount_minor=amount_minor,
            notify_url=params.get("notify_url", ""),
            return_url=params.get("return_url", ""),
            expires_at=0.0,
        )

    def _mapi(self, params: Params) -> bytes:
        try:
            trade = self._opened(params)
        except Refusal as refusal:
            return json.dumps({"code": -1, "msg": refusal.sub_code}).encode()
        return json.dumps({"code": 1, "msg": "", "trade_no": trade.trade_no, "payurl": f"{self.base}/qr/{trade.token}"}).encode()

    def _answer(self, params: Params) -> bytes:
        """api.php: the key travels in the address, and the types are as mixed as in the field."""
        if params.get("pid") != self.keys.pid:
            return json.dumps({"code": -3, "msg": "商户ID不存在"}).encode()
        if params.get("key") != self.keys.epay_key:
            return json.dumps({"code": -3, "msg": "商户密钥错误"}).encode()
        if params.get("act") != "order":
            return json.dumps({"code": -5, "msg": "No Act!"}).encode()
        trade = self.bank.find(self.name, params.get("out_trade_no", ""))
        if trade is None or trade.state == "NEW":
            return json.dumps({"code": -1, "msg": "订单号不存在"}).encode()
        return json.dumps(self._order(trade), ensure_ascii=False).encode()

    def _order(self, trade: Trade) -> Json:
        paid = trade.payments[0] if trade.payments else None
        return {
            "code": 1,
            "msg": "succ",
            "trade_no": paid.trade_no if paid else trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "api_trade_no": None,
            "type": "alipay" if trade.method == "cashier" else trade.method,
            "pid": int(self.keys.pid),
            "addtime": beijing(trade.created_at),
            "endtime": beijing(paid.paid_at) if paid else None,
            "name": trade.subject,
            "money": yuan(paid.amount_minor if paid else trade.amount_minor),
            "param": "",
            "buyer": "",
            "status": 1 if paid else 0,
        }

    def notice(self, trade: Trade, payment: Payment | None, status: str = "", **changes: str) -> Notice:
        return self.packed(trade, self.signed(self.notice_params(trade, payment, status or self.paid) | changes))

    def refund_notice(self, trade: Trade, refund: BankRefund, status: str = "", **changes: str) -> Notice | None:
        """Forks that tell of a refund at all send the payment's notice with another word, and never the refund's number."""
        return self.notice(trade, trade.payment_of(refund.trade_no), status or "TRADE_REFUND", **changes)

    def forgeries(self, trade: Trade) -> Iterator[Notice]:
        honest = self.signed(self.notice_params(trade, None, self.paid))
        yield self.packed(trade, {**honest, "sign": turned(honest["sign"])})
        yield self.packed(trade, {**honest, "out_trade_no": turned(honest["out_trade_no"])})
        yield self.packed(trade, {**honest, "sign_type": "md5"})
        yield self.packed(trade, {name: value for name, value in honest.items() if name != "sign"})
        yield self.packed(trade, {**honest, "sign": "true"})
        for key in ("", " ", stranger_keys().epay_key, self.keys.pid):
            yield self.packed(trade, {**honest, "sign": md5(honest, key)})
        # This one is the gateway's own: right key, nothing paid. Only the query tells.
        yield self.packed(trade, honest)
        yield with_second_field(self.packed(trade, honest), "money")

    def notice_params(self, trade: Trade, payment: Payment | None, status: str) -> Params:
        return {
            "pid": self.keys.pid,
            "trade_no": payment.trade_no if payment else trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "type": "alipay" if trade.method == "cashier" else trade.method,
            "name": trade.subject,
            "money": yuan(payment.amount_minor if payment else trade.amount_minor),
            "trade_status": status,
            "param": "",
        }

    def signed(self, params: Mapping[str, str]) -> Params:
        return {**params, "sign": md5(params, self.keys.epay_key), "sign_type": "MD5"}

    def packed(self, trade: Trade, params: Mapping[str, str]) -> Notice:
        return Notice(
            provider=self.name,
            out_trade_no=trade.out_trade_no,
            method="GET",
            url=f"{trade.notify_url}{'&' if '?' in trade.notify_url else '?'}{urlencode(params)}",
            label=params.get("trade_status", ""),
        )

    def return_address(self, trade: Trade) -> str:
        """The gateway repeats the notice's fields to the browser, signature included: why a notice alone must not pay."""
        if not trade.return_url:
            return ""
        paid = trade.payments[0] if trade.payments else None
        params = self.signed(self.notice_params(trade, paid, "TRADE_SUCCESS"))
        return f"{trade.return_url}{'&' if '?' in trade.return_url else '?'}{urlencode(params)}"
