"""What a browser sends: forms, cookies, wishes for a language, ways back. Read as meant or refused, never a crash, never two readings."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import strategies as st

from faka.kernel.errors import TooLarge
from faka.kernel.ids import is_order_id
from faka.platform import web
from faka.platform.web import FORM_BYTES_MAX, FORM_FIELDS_MAX, FORM_TYPE, Request, UnreadableForm, WrongBodyType, has_controls, see_other
from pages import forms, i18n, visitor
from pages.forms import BadForm, Reader
from pages.i18n import LANGUAGES, accepted
from pages.render import THEMES
from pages.visitor import ORDERS_MAX, codes_value, is_code, page_of, read_codes, safe_path
from tests.fuzz.fuzzing import finds, fuzz, refused
from tests.kit.doors import CONTEXT, event, load
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.property

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
    fuzz("form", one_reading, st.tuples(BODIES, KINDS), examples=3_500)


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
FIELDS = st.fixed_dictionaries({"a": WORDS, "b": NUMBERS | WORDS, "c": MAILS | WORDS, "d": st.sampled_from(["x", "y", "z", "X"])})


def test_typed_fields_are_inside_their_bounds_or_named() -> None:
    fuzz("fields", within_its_bounds, FIELDS, examples=2_500)


# -- cookies, language, ways back -------------------------------------------------------------------------------------------

NO = "ord_01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
NUMBERS_OF = st.sampled_from([NO, NO, NO[:-1] + "6", "ord_x", None, 1, []])
CODES_OF = st.sampled_from(["0" * 16, "o" * 16, "short", "", "!" * 16, None, 1, {}])
PAIRS = st.lists(st.tuples(NUMBERS_OF, CODES_OF) | st.lists(CODES_OF, max_size=3), max_size=12)
CODES = PAIRS.map(lambda pairs: urlsafe_b64encode(json.dumps(pairs).encode()).decode())
VALUES = st.sampled_from(["zh.dark", "en.", ".light", "zh", "xx.yy", "..", '"', "=", "a=b", "\\", "%00", "é", "[" * 500]) | CODES | WORDS
NAMES = (
    st.sampled_from(["__Host-prefs", "__Host-orders", "__Host-grant", "prefs", "__host-orders", "", "$Version", "expires", "path"]) | TEXTS
)
COOKIES = st.lists(st.tuples(NAMES, VALUES), max_size=6).map(lambda pairs: "; ".join(f"{name}={value}" for name, value in pairs)) | WORDS


def only_what_is_ours(given: tuple[str, str, str]) -> None:
    """Of a visitor only what we gave him is believed: two languages, three themes, eight orders with codes of our shape."""
    cookie, wish, asked = given
    request = Request("GET", "/", "/", headers={"cookie": cookie, "accept-language": wish})
    who = visitor.visitor(request.cookies, request.headers, "/", {"hl": asked})
    assert who.frame.lang in LANGUAGES
    assert who.frame.theme in THEMES
    assert len(who.codes) <= ORDERS_MAX
    assert all(is_order_id(no) and is_code(code) for no, code in who.codes.items())
    assert len(who.grant) <= 80
    again = read_codes(codes_value(who.codes, NO, "0" * 16))
    assert next(iter(again)) == NO


def test_any_cookie_is_a_wish() -> None:
    fuzz("cookies", only_what_is_ours, st.tuples(COOKIES, WORDS, WORDS), examples=2_500)


TAGS = st.sampled_from(["zh", "zh-CN", "zh_TW", "ZH", "en", "en-US", "EN-gb", "de", "*", "", "z", "enx", "\x00"])
WEIGHTS = st.sampled_from(
    ["", ";q=1", ";q=0.5", ";q=0", ";q=0.9", ";q=nan", ";q=inf", ";q=-1", ";q=1e400", ";q=x", "; q=0.3", ";q=", ";Q=1", ";q=0.5;q=1"]
)
WISHES = st.lists(st.tuples(TAGS, WEIGHTS), max_size=30)


def the_best_of_ours(wishes: list[tuple[str, str]]) -> None:
    """The language with the highest plain weight, the first of equals; oddly written ones may count for anything or nothing."""
    header = ",".join(tag + weight for tag, weight in wishes)
    found = accepted(header)
    assert found in LANGUAGES
    plain = {"": 1.0, ";q=1": 1.0, ";q=0.5": 0.5, ";q=0": 0.0, ";q=0.9": 0.9}
    if len(wishes) > 20 or any(weight not in plain for _, weight in wishes):
        return
    ours = {"zh": "zh", "zh-CN": "zh", "zh_TW": "zh", "ZH": "zh", "en": "en", "en-US": "en", "EN-gb": "en"}
    ranked = sorted((-plain[weight], n, ours[tag]) for n, (tag, weight) in enumerate(wishes) if tag in ours and plain[weight])
    assert found == (ranked[0][2] if ranked else i18n.DEFAULT)


def test_the_best_language_of_any_header() -> None:
    fuzz("Accept-Language", the_best_of_ours, WISHES, examples=2_000)
    fuzz("Accept-Language", lambda text: None if accepted(text) in LANGUAGES else 1 / 0, TEXTS, examples=500)


PATHS = st.lists(
    st.sampled_from(
        ["/", "//", "\\", "o", NO, "p", "..", "http:", "@", "evil.example", "?", "#", "[", "]", "%2f", ":", "\t", "\n", " ", "é"]
    ),
    max_size=8,
)


def stays_here(parts: list[str]) -> None:
    """A way back is a path of this shop, whatever a browser makes of its signs, and it can stand in a header."""
    for made in (safe_path("".join(parts)), page_of("".join(parts))):
        assert re.fullmatch(r"/(?:[A-Za-z0-9_.~-][A-Za-z0-9/_.~-]*)?", made)
        assert see_other(made).headers["Location"] == made


def test_a_way_back_never_leaves_the_shop() -> None:
    fuzz("way back", stays_here, PATHS, examples=2_500)


# -- the callback door ------------------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(3)
        yield made


def test_the_callback_door_answers_any_body_in_its_own_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    callbacks = load("callbacks")
    monkeypatch.setattr(callbacks, "deps", world.deps)
    order = world.buy()
    honest = world.notices(order)[0].body
    route = "/v1/callbacks/{channel}/{account}"

    def check(given: tuple[str, str, str, bytes, str]) -> None:
        method, channel, account, body, kind = given
        made = event(
            method, route, "/v1/callbacks/x/y", {"channel": channel, "account": account}, "", body, {"content-type": kind}, "192.0.2.1"
        )
        status = callbacks.handler(made, CONTEXT)["statusCode"]
        assert status in (400, 401, 404, 422)
        assert world.order(order).state == order.state
        refused("callback body")

    spoiled = st.integers(1, len(honest) - 1).map(lambda at: honest[:at] + bytes([honest[at] ^ 1]) + honest[at + 1 :])
    accounts = st.sampled_from(["alipay", "epay", "nobody", "", "a" * 300, "../x", "\x00", "é"])
    kinds = KINDS | st.just("application/x-www-form-urlencoded; text/html; charset=utf-8")
    given = st.tuples(st.sampled_from(["GET", "POST"]), accounts, accounts, BODIES | spoiled | st.just(b""), kinds)
    fuzz("callback body", check, given, examples=600)


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


def test_twin_a_cookie_that_is_believed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "is_code", lambda code: True)
    assert finds(only_what_is_ours, st.tuples(COOKIES, WORDS, WORDS), examples=2_500)


def test_twin_a_header_whose_weights_are_not_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "float", lambda text: 1.0, raising=False)
    assert finds(the_best_of_ours, WISHES, examples=500)


def test_twin_a_way_back_that_may_leave_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "_PATH", re.compile(".*", re.DOTALL))
    assert finds(stays_here, PATHS, examples=500)
