"""The signature of the JSON protocol, over requests of ours and callbacks of theirs."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from faka.contexts.suppliers.base import SupplierUnavailable
from faka.contexts.suppliers.reading import object_of, read_json, text_of
from faka.kernel.exchange import Forged, Malformed, RawRequest
from faka.kernel.secret import Secret


JSON: Final = "application/json"
NOTICE_BYTES_MAX: Final = 8 * 1024
"""A callback has eight fields of at most a hundred letters."""

WINDOW_MS: Final = 5 * 60 * 1000
"""How old or new a callback's time may be: repeats are signed anew, so an older one was caught and sent by somebody else."""

_TIME = re.compile(r"[0-9]{13}", re.ASCII)
_HEX40 = re.compile(r"[0-9a-f]{40}", re.ASCII)


def dense(content: Mapping[str, object]) -> bytes:
    """Sorted names, no blanks, letters as they are: what is signed is what is sent."""
    return json.dumps(dict(content), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def signature(timestamp: str, body: bytes, key: Secret) -> str:
    return hashlib.sha1(timestamp.encode() + body + key.reveal().encode(), usedforsecurity=False).hexdigest()


def proved(raw: RawRequest, identity: str, keys: Iterable[Secret], now_ms: int) -> dict[str, object]:
    """The content of a callback whose very bytes are signed.

    The bytes are verified, never a spelling of ours of what they say: two readers of nested JSON differ, and a name that comes
    twice is refused. Raises: Malformed, Forged.
    """
    if raw.method != "POST" or raw.query or raw.headers.get("content-type", "").split(";")[0].strip().lower() != JSON:
        raise Malformed("a callback is posted JSON")
    if not 0 < len(raw.body) <= NOTICE_BYTES_MAX:
        raise Malformed("the callback is empty or too large")
    timestamp, sign = raw.headers.get("timestamp", ""), raw.headers.get("sign", "")
    if not _TIME.fullmatch(timestamp) or abs(int(timestamp) - now_ms) > WINDOW_MS:
        raise Forged("the callback's time is missing or not of now")
    wanted = [signature(timestamp, raw.body, key) for key in keys]
    if not _HEX40.fullmatch(sign) or not any(hmac.compare_digest(sign, one) for one in wanted):
        raise Forged("the signature is not the platform's")
    if raw.headers.get("userid") != identity:
        raise Forged("a callback for another account")
    try:
        return object_of(read_json(raw.body))
    except SupplierUnavailable:
        raise Malformed("the callback is unreadable") from None


def word(content: Mapping[str, object], name: str, pattern: re.Pattern[str]) -> str:
    """Raises: Malformed."""
    text = text_of(content, name)
    if not pattern.fullmatch(text):
        raise Malformed(f"{name} is missing or unreadable")
    return text
