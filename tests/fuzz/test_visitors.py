"""What a browser brings along: cookies, wishes for a language, ways back. Only what is ours is believed, and nothing leads away."""

import json
import re
from base64 import urlsafe_b64encode

import pytest
from hypothesis import strategies as st

from faka.kernel.ids import is_order_id
from faka.platform.web import Request, see_other
from pages import i18n, visitor
from pages.i18n import LANGUAGES, accepted
from pages.render import THEMES
from pages.visitor import ORDERS_MAX, codes_value, is_code, page_of, read_codes, safe_path
from tests.fuzz.fuzzing import finds, fuzz


pytestmark = [pytest.mark.property, pytest.mark.filterwarnings("ignore:No application metrics")]

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

NO = "ord_01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
NUMBERS_OF = st.sampled_from([NO, NO, NO[:-1] + "6", "ord_x", None, 1, []])
CODES_OF = st.sampled_from(["0" * 16, "o" * 16, "short", "", "!" * 16, None, 1, {}])
PAIRS = st.lists(st.tuples(NUMBERS_OF, CODES_OF) | st.lists(CODES_OF, max_size=3), max_size=12)
CODES = PAIRS.map(lambda pairs: urlsafe_b64encode(json.dumps(pairs).encode()).decode())
VALUES = st.sampled_from(["zh.dark", "en.", ".light", "zh", "xx.yy", "..", '"', "=", "a=b", "\\", "%00", "é", "[" * 500]) | CODES | WORDS
NAMES = (
    st.sampled_from(["__Host-prefs", "__Host-orders", "__Host-grant", "prefs", "__host-orders", "", "$Version", "expires", "path"]) | TEXTS
)
OURS = CODES.map(lambda value: f"__Host-prefs=en.dark; __Host-orders={value}")
COOKIES = (
    OURS | st.lists(st.tuples(NAMES, VALUES), max_size=6).map(lambda pairs: "; ".join(f"{name}={value}" for name, value in pairs)) | WORDS
)


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
    fuzz("cookies", only_what_is_ours, st.tuples(COOKIES, WORDS, WORDS), examples=1_800)


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
    fuzz("way back", stays_here, PATHS, examples=2_000)


# -- twins ---------------------------------------------------------------------------------------------------------------


def test_twin_a_cookie_that_is_believed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "is_code", lambda code: True)
    assert finds(only_what_is_ours, st.tuples(COOKIES, WORDS, WORDS), examples=2_500)


def test_twin_a_header_whose_weights_are_not_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "float", lambda text: 1.0, raising=False)
    assert finds(the_best_of_ours, WISHES, examples=500)


def test_twin_a_way_back_that_may_leave_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "_PATH", re.compile(".*", re.DOTALL))
    assert finds(stays_here, PATHS, examples=500)
