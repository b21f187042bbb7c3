"""Forms and their fields, and bodies of callbacks: read as meant or refused, never a crash, never two readings."""

import re
from collections.abc import Iterator
from unittest.mock import patch
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import strategies as st

from faka.contexts.orders.model import Order
from faka.kernel.errors import TooLarge
from faka.platform import web
from faka.platform.web import FORM_BYTES_MAX, FORM_FIELDS_MAX, FORM_TYPE, Request, UnreadableForm, WrongBodyType, has_controls
from pages import forms
from pages.forms import BadForm, Reader
from tests.fuzz.fuzzing import finds, fuzz, refused
from tests.kit.doors import CONTEXT, event, load
from tests.kit.world import World, engine_world


pytestmark = [pytest.mark.property, pytest.mark.filterwarnings("ignore:No application metrics")]

ROUTE = "/v1/callbacks/{channel}/{account}"

TEXTS = st.text(max_size=30)
ODD = st.sampled_from(
    [
        "",
        "\x00",
        "\r\nSet-Cookie: a=b",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\ud800",
        "１２",
        "٣",
        " 5 ",
        "1e3",
        "-1",
        "0x1",
        "a" * 300,
        "卡",
        "😀",
    ]
)
WORDS = TEXTS | ODD


# -- forms ----------------------------------------------------------------------------------------------------------------

PIECES = [
    b"a",
    b"b",
    b"=",
    b"=",
    b"&",
    b"&",
    b"%41",
    b"%00",
    b"%ff",
    b"%E5%8D%A1",
    b"%zz",
    b"%",
    b"+",
    b";",
    b"\x00",
    b"\xff",
    b"a[]",
    b"%26",
    b"%3D",
    b"%C2%85",
]
BODIES = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join) | st.binary(max_size=60)
KINDS = st.sampled_from(
    [FORM_TYPE, FORM_TYPE, FORM_TYPE, f"{FORM_TYPE}; charset=utf-8", FORM_TYPE.upper(), "application/json", "", "text/plain"]
)


def one_reading(given: tuple[bytes, str]) -> None:
    """A form that is read has one reading: that of a reader who knows nothing but `&`, `=`, `+` and `%`."""
    body, kind = given
    try:
        read = Request("POST", "/", "/", headers={"content-type": kind}, body=body).form
    except (TooLarge, WrongBodyType, UnreadableForm):
        refused("form")
        return
    pairs = [part.partition(b"=") for part in body.split(b"&") if part]
    plain = [tuple(unquote_to_bytes(side.replace(b"+", b" ")).decode() for side in (name, value)) for name, _, value in pairs]
    assert sorted(plain) == sorted(read.items())
    assert len(read) <= FORM_FIELDS_MAX
    assert not any(has_controls(text) for pair in read.items() for text in pair)


def test_a_form_has_one_reading_or_none() -> None:
    fuzz("form", one_reading, st.tuples(BODIES, KINDS), examples=3_000)


def test_a_form_at_its_bounds() -> None:
    def check(size: int) -> None:
        body = b"&".join(b"a%d=1" % n for n in range(size)) if size < 100 else b"a=" + b"x" * (size - 2)
        try:
            read = Request("POST", "/", "/", headers={"content-type": FORM_TYPE}, body=body).form
        except (TooLarge, UnreadableForm):
            assert FORM_FIELDS_MAX < size < 100 or size > FORM_BYTES_MAX
            return
        assert len(read) == (size if 0 < size < 100 else min(size, 1))

    fuzz("form", check, st.integers(0, 60) | st.integers(FORM_BYTES_MAX - 20, FORM_BYTES_MAX + 20), examples=120)


def within_its_bounds(given: dict[str, str]) -> None:
    """Whatever was typed: the reader gives values inside the bounds, or names the faults."""
    reader = Reader(given)
    text, whole, mail = reader.text("a", 12, missing="!"), reader.whole("b", 1, 500), reader.mail("c", is_required=True)
    choice = reader.choice("d", ("x", "y"), "!")
    if reader.faults:
        assert {fault.field for fault in reader.faults} <= set("abcd")
        assert all(fault.message for fault in reader.faults)
        with pytest.raises(BadForm):
            reader.done()
        refused("fields")
        return
    reader.done()
    assert 0 < len(text) <= 12
    assert 1 <= whole <= 500
    assert str(whole) == reader.raw("b")
    assert re.fullmatch(r"[!-~]+@[!-~]+\.[A-Za-z]+", mail)
    assert choice in ("x", "y")


NUMBERS = st.integers(-5, 600).map(str) | st.sampled_from(["007", "+1", "1.0", "１", "1_0", "٣", "5\u200b", "9" * 5_000])
MAILS = st.from_regex(r"[a-z.+_-]{1,5}@[a-z.-]{1,5}\.[a-z]{1,3}", fullmatch=True) | st.sampled_from(
    ["a@b.cd", "=1@b.cd", "a@b.cd\n", "a b@c.de", "a@b..cd"]
)
GOOD = {
    "a": st.text("ab 卡", min_size=1, max_size=9),
    "b": st.integers(1, 500).map(str),
    "c": st.just("a.b@example.com"),
    "d": st.just("x"),
}
ANY = st.fixed_dictionaries({"a": WORDS, "b": NUMBERS | WORDS, "c": MAILS | WORDS, "d": st.sampled_from(["x", "y", "z", "X"])})
FIELDS = st.tuples(ANY, st.fixed_dictionaries(GOOD), st.sets(st.sampled_from("abcd"))).map(
    lambda made: {name: made[1 if name in made[2] else 0][name] for name in "abcd"}
)
"""Good values in some of the fields, so that a fault in one is not hidden behind others."""


def test_typed_fields_are_inside_their_bounds_or_named() -> None:
    fuzz("fields", within_its_bounds, FIELDS, examples=2_000)


# -- the callback door ------------------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(3)
        yield made


def own_words(world: World, order: Order):
    """Whatever is sent to the callback door: one of its documented refusals, and the order stays as it is."""
    callbacks = load("callbacks")

    def check(given: tuple[str, str, str, bytes, str]) -> None:
        method, channel, account, body, kind = given
        params = {"channel": channel, "account": account}
        made = event(method, ROUTE, "/v1/callbacks/x/y", params, "", body, {"content-type": kind}, "192.0.2.1")
        with patch.object(callbacks, "deps", world.deps):
            status = callbacks.handler(made, CONTEXT)["statusCode"]
        assert status in (400, 401, 404, 422)
        assert world.order(order).state == order.state
        refused("callback body")

    return check


def notices(honest: bytes) -> st.SearchStrategy[tuple[str, str, str, bytes, str]]:
    """Half of them differ from an honest notice by one bit of its body and nothing else: far ones never come to the signature."""
    spoiled = st.integers(0, len(honest) - 1).map(lambda at: honest[:at] + bytes([honest[at] ^ 1]) + honest[at + 1 :])
    accounts = st.sampled_from(["alipay", "alipay", "alipay", "epay", "nobody", "", "a" * 300, "../x", "\x00", "é"])
    kind = "application/x-www-form-urlencoded; text/html; charset=utf-8"
    near = st.tuples(st.just("POST"), st.just("alipay"), st.just("alipay"), spoiled, st.just(kind))
    methods, bodies = st.sampled_from(["GET", "POST", "POST"]), BODIES | spoiled | spoiled | st.just(b"")
    return near | st.tuples(methods, accounts, accounts, bodies, KINDS | st.just(kind))


def test_the_callback_door_answers_any_body_in_its_own_words(world: World) -> None:
    order = world.buy()
    honest = world.notices(order)[0].body
    fuzz("callback body", own_words(world, order), notices(honest), examples=600)


# -- twins ---------------------------------------------------------------------------------------------------------------


def test_twin_a_form_whose_last_field_wins_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "once_each", dict)
    assert finds(one_reading, st.tuples(BODIES, KINDS), examples=1_000)


def test_twin_a_form_that_replaces_what_it_cannot_decode_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = web.parse_qsl
    monkeypatch.setattr(web, "parse_qsl", lambda text, **given: real(text, **{**given, "errors": "replace"}))
    assert finds(one_reading, st.tuples(BODIES, KINDS), examples=2_000)


@pytest.mark.parametrize("name", ["_WHOLE", "_MAIL"])
def test_twin_a_field_with_a_loose_pattern_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, name, {"_WHOLE": re.compile(r"\d+"), "_MAIL": re.compile(r".*")}[name])
    assert finds(within_its_bounds, FIELDS, examples=3_000)


def test_twin_a_callback_door_that_believes_everybody_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = world.buy()
    honest = world.notices(order)[0].body
    monkeypatch.setattr("faka.contexts.payments.providers.rsa.is_signed", lambda *_: True)
    assert finds(own_words(world, order), notices(honest), examples=600)
