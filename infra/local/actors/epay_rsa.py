"""The player of an epay gateway, version 2: RSA both ways, notices by address, the list of orders in pages."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from infra.local.actors.alipay_counter import beijing
from infra.local.actors.bank import BalanceShort, BankRefund, NotRefundable, Payment, Trade
from infra.local.actors.desk import Answered, Asked, Desk
from infra.local.actors.epay import PAGE_ORDERS, by_trade_no, listed, status_of
from infra.local.actors.keys import digits, loaded, new_rsa, public_text, stranger_keys
from infra.local.actors.notice import Notice, Refusal
from infra.local.actors.spelling import Json, Params, content, minor_of, rsa2, rsa2_fits, turned, with_second_field, yuan


WINDOW_S = 300


def new_secrets() -> dict[str, str]:
    """A merchant's number, and both sides' keys."""
    return {"pid": "2" + digits(3), "provider_private": new_rsa(), "merchant_private": new_rsa()}


class EpayRsaDesk(Desk):
    """What the gateway does for one merchant."""

    name = "epay_rsa"
    title: ClassVar[dict[str, str]] = {"zh": "易支付 V2", "en": "Epay V2"}

    def channel(self) -> dict[str, Any]:
        return {
            "id": "epay-rsa",
            "kind": self.name,
            "title": self.title,
            "gateway": f"{self.base}/epay_rsa/",
            "account": {"pid": self.own["pid"], "type": "alipay"},
            "methods": ["epay", "precreate"],
            "public_key": public_text(loaded(self.own["provider_private"])),
            "secret": {"private_key": self.own["merchant_private"]},
        }

    # -- who comes ----------------------------------------------------------------------------------------------------

    def is_entrance(self, asked: Asked) -> bool:
        return asked.page == "api/pay/submit"

    def enter(self, asked: Asked) -> Trade:
        self._check(asked.params)
        return self._opened(asked.params, is_known=True)

    def serve(self, asked: Asked) -> Answered:
        """A refusal is not signed, as at the real ones; what is done is signed with its time."""
        work = {
            "api/pay/create": self._created,
            "api/pay/query": self._queried,
            "api/pay/close": self._closed,
            "api/pay/refund": self._refunded,
            "api/pay/refundquery": self._refund_queried,
            "api/merchant/orders": self._orders,
        }.get(asked.page)
        if work is None:
            return Answered(404)
        try:
            self._check(asked.params)
            facts = work(asked.params)
        except Refusal as refusal:
            return Answered(200, json.dumps({"code": int(refusal.code), "msg": refusal.sub_code}, ensure_ascii=False).encode())
        whole = {"code": 0, "msg": "", **facts, "timestamp": str(int(self.bank.now()))}
        return Answered(200, json.dumps(whole | {"sign": self._sign(whole), "sign_type": "RSA"}, ensure_ascii=False).encode())

    def _check(self, params: Params) -> None:
        """Raises: Refusal."""
        if params.get("pid") != self.own["pid"]:
            raise Refusal("-3", "商户ID不存在")
        key = loaded(self.own["merchant_private"]).public_key()
        if params.get("sign_type") != "RSA" or not rsa2_fits(key, content(params, "sign", "sign_type"), params.get("sign", "")):
            raise Refusal("-3", "签名校验失败")
        if abs(self.bank.now() - int(params.get("timestamp", "0"))) > WINDOW_S:
            raise Refusal("-3", "时间戳已过期")

    def _opened(self, params: Params, *, is_known: bool) -> Trade:
        """Raises: Refusal."""
        try:
            number, amount_minor = params["out_trade_no"], minor_of(params["money"])
        except (KeyError, ValueError):
            raise Refusal("-4", "参数错误") from None
        return self.bank.open(
            self.name,
            number,
            is_known=is_known,
            method=params.get("type", "") or "cashier",
            subject=params.get("name", ""),
            amount_minor=amount_minor,
            notify_url=params.get("notify_url", ""),
            return_url=params.get("return_url", ""),
            expires_at=0.0,
        )

    def _created(self, params: Params) -> Json:
        trade = self._opened(params, is_known=False)
        return {"trade_no": trade.trade_no, "pay_type": "qrcode", "pay_info": f"{self.base}/qr/{trade.token}"}

    def _trade(self, params: Params) -> Trade:
        """Raises: Refusal."""
        trade = self.bank.find(self.name, params.get("out_trade_no", "")) or by_trade_no(self.bank, self.name, params.get("trade_no", ""))
        if trade is None or trade.state == "NEW":
            raise Refusal("-1", "订单号不存在")
        return trade

    def _queried(self, params: Params) -> Json:
        trade = self._trade(params)
        return {**self._order(trade), "refundmoney": yuan(sum(r.amount_minor for r in trade.refunds if r.state == "SUCCEEDED"))}

    def _closed(self, params: Params) -> Json:
        if not self.bank.close(self._trade(params)):
            raise Refusal("-2", "订单状态不支持关闭")
        return {}

    def _refunded(self, params: Params) -> Json:
        trade, number = self._trade(params), params.get("out_refund_no", "")
        try:
            refund = self.bank.refund(trade, number, minor_of(params.get("money", "")), params.get("trade_no", ""))
        except (NotRefundable, BalanceShort, ValueError):
            raise Refusal("-2", "退款失败") from None
        return self._refund(trade, refund)

    def _refund_queried(self, params: Params) -> Json:
        number = params.get("out_refund_no", "")
        trade = next((trade for trade in listed(self.bank, self.name) if trade.refund_of(number)), None)
        refund = trade.refund_of(number) if trade else None
        if trade is None or refund is None:
            raise Refusal("-1", "退款记录不存在")
        ended = {"endtime": beijing(refund.finished_at)} if refund.state == "SUCCEEDED" else {}
        return {**self._refund(trade, refund), **ended, "status": 1 if refund.state == "SUCCEEDED" else 0}

    def _refund(self, trade: Trade, refund: BankRefund) -> Json:
        return {
            "refund_no": refund.number,
            "out_refund_no": refund.refund_no,
            "trade_no": refund.trade_no,
            "out_trade_no": trade.out_trade_no,
            "money": yuan(refund.amount_minor),
            "reducemoney": yuan(refund.amount_minor),
        }

    def _orders(self, params: Params) -> Json:
        start, limit = int(params.get("offset", "0")), min(int(params.get("limit", "20")), PAGE_ORDERS)
        return {"data": [self._order(trade) for trade in listed(self.bank, self.name)[start : start + limit]]}

    def bill(self, day: date) -> bytes:
        """There is no file: the whole list, one order a line."""
        del day
        return b"\n".join(json.dumps(self._order(trade), ensure_ascii=False).encode() for trade in listed(self.bank, self.name))

    def _order(self, trade: Trade) -> Json:
        paid = trade.payments[0] if trade.payments else None
        return {
            **self.notice_params(trade, paid, ""),
            "pid": int(self.own["pid"]),
            "endtime": beijing(paid.paid_at) if paid else None,
            "status": status_of(trade),
        }

    # -- what is sent -------------------------------------------------------------------------------------------------

    def notice(self, trade: Trade, payment: Payment | None, status: str = "", **changes: str) -> Notice:
        return self.packed(trade, self.signed(self.notice_params(trade, payment, status or self.paid) | changes))

    def notice_params(self, trade: Trade, payment: Payment | None, status: str) -> Params:
        params = {
            "pid": self.own["pid"],
            "trade_no": payment.trade_no if payment else trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "api_trade_no": "",
            "type": "alipay" if trade.method == "cashier" else trade.method,
            "addtime": beijing(trade.created_at),
            "name": trade.subject,
            "money": yuan(payment.amount_minor if payment else trade.amount_minor),
            "param": "",
            "buyer": "",
        }
        params |= {"endtime": beijing(payment.paid_at)} if payment else {}
        return params | ({"trade_status": status} if status else {})

    def signed(self, params: Mapping[str, str]) -> Params:
        """With the time of now, unless it has one."""
        whole = {"timestamp": str(int(self.bank.now())), **params}
        return {**whole, "sign": self._sign(whole), "sign_type": "RSA"}

    def _sign(self, facts: Mapping[str, Any]) -> str:
        """Plain members only: lists and objects stand outside the signature, and null is empty."""
        plain = {name: str(value) for name, value in facts.items() if isinstance(value, str | int)}
        return rsa2(loaded(self.own["provider_private"]), content(plain, "sign", "sign_type"))

    def packed(self, trade: Trade, params: Mapping[str, str]) -> Notice:
        return Notice(
            provider=self.name,
            out_trade_no=trade.out_trade_no,
            method="GET",
            url=_joined(trade.notify_url, params),
            label=params.get("trade_status", ""),
        )

    def forgeries(self, trade: Trade) -> Iterator[Notice]:
        claim = self.notice_params(trade, None, self.paid)
        honest, stranger = self.signed(claim), stranger_keys().of(self.name)
        yield self.packed(trade, {**honest, "sign": turned(honest["sign"])})
        yield self.packed(trade, {**honest, "out_trade_no": turned(honest["out_trade_no"])})
        yield self.packed(trade, {**honest, "money": "0.01"})
        for name in ("RSA2", "MD5", "rsa", "RSA-SHA1"):
            yield self.packed(trade, {**honest, "sign_type": name})
        for missing in ("sign", "timestamp"):
            yield self.packed(trade, {name: value for name, value in honest.items() if name != missing})
        for key in (stranger["provider_private"], self.own["merchant_private"]):
            yield self.packed(trade, {**honest, "sign": rsa2(loaded(key), content(honest, "sign", "sign_type"))})
        yield self.packed(trade, self.signed({**claim, "pid": stranger["pid"]}))
        for off_s in (-WINDOW_S - 1, WINDOW_S + 1):
            yield self.packed(trade, self.signed({**claim, "timestamp": str(int(self.bank.now()) + off_s)}))
        yield with_second_field(self.packed(trade, honest), "money")

    def return_address(self, trade: Trade) -> str:
        if not trade.return_url:
            return ""
        paid = trade.payments[0] if trade.payments else None
        return _joined(trade.return_url, self.signed(self.notice_params(trade, paid, self.paid)))


def _joined(url: str, params: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
