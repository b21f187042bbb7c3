"""The search for what nobody may read: every spelling is found, nothing is found where nothing is, and `ALLOWED` is kept short."""

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

from faka.kernel.secret import Secret
from tests.kit.providers import SecretShelf, shared_keys
from tests.kit.sinks import ALLOWED, Canaries, Kind, leaks


pytestmark = pytest.mark.unit

MARKS = Canaries("search")
TEXT = MARKS.secret.format(n=5)


def zipped(text: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", text)
    return out.getvalue()


SPELLED: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda text: text,
    "lower case": bytes.lower,
    "base64 at 0": base64.b64encode,
    "base64 at 1": lambda text: base64.b64encode(b"x" + text),
    "base64 at 2": lambda text: base64.urlsafe_b64encode(b"xy" + text),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text)),
    "hexadecimal": lambda text: text.hex().encode(),
    "HEXADECIMAL": lambda text: text.hex().upper().encode(),
    "url": lambda text: "".join(f"%{byte:02x}" for byte in text).encode(),
    "url of a form": lambda text: quote(text).encode(),
    "json": lambda text: "".join(f"\\u{byte:04x}" for byte in text).encode(),
    "utf-16": lambda text: text.decode().encode("utf-16-le"),
    "utf-16 the other way round": lambda text: text.decode().encode("utf-16-be"),
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "gzip in base64 in json": lambda text: json.dumps({"body": base64.b64encode(gzip.compress(text)).decode()}).encode(),
    "zip": zipped,
}


@pytest.mark.parametrize("spelling", SPELLED)
def test_a_card_is_found_in_every_spelling(spelling: str) -> None:
    spelled = SPELLED[spelling](TEXT.encode())
    before = b"" if spelling == "zip" else b'{"message":"'
    assert leaks("log", before + spelled, MARKS, deep=True)
    assert not leaks("log", before + SPELLED[spelling](b"something else entirely, and longer"), MARKS, deep=True)


@pytest.mark.parametrize(
    "content", [TEXT, {"a": [1, {"b": TEXT.encode()}]}, {TEXT}, (TEXT,), {"pk": {"S": base64.b64encode(TEXT.encode())}}]
)
def test_a_value_of_any_shape_is_read_whole(content: object) -> None:
    assert leaks("row trade", [content], MARKS)


def test_an_error_is_read_with_its_causes() -> None:
    with pytest.raises(KeyError) as raised:
        _fails()
    assert leaks("exception", raised.value, MARKS)
    assert not leaks("exception", str(raised.value), MARKS)


def _fails() -> None:
    try:
        raise ValueError(TEXT)
    except ValueError as inner:
        raise KeyError("outer") from inner


def test_every_kind_is_found_and_named() -> None:
    marks = Canaries("kinds")
    planted: dict[Kind, str | bytes] = {
        Kind.CARD: marks.number.format(n=1),
        Kind.CONTACT: marks.contact,
        Kind.LOOKUP_CODE: "0123456789ABCDEF",
        Kind.MAILED_CODE: "918273",
        Kind.GRANT: "GRANT0123456789ABCDEF0123456789AB",
        Kind.DATA_KEY: bytes(range(100, 132)),
        Kind.MAC_KEY: bytes(range(200, 232)),
    }
    for kind, value in planted.items():
        marks.add(kind, value)
    keys = shared_keys().channels("https://provider.test")
    marks.channels(SecretShelf({one["id"]: {name: Secret(value) for name, value in one["secret"].items()} for one in keys}))
    planted[Kind.CHANNEL_SECRET] = keys[0]["secret"]["private_key"]
    assert set(planted) == set(Kind)
    for kind, value in planted.items():
        for deep in (False, True):
            assert [line for line in leaks("log", {"k": value}, marks, deep=deep) if line.startswith(f"log: {kind}")]


def test_a_short_code_is_not_found_inside_a_longer_number() -> None:
    marks = Canaries("short")
    marks.add(Kind.MAILED_CODE, "123456")
    assert leaks("log", "code 123456.", marks)
    assert not leaks("log", "1234567 91234560 a123456", marks)


def test_a_kind_may_stand_in_its_own_places_only() -> None:
    row = {"contact": MARKS.contact}
    assert not leaks("row trade ord_1", row, MARKS)
    assert leaks("row guard", row, MARKS)
    assert leaks("row trades", row, MARKS), "another name that begins the same way"
    assert leaks("row trade", {"contact": TEXT}, MARKS), "another kind in the same place"
    assert not leaks("answer POST /o/{no}/cards", TEXT, MARKS)
    assert leaks("answer POST /o/{no}", TEXT, MARKS)


def test_cards_may_stand_in_the_two_answers_that_open_them_and_nowhere_else() -> None:
    assert sorted(place for place, (kinds, _why) in ALLOWED.items() if Kind.CARD in kinds) == [
        "answer POST /o/{no}/cards",
        "answer POST /o/{no}/cards.txt",
    ]


def test_what_is_searched_is_counted() -> None:
    marks = Canaries("count")
    leaks("log", b"x" * 1000, marks)
    assert marks.scanned == 1000
