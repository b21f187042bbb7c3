"""Notices of both providers: no change of any byte becomes a fact, and no two messages have the same signed text."""

import base64
import hmac
import random
from collections.abc import Callable
from functools import cache
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

import pytest
from hypothesis import strategies as st

from faka.contexts.payments.providers import canonical, rsa
from faka.contexts.payments.providers.base import PaymentEvent
from faka.contexts.payments.providers.canonical import form_fields, query_fields, signed_text
from faka.kernel.exchange import Forged, Malformed, RawRequest
from tests.contract.notices import FORM, WAYS, Way
from tests.fuzz.fuzzing import finds, fuzz, refused


pytestmark = pytest.mark.property

MUTATIONS = 50
"""Changed messages of one drawn seed: signing is dear, changing and refusing is cheap."""

SEEDS = {"alipay": 420, "epay-get": 420, "epay-post": 420}
"""Times `MUTATIONS` these are 21,000 changed messages of each scheme."""

BYTES = [b"&", b"=", b"%", b"+", b"%00", b"%26", b"%3D", b"&&", b"&a=", b"&sign=", b"%2B", b"a", b"0", b"\x00", b"\xff", b"[]", b";"]


@cache
def way(name: str) -> Way:
    return Way(name)


@cache
def honest(name: str) -> tuple[bytes, PaymentEvent]:
    made = way(name)
    return urlencode(made.honest).encode(), made.adapter.parse_notice(made.sent(made.honest))


def changed(body: bytes, chance: random.Random) -> bytes:
    """One to three small changes: a byte turned, put in, taken out, two pieces swapped, a piece doubled, the rest cut off."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(body) or 1)
        upto = min(len(body), at + chance.randrange(1, 20))
        piece = chance.choice(BYTES)
        body = chance.choice((
            body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :] if body else piece,
            body[:at] + piece + body[at:],
            body[:at] + body[upto:],
            body[:at] + body[at:upto] * 2 + body[upto:],
            body[upto:] + body[at:upto] + body[:at],
            body[: at + 1],
            b"&".join(chance.sample(parts := body.split(b"&"), len(parts))),
        ))  # fmt: skip
    return body


def sent(name: str, body: bytes) -> RawRequest:
    if name == "epay-get":
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
        return RawRequest(method="GET", path="/", query=tuple(pairs))
    return RawRequest(method="POST", path="/", headers={"content-type": FORM}, body=body)


def meaning(raw: RawRequest) -> list[tuple[bytes, bytes]]:
    """What a message says, read by another reader than ours: names and values that are not empty, in order of names."""
    if raw.query:
        pairs = [(name.encode(), value.encode()) for name, value in raw.query]
    else:
        parts = [part.partition(b"=") for part in raw.body.replace(b"+", b" ").split(b"&")]
        pairs = [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in parts]
    return sorted((name, value) for name, value in pairs if value)


def believes_only(name: str) -> Callable[[int], int]:
    """For a seed: whatever the changes make of an honest notice is refused, unless it still says the very same."""
    body, event = honest(name)
    says = meaning(sent(name, body))

    def check(seed: int) -> int:
        chance = random.Random(seed)
        for _ in range(MUTATIONS):
            raw = sent(name, changed(body, chance))
            try:
                read = way(name).adapter.parse_notice(raw)
            except (Forged, Malformed):
                refused(f"notice {name}")
                continue
            assert meaning(raw) == says
            assert read.model_copy(update={"raw_sha256": event.raw_sha256}) == event
        return MUTATIONS

    return check


@pytest.mark.parametrize("name", WAYS)
def test_no_changed_notice_becomes_a_fact(name: str) -> None:
    fuzz(f"notice {name}", believes_only(name), st.integers(0, 2**32), examples=SEEDS[name])


@pytest.mark.parametrize("name", WAYS)
def test_every_single_bit_of_a_notice_counts(name: str) -> None:
    body, event = honest(name)
    says = meaning(sent(name, body))
    for at in range(len(body) * 8):
        turned = body[: at // 8] + bytes([body[at // 8] ^ 1 << at % 8]) + body[at // 8 + 1 :]
        raw = sent(name, turned)
        try:
            read = way(name).adapter.parse_notice(raw)
        except (Forged, Malformed):
            continue
        assert meaning(raw) == says
        assert read.dedupe_key == event.dedupe_key


@pytest.mark.parametrize("name", WAYS)
def test_what_is_no_notice_at_all_is_refused_in_our_words(name: str) -> None:
    def check(given: tuple[str, bytes, str, tuple[tuple[str, str], ...]]) -> None:
        method, body, kind, query = given
        raw = RawRequest(method=method, path="/", headers={"content-type": kind}, query=query, body=body)
        try:
            way(name).adapter.parse_notice(raw)
        except (Forged, Malformed):
            refused(f"notice {name}")
            return
        raise AssertionError("believed")

    kinds = st.sampled_from([FORM, "application/json", "", "text/html; charset=gbk", "application/x-www-form-urlencoded; charset=\xff"])
    words = (
        st.sampled_from([*(word.decode("latin-1") for word in BYTES), *way(name).fields, "sign", "sign_type", "MD5", "RSA2"]) | st.text()
    )
    bodies = st.binary(max_size=200) | st.lists(words, max_size=30).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))
    queries = st.lists(st.tuples(words, words), max_size=12).map(tuple)
    methods = st.sampled_from(["GET", "POST", "POST", "PUT", ""])
    fuzz(f"notice {name}", check, st.tuples(methods, bodies, kinds, queries), examples=500)


# -- the signed text ------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "ab", "a_", "_", "b1", "sign", "sign_type", "amount", "A"])
VALUES = st.lists(
    st.sampled_from(["", "1", "a", "=", "&", "&b", "b=", "&b=", "&1=", "&=", "a=1&b=2", "&_=", "%26", " ", "+", "é", "\x00"]), max_size=4
)
MAPS = st.dictionaries(NAMES, VALUES.map("".join), max_size=5)
SIGNED = frozenset({"sign", "sign_type"})


def one_text_one_meaning(maps: list[dict[str, str]]) -> int:
    """Of many messages that are read at all, those with one signed text are one message."""
    seen: dict[bytes, dict[str, bytes]] = {}
    for given in maps:
        for raw in (sent("post", urlencode(given).encode()), RawRequest(method="GET", query=tuple(given.items()))):
            try:
                fields = form_fields(raw) if raw.body else query_fields(raw)
            except Malformed:
                refused("signed text")
                continue
            text = signed_text(fields, SIGNED)
            meant = {name: value for name, value in fields.items() if value and name not in SIGNED}
            assert seen.setdefault(text, meant) == meant
    return 2 * len(maps)


def torn(given: dict[str, str]) -> list[dict[str, str]]:
    """A message, and all messages that its signed text could be taken for by a careless reader."""
    text = "&".join(f"{name}={value}" for name, value in sorted(given.items()) if value)
    parts = text.split("&")
    found = [given, dict(parse_qsl(text, keep_blank_values=True))]
    for at in range(1, len(parts)):
        for cut in ("&".join(parts[:at]), "&".join(parts[at:])):
            name, _, value = cut.partition("=")
            found.append({name: value})
            rest = [part.partition("=") for part in (parts[at:] if cut.startswith(parts[0]) else parts[:at])]
            found.append({name: value, **{key: held for key, _, held in rest}})
    return found


TORN = MAPS.map(torn)


def test_no_two_messages_have_the_same_signed_text() -> None:
    fuzz("signed text", one_text_one_meaning, TORN, examples=1_200)


# -- twins ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WAYS)
def test_twin_without_the_signature_check_a_changed_notice_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check = believes_only(name)
    monkeypatch.setattr(rsa, "is_signed", lambda *_: True)
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: True)
    assert finds(check, st.integers(0, 2**32), examples=20)


def test_twin_a_signature_that_leaves_a_field_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    check = believes_only("epay-post")
    real, secret = signed_text, way("epay-post").adapter.account.secret.reveal()

    def careless(fields, without):
        return real({**fields, "money": b"15.80"}, without)

    monkeypatch.setattr("faka.contexts.payments.providers.epay.signed_text", careless)
    assert secret
    assert finds(check, st.integers(0, 2**32), examples=200)


def test_twin_a_second_field_inside_a_value_makes_two_messages_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    monkeypatch.setattr(canonical, "_SECOND_FIELD", re.compile(rb"(?!)"))
    assert finds(one_text_one_meaning, TORN, examples=2_000)


def test_twin_a_reader_that_breaks_on_odd_base64_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    check = believes_only("alipay")
    monkeypatch.setattr(rsa, "signature_bytes", lambda text: base64.b64decode(text, validate=True))
    assert finds(check, st.integers(0, 2**32), examples=60)
