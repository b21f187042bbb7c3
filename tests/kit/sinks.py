"""Marks that stand for what nobody may read, and the search for them in whatever the shop keeps, writes, sends or answers.

```python
marks = Canaries(seed=7)
world.stock_up(10, number=marks.number, secret=marks.secret)      # card texts, each with the run's mark in it
order = world.buy(contact=marks.contact, code=marks.code(chance)) # what a buyer types
marks.channels(world.providers.secrets)                           # keys of the payment channels
marks.add(Kind.DATA_KEY, plain)                                   # what the shop makes itself, whenever it is seen
leaks("row trade", rows, marks)                                   # [] or ["row trade: card (raw)"]
leaks("log", lines, marks, deep=True)                             # every spelling, packed and archived content too
```
A place is named by its sink and, where it has one, its table, route or part. `ALLOWED` lists the few places where a kind belongs.
"""

import hashlib
import json
import re
import traceback
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from tests.kit.unpacking import flat, unpacked


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Kind(StrEnum):
    CARD = "card"
    CONTACT = "contact"
    CHANNEL_SECRET = "channel secret"
    LOOKUP_CODE = "lookup code"
    MAILED_CODE = "mailed code"
    GRANT = "grant"
    DATA_KEY = "data key"
    MAC_KEY = "mac key"


ALLOWED: dict[str, tuple[frozenset[Kind], str]] = {
    "answer POST /o/{no}/cards": (frozenset({Kind.CARD, Kind.LOOKUP_CODE}), "the buyer opens what he bought"),
    "answer POST /o/{no}/cards.txt": (frozenset({Kind.CARD}), "the same as a file"),
    "answer GET /o/{no}": (frozenset({Kind.LOOKUP_CODE}), "who brought the code reads it on his page, to use it elsewhere"),
    "answer GET /o/{no}/status": (frozenset({Kind.LOOKUP_CODE}), "the part of that page which the script swaps"),
    "answer GET /p/{slug}": (frozenset({Kind.LOOKUP_CODE}), "a fresh form carries the code of the order that it will become"),
    "answer POST /p/{slug}": (frozenset({Kind.LOOKUP_CODE, Kind.CONTACT}), "the cookie of the order; a refused form keeps what was typed"),
    "answer POST /orders": (frozenset({Kind.LOOKUP_CODE}), "the cookie with the code that was just proven"),
    "answer POST /orders/mail": (frozenset({Kind.CONTACT}), "the form for the mailed code keeps the address that was typed"),
    "answer POST /orders/code": (frozenset({Kind.GRANT, Kind.CONTACT}), "the cookie that the mailed code earned; a refused form"),
    "row trade": (frozenset({Kind.CONTACT}), "the order keeps the address that its mail goes to, in a table under its own key"),
    "stream trade": (frozenset({Kind.CONTACT}), "the images of that row"),
    "mail to": (frozenset({Kind.CONTACT}), "the address of the envelope"),
    "mail subject": (frozenset({Kind.MAILED_CODE}), "six digits that work once, at this address, for ten minutes"),
    "mail text": (frozenset({Kind.MAILED_CODE}), "the same digits"),
    "kms answer": (frozenset({Kind.DATA_KEY, Kind.MAC_KEY}), "the key service makes them; they live in memory only"),
    "http request GET": (frozenset({Kind.CHANNEL_SECRET}), "epay's query carries the shared key by its protocol, to the gateway alone"),
    "secret store": (frozenset({Kind.CHANNEL_SECRET}), "where they are kept"),
}
"""What may stand where, and why. A place matches itself and what follows it after a space."""

_SHORT = 12
"""Shorter values (six digits) are looked for between non-digits only: inside longer numbers they would be found by chance."""


class Canaries:
    """The marks of one run. Two seeds never share one."""

    def __init__(self, seed: int | str = 1) -> None:
        digest = hashlib.sha256(f"canary {seed}".encode()).digest()
        self.mark = "ZQ" + "".join(_ALPHABET[byte & 31] for byte in digest[:14])
        """In every card of the run: 70 bits of chance, so that nothing else holds it."""
        self.number = self.mark + "-N{n:06d}"
        self.secret = self.mark + "-S{n:06d}"
        self.contact = f"b{digest[14:22].hex()}@mail.test"
        self.scanned = 0
        """Bytes that were searched so far, unpacked ones included."""
        self._texts: dict[bytes, Kind] = {}
        self._quick: list[tuple[bytes, Kind]] = []
        self._short: list[tuple[re.Pattern[bytes], Kind]] = []
        self._spelled: dict[bytes, tuple[Kind, str]] = {}
        self.add(Kind.CARD, self.mark)
        self.add(Kind.CONTACT, self.contact.partition("@")[0])

    def add(self, kind: Kind, value: str | bytes) -> None:
        """Look for this value too, from now on."""
        plain = value.encode() if isinstance(value, str) else bytes(value)
        if not plain or plain in self._texts:
            return
        self._texts[plain] = kind
        if len(plain) < _SHORT:
            self._short.append((re.compile(rb"(?<![0-9A-Za-z])" + re.escape(plain) + rb"(?![0-9A-Za-z])"), kind))
            return
        for needle, spelling in _spellings(plain).items():
            self._spelled.setdefault(needle, (kind, spelling))
        self._quick += [(needle, kind) for needle in _quick(plain, is_card=kind is Kind.CARD)]

    def channels(self, secrets: Any) -> None:
        """The keys of all payment channels of a shelf (`FakeProviders.secrets`)."""
        kept: Mapping[str, Mapping[str, Any]] = secrets._kept
        for fields in kept.values():
            for value in fields.values():
                text = value.reveal()
                self.add(Kind.CHANNEL_SECRET, text if len(text) < 80 else text[len(text) // 2 :][:48])

    def quick(self, blob: bytes) -> Iterator[tuple[Kind, str]]:
        """Hits of the plain spellings: one search for each needle, no unpacking."""
        self.scanned += len(blob)
        yield from ((kind, "plain") for needle, kind in self._quick if needle in blob)
        yield from ((kind, "plain") for pattern, kind in self._short if pattern.search(blob))

    def deep(self, blob: bytes) -> Iterator[tuple[Kind, str]]:
        """Hits of every spelling, in the content itself and in what is packed into it."""
        for how, part in unpacked(blob):
            self.scanned += len(part)
            small = part.lower()
            for needle, (kind, spelling) in self._spelled.items():
                if needle in (small if spelling == "any case" else part):
                    yield kind, how + spelling
            yield from ((kind, how + "raw") for pattern, kind in self._short if pattern.search(part))


def leaks(where: str, content: object, canaries: Canaries, *, deep: bool = False) -> list[str]:
    """What stands there and must not: `place: kind (spelling)`, empty when all is well.

    `content` is bytes, text, an exception (with its causes) or any value of which `repr` shows the parts; a list of 200 rows costs
    well under a millisecond. `deep` looks for every spelling, and into archives and packed text.
    """
    allowed = _allowed(where)
    if deep:
        found = set(canaries.deep(_plain(content)))
        if not isinstance(content, bytes | str | BaseException):
            found |= set(canaries.deep(flat(content)))
    else:
        found = set(canaries.quick(_plain(content)))
    return sorted(f"{where}: {kind} ({spelling})" for kind, spelling in found if kind not in allowed)


def _plain(content: object) -> bytes:
    match content:
        case bytes():
            return content
        case str():
            text = content
        case BaseException():
            text = "".join(traceback.format_exception(content)) + repr(content.args)
        case _:
            text = repr(content)
    return text.encode("utf-8", "backslashreplace")


def _allowed(where: str) -> frozenset[Kind]:
    kinds = [allowed for place, (allowed, _why) in ALLOWED.items() if where == place or where.startswith(place + " ")]
    return frozenset[Kind]().union(*kinds)


def _quick(plain: bytes, *, is_card: bool) -> list[bytes]:
    """As it is and as `repr` shows bytes; of a card also hexadecimal and base64, because cards are what is stored sealed."""
    found = [plain] if plain.isascii() else [plain, repr(plain)[2:-1].encode()]
    return [*found, plain.hex().encode(), *_base64(plain, b64encode)] if is_card else found


def _spellings(plain: bytes) -> dict[bytes, str]:
    """Every way that counts in which a value can be written down, by what it looks like."""
    found = {plain: "raw", repr(plain)[2:-1].encode(): "as shown", plain.hex().encode(): "hex", plain.hex().upper().encode(): "hex"}
    for packed in (b64encode, urlsafe_b64encode):
        found |= dict.fromkeys(_base64(plain, packed), "base64")
    found[quote(plain, safe="").encode()] = "url"
    found["".join(f"%{byte:02X}" for byte in plain).encode()] = "url"
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return {plain: "raw"} | found
    found[json.dumps(text)[1:-1].encode()] = "json"
    found["".join(f"\\u{ord(letter):04x}" for letter in text).encode()] = "json"
    found |= {text.encode("utf-16-le"): "utf-16", text.encode("utf-16-be"): "utf-16", plain: "raw"}
    return found | {text.lower().encode(): "any case"}


def _base64(plain: bytes, packed: Any) -> list[bytes]:
    """The symbols that depend on the value alone, for each of the three places where it can begin in a group."""
    return [packed(b"\0" * offset + plain)[first : (offset + len(plain)) * 8 // 6] for offset, first in enumerate((0, 2, 3))]
