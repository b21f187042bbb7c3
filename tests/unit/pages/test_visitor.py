"""What a browser brings along is a wish: read with bounds, never believed."""

import json
from base64 import urlsafe_b64encode

import pytest

from faka.kernel.ids import OrderId
from pages import visitor as visitor_module
from pages.visitor import CODES_VALUE_MAX, ORDERS_MAX, codes_value, page_of, read_codes, safe_path, visitor


pytestmark = pytest.mark.unit

NO = "ord_01KJPB7WG08HQWXGN3V08Q7SB{}"
CODE = "ABCDEFGH23456789"


def orders(count: int) -> list[str]:
    return [NO.format("0123456789ABCDEFGHJK"[i]) for i in range(count)]


def test_the_newest_orders_are_kept_and_the_oldest_leaves() -> None:
    kept: dict[OrderId, str] = {}
    for no in orders(ORDERS_MAX + 3):
        kept = read_codes(codes_value(kept, no, CODE))
    assert list(kept) == list(reversed(orders(ORDERS_MAX + 3)))[:ORDERS_MAX]
    assert len(codes_value(kept, orders(1)[0], CODE)) <= CODES_VALUE_MAX


def test_an_order_found_again_moves_to_the_front_once() -> None:
    first, second = orders(2)
    kept = read_codes(codes_value(read_codes(codes_value({}, first, CODE)), second, CODE))
    assert list(read_codes(codes_value(kept, first, CODE.lower()))) == [first, second]


def packed(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "%%%",
        "A" * 5000,
        packed({}),
        packed([1, 2]),
        packed([["x", "y"]]),
        packed([[NO.format("0"), "short"]]),
        packed([[NO.format("0")]]),
    ],
)
def test_a_forged_cookie_opens_nothing(value: str) -> None:
    assert read_codes(value) == {}


DEEP = [urlsafe_b64encode(text.encode()).decode() for text in ("[" * 5_000, "[" * 440, '{"a":' * 1_500, '[["ord_x",' * 900)]


@pytest.mark.parametrize("value", DEEP)
def test_brackets_within_brackets_break_nothing(value: str) -> None:
    assert read_codes(value) == {}


def test_twin_without_the_bound_they_break_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor_module, "CODES_VALUE_MAX", 8_000)
    with pytest.raises(RecursionError):
        read_codes(DEEP[0])


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("/p/video-vip", "/p/video-vip"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/p/x?next=//evil", "/p/x"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("/" + "a" * 400, "/"),
        ("", "/"),
        ("/%0d%0ax", "/"),
    ],
)
def test_the_way_back_stays_in_the_shop(path: str, safe: str) -> None:
    assert safe_path(path) == safe


@pytest.mark.parametrize(
    ("path", "page"), [("/o/ord_1/cards", "/o/ord_1"), ("/orders/code", "/orders"), ("/p/x/quote", "/p/x"), ("/help", "/help"), ("/", "/")]
)
def test_a_post_leads_back_to_the_page_it_belongs_to(path: str, page: str) -> None:
    assert page_of(path) == page


def test_language_by_address_then_cookie_then_browser() -> None:
    headers = {"accept-language": "en"}
    assert visitor({}, headers, "/", {}).frame.lang == "en"
    assert visitor({"__Host-prefs": "zh.dark"}, headers, "/", {}).frame.lang == "zh"
    assert visitor({"__Host-prefs": "zh.dark"}, headers, "/", {}).frame.theme == "dark"
    assert visitor({"__Host-prefs": "zh.dark"}, headers, "/", {"hl": "en"}).frame.lang == "en"
    assert visitor({"__Host-prefs": "xx.neon"}, headers, "/", {"hl": "'"}).frame == visitor({}, headers, "/", {}).frame
