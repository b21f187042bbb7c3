"""Reading parameters and spelling them for a signature, the way Alipay and epay both do.

Values stay bytes until the signature is proved: what is verified is what was sent, whatever its charset claims to be.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, NOTICE_FIELDS_MAX
from faka.kernel.clock import SHANGHAI
from faka.kernel.errors import InvalidAmount
from faka.kernel.exchange import Malformed, RawRequest
from faka.kernel.money import Currency, Money, parse_decimal


Fields = dict[str, bytes]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_ESCAPES = re.compile(rb"(?:[^%\x00-\x20\x7f-\xff]|%[0-9A-Fa-f]{2})*")
_SECOND_FIELD = re.compile(rb"&[A-Za-z0-9_]+=")
_FORM = "application/x-www-form-urlencoded"
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.-]+)", re.ASCII)


def form_fields(raw: RawRequest) -> Fields:
    """The fields of a posted form: parameters in the body only, each once.

    Raises: Malformed.
    """
    if raw.method != "POST" or raw.query:
        raise Malformed("a notice is a POST without a query")
    content_type = raw.headers.get("content-type", "").lower()
    charset = _CHARSET.search(content_type)
    # Alipay is known to send `application/x-www-form-urlencoded; text/html; charset=utf-8`.
    if content_type.split(";")[0].strip() != _FORM or (charset and charset.group(1) not in ("utf-8", "utf8")):
        raise Malformed("a notice is a form in UTF-8")
    if not 0 < len(raw.body) <= NOTICE_BYTES_MAX:
        raise Malformed("the notice is empty or too large")
    if not _ESCAPES.fullmatch(raw.body):
        raise Malformed("the notice is not URL-encoded")
    pairs = [pair.partition(b"=") for pair in raw.body.split(b"&")]
    return _distinct((_decode(name).decode("latin-1"), _decode(value)) for name, _, value in pairs)


def query_fields(raw: RawRequest) -> Fields:
    """The fields of a query: parameters in the address only, each once.

    Raises: Malformed.
    """
    if raw.method != "GET" or raw.body:
        raise Malformed("a notice by address has no body")
    if sum(len(name) + len(value) for name, value in raw.query) > NOTICE_BYTES_MAX:
        raise Malformed("the notice is too large")
    return _distinct((name, value.encode("utf-8", "surrogatepass")) for name, value in raw.query)


def _decode(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _distinct(pairs: Iterable[tuple[str, bytes]]) -> Fields:
    fields: Fields = {}
    for count, (name, value) in enumerate(pairs):
        if count == NOTICE_FIELDS_MAX:
            raise Malformed("the notice has too many fields")
        if not _NAME.fullmatch(name):
            raise Malformed("a field's name is not plain (arrays are not read)")
        if name in fields:
            raise Malformed("a field came twice")
        # The canonical form does not quote: a value that holds `&name=` reads as two fields to one party and as one to
        # another, and a signature over one reading would pass for the other.
        if _SECOND_FIELD.search(value):
            raise Malformed("a value holds another field")
        fields[name] = value
    return fields


def signed_text(fields: Mapping[str, bytes], without: frozenset[str]) -> bytes:
    """`k=v` joined by `&`, sorted by name in byte order, empty values and `without` left out, nothing encoded."""
    return b"&".join(name.encode() + b"=" + fields[name] for name in sorted(fields) if fields[name] and name not in without)


def word(fields: Mapping[str, bytes], name: str, pattern: re.Pattern[str]) -> str:
    """A field that must be there and fit.

    Raises: Malformed, naming the field and never its value.
    """
    try:
        text = fields.get(name, b"").decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not pattern.fullmatch(text):
        raise Malformed(f"{name} is missing or unreadable")
    return text


NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
"""Trade numbers, ours and theirs. Wider than ours on purpose: an authentic notice for a number of another system that
shares the account is stored as an orphan, not refused for its shape."""

STATUS = re.compile(r"[A-Z_]{1,40}", re.ASCII)
AMOUNT = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,8})?", re.ASCII)
NOTICE_ID = re.compile(r"[0-9A-Za-z_.-]{8,128}", re.ASCII)


def money_of(text: str, currency: Currency) -> Money:
    """Raises: Malformed."""
    try:
        return parse_decimal(text, currency)
    except InvalidAmount:
        raise Malformed("an amount is unreadable") from None


def beijing_time(text: str) -> datetime | None:
    """A provider's `2019-08-15 15:56:24` as UTC; None where there is none: a date is never a reason to lose a payment."""
    try:
        return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI).astimezone(UTC)
    except (ValueError, OverflowError):  # the first day of the calendar begins before it in UTC
        return None


def plain_subject(text: str, bytes_max: int) -> str:
    """The goods' name as every gateway takes it: no `& = / ? # % +`, no control or 4-byte characters, cut to fit."""
    kept = "".join(c if c.isprintable() and c not in "&=/?#%+\\'\"<>" and ord(c) < 0x10000 else " " for c in text)
    return " ".join(kept.split()).encode()[:bytes_max].decode("utf-8", "ignore").strip() or "order"
