"""The signature of the form protocol, and the fields that it covers.

Values stay bytes until they are proved: what is verified is what was sent.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from faka.kernel.exchange import Malformed, RawRequest
from faka.kernel.secret import Secret


FORM: Final = "application/x-www-form-urlencoded"
NOTICE_BYTES_MAX: Final = 8 * 1024
"""A callback has eight fields of at most a hundred letters."""

NOTICE_FIELDS_MAX: Final = 30

_HEX32 = re.compile(rb"[0-9a-f]{32}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}", re.ASCII)
_ESCAPES = re.compile(rb"(?:[^%\x00-\x20\x7f-\xff]|%[0-9A-Fa-f]{2})*")
_SECOND_FIELD = re.compile(rb"&[A-Za-z0-9_]+=")


def canonical(fields: Mapping[str, bytes]) -> bytes:
    """What is signed. ASCII alone is turned to lower case: platforms differ in what they do to other letters, and none has any."""
    return b"&".join(name.encode() + b"=" + fields[name] for name in sorted(fields) if name != "sign").lower()


def signature(fields: Mapping[str, bytes], key: Secret) -> str:
    return hashlib.md5(canonical(fields) + key.reveal().encode(), usedforsecurity=False).hexdigest()


def is_signed(fields: Mapping[str, bytes], keys: Iterable[Secret]) -> bool:
    sign = fields.get("sign", b"")
    wanted = [signature(fields, key).encode() for key in keys]
    return bool(_HEX32.fullmatch(sign)) and any(hmac.compare_digest(sign, one) for one in wanted)


def form_fields(raw: RawRequest) -> dict[str, bytes]:
    """Parameters in the body only, each once, none hidden in another: the signed text does not quote. Raises: Malformed."""
    content_type = raw.headers.get("content-type", "").split(";")[0].strip().lower()
    if raw.method != "POST" or raw.query or content_type != FORM:
        raise Malformed("a callback is a posted form")
    if not 0 < len(raw.body) <= NOTICE_BYTES_MAX or not _ESCAPES.fullmatch(raw.body):
        raise Malformed("the callback is empty, too large or not URL-encoded")
    fields: dict[str, bytes] = {}
    for pair in raw.body.split(b"&", NOTICE_FIELDS_MAX):
        name, _, value = (unquote_to_bytes(part.replace(b"+", b" ")) for part in pair.partition(b"="))
        plain = name.decode("latin-1")
        if not _NAME.fullmatch(plain) or plain in fields or _SECOND_FIELD.search(value):
            raise Malformed("a field is not plain, came twice or holds another")
        fields[plain] = value
    return fields


def word(fields: Mapping[str, bytes], name: str, pattern: re.Pattern[str]) -> str:
    text = fields.get(name, b"").decode("latin-1")
    if not pattern.fullmatch(text):
        raise Malformed(f"{name} is missing or unreadable")
    return text
