"""The player of an epay gateway, version 1: submit.php, mapi.php, api.php, notices by address."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from infra.local.actors.alipay_counter import beijing
from infra.local.actors.bank import BalanceShort, Bank, BankRefund, NotRefundable, Payment, Trade
from infra.local.actors.desk import Answered, Asked, Desk
from infra.local.actors.keys import digits, letters, stranger_keys
from infra.local.actors.notice import Notice, Refusal
from infra.local.actors.spelling import Json, Params, md5, minor_of, turned, with_second_field, yuan


PAGE_ORDERS = 50


def listed(bank: Bank, name: str) -> list[Trade]:
    """The orders of a gateway, the newest first."""
    return [trade for trade in bank.newest(1_000_000) if trade.provider == name and trade.state != "NEW"]


def by_trade_no(bank: Bank, name: str, trade_no: str) -> Trade | None:
    return next((trade for trade in listed(bank, name) if trade_no and any(p.trade_no == trade_no for p in trade.payments)), None)


def status_of(trade: Trade) -> int:
    """0 unpaid, 1 paid, 2 given back in whole."""
    if not trade.payments:
        return 0
    first = trade.payments[0]
    done = sum(refund.amount_minor for refund in trade.refunds if refund.state == "SUCCEEDED" and refund.trade_no == first.trade_no)
    return 2 if done >= first.amount_minor else 1


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
        match params.get("act"):
            case "orders":
                return self._orders(params)
            case "refund":
                return self._refunded(params)
            case "order":
                trade = self.bank.find(self.name, params.get("out_trade_no", ""))
                if trade is None or trade.state == "NEW":
                    return json.dumps({"code": -1, "msg": "订单号不存在"}).encode()
                return json.dumps({"code": 1, "msg": "succ", **self._order(trade)}, ensure_ascii=False).encode()
        return json.dumps({"code": -5, "msg": "No Act!"}).encode()

    def _orders(self, params: Params) -> bytes:
        """A page of the list, newest first; `page` counts from 1, and more than 50 are never answered."""
        limit = min(int(params.get("limit", "20")), PAGE_ORDERS)
        start = (int(params.get("page", "1")) - 1) * limit
        rows = [self._order(trade) for trade in listed(self.bank, self.name)[start : start + limit]]
        return json.dumps({"code": 1, "msg": "查询订单记录成功！", "data": rows}, ensure_ascii=False).encode()

    def _refunded(self, params: Params) -> bytes:
        """There is no number of a refund: the same call again is another refund, as far as the money goes."""
        trade = by_trade_no(self.bank, self.name, params.get("trade_no", ""))
        if trade is None:
            return json.dumps({"code": -1, "msg": "订单号不存在"}).encode()
        try:
            self.bank.refund(trade, f"R{len(trade.refunds) + 1}", minor_of(params.get("money", "")), params["trade_no"])
        except (NotRefundable, BalanceShort, ValueError):
            return json.dumps({"code": -1, "msg": "退款失败"}, ensure_ascii=False).encode()
        return json.dumps({"code": 0, "msg": "退款成功！"}, ensure_ascii=False).encode()

    def bill(self, day: date) -> bytes:
        """There is no file: the pages, one a line, as the shop would get them."""
        del day
        pages = range(len(listed(self.bank, self.name)) // PAGE_ORDERS + 1)
        return b"\n".join(self._orders({"limit": str(PAGE_ORDERS), "page": str(page + 1)}) for page in pages)

    def _order(self, trade: Trade) -> Json:
        paid = trade.payments[0] if trade.payments else None
        return {
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
            "status": status_of(trade),
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
