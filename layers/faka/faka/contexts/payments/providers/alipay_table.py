"""One table of Alipay's trade bill, line by line, held against its own header and totals."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind, BillLine, BillStatus
from faka.contexts.payments.providers.canonical import beijing_time
from faka.kernel.limits import AMOUNT_MINOR_MAX


COLUMNS_MAX: Final = 60
"""The widest table in the documents has 26 columns."""

_NEEDED: Final = (
    *("支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间"),
    *("订单金额（元）", "商家实收（元）", "退款批次号/请求号", "服务费（元）"),
)
_KINDS: Final = MappingProxyType({"交易": BillKind.PAY, "退款": BillKind.REFUND})
_MONEY: Final = re.compile(r"([+-]?)([0-9]{1,11})(?:\.([0-9]{1,2}))?", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9A-Za-z_-]{0,64}", re.ASCII)
_TRADE: Final = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
_ACCOUNT: Final = re.compile(r"#账号：\[([0-9]{16,24})\]")
_DAY: Final = re.compile(r"#起始日期：\[([0-9]{4})年([0-9]{2})月([0-9]{2})日")
_TOTAL: Final = re.compile(r"#(交易|退款)合计：([0-9]{1,9})笔，商家实收(?:退款)?共([+-]?[0-9.]{1,16})元")
_END: Final = re.compile(r"#-+业务明细列表结束-+")


class _Sums:
    """How many lines of each kind were read, and what the seller got by them."""

    def __init__(self) -> None:
        self.read = dict.fromkeys(_KINDS, (0, 0))
        self.told: dict[str, tuple[int, int]] = {}
        self.is_ended = False

    def count(self, kind: str, received_minor: int) -> None:
        if kind in self.read:
            count, minor = self.read[kind]
            self.read[kind] = count + 1, minor + received_minor

    def check(self) -> None:
        """Raises: BillCorrupt."""
        if not self.is_ended or self.told.keys() != self.read.keys():
            raise BillCorrupt("the table has no end or no totals")
        for kind, told in self.told.items():
            if told != self.read[kind]:
                raise BillCorrupt(f"the table's {'refunds' if kind == '退款' else 'payments'} do not add up to its totals")


def read(account: ChannelAccount, day: date, pieces: Iterable[tuple[int, str]]) -> Iterator[BillLine]:
    """The movements of one table, given as numbered lines.

    Raises: BillCorrupt, also after the last line.
    """
    sums, columns, heads = _Sums(), None, set()
    for at, piece in pieces:
        if piece.startswith("#"):
            heads |= _judged(account, day, piece)
            _summed(sums, piece, at)
        elif piece.strip():
            if sums.is_ended:
                raise BillCorrupt(f"line {at} comes after the end")
            if columns is None:
                columns = _columns(piece)
                continue
            yield _movement(account, _cells(piece, columns, at), sums, at)
    if heads != {"account", "day"} or columns is None:
        raise BillCorrupt("the table does not say whose it is and of which day")
    sums.check()


def _judged(account: ChannelAccount, day: date, piece: str) -> set[str]:
    """What a comment says about whose table this is; another's is not read on. Raises: BillCorrupt."""
    whose, since = _ACCOUNT.match(piece), _DAY.match(piece)
    if whose and not whose[1].startswith(account.seller_id):
        raise BillCorrupt("the table is another account's")
    if since and since.groups() != (f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"):
        raise BillCorrupt("the table is another day's")
    return ({"account"} if whose else set()) | ({"day"} if since else set())


def _summed(sums: _Sums, piece: str, at: int) -> None:
    sums.is_ended = sums.is_ended or _END.match(piece) is not None
    total = _TOTAL.match(piece)
    if total:
        sums.told[total[1]] = int(total[2]), _minor(total[3], at, "total")


def _columns(piece: str) -> Mapping[str, int]:
    """Raises: BillCorrupt."""
    names = [name.strip().replace("(", "（").replace(")", "）") for name in piece.split(",")]
    if len(names) > COLUMNS_MAX or len(set(names)) != len(names) or not set(_NEEDED) <= set(names):
        raise BillCorrupt("the table lacks a column, or has one twice")
    return {name: place for place, name in enumerate(names)}


def _cells(piece: str, columns: Mapping[str, int], at: int) -> dict[str, str]:
    """A line's values by column. The table does not quote, so a name with a comma in it makes a line longer: what is too
    much belongs to the name, if the times behind it then are times.

    Raises: BillCorrupt.
    """
    cells = piece.split(",")
    if len(cells) != len(columns) and '"' in piece:
        cells = next(csv.reader([piece]), cells)
    extra, name = len(cells) - len(columns), columns["商品名称"]
    if 0 < extra <= COLUMNS_MAX:
        cells = [*cells[:name], ",".join(cells[name : name + extra + 1]), *cells[name + extra + 1 :]]
    if len(cells) != len(columns):
        raise BillCorrupt(f"line {at} has another number of values than columns")
    found = {column: cells[place].strip() for column, place in columns.items()}
    if extra and (beijing_time(found["创建时间"]) is None or beijing_time(found["完成时间"]) is None):
        raise BillCorrupt(f"line {at} cannot be split into its columns")
    return found


def _movement(account: ChannelAccount, cells: Mapping[str, str], sums: _Sums, at: int) -> BillLine:
    kind = _KINDS.get(cells["业务类型"], BillKind.ADJUST)
    amount_minor = _minor(cells["订单金额（元）"], at, "amount")
    if (kind is BillKind.PAY and amount_minor < 0) or (kind is BillKind.REFUND and amount_minor > 0):
        raise BillCorrupt(f"line {at}: the amount has the wrong sign")
    numbers = {name: cells[name] for name in ("支付宝交易号", "商户订单号", "退款批次号/请求号")}
    if not _TRADE.fullmatch(numbers["支付宝交易号"]):
        raise BillCorrupt(f"line {at}: the trade has no number")
    sums.count(cells["业务类型"], _minor(cells["商家实收（元）"], at, "received"))
    return BillLine(
        kind=kind,
        status=BillStatus.DONE if kind is not BillKind.ADJUST else BillStatus.OTHER,
        out_trade_no=_ours(numbers["商户订单号"]),
        channel_txn_id=numbers["支付宝交易号"],
        out_refund_no=_ours(numbers["退款批次号/请求号"]) if kind is BillKind.REFUND else "",
        channel_refund_id="",
        amount_minor=amount_minor,
        currency=account.currency,
        fee_e5=-1_000 * _minor(cells["服务费（元）"] or "0", at, "fee"),
        occurred_at=beijing_time(cells["完成时间"]),
        line_no=at,
    )


def _ours(number: str) -> str:
    """A number of the seller's; another system that shares the account may number as it likes, which is no number of ours."""
    return number if _NUMBER.fullmatch(number) else ""


def _minor(text: str, at: int, what: str) -> int:
    """Raises: BillCorrupt."""
    match = _MONEY.fullmatch(text)
    minor = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0")) if match else AMOUNT_MINOR_MAX * 1_000_000
    if match is None or (what != "total" and minor > AMOUNT_MINOR_MAX):
        raise BillCorrupt(f"line {at}: the {what} is not an amount")
    return -minor if match[1] == "-" else minor
