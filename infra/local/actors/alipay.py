"""The player of Alipay: gateway, cashier's entry, notices, synchronous return."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from infra.local.actors import alipay_books
from infra.local.actors.alipay_counter import BEIJING, BILL_ADDRESS_S, TIME, Counter, beijing, notice_fields
from infra.local.actors.bank import BankRefund, Payment, Trade
from infra.local.actors.desk import Answered, Asked, Desk
from infra.local.actors.keys import digits, new_rsa, stranger_keys
from infra.local.actors.notice import Notice, Refusal
from infra.local.actors.spelling import Params, content, rsa2, rsa2_fits, turned, with_second_field, yuan


PAGES = {"alipay.trade.page.pay": "page", "alipay.trade.wap.pay": "wap"}
REQUEST_AGE_S_MAX = 15 * 60
"""The real gateway refuses a request whose timestamp is far off."""


def new_secrets() -> dict[str, str]:
    """An application and a seller, and both sides' keys."""
    numbers = {"app_id": "2021000" + digits(9), "seller_id": "2088" + digits(12)}
    return {**numbers, "provider_private": new_rsa(), "merchant_private": new_rsa()}


class AlipayDesk(Desk):
    """What Alipay does for one application."""

    name = "alipay"
    title: ClassVar[dict[str, str]] = {"zh": "支付宝", "en": "Alipay"}

    def channel(self) -> dict[str, Any]:
        return {
            "id": self.name,
            "kind": self.name,
            "title": self.title,
            "gateway": f"{self.base}/alipay/gateway.do",
            "account": {"app_id": self.keys.app_id, "seller_id": self.keys.seller_id},
            "methods": ["page", "wap", "precreate"],
            "public_key": self.keys.provider_public,
            "secret": {"private_key": self.keys.merchant_private},
        }

    # -- requests of the merchant -----------------------------------------------------------------------------------

    def is_entrance(self, asked: Asked) -> bool:
        return asked.params.get("method") in PAGES

    def enter(self, asked: Asked) -> Trade:
        """A buyer arrives with a signed address (page, wap). The trade exists from now on.

        Raises: Refusal.
        """
        params = asked.params
        self._check(params)
        method = PAGES.get(params["method"])
        if method is None:
            raise Refusal("40002", "isv.invalid-method")
        return Counter(self.bank, self.base).opened(params, method, is_known=True)

    def serve(self, asked: Asked) -> Answered:
        """A call of the merchant's server, answered with a signature over the node's exact text; or the file of a bill."""
        if asked.page == "downloadBillFile.resource":
            return self._bill_file(dict(asked.query))
        return Answered(200, self._answer(asked.params), "text/html; charset=utf-8")

    def _bill_file(self, query: Params) -> Answered:
        try:
            day, made_at = date.fromisoformat(query["bizDates"]), int(query["fileId"])
        except (KeyError, ValueError):
            return Answered(404)
        if not 0 <= self.bank.now() - made_at <= BILL_ADDRESS_S:
            return Answered(403, "链接已过期".encode(), "text/html; charset=utf-8")
        return Answered(200, self.bill(day), "application/octet-stream")

    def bill(self, day: date) -> bytes:
        return alipay_books.bill(self.bank, self.keys.seller_id, day)

    def _answer(self, params: Params) -> bytes:
        method = params.get("method", "")
        name = method.replace(".", "_") + "_response"
        try:
            self._check(params)
            node = Counter(self.bank, self.base).done(method, params)
        except Refusal as refusal:
            if refusal.code != "40004":
                # The real one answers such mistakes of the caller without a signature.
                return json.dumps({"error_response": refusal.node()}).encode()
            node = refusal.node()
        text = json.dumps(node, ensure_ascii=False, separators=(",", ":"))
        return f'{{"{name}":{text},"sign":"{rsa2(self.keys.provider, text)}"}}'.encode()

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

    def notice(self, trade: Trade, payment: Payment | None, status: str = "", **changes: str) -> Notice:
        return self._sealed(trade, self.notice_params(trade, payment, status or self.paid) | changes)

    def refund_notice(self, trade: Trade, refund: BankRefund, status: str = "", **changes: str) -> Notice | None:
        """Told of money that went back; of a refund that is on its way or came to nothing Alipay says nothing."""
        payment = trade.payment_of(refund.trade_no)
        if refund.state != "SUCCEEDED" or payment is None:
            return None
        total_minor = trade.refunded_minor(payment.trade_no)
        is_all = total_minor == payment.amount_minor
        told = {"refund_fee": yuan(total_minor), "gmt_refund": f"{beijing(refund.finished_at)}.000", "out_biz_no": refund.refund_no}
        return self.notice(trade, payment, status or ("TRADE_CLOSED" if is_all else self.paid), **told | changes)

    def forgeries(self, trade: Trade) -> Iterator[Notice]:
        stranger = stranger_keys()
        claim = self.notice_params(trade, None, self.paid)
        honest = self.signed(claim)
        yield self.packed(trade, {**honest, "sign": turned(honest["sign"])})
        yield self.packed(trade, {**honest, "out_trade_no": turned(honest["out_trade_no"])})
        yield self.packed(trade, {**honest, "sign_type": "RSA"})
        yield self.packed(trade, {name: value for name, value in honest.items() if name != "sign"})
        yield self.packed(trade, {**honest, "sign": "true"})
        theirs = {**honest, "app_id": stranger.app_id, "seller_id": stranger.seller_id}
        yield self.packed(trade, {**honest, "sign": rsa2(stranger.provider, content(theirs, "sign", "sign_type"))})
        # The classic one: an honest notice of the forger's own account at the same provider.
        yield self.packed(trade, self.signed({**claim, "app_id": stranger.app_id}))
        yield self.packed(trade, self.signed({**claim, "seller_id": stranger.seller_id}))
        yield self.packed(trade, {**honest, "sign": rsa2(self.keys.merchant, content(honest, "sign", "sign_type"))})
        yield with_second_field(self.packed(trade, honest), "total_amount")

    def notice_params(self, trade: Trade, payment: Payment | None, status: str) -> Params:
        """The fields of a trade's notice, before the signature."""
        account = {"app_id": self.keys.app_id, "auth_app_id": self.keys.app_id, "seller_id": self.keys.seller_id}
        return account | notice_fields(trade, payment, status, self.bank.now(), self.bank.token())

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


def _joined(url: str, params: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if url else ""
