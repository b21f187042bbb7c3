"""What WeChat Pay does with a trade when it is asked: no signatures here, they are the desk's."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from infra.local.actors.alipay_counter import BEIJING
from infra.local.actors.bank import BalanceShort, Bank, BankRefund, NotRefundable, Payment, Trade
from infra.local.actors.desk import Asked
from infra.local.actors.notice import Refusal
from infra.local.actors.spelling import Json


NAME = "wechatpay"
ORDER = "v3/pay/transactions/"
NUMBER = "v3/pay/transactions/out-trade-no/"
REFUNDS = "v3/refund/domestic/refunds"


def moment(at: float) -> str:
    """RFC 3339 in Beijing's time."""
    return datetime.fromtimestamp(int(at), UTC).astimezone(BEIJING).isoformat()


class Counter:
    """The business behind the gateway of one merchant."""

    def __init__(self, bank: Bank, base: str, own: Mapping[str, str]) -> None:
        self.bank = bank
        self.base = base
        self.own = own

    def done(self, asked: Asked) -> Json | None:
        """The answer's content; None where there is none. Raises: Refusal with the HTTP status and the code."""
        page, is_post = asked.page, asked.method == "POST"
        if page.startswith(NUMBER):
            number, _, verb = page.removeprefix(NUMBER).partition("/")
            if is_post and verb == "close":
                self._close(number, _content(asked))
                return None
            if not is_post and not verb and dict(asked.query).get("mchid") == self.own["mchid"]:
                return self._queried(number)
        elif page.startswith(ORDER) and is_post:
            return self._opened(page.removeprefix(ORDER), _content(asked))
        elif page == REFUNDS and is_post:
            return self._refunded(_content(asked))
        elif page.startswith(f"{REFUNDS}/") and not is_post:
            return self._refund_queried(page.removeprefix(f"{REFUNDS}/"))
        raise Refusal("400", "PARAM_ERROR")

    # -- orders -----------------------------------------------------------------------------------------------------

    def _opened(self, method: str, order: Json) -> Json:
        try:
            number, amount, notify_url = str(order["out_trade_no"]), order["amount"], str(order["notify_url"])
            amount_minor, currency = amount["total"], amount["currency"]
            expires_at = datetime.fromisoformat(str(order["time_expire"])).timestamp()
            is_ours = (order["mchid"], order["appid"]) == (self.own["mchid"], self.own["appid"])
            subject = str(order["description"])
        except (KeyError, TypeError, ValueError):
            raise Refusal("400", "PARAM_ERROR") from None
        is_whole = isinstance(amount_minor, int) and amount_minor > 0 and currency == "CNY" and "?" not in notify_url
        if not is_ours or not is_whole or not 6 <= len(number) <= 32 or not 0 < len(subject.encode()) <= 127:
            raise Refusal("400", "PARAM_ERROR")
        if method == "jsapi" and not order.get("payer", {}).get("openid"):
            raise Refusal("400", "PARAM_ERROR")
        if method == "h5" and not order.get("scene_info", {}).get("payer_client_ip"):
            raise Refusal("400", "PARAM_ERROR")
        if expires_at < self.bank.now():
            raise Refusal("400", "PARAM_ERROR")
        trade = self.bank.open(
            NAME,
            number,
            is_known=True,
            method=method,
            subject=subject,
            amount_minor=amount_minor,
            notify_url=notify_url,
            return_url="",
            expires_at=expires_at,
        )
        if trade.amount_minor != amount_minor:
            raise Refusal("403", "OUT_TRADE_NO_USED")
        if trade.is_paid:
            raise Refusal("400", "ORDERPAID")
        if trade.state == "CLOSED":
            raise Refusal("400", "ORDER_CLOSED")
        return self._checkout(method, trade)

    def _checkout(self, method: str, trade: Trade) -> Json:
        match method:
            case "native":
                # The real text begins with `weixin://`, which no browser on this machine could follow.
                return {"code_url": f"{self.base}/qr/{trade.token}"}
            case "h5":
                return {"h5_url": f"{self.base}/{NAME}/h5?prepay_id=wx{trade.token}&package=1"}
            case "jsapi":
                return {"prepay_id": f"wx{trade.token}"}
        raise Refusal("404", "PARAM_ERROR")

    def _queried(self, number: str) -> Json:
        trade = self._trade(number)
        if not trade.payments:
            is_over = trade.state == "CLOSED" or self.bank.is_expired(trade)
            names = {"appid": self.own["appid"], "mchid": self.own["mchid"], "out_trade_no": number}
            return {**names, "trade_state": "CLOSED" if is_over else "NOTPAY", "trade_state_desc": "订单未支付", "attach": ""}
        return self.transaction(trade, trade.payments[0], "REFUND" if trade.refunds else "SUCCESS")

    def _close(self, number: str, order: Json) -> None:
        trade = self._trade(number)
        if order.get("mchid") != self.own["mchid"]:
            raise Refusal("400", "PARAM_ERROR")
        if trade.is_paid:
            raise Refusal("400", "ORDERPAID")
        if not self.bank.close(trade):
            raise Refusal("400", "ORDER_CLOSED")

    def _trade(self, number: str) -> Trade:
        trade = self.bank.find(NAME, number)
        if trade is None:
            raise Refusal("404", "ORDER_NOT_EXIST")
        return trade

    def transaction(self, trade: Trade, payment: Payment | None, state: str) -> Json:
        """The facts of a transaction. Whoever can, pays a fen by coupon: `payer_total` is not what the order costs."""
        total = payment.amount_minor if payment else trade.amount_minor
        return {
            "appid": self.own["appid"],
            "mchid": self.own["mchid"],
            "out_trade_no": trade.out_trade_no,
            "transaction_id": payment.trade_no if payment else trade.trade_no,
            "trade_type": {"native": "NATIVE", "h5": "MWEB"}.get(trade.method, "JSAPI"),
            "trade_state": state,
            "trade_state_desc": "支付成功",
            "bank_type": "OTHERS",
            "attach": "",
            "success_time": moment(payment.paid_at if payment else self.bank.now()),
            "payer": {"openid": f"o{payment.payer if payment else 'nobody'}"},
            "amount": {"total": total, "payer_total": max(1, total - 1), "currency": "CNY", "payer_currency": "CNY"},
        }

    # -- refunds ----------------------------------------------------------------------------------------------------

    def _refunded(self, order: Json) -> Json:
        try:
            number, amount = str(order["out_refund_no"]), order["amount"]
            minor, total = int(amount["refund"]), int(amount["total"])
        except (KeyError, TypeError, ValueError):
            raise Refusal("400", "PARAM_ERROR") from None
        payment_no = str(order.get("transaction_id", ""))
        trade = self.bank.find(NAME, str(order["out_trade_no"])) if "out_trade_no" in order else self._paid_by(payment_no)
        payment = trade.payment_of(payment_no) if trade else None
        if trade is None or payment is None:
            raise Refusal("404", "RESOURCE_NOT_EXISTS")
        if payment.amount_minor != total or len(str(order.get("reason", "")).encode()) > 80:
            raise Refusal("400", "PARAM_ERROR")
        try:
            refund = self.bank.refund(trade, number, minor, payment.trade_no)
        except BalanceShort:
            raise Refusal("403", "NOT_ENOUGH") from None
        except NotRefundable:
            raise Refusal("400", "INVALID_REQUEST") from None
        return self.refund(trade, refund)

    def _paid_by(self, payment_no: str) -> Trade | None:
        return next((t for t in self._mine() if payment_no in [payment.trade_no for payment in t.payments]), None)

    def _mine(self) -> list[Trade]:
        return [trade for trade in self.bank.newest(1_000_000) if trade.provider == NAME]

    def _refund_queried(self, number: str) -> Json:
        for trade in self._mine():
            refund = trade.refund_of(number)
            if refund is not None:
                return self.refund(trade, refund)
        raise Refusal("404", "RESOURCE_NOT_EXISTS")

    def refund(self, trade: Trade, refund: BankRefund) -> Json:
        """The facts of a refund."""
        payment = trade.payment_of(refund.trade_no)
        total = payment.amount_minor if payment else trade.amount_minor
        status = {"PROCESSING": "PROCESSING", "SUCCEEDED": "SUCCESS", "FAILED": "ABNORMAL"}[refund.state]
        done = {"success_time": moment(refund.finished_at)} if status == "SUCCESS" else {}
        shares = {"payer_total": max(1, total - 1), "payer_refund": max(1, refund.amount_minor - 1)}
        return {
            "refund_id": refund.number,
            "out_refund_no": refund.refund_no,
            "transaction_id": refund.trade_no,
            "out_trade_no": trade.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            **done,
            "create_time": moment(refund.created_at),
            "status": status,
            "funds_account": "AVAILABLE",
            "amount": {"total": total, "refund": refund.amount_minor, **shares, "currency": "CNY"},
        }


def _content(asked: Asked) -> Json:
    try:
        content = json.loads(asked.body)
    except ValueError:
        raise Refusal("400", "PARAM_ERROR") from None
    if not isinstance(content, dict):
        raise Refusal("400", "PARAM_ERROR")
    return content
