"""The shop's doors over real flows: what a buyer sees, what bad input gets, what never leaves."""

import json
import re
from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.kernel.ids import OrderId, lookup_code, ulid
from tests.kit.doors import Page, Shop
from tests.kit.world import World


pytestmark = pytest.mark.integration

SECRET = "CANARY-{n}-7QXK"
NOTICE = {"notice": {"zh": "一经查看不退。", "en": "No refund once shown."}, "notice_version": "2026-01"}
PAGE = "/p/video-vip"


@pytest.fixture
def world(dynamodb: Any) -> World:
    made = World(dynamodb, **NOTICE)
    made.stock_up(5, secret=SECRET)
    return made


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world.deps)


def filled(page: Page, **changes: str) -> dict[str, str]:
    form = {name: page.hidden(name) for name in ("form_id", "code", "seen_total_minor")}
    form |= {"sku": "video-vip-month", "quantity": "1", "contact": "a@example.com", "channel": "alipay:precreate", "consent": "2026-01"}
    return {name: value for name, value in (form | changes).items() if value != "-"}


def bought(shop: Shop, **changes: str) -> str:
    page = shop.post(PAGE, filled(shop.get(PAGE), **changes))
    assert page.status == 303, page.text
    return page.location.rpartition("/")[2]


def orders(world: World) -> int:
    return sum(1 for row in world.rows("test-trade") if row["pk"].startswith("ORDER#"))


# -- the way from page to card --------------------------------------------------------------------------------------


def test_one_form_and_one_payment_lead_to_the_card(world: World, shop: Shop) -> None:
    no = bought(shop)
    page = shop.get(f"/o/{no}")
    assert 'class="qr"' in page.text
    assert shop.get(f"/o/{no}/status", x_state="pending_payment.none.none").status == 204
    world.pay(world.deps.orders.get(OrderId(no)))
    changed = shop.get(f"/o/{no}/status", x_state="pending_payment.none.none")
    assert changed.status == 200
    assert "<html" not in changed.text
    assert "CANARY" not in changed.text + shop.get(f"/o/{no}").text
    opened = shop.post(f"/o/{no}/cards", {"open_id": changed.hidden("open_id")})
    assert "CANARY-0-7QXK" in opened.text
    assert "CANARY" not in shop.get(f"/o/{no}").text, "a reload masks it again"


def test_the_order_keeps_consent_contact_and_language(world: World, shop: Shop) -> None:
    order = world.deps.orders.get(OrderId(bought(shop)))
    assert (order.consent, order.contact, order.locale) == ("2026-01", "a@example.com", "en")


def test_the_same_form_sent_twice_is_one_order(world: World, shop: Shop) -> None:
    form = filled(shop.get(PAGE))
    assert shop.post(PAGE, form).location == shop.post(PAGE, form).location
    assert orders(world) == 1


def test_a_used_form_with_other_choices_comes_back_ready_to_send_again(world: World, shop: Shop) -> None:
    form = filled(shop.get(PAGE))
    shop.post(PAGE, form)
    page = shop.post(PAGE, form | {"quantity": "2", "seen_total_minor": ""})
    assert page.status == 409
    assert page.hidden("form_id") != form["form_id"]
    assert shop.post(PAGE, filled(page, quantity="2")).status == 303


def test_the_text_file_holds_every_card_and_its_name_none(world: World, shop: Shop) -> None:
    no = bought(shop, quantity="3", seen_total_minor="")
    world.pay(world.deps.orders.get(OrderId(no)))
    page = shop.post(f"/o/{no}/cards.txt", {})
    assert page.text == "".join(f"NUMBER-{n}\tCANARY-{n}-7QXK\r\n" for n in range(3))
    assert page.headers["content-disposition"] == f'attachment; filename="video-vip-{no}.txt"'


def test_an_open_page_is_never_cached_and_every_page_forbids_foreign_code(world: World, shop: Shop) -> None:
    no = bought(shop)
    world.pay(world.deps.orders.get(OrderId(no)))
    for page in (
        shop.get("/"),
        shop.get(PAGE),
        shop.get(f"/o/{no}"),
        shop.post(f"/o/{no}/cards", {}),
        shop.get("/orders"),
        shop.get("/nope/x"),
    ):
        if page.status == 403:
            continue
        assert page.headers["cache-control"] == "private, no-store"
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy


# -- the form comes back as typed -----------------------------------------------------------------------------------


def test_every_fault_is_named_at_once_and_everything_typed_is_kept(world: World, shop: Shop) -> None:
    page = shop.post(PAGE, filled(shop.get(PAGE), quantity="0", contact="bad mail", consent="-"))
    assert page.status == 422
    for field, text in (("quantity", "from 1 to 10"), ("contact", "name@example.com"), ("consent", "tick the box")):
        assert re.search(rf'<a href="#{field}">[^<]*{text}', page.text)
        assert f'id="{field}-fault"' in page.text
    assert page.hidden("contact") == "bad mail"
    assert page.hidden("quantity") == "0"
    assert orders(world) == 0


def test_the_language_button_keeps_the_form(shop: Shop) -> None:
    form = filled(shop.get(PAGE), contact="kept@example.com", quantity="3")
    page = shop.post(PAGE, form | {"lang": "zh"})
    assert page.status == 200
    assert 'lang="zh-CN"' in page.text
    assert (page.hidden("contact"), page.hidden("quantity"), page.hidden("form_id")) == ("kept@example.com", "3", form["form_id"])
    assert shop.cookies["__Host-prefs"].startswith("zh.")
    assert "全部商品" in shop.get("/").text


def test_without_a_script_the_total_is_confirmed_before_paying(world: World, shop: Shop) -> None:
    page = shop.post(PAGE, filled(shop.get(PAGE), quantity="2"))
    assert page.status == 409
    assert "Please check the new total" in page.text
    assert "CN¥31.60" in page.text
    assert shop.post(PAGE, filled(page, quantity="2")).status == 303
    assert "CN¥47.40" in shop.post(PAGE, filled(page, quantity="3", step="quote")).text
    assert orders(world) == 1


def test_sold_out_says_how_many_are_left_and_what_else_there_is(world: World, shop: Shop) -> None:
    page = shop.post(PAGE, filled(shop.get(PAGE), quantity="9", seen_total_minor=""))
    assert page.status == 409
    assert "Only 5 left" in page.text
    assert "Nothing was charged" in page.text
    assert world.left == 5


def test_the_live_total_is_a_part_of_the_page(shop: Shop) -> None:
    page = shop.get(f"{PAGE}/quote?sku=video-vip-month&quantity=2&channel=alipay:page", x_fragment="1")
    assert (page.status, page.hidden("seen_total_minor")) == (200, "3160")
    assert "<html" not in page.text
    bad = shop.get(f"{PAGE}/quote?sku=video-vip-month&quantity=0", x_fragment="1")
    assert bad.status == 422
    assert 'id="sum"' in bad.text


# -- proof of ownership ---------------------------------------------------------------------------------------------


def test_unknown_and_foreign_orders_look_the_same(world: World, shop: Shop) -> None:
    no = bought(shop)
    stranger = Shop(world.deps)
    absent = f"ord_{ulid(world.clock.now(), world.chance)}"
    seen = [stranger.get(f"/o/{one}") for one in (no, absent)]
    assert [page.status for page in seen] == [404, 404]
    assert seen[0].text.replace(no, "NO") == seen[1].text.replace(absent, "NO")
    for path, method in (
        ("/cards", "POST"),
        ("/cards.txt", "POST"),
        ("/status", "GET"),
        ("/check", "POST"),
        ("/cancel", "POST"),
        ("/pay", "POST"),
    ):
        answers = [stranger.call(method, f"/o/{one}{path}", b"channel=x:y", FORM) for one in (no, absent)]
        assert [page.status for page in answers] == [404, 404], path
        assert answers[0].text.replace(no, "NO") == answers[1].text.replace(absent, "NO")
    assert world.deps.orders.get(OrderId(no)).state is OrderState.PENDING_PAYMENT


FORM = {"content_type": "application/x-www-form-urlencoded", "origin": "https://shop.test"}


def test_number_and_lookup_code_open_the_page_on_another_device(world: World, shop: Shop) -> None:
    no = bought(shop)
    page = shop.get(f"/o/{no}")
    code = re.search(r'id="order-code">([^<]+)', page.text)
    assert code is not None
    other = Shop(world.deps)
    found = other.post("/orders", {"no": f" {no[4:].lower()} ", "code": code.group(1).lower()})
    assert (found.status, found.location) == (303, f"/o/{no}")
    assert other.get(f"/o/{no}").status == 200


def test_a_wrong_code_says_nothing_and_the_tenth_is_the_last(world: World, shop: Shop) -> None:
    no = bought(shop)
    other = Shop(world.deps)
    statuses = [other.post("/orders", {"no": no, "code": lookup_code(world.chance)}).status for _ in range(12)]
    assert statuses[:10] == [404] * 10
    assert statuses[-1] == 429


def test_a_mailed_code_opens_the_orders_of_that_address_only(world: World, shop: Shop) -> None:
    no = bought(shop, contact="mine@example.com")
    world.pay(world.deps.orders.get(OrderId(no)))
    world.minute(2)
    other = Shop(world.deps)
    asked = [other.post("/orders/mail", {"mail": mail}).text for mail in ("mine@example.com", "nobody@example.com")]
    assert asked[0].replace("mine", "X") == asked[1].replace("nobody", "X")
    digits = re.search(r"\b(\d{6})\b", world.letters[-1][2])
    assert digits is not None
    found = other.post("/orders/code", {"mail": "mine@example.com", "digits": f" {digits.group(1)[:3]} {digits.group(1)[3:]}"})
    assert (found.status, found.location) == (303, "/orders")
    assert no in other.get("/orders").text
    assert other.get(f"/o/{no}").status == 200
    assert other.post("/orders/code", {"mail": "mine@example.com", "digits": digits.group(1)}).status == 422, "a code works once"


def test_a_mail_address_or_a_number_alone_opens_nothing(world: World, shop: Shop) -> None:
    no = bought(shop)
    other = Shop(world.deps)
    assert other.post("/orders", {"no": no}).status == 422
    assert other.post("/orders", {"code": "x" * 16}).status == 422
    assert no not in other.get("/orders").text


# -- links ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def link_world(dynamodb: Any) -> World:
    made = World(dynamodb, kind="LINK", **NOTICE)
    made.stock_up(2, secret="https://redeem.example/r/{n}?k=1&x=2")
    return made


def test_a_link_opens_once_and_the_second_opening_learns_when(link_world: World) -> None:
    shop = Shop(link_world.deps)
    no = bought(shop)
    link_world.pay(link_world.deps.orders.get(OrderId(no)))
    first, second = shop.get(f"/o/{no}"), shop.get(f"/o/{no}")
    assert "redeem.example" not in first.text
    opened = shop.post(f"/o/{no}/cards", {"open_id": first.hidden("open_id")})
    assert (
        '<a class="button button-primary button-wide" href="https://redeem.example/r/0?k=1&amp;x=2" rel="noreferrer noopener"'
        in opened.text
    )
    assert shop.post(f"/o/{no}/cards", {"open_id": first.hidden("open_id")}).status == 200, "the same opening may repeat"
    refused = shop.post(f"/o/{no}/cards", {"open_id": second.hidden("open_id")})
    assert refused.status == 409
    assert "redeem.example" not in refused.text
    assert "2026-03-02 12:00" in shop.get(f"/o/{no}").text


@pytest.mark.parametrize("secret", ["javascript:alert(1)", 'https://x.example/" onclick="x', "data:text/html,x", "not a link"])
def test_only_a_plain_web_address_becomes_a_link(dynamodb: Any, secret: str) -> None:
    world = World(dynamodb, kind="LINK")
    world.stock_up(1, secret=secret)
    shop = Shop(world.deps)
    no = bought(shop)
    world.pay(world.deps.orders.get(OrderId(no)))
    page = shop.post(f"/o/{no}/cards", {"open_id": shop.get(f"/o/{no}").hidden("open_id")})
    assert page.status == 200
    assert "Go to my link" not in page.text


# -- bad input ------------------------------------------------------------------------------------------------------

BAD = {
    "quantity": ["", "0", "-1", "11", "501", "99999999999999999999", "1.5", "1e3", "２", "٣", "abc", "=1+1", "@SUM(A1)", "😀", "0x1", " "],
    "sku": ["", "nope", "VIDEO-VIP-MONTH", "x" * 5000, "😀", "../x", "=1+1", "video-vip-month\x00"],
    "contact": [
        "x",
        "a@b",
        "=cmd|'/c calc'!A1@x.com",
        "😀@x.com",
        "a@b.com\nBcc: c@d.com",
        "a" * 3000 + "@b.com",
        "\x00@b.com",
        "𠀀@b.com",
    ],
    "channel": ["", "nope", "nope:page", "alipay", "alipay:nope", "alipay:", ":page", "😀:page", "x" * 5000, "epay:page"],
    "form_id": ["", "x", "01", "ord_01KJPB7WG08HQWXGN3V08Q7SBR", "0" * 27, "😀"],
    "code": ["", "x", "0" * 15, "0" * 400, "😀" * 16],
    "consent": ["", "2025-12", "x" * 5000, "true"],
    "seen_total_minor": ["-1", "1580.0", "1.5e3", "abc", "9" * 30, "=1", "1"],
}


@pytest.mark.parametrize("field", BAD)
def test_a_bad_field_is_refused_with_a_word_on_what_to_change(world: World, shop: Shop, field: str) -> None:
    fresh = shop.get(PAGE)
    for value in BAD[field]:
        form = filled(fresh, **{field: value})
        page = shop.post(PAGE, form)
        machine = shop.post(PAGE, form, accept="application/json")
        assert page.status in (409, 422), (value, page.status, page.text[:500])
        assert machine.status in (404, 409, 422), (value, machine.text)
        problem = json.loads(machine.text)
        assert problem["title"]
        assert problem["code"] not in ("unexpected", "broken")
        if problem["code"] == "unreadable_form":
            assert "could not be read" in page.text
        else:
            assert 'role="alert"' in page.text
            assert page.hidden("form_id")
        if len(value) > 500:
            assert value not in page.text + machine.text
    assert orders(world) == 0
    assert world.left == 5


def test_marks_that_nobody_sees_are_not_held_against_a_buyer(world: World, shop: Shop) -> None:
    page = shop.post(PAGE, filled(shop.get(PAGE), contact="\u202aa@example.com\u202c", quantity="\ufeff1\u200b"))
    assert page.status == 303
    assert world.deps.orders.get(OrderId(page.location[3:])).contact == "a@example.com"


def test_what_is_missing_altogether_is_asked_for(world: World, shop: Shop) -> None:
    page = shop.post(PAGE, {})
    assert page.status == 422
    assert page.hidden("form_id")
    assert shop.post(PAGE, b"").status == 422
    assert orders(world) == 0


def test_an_unlisted_product_cannot_be_bought_through_an_old_page(world: World, shop: Shop) -> None:
    form = filled(shop.get(PAGE))
    world.deps.tables.commit(world.deps.catalog.publish(world.product.changed(state="UNLISTED"), world.product.version))
    world.clock.advance(10)
    page = shop.post(PAGE, form)
    assert page.status in (404, 409)
    assert "Find my order" in page.text
    assert shop.get(PAGE).status == 404


NOWHERE = (
    "/p/%00",
    "/p/" + "x" * 3000,
    "/p/😀",
    "/p/VIDEO-VIP",
    "/c/nope",
    "/c/%F0%9F%98%80",
    "/o/x",
    "/o/ord_",
    "/o/ord_01KJPB7WG08HQWXGN3V08Q7SB%00",
    "/o/%0d%0aSet-Cookie:x=1",
    "/o/%0d%0aSet-Cookie:x=1?a=1",
    "/o/../../etc/passwd",
    "/static/x/y",
    "/static/abc/..%2f..%2fi18n.py",
)


def test_an_address_that_leads_nowhere_is_a_plain_answer(shop: Shop) -> None:
    for path in NOWHERE:
        page = shop.get(path)
        assert page.status in (403, 404), (path, page.text[:300])
        assert page.set_cookies == []
        assert "Traceback" not in page.text


QUERIES = (
    "?page=0",
    "?page=-1",
    "?page=99999",
    "?page=x",
    "?page=%00",
    "?hl=xx",
    "?hl=zh",
    "?page=1&page=2",
    "?sku=%F0%9F%98%80",
    "?quantity=x",
)


def test_odd_queries_show_the_page_or_say_what_is_wrong(shop: Shop) -> None:
    for query in QUERIES:
        for path in ("/", "/c/video", PAGE):
            assert shop.get(path + query).status in (200, 422), query


def test_what_a_provider_hangs_on_the_way_back_leaves_the_address(shop: Shop) -> None:
    no = bought(shop)
    page = shop.get(f"/o/{no}?sign=abc&sign=def&trade_status=TRADE_SUCCESS")
    assert (page.status, page.location) == (303, f"/o/{no}?asked=1")
    assert "Confirming your payment" in shop.get(page.location).text


PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}",
    "{% raw %}",
    "</title><script>",
    "${7*7}",
)


def test_no_field_becomes_markup(shop: Shop) -> None:
    for payload in PAYLOADS:
        _send_everywhere(shop, payload)


def _send_everywhere(shop: Shop, payload: str) -> None:
    form = filled(shop.get(PAGE), contact=payload, quantity=payload, sku=payload, channel=payload)
    pages = [shop.post(PAGE, form), shop.post("/orders", {"no": payload, "code": payload}), shop.post("/orders/mail", {"mail": payload})]
    pages += [shop.post("/orders/code", {"mail": payload, "digits": payload}), shop.get(f"{PAGE}?quantity={payload}")]
    for page in pages:
        assert payload not in page.text or payload in ("{{7*7}}", "{% raw %}", "${7*7}", "'-alert(1)-'"), page.status
        assert "<script>" not in page.text
        assert ">49<" not in page.text


# -- preferences, files ---------------------------------------------------------------------------------------------


def test_preferences_are_kept_and_lead_back(shop: Shop) -> None:
    page = shop.post("/prefs", {"lang": "zh", "back": "/help"})
    assert (page.status, page.location) == (303, "/help")
    shop.post("/prefs", {"theme": "dark", "back": "/"})
    assert 'lang="zh-CN" data-theme="dark"' in shop.get("/").text
    assert shop.post("/prefs", {"theme": "dark", "back": "https://evil.example/"}).location == "/"
    assert shop.post("/prefs", {"theme": "neon", "lang": "tlh"}).status == 303


def test_files_are_kept_for_good_under_their_hash_and_not_under_another(shop: Shop) -> None:
    [path] = re.findall(r'href="(/static/[^"]+base\.css)"', shop.get("/").text)
    assert shop.get(path).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert shop.get("/static/000000000000/base.css").headers["cache-control"] == "no-store"
