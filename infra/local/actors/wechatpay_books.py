"""WeChat Pay's books of a day: the application for the file, its address, the file in its true format."""

import gzip
import hashlib
import hmac
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from infra.local.actors.alipay_counter import BEIJING, beijing
from infra.local.actors.bank import Bank, BankRefund, Payment, Trade
from infra.local.actors.notice import Refusal
from infra.local.actors.spelling import Json, yuan


NAME = "wechatpay"
ADDRESS_S = 5 * 60
READY_HOUR = 10
"""Of the next day, in Beijing."""
DAYS_MAX = 90
RATE_BP = 60

COLUMNS = (
    *("交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识", "交易类型", "交易状态"),
    *("付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号", "商户退款单号", "退款金额", "充值券退款金额", "退款类型"),
    *("退款状态", "商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额", "费率备注"),
)
SUMMARY = ("总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额")


class Books:
    def __init__(self, bank: Bank, base: str, own: Mapping[str, str]) -> None:
        self.bank = bank
        self.base = base
        self.own = own

    def offered(self, asked: Mapping[str, str]) -> Json:
        """Where the file is, and what its unpacked content hashes to. Raises: Refusal."""
        try:
            day = date.fromisoformat(asked.get("bill_date", ""))
        except ValueError:
            raise Refusal("400", "PARAM_ERROR") from None
        now = datetime.fromtimestamp(self.bank.now(), BEIJING)
        if asked.get("bill_type") != "ALL" or asked.get("tar_type") != "GZIP":
            raise Refusal("400", "PARAM_ERROR")
        if day >= now.date() or now.date() - day > timedelta(days=DAYS_MAX):
            raise Refusal("400", "INVALID_REQUEST")
        if now.date() - day == timedelta(days=1) and now.hour < READY_HOUR:
            raise Refusal("400", "STATEMENT_CREATING")
        plain = self.plain(day)
        if not plain:
            raise Refusal("400", "NO_STATEMENT_EXIST")
        until = int(self.bank.now()) + ADDRESS_S
        token = f"{day}.{until}.{self._mark(f'{day}.{until}')}"
        address = f"{self.base}/{NAME}/v3/billdownload/file?token={token}"
        return {"hash_type": "SHA1", "hash_value": hashlib.sha1(plain).hexdigest(), "download_url": address}

    def file(self, token: str) -> bytes:
        """The file behind an address. Raises: Refusal, also when the address is too old."""
        day, until, mark = (*token.split("."), "", "", "")[:3]
        if not hmac.compare_digest(mark, self._mark(f"{day}.{until}")) or int(until) < self.bank.now():
            raise Refusal("403", "NO_AUTH")
        return self.packed(date.fromisoformat(day))

    def _mark(self, text: str) -> str:
        return hmac.new(self.own["api_v3_key"].encode(), text.encode(), hashlib.sha256).hexdigest()[:32]

    def packed(self, day: date) -> bytes:
        plain = self.plain(day)
        return gzip.compress(plain, mtime=0) if plain else b""

    def plain(self, day: date) -> bytes:
        """The whole content; empty where nothing happened."""
        rows = [(payment.paid_at, self._paid(trade, payment)) for trade, payment in self.bank.payments_on(NAME, day)]
        rows += [(refund.created_at, self._back(trade, refund)) for trade, refund in self.bank.refunds_on(NAME, day)]
        return whole([row for _, row in sorted(rows, key=lambda pair: pair[0])]) if rows else b""

    def _paid(self, trade: Trade, payment: Payment) -> dict[str, str]:
        amount = yuan(payment.amount_minor)
        return self._row(trade, payment.trade_no, payment.paid_at, payment.payer) | {
            "交易状态": "SUCCESS",
            "应结订单金额": amount,
            "订单金额": amount,
            "手续费": _fee(payment.amount_minor),
        }

    def _back(self, trade: Trade, refund: BankRefund) -> dict[str, str]:
        payment = trade.payment_of(refund.trade_no)
        amount = yuan(refund.amount_minor)
        return self._row(trade, refund.trade_no, refund.created_at, payment.payer if payment else "") | {
            "交易状态": "REFUND",
            "微信退款单号": refund.number,
            "商户退款单号": refund.refund_no,
            "退款金额": amount,
            "申请退款金额": amount,
            "退款类型": "ORIGINAL",
            "退款状态": {"SUCCEEDED": "SUCCESS", "FAILED": "FAIL"}.get(refund.state, "PROCESSING"),
            "手续费": f"-{_fee(refund.amount_minor)}",
        }

    def _row(self, trade: Trade, number: str, at: float, payer: str) -> dict[str, str]:
        zeros = dict.fromkeys(("应结订单金额", "代金券金额", "退款金额", "充值券退款金额", "订单金额", "申请退款金额"), "0.00")
        return (
            dict.fromkeys(COLUMNS, "")
            | zeros
            | {
                "交易时间": beijing(at),
                "公众账号ID": self.own["appid"],
                "商户号": self.own["mchid"],
                "特约商户号": "0",
                "微信订单号": number,
                "商户订单号": trade.out_trade_no,
                "用户标识": f"o{payer}",
                "交易类型": {"native": "NATIVE", "h5": "MWEB"}.get(trade.method, "JSAPI"),
                "付款银行": "OTHERS",
                "货币种类": "CNY",
                "微信退款单号": "0",
                "商户退款单号": "0",
                # What the file does with commas in a value.
                "商品名称": trade.subject.replace(",", "\\ "),
                "费率": "0.60%",
            }
        )


def _fee(minor: int) -> str:
    """0.60 %, to the fen, printed with five places."""
    return f"{yuan((minor * RATE_BP + 5_000) // 10_000)}000"


def whole(rows: list[dict[str, str]], columns: tuple[str, ...] = COLUMNS) -> bytes:
    """BOM, header, lines, summary, CRLF."""
    sums = ("应结订单金额", "退款金额", "充值券退款金额", "手续费", "订单金额", "申请退款金额")
    parts = [sum(_e5(row[name]) for row in rows) for name in sums]
    said = [str(len(rows)), *(_printed(part, 5 if name == "手续费" else 2) for name, part in zip(sums, parts, strict=True))]
    lines = [
        ",".join(columns),
        *(",".join(f"`{row[name]}" for name in columns) for row in rows),
        ",".join(SUMMARY),
        ",".join(f"`{text}" for text in said),
    ]
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()


def _e5(text: str) -> int:
    whole_part, _, places = text.removeprefix("-").partition(".")
    value = int(whole_part) * 100_000 + int(places.ljust(5, "0"))
    return -value if text.startswith("-") else value


def _printed(e5: int, places: int) -> str:
    sign, value = "-" if e5 < 0 else "", abs(e5)
    return f"{sign}{value // 100_000}.{value % 100_000 // 10 ** (5 - places):0{places}d}"
