"""The player of Alipay: gateway, cashier's entry, notices, synchronous return."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode

from infra.local.actors.bank import Bank, Payment, Trade
from infra.local.actors.keys import Keys
from infra.local.actors.notice import Notice, Refusal
from infra.local.actors.spelling import Json, Params, content, minor_of, rsa2, rsa2_fits, yuan


BEIJING = timezone(timedelta(hours=8))
TIME = "%Y-%m-%d %H:%M:%S"
PAGES = {"alipay.trade.page.pay": "page", "alipay.trade.wap.pay": "wap"}
REQUEST_AGE_S_MAX = 15 * 60
"""The real gateway refuses a request whose timestamp is far off."""


def beijing(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(BEIJING).strftime(TIME)


class AlipayDesk:
    """What Alipay does for one application."""

    name = "alipay"

    def __init__(self, keys: Keys, bank: Bank, base: str) -> None:
        self.keys = keys
        self.bank = bank
        self.base = base

    # -- requests of the merchant -----------------------------------------------------------------------------------

    def enter(self, params: Params) -> Trade:
        """A buyer arrives with a signed address (page, wap). The trade exists from now on.

        Raises: Refusal.
        """
        self._check(params)
        method = PAGES.get(params["method"])
        if method is None:
            raise Refusal("40002", "isv.invalid-method")
        return self._opened(params, method, is_known=True)

    def answer(self, params: Params) -> bytes:
        """A call of the merchant's server, answered with a signature over the node's exact text."""
        method = params.get("method", "")
        name = method.replace(".", "_") + "_response"
        try:
            self._check(params)
            node = self._done(method, params)
        except Refusal as refusal:
            if refusal.code != "40004":
                # The real one answers such mistakes of the caller without a signature.
                return json.dumps({"error_response": refusal.node()}).encode()
            node = refusal.node()
        text = json.dumps(node, ensure_ascii=False, separators=(",", ":"))
        return f'{{"{name}":{text},"sign":"{rsa2(self.keys.provider, text)}"}}'.encode()

    def _done(self, method: str, params: Params) -> Json:
        if method == "alipay.trade.precreate":
            trade = self._opened(params, "precreate", is_known=False)
            if trade.is_paid:
                raise Refusal("40004", "ACQ.TRADE_HAS_SUCCESS")
            return _fine(out_trade_no=trade.out_trade_no, qr_code=f"{self.base}/qr/{trade.token}")
        if method not in ("alipay.trade.query", "alipay.trade.close"):
            raise Refusal("40002", "isv.invalid-method")
        number = str(_goods(params).get("out_trade_no", ""))
        trade_or_none = self.bank.find(self.name, number)
        if trade_or_none is None or trade_or_none.state == "NEW":
            raise Refusal("40004", "ACQ.TRADE_NOT_EXIST")
        return self._queried(trade_or_none) if method == "alipay.trade.query" else self._closed(trade_or_none)

    def _queried(self, trade: Trade) -> Json:
        if not trade.payments:
            is_over = trade.state == "CLOSED" or self.bank.is_expired(trade)
            status = "TRADE_CLOSED" if is_over else "WAIT_BUYER_PAY"
            return _fine(
                out_trade_no=trade.out_trade_no, trade_no=trade.trade_no, trade_status=status, total_amount=yuan(trade.amount_minor)
            )
        first = trade.payments[0]
        return _fine(
            buyer_logon_id="fak***@example.com",
            buyer_pay_amount=yuan(first.amount_minor),
            buyer_user_id=first.payer,
            out_trade_no=trade.out_trade_no,
            send_pay_date=beijing(first.paid_at),
            total_amount=yuan(first.amount_minor),
            trade_no=first.trade_no,
            trade_status="TRADE_SUCCESS",
        )

    def _closed(self, trade: Trade) -> Json:
        if not self.bank.close(trade):
            raise Refusal("40004", "ACQ.TRADE_STATUS_ERROR")
        return _fine(out_trade_no=trade.out_trade_no, trade_no=trade.trade_no)

    def _opened(self, params: Params, method: str, *, is_known: bool) -> Trade:
        goods = _goods(params)
        try:
            number, amount_minor = str(goods["out_trade_no"]), minor_of(str(goods["total_amount"]))
            expiry = goods.get("time_expire")
            expires_at = datetime.strptime(str(expiry), TIME).replace(tzinfo=BEIJING).timestamp() if expiry else 0.0
        except (KeyError, ValueError):
            raise Refusal("40004", "ACQ.INVALID_PARAMETER") from None
        if expires_at and expires_at < self.bank.now():
            raise Refusal("40004", "ACQ.INVALID_PARAMETER")
        return self.bank.open(
            self.name,
            number,
            is_known=is_known,
            method=method,
            subject=str(goods.get("subject", "")),
            amount_minor=amount_minor,
            notify_url=params.get("notify_url", ""),
            return_url=params.get("return_url", ""),
            expires_at=expires_at,
        )

    def _check(self, params: Params) -> None:
        """The merchant's signature, as strictly as the real gateway: `sign_type` is signed in requests."""
        if params.get("app_id") != self.keys.app_id:
            raise Refusal("40002", "isv.invalid-app-id")
        if params.get("sign_type") != "RSA2" or params.get("charset", "").lower() != "utf-8":
            raise Refusal("40002", "isv.invalid-signature-type")
        if not rsa2_fits(self.keys.merchant.public_key(), content(params, "sign"), params.get("sign", "")):
            raise Refusal("40002", "isv.invalid-signature")
        try:
            sent_at = datetime.strptime(params.get("timestamp", ""), TIME).replace(tzinfo=BEIJING).timestamp()
        except ValueError:
            raise Refusal("40002", "isv.invalid-timestamp") from None
        if abs(self.bank.now() - sent_at) > REQUEST_AGE_S_MAX and "page" not in params["method"] and "wap" not in params["method"]:
            raise Refusal("40002", "isv.invalid-timestamp")

    # -- notices ----------------------------------------------------------------------------------------------------

    def notice(self, trade: Trade, payment: Payment | None, status: str = "TRADE_SUCCESS", **changes: str) -> Notice:
        """One notice with its own `notify_id`; sending it again is a repeat. `changes` go in before the signature."""
        return self._sealed(trade, self.notice_params(trade, payment, status) | changes)

    def notice_params(self, trade: Trade, payment: Payment | None, status: str) -> Params:
        amount_minor = payment.amount_minor if payment else trade.amount_minor
        now = self.bank.now()
        params = {
            "app_id": self.keys.app_id,
            "auth_app_id": self.keys.app_id,
            "charset": "utf-8",
            "gmt_create": beijing(trade.created_at),
            "notify_id": datetime.fromtimestamp(now, UTC).strftime("%Y%m%d") + self.bank.token().rjust(26, "0"),
            "notify_time": beijing(now),
            "notify_type": "trade_status_sync",
            "out_trade_no": trade.out_trade_no,
            "seller_id": self.keys.seller_id,
            "subject": trade.subject,
            "total_amount": yuan(amount_minor),
            "trade_no": payment.trade_no if payment else trade.trade_no,
            "trade_status": status,
            "version": "1.0",
        }
        if payment is not None:
            params |= {
                "buyer_id": payment.payer,
                "buyer_logon_id": "fak***@example.com",
                "buyer_pay_amount": yuan(amount_minor),
                "fund_bill_list": json.dumps([{"amount": yuan(amount_minor), "fundChannel": "ALIPAYACCOUNT"}], separators=(",", ":")),
                "gmt_payment": beijing(payment.paid_at),
                "invoice_amount": yuan(amount_minor),
                "point_amount": "0.00",
                "receipt_amount": yuan(amount_minor),
            }
        return params

    def signed(self, params: Mapping[str, str]) -> Params:
        """Rule V1: `sign_type` travels, but is not signed."""
        return {**params, "sign": rsa2(self.keys.provider, content(params, "sign", "sign_type")), "sign_type": "RSA2"}

    def packed(self, trade: Trade, params: Mapping[str, str]) -> Notice:
        return Notice(
            provider=self.name,
            out_trade_no=trade.out_trade_no,
            method="POST",
            url=trade.notify_url,
            content_type="application/x-www-form-urlencoded; text/html; charset=utf-8",
            body=urlencode(params).encode(),
            label=params.get("trade_status", ""),
        )

    def _sealed(self, trade: Trade, params: Params) -> Notice:
        return self.packed(trade, self.signed(params))

    def return_address(self, trade: Trade) -> str:
        """Where the buyer's browser goes after paying. Its parameters are signed, and prove nothing to a careful shop."""
        params = {
            "app_id": self.keys.app_id,
            "auth_app_id": self.keys.app_id,
            "charset": "utf-8",
            "method": "alipay.trade.page.pay.return",
            "out_trade_no": trade.out_trade_no,
            "seller_id": self.keys.seller_id,
            "timestamp": beijing(self.bank.now()),
            "total_amount": yuan(trade.amount_minor),
            "trade_no": trade.trade_no,
            "version": "1.0",
        }
        return _joined(trade.return_url, self.signed(params))


def _goods(params: Params) -> Json:
    try:
        goods = json.loads(params.get("biz_content", ""))
    except ValueError:
        raise Refusal("40002", "isv.invalid-parameter") from None
    if not isinstance(goods, dict):
        raise Refusal("40002", "isv.invalid-parameter")
    return goods


def _fine(**facts: str) -> Json:
    return {"code": "10000", "msg": "Success", **facts}


def _joined(url: str, params: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if url else ""
