"""What Alipay does with a trade when it is asked: no signatures here, they are the desk's."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

from infra.local.actors.bank import BalanceShort, Bank, NotRefundable, Payment, Trade
from infra.local.actors.notice import Refusal
from infra.local.actors.spelling import Json, Params, minor_of, yuan


NAME = "alipay"
BEIJING = timezone(timedelta(hours=8))
TIME = "%Y-%m-%d %H:%M:%S"
BILL_ADDRESS_S = 30


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
        if method == "alipay.data.dataservice.bill.downloadurl.query":
            return self._bill_address(_goods(params))
        work = {
            "alipay.trade.query": lambda trade, _: self._queried(trade),
            "alipay.trade.close": lambda trade, _: self._closed(trade),
            "alipay.trade.refund": self._refunded,
            "alipay.trade.fastpay.refund.query": self._refund_queried,
        }.get(method)
        if work is None:
            raise Refusal("40002", "isv.invalid-method")
        goods = _goods(params)
        found = self.bank.find(NAME, str(goods.get("out_trade_no", "")))
        if found is None or found.state == "NEW":
            raise Refusal("40004", "ACQ.TRADE_NOT_EXIST")
        return work(found, goods)

    def _queried(self, trade: Trade) -> Json:
        if not trade.payments:
            is_over = trade.state == "CLOSED" or self.bank.is_expired(trade)
            status = "TRADE_CLOSED" if is_over else "WAIT_BUYER_PAY"
            return _fine(
                out_trade_no=trade.out_trade_no, trade_no=trade.trade_no, trade_status=status, total_amount=yuan(trade.amount_minor)
            )
        first = trade.payments[0]
        is_gone = trade.refunded_minor(first.trade_no) == first.amount_minor
        return _fine(
            buyer_logon_id="fak***@example.com",
            buyer_pay_amount=yuan(first.amount_minor),
            buyer_user_id=first.payer,
            out_trade_no=trade.out_trade_no,
            send_pay_date=beijing(first.paid_at),
            total_amount=yuan(first.amount_minor),
            trade_no=first.trade_no,
            trade_status="TRADE_CLOSED" if is_gone else "TRADE_SUCCESS",
        )

    def _closed(self, trade: Trade) -> Json:
        if not self.bank.close(trade):
            raise Refusal("40004", "ACQ.TRADE_STATUS_ERROR")
        return _fine(out_trade_no=trade.out_trade_no, trade_no=trade.trade_no)

    def _refunded(self, trade: Trade, goods: Json) -> Json:
        """`refund_fee` is all that went back on the trade; `fund_change` says whether this call moved anything."""
        number, trade_no = str(goods.get("out_request_no", "")), str(goods.get("trade_no", ""))
        payment, known = trade.payment_of(trade_no), trade.refund_of(number)
        if payment is None:
            raise Refusal("40004", "ACQ.TRADE_STATUS_ERROR" if not trade_no else "ACQ.TRADE_NOT_EXIST")
        try:
            refund = self.bank.refund(trade, number, minor_of(str(goods.get("refund_amount", ""))), trade_no)
        except ValueError:
            raise Refusal("40004", "ACQ.INVALID_PARAMETER") from None
        except BalanceShort:
            raise Refusal("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH") from None
        except NotRefundable:
            is_gone = trade.refunded_minor(payment.trade_no) == payment.amount_minor
            code = "DISCORDANT_REPEAT_REQUEST" if known else "TRADE_HAS_CLOSE" if is_gone else "REFUND_AMT_NOT_EQUAL_TOTAL"
            raise Refusal("40004", f"ACQ.{code}") from None
        return _fine(
            buyer_logon_id="fak***@example.com",
            fund_change="Y" if known is None and refund.state == "SUCCEEDED" else "N",
            gmt_refund_pay=beijing(refund.finished_at or refund.created_at),
            out_trade_no=trade.out_trade_no,
            refund_fee=yuan(trade.refunded_minor(payment.trade_no)),
            send_back_fee=yuan(refund.amount_minor if known is None else 0),
            trade_no=payment.trade_no,
        )

    def _refund_queried(self, trade: Trade, goods: Json) -> Json:
        """Of a refund that is not done (yet, or for good) nothing is said but the trade."""
        refund = trade.refund_of(str(goods.get("out_request_no", "")))
        if refund is None or refund.state != "SUCCEEDED":
            return _fine()
        return _fine(
            gmt_refund_pay=beijing(refund.finished_at),
            out_request_no=refund.refund_no,
            out_trade_no=trade.out_trade_no,
            refund_amount=yuan(refund.amount_minor),
            refund_status="REFUND_SUCCESS",
            total_amount=yuan(trade.amount_minor),
            trade_no=refund.trade_no,
        )

    def _bill_address(self, goods: Json) -> Json:
        """An address that lives `BILL_ADDRESS_S`: its time and its day stand in it."""
        try:
            day = date.fromisoformat(str(goods.get("bill_date", "")))
        except ValueError:
            raise Refusal("40004", "INVAILID_ARGUMENTS") from None
        if goods.get("bill_type") != "trade":
            raise Refusal("40004", "INVAILID_ARGUMENTS")
        is_made = self.bank.now() >= datetime(day.year, day.month, day.day, 9, tzinfo=BEIJING).timestamp() + 24 * 3600
        has_any = self.bank.payments_on(NAME, day) or self.bank.refunds_on(NAME, day, by_end=True)
        if not is_made or not has_any:
            raise Refusal("40004", "BILL_NOT_EXIST")
        return _fine(bill_download_url=f"{self.base}/alipay/downloadBillFile.resource?bizDates={day}&fileId={int(self.bank.now())}")

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
