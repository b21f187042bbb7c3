"""Reading WeChat Pay's trade bill as a stream and holding it against its own summary.

```
BOM 交易时间,公众账号ID,商户号,…                        header; newer files have 27 columns, older ones fewer and other names
`2026-03-02 10:00:00,`wx…,`1900…,…                   one line a payment or refund, a backtick before each value
总交易单数,应结订单总金额,…                             header of the summary
`2,`15.80,…
```
UTF-8, CRLF, amounts in yuan with two places, fees with five. A comma inside a value is written as `\\ `; lines are cut at comma
and backtick together, so one that was left is harmless. A refund's line shows how the refund stood when the file was made.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from types import MappingProxyType
from typing import BinaryIO, Final

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.bill import BILL_LINES_MAX, BillCorrupt, BillKind, BillLine, BillStatus
from faka.contexts.payments.providers.canonical import beijing_time
from faka.contexts.payments.providers.wechatpay_books import PIECE_BYTES, Gunzip
from faka.kernel.clock import business_day
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.money import Currency


LINE_BYTES_MAX: Final = 16 * 1024
"""The widest line in documents and samples has 420 bytes; goods' names have at most 381."""

E5_OF_MINOR = 1000
"""100000 parts of a yuan, 100 fen of a yuan."""

_ALIASES: Final = MappingProxyType(
    {
        "总金额": "应结订单金额",
        "企业红包退款金额": "充值券退款金额",
        "总交易额": "应结订单总金额",
        "总退款金额": "退款总金额",
        "总企业红包退款金额": "充值券退款总金额",
    }
)
"""Names before November 2018."""

_NEEDED: Final = (
    *("交易时间", "商户号", "微信订单号", "商户订单号", "交易状态", "货币种类", "应结订单金额"),
    *("微信退款单号", "商户退款单号", "退款金额", "退款状态", "手续费"),
)
_SUMS: Final = MappingProxyType(
    {
        "应结订单总金额": "应结订单金额",
        "退款总金额": "退款金额",
        "充值券退款总金额": "充值券退款金额",
        "手续费总金额": "手续费",
        "订单总金额": "订单金额",
        "申请退款总金额": "申请退款金额",
    }
)
"""What the summary says → the column that it sums."""

_COUNT, _SETTLED = "总交易单数", "应结订单总金额"
_REFUNDS = ("REFUND", "REVOKED")
_REFUND_STATES: Final = MappingProxyType(
    {
        "SUCCESS": BillStatus.DONE,
        "PROCESSING": BillStatus.PENDING,
        **dict.fromkeys(("FAIL", "FAILED", "CHANGE", "CLOSED", "ABNORMAL"), BillStatus.FAILED),
    }
)
_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,5}))?", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Za-z_|*@-]{0,64}", re.ASCII)


def parse_bill(account: ChannelAccount, day: date, source: BinaryIO) -> Iterator[BillLine]:
    """Raises: BillCorrupt, also after the last line."""
    lines = _lines(source)
    table = _Table(account, day, _names(next(lines, (1, ""))[1]))
    for number, text in lines:
        if text.lstrip("`").startswith(_COUNT):
            table.check(number, _names(text), next(lines, (number, ""))[1])
            break
        yield table.line(number, text)
    else:
        raise BillCorrupt("the summary is missing")
    for number, text in lines:
        if text:
            raise BillCorrupt(f"line {number}: something after the summary")


def _lines(source: BinaryIO) -> Iterator[tuple[int, str]]:
    """Number and text of each line, from 1, without its end."""
    gunzip, rest, number = Gunzip(), b"", 0
    while packed := source.read(PIECE_BYTES):
        for plain in gunzip.feed(packed):
            *whole, rest = (rest + plain).split(b"\n")
            for line in whole:
                number += 1
                yield number, _text(line, number)
            if len(rest) > LINE_BYTES_MAX:
                raise BillCorrupt(f"line {number + 1} does not end")
    gunzip.finish()
    if rest:
        yield number + 1, _text(rest, number + 1)


def _text(line: bytes, number: int) -> str:
    if number > BILL_LINES_MAX or len(line) > LINE_BYTES_MAX:
        raise BillCorrupt(f"line {number}: too many lines, or too long")
    try:
        return line.removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise BillCorrupt(f"line {number} is not UTF-8") from None


def _names(text: str) -> list[str]:
    return [_ALIASES.get(name, name) for name in (part.strip().removeprefix("`") for part in text.split(","))]


class _Table:
    """The columns of one file, and what its lines come to so far."""

    def __init__(self, account: ChannelAccount, day: date, names: list[str]) -> None:
        missing = next((name for name in _NEEDED if name not in names), None)
        if missing or len(set(names)) != len(names):
            raise BillCorrupt(f"line 1: {missing} is missing" if missing else "line 1: a column came twice")
        self._account = account
        self._day = day
        self._at = {name: at for at, name in enumerate(names)}
        self._summed = [(name, self._at[name]) for name in _SUMS.values() if name in self._at]
        self._sums = dict.fromkeys((name for name, _ in self._summed), 0)
        self._count = 0

    def line(self, number: int, text: str) -> BillLine:
        """Raises: BillCorrupt."""
        cells = text[1:].split(",`")
        if not text.startswith("`") or len(cells) != len(self._at):
            raise BillCorrupt(f"line {number}: not one value a column")
        amounts = {name: _e5(cells[at], number, name) for name, at in self._summed}
        for name, amount in amounts.items():
            self._sums[name] += amount
        self._count += 1
        if self._cell(cells, "商户号") != self._account.merchant_id:
            raise BillCorrupt(f"line {number}: 商户号")
        if self._cell(cells, "货币种类") != self._account.currency:
            raise BillCorrupt(f"line {number}: 货币种类")
        state = self._cell(cells, "交易状态")
        is_refund = state in _REFUNDS
        kind = BillKind.REFUND if is_refund else BillKind.PAY if state == "SUCCESS" else BillKind.ADJUST
        return BillLine(
            kind=kind,
            status=self._status(cells, kind),
            out_trade_no=self._number(cells, "商户订单号", number),
            channel_txn_id=self._number(cells, "微信订单号", number),
            out_refund_no=self._number(cells, "商户退款单号", number) if is_refund else "",
            channel_refund_id=self._number(cells, "微信退款单号", number) if is_refund else "",
            amount_minor=_signed_minor(kind, amounts, number),
            currency=Currency(self._account.currency),
            fee_e5=amounts["手续费"],
            occurred_at=self._moment(cells, number),
            line_no=number,
        )

    def check(self, number: int, names: list[str], text: str) -> None:
        """Hold the summary against the lines. Raises: BillCorrupt."""
        said = dict(zip(names, text[1:].split(",`"), strict=False))
        if len(said) != len(names) or _COUNT not in said or _SETTLED not in said or not text.startswith("`"):
            raise BillCorrupt(f"line {number + 1}: the summary is not whole")
        if _e5(said[_COUNT], number + 1, _COUNT) != self._count * 100_000:
            raise BillCorrupt(f"line {number + 1}: {_COUNT}")
        for name, column in _SUMS.items():
            if name in said and column in self._sums:
                # Fees of five places may be summed up to two: half a fen is no difference there.
                is_rounded = column == "手续费" and len(said[name].partition(".")[2]) <= 2
                if abs(_e5(said[name], number + 1, name) - self._sums[column]) > (E5_OF_MINOR // 2 if is_rounded else 0):
                    raise BillCorrupt(f"line {number + 1}: {name}")

    def _cell(self, cells: list[str], name: str) -> str:
        return cells[self._at[name]].strip()

    def _number(self, cells: list[str], name: str, number: int) -> str:
        text = self._cell(cells, name)
        if not _NUMBER.fullmatch(text):
            raise BillCorrupt(f"line {number}: {name}")
        return "" if text == "0" else text

    def _status(self, cells: list[str], kind: BillKind) -> BillStatus:
        if kind is BillKind.REFUND:
            return _REFUND_STATES.get(self._cell(cells, "退款状态"), BillStatus.OTHER)
        return BillStatus.DONE if kind is BillKind.PAY else BillStatus.OTHER

    def _moment(self, cells: list[str], number: int) -> datetime:
        at = beijing_time(self._cell(cells, "交易时间"))
        if at is None or business_day(at) != self._day:
            raise BillCorrupt(f"line {number}: 交易时间")
        return at


def _signed_minor(kind: BillKind, amounts: dict[str, int], number: int) -> int:
    """What came in, less what went back; a movement of a kind that nobody knows may have both."""
    paid = 0 if kind is BillKind.REFUND else _minor(amounts, "应结订单金额", "订单金额", number)
    back = 0 if kind is BillKind.PAY else _minor(amounts, "退款金额", "申请退款金额", number)
    return paid - back


def _minor(amounts: dict[str, int], settled: str, whole: str, number: int) -> int:
    """What the order cost or the refund was asked for; older files say only what was settled of it."""
    name = whole if whole in amounts else settled
    minor, rest = divmod(amounts[name], E5_OF_MINOR)
    if rest or not 0 <= minor <= AMOUNT_MINOR_MAX:
        raise BillCorrupt(f"line {number}: {name}")
    return minor


def _e5(text: str, number: int, name: str) -> int:
    """An amount in 1/100000 of its unit."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise BillCorrupt(f"line {number}: {name}")
    sign, whole, places = match.groups()
    amount = int(whole) * 100_000 + int((places or "").ljust(5, "0"))
    return -amount if sign else amount
