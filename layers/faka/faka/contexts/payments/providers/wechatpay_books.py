"""Fetching WeChat Pay's trade bill of a day: an address is asked for, the file behind it is kept as it comes.

The address is signed and proved, the file is not: what proves it is the SHA-1 of its *unpacked* content, which the proved
answer named. An address lives for five minutes at most, so a refused download asks for a fresh one, once.
"""

import hashlib
import re
import zlib
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import BinaryIO, Final
from urllib.parse import urlencode

from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.bill import BILL_BYTES_MAX, BillCorrupt, BillFile, BillNotReady
from faka.contexts.payments.providers.wechatpay_gateway import Gateway, Refused, is_theirs
from faka.kernel.errors import Unavailable


PLAIN_BYTES_MAX: Final = 4 << 30
"""Ten million lines of 250 bytes and some air. What unpacks to more was made to fill our disk."""

PIECE_BYTES: Final = 64 * 1024
ADDRESSES_MAX = 2
_SHA1 = re.compile(r"[0-9a-f]{40}", re.ASCII)
_ADDRESS = re.compile(r"(https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?)(/[!-\"$-~]{1,2000})", re.ASCII)
_REFUSED_DOWNLOAD = (400, 403, 404)


class Gunzip:
    """Unpacks a file piece by piece; a file may be several packed one after the other."""

    def __init__(self) -> None:
        self._one = zlib.decompressobj(wbits=31)
        self._size = 0

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Raises: BillCorrupt."""
        while packed:
            if self._one.eof:
                self._one = zlib.decompressobj(wbits=31)
            try:
                plain = self._one.decompress(packed, PIECE_BYTES)
            except zlib.error:
                raise BillCorrupt("the file is not gzip") from None
            packed = self._one.unused_data if self._one.eof else self._one.unconsumed_tail
            self._size += len(plain)
            if self._size > PLAIN_BYTES_MAX:
                raise BillCorrupt("the file unpacks to too much")
            if plain:
                yield plain

    def finish(self) -> None:
        """Raises: BillCorrupt when the end has not come."""
        if not self._one.eof:
            raise BillCorrupt("the file ends early")


class _Passing(BytesIO):
    """Hands a file on and reckons what proves it; keeps nothing itself."""

    def __init__(self, into: BinaryIO) -> None:
        super().__init__()
        self._into = into
        self._gunzip = Gunzip()
        self._sha256, self._plain_sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
        self.bytes = 0

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._into.write(piece)
        self._sha256.update(piece)
        self.bytes += len(piece)
        for plain in self._gunzip.feed(piece):
            self._plain_sha1.update(plain)
        return len(piece)

    def proved(self, sha1: str) -> BillFile:
        self._gunzip.finish()
        if self._plain_sha1.hexdigest() != sha1:
            raise BillCorrupt("the content has another hash than the provider said")
        return BillFile(media="application/gzip", bytes=self.bytes, sha256=self._sha256.hexdigest(), provider_hash=f"sha1:{sha1}")


def fetch_bill(gateway: Gateway, day: date, into: BinaryIO) -> BillFile | None:
    """Raises: BillNotReady, BillCorrupt, ProviderUnavailable."""
    for _ in range(ADDRESSES_MAX):
        try:
            offer = gateway.call("GET", f"/v3/bill/tradebill?{urlencode({'bill_date': day, 'bill_type': 'ALL', 'tar_type': 'GZIP'})}")
        except Refused as refusal:
            if refusal.reason == "NO_STATEMENT_EXIST":
                return None
            if refusal.reason == "STATEMENT_CREATING":
                raise BillNotReady("wechatpay") from refusal
            raise
        sha1 = text_of(offer, "hash_value").lower()
        if text_of(offer, "hash_type") != "SHA1" or not _SHA1.fullmatch(sha1):
            raise ProviderUnavailable("wechatpay named no hash of the bill")
        passing = _Passing(into)
        status = _download(gateway, text_of(offer, "download_url"), passing)
        if status == 200:
            return passing.proved(sha1)
        if status not in _REFUSED_DOWNLOAD:
            break
    raise ProviderUnavailable("wechatpay did not hand out the bill")


def _download(gateway: Gateway, url: str, into: BinaryIO) -> int:
    """The address is used unchanged, its path and query are signed. Raises: ProviderUnavailable."""
    address = _ADDRESS.fullmatch(url)
    if address is None or not (address[1] == gateway.origin or is_theirs(address[1])):
        # Our signature goes there: to nobody else.
        raise ProviderUnavailable("wechatpay named a foreign address for the bill")
    try:
        headers = gateway.authorization("GET", address[2])
        return gateway.transport.download(url, into, headers=headers, bytes_max=BILL_BYTES_MAX)
    except Unavailable as error:
        raise ProviderUnavailable("the bill did not come whole") from error
