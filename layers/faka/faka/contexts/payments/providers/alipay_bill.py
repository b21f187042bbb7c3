"""Alipay's trade bill: a zip of GBK tables, one line a payment or refund, with its own totals at the end of each table.

```
#支付宝业务明细查询                      whose table and of which day
#账号：[20880000000000000156]
#起始日期：[2026年03月02日 00:00:00]   终止日期：[2026年03月03日 00:00:00]
#-----业务明细列表-----
支付宝交易号,商户订单号,业务类型,…      columns are found by name: older and newer files have others
2026…\t,pay…\t,交易     ,…              values end with a tab; a refund is negative, 服务费 is negative where it is charged
#-----业务明细列表结束-----             a table without it was cut
#交易合计：2笔，商家实收共31.60元，…     held against what was read
#退款合计：1笔，商家实收退款共-5.00元，…
```
A zip may claim anything, so it is read piece by piece, within bounds of members, bytes and line length, and nothing of it is ever
written to a disk under a name that it chose.
"""

import hashlib
import re
import zlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import BinaryIO, Final
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from faka.contexts.payments.providers import alipay_table
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.alipay_gateway import Gateway, Refused
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.bill import BILL_BYTES_MAX, BILL_LINES_MAX, BillCorrupt, BillFile, BillLine, BillNotReady
from faka.kernel.clock import SHANGHAI
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Transport


READY_HOUR: Final = 9
"""A day's bill is made by nine o'clock of the next morning in Shanghai; until then *there is none* may mean *not yet*."""

NO_BILL: Final = frozenset({"BILL_NOT_EXIST", "ACQ.BILL_NOT_EXIST", "isp.bill_not_exist", "isv.bill_not_exist"})
"""Nothing happened on that day. The code is spelled in several ways."""

MEMBERS_MAX: Final = 200
"""A bill is one table and one summary; very large ones are cut into several."""

PLAIN_BYTES_MAX: Final = 4 << 30
"""Ten million lines of 400 bytes. What unpacks to more is a bomb."""

LINE_BYTES_MAX: Final = 16 * 1024
"""A line is 300 to 700 bytes; the longest name and remark together are under 3 KB."""

_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+(?:alipay|alipayobjects)\.com", re.ASCII)
_TABLE: Final = re.compile(r"业务明细(?:[_-]?[0-9]{1,4})?\.csv")


def fetch(account: ChannelAccount, gateway: Gateway, transport: Transport, day: date, now: datetime, into: BinaryIO) -> BillFile | None:
    """Ask for the address and follow it at once: it lives 30 seconds.

    Raises: BillNotReady, ProviderUnavailable.
    """
    try:
        node = gateway.call("alipay.data.dataservice.bill.downloadurl.query", {"bill_type": "trade", "bill_date": day.isoformat()})
    except Refused as refusal:
        if refusal.sub_code not in NO_BILL:
            raise
        if now < _ready_at(day):
            raise BillNotReady(account.id) from refusal
        return None
    kept = _Kept(into)
    try:
        status = transport.download(_address(account, text_of(node, "bill_download_url")), kept, bytes_max=BILL_BYTES_MAX)  # type: ignore[arg-type]
    except Unavailable as error:
        raise ProviderUnavailable("alipay's bill did not come") from error
    if status != 200 or not kept.size:
        raise ProviderUnavailable("alipay's bill did not come")
    return BillFile(media="application/zip", bytes=kept.size, sha256=kept.hash.hexdigest())


def _ready_at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, READY_HOUR, tzinfo=SHANGHAI) + timedelta(days=1)


def _address(account: ChannelAccount, address: str) -> str:
    """Where the file may lie: at Alipay, by https (their documents still print http); for a gateway elsewhere, at that very host.

    Raises: ProviderUnavailable.
    """
    gateway, wanted = urlsplit(account.gateway), urlsplit(address)
    if _HOST.fullmatch(gateway.hostname or ""):
        if _HOST.fullmatch(wanted.netloc) and wanted.scheme in ("http", "https"):
            return wanted._replace(scheme="https").geturl()
    elif (wanted.scheme, wanted.netloc) == (gateway.scheme, gateway.netloc):
        return address
    raise ProviderUnavailable("alipay's bill lies at another host")


class _Kept:
    """Passes on what is written, counts and hashes it."""

    def __init__(self, into: BinaryIO) -> None:
        self._into = into
        self.size = 0
        self.hash = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self.size += len(piece)
        self.hash.update(piece)
        return self._into.write(piece)


# -- reading --------------------------------------------------------------------------------------------------------------


def lines(account: ChannelAccount, day: date, source: BinaryIO) -> Iterator[BillLine]:
    """Raises: BillCorrupt."""
    try:
        with ZipFile(source) as packed:
            at = count(1)
            for member in _tables(packed):
                yield from alipay_table.read(account, day, _pieces(packed, member, at))
    except (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, OverflowError) as error:
        # Every way in which a broken, encrypted or foreign zip shows itself; their texts may hold names of members.
        raise BillCorrupt(f"the zip cannot be read: {type(error).__name__}") from None


def _tables(packed: ZipFile) -> list[ZipInfo]:
    """The tables of a bill, each with its true name; the summary is left out.

    Raises: BillCorrupt when there is none, or when the zip is not what a bill can be.
    """
    members = packed.infolist()
    if len(members) > MEMBERS_MAX or sum(member.file_size for member in members) > PLAIN_BYTES_MAX:
        raise BillCorrupt("the zip is too large to be a bill")
    found = [member for member in members if _TABLE.search(_name(member))]
    if any(member.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or member.flag_bits & 1 for member in found):
        raise BillCorrupt("the zip is packed in a way that bills are not")
    if not found or len({_name(member) for member in found}) != len(found):
        raise BillCorrupt("the zip holds no table, or one twice")
    return sorted(found, key=_name)


def _name(member: ZipInfo) -> str:
    """Names are GBK without a flag that says so; a reader that knows no better takes them for cp437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return ""


def _pieces(packed: ZipFile, member: ZipInfo, numbers: Iterator[int]) -> Iterator[tuple[int, str]]:
    """The lines of a table as text, numbered through all tables.

    Raises: BillCorrupt.
    """
    with packed.open(member) as table:
        while raw := table.readline(LINE_BYTES_MAX):
            at = next(numbers)
            if len(raw) >= LINE_BYTES_MAX or at > BILL_LINES_MAX:
                raise BillCorrupt(f"line {at} is too long, or one too many")
            try:
                text = raw.decode("gb18030")
            except UnicodeDecodeError:
                raise BillCorrupt(f"line {at} is not GBK") from None
            yield at, text.rstrip("\r\n")
