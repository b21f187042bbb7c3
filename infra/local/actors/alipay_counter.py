"""What Alipay does with a trade when it is asked: no signatures here, they are the desk's."""

import json
from datetime import UTC, datetime, timedelta, timezone

from infra.local.actors.bank import Bank, Payment, Trade
from infra.local.actors.notice import Refusal
from infra.local.actors.spelling import Json, Params, minor_of, yuan


NAME = "alipay"
BEIJING = timezone(timedelta(hours=8))
TIME = "%Y-%m-%d %H:%M:%S"


def beijing(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(BEIJING).strftime(TIME)


class Counter:
    """The business behind the gateway."""

    def __init__(self, bank: Bank, base: str) -> None:
        self.bank = bank
        self.base = base

    def done(self, method: str, params: Params) -> Json:
        if method == "alipay.trade.precreate":
            trade = self.opened(params, "precreate", is_known=False)
            if trade.is_paid:
                raise Refusal("40004", "ACQ.TRADE_HAS_SUCCESS")
            return _fine(out_trade_no=trade.out_trade_no, qr_code=f"{self.base}/qr/{trade.token}")
        if method not in ("alipay.trade.query", "alipay.trade.close"):
            raise Refusal("40002", "isv.invalid-method")
        number = str(_goods(params).get("out_trade_no", ""))
        trade_or_none = self.bank.find(NAME, number)
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

    def opened(self, params: Params, method: str, *, is_known: bool) -> Trade:
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
            NAME,
            number,
            is_known=is_known,
            method=method,
            subject=str(goods.get("subject", "")),
            amount_minor=amount_minor,
            notify_url=params.get("notify_url", ""),
            return_url=params.get("return_url", ""),
            expires_at=expires_at,
        )


def notice_fields(trade: Trade, payment: Payment | None, status: str, now: float, token: str) -> Params:
    """What a notice says of a trade; whose it is comes on top."""
    amount_minor = payment.amount_minor if payment else trade.amount_minor
    params = {
        "charset": "utf-8",
        "gmt_create": beijing(trade.created_at),
        "notify_id": datetime.fromtimestamp(now, UTC).strftime("%Y%m%d") + token.rjust(26, "0"),
        "notify_time": beijing(now),
        "notify_type": "trade_status_sync",
        "out_trade_no": trade.out_trade_no,
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
