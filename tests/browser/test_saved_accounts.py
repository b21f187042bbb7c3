"""Saved accounts in a real browser: chosen, passed over, removed; with script and without, in both languages and themes."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.flows.saved_accounts import remembered
from faka.kernel.ids import OrderId
from tests.browser import audit
from tests.browser.shop import serving
from tests.kit.world import World
from tests.unit.catalog.given import sku
from tests.unit.recharges.given import FORM
from tests.unit.wallets.given import quick_world


pytestmark = pytest.mark.browser

PAGE = "/p/video-vip"
PLAN = {"kind": "MANUAL_RECHARGE", "account_form": FORM, "skus": (sku("video-vip-month", per_order_max=1),)}
BYTES_MAX = 20 * 1024
"""As for every product's page."""
NUMBERS = ("13800138000", "15912345678")


@pytest.fixture(scope="module")
def shop(built: None) -> Iterator[tuple[World, str]]:
    with quick_world(**PLAN) as world, serving(world) as url:
        yield world, url


def opened(context: Any, shop: tuple[World, str], **wishes: Any) -> Any:
    """The product's page in a browser that keeps both numbers, the second one the newest."""
    world, _url = shop
    world.clock.advance(hours=1)  # no unpaid order of another test is in the way
    value = ""
    for number in NUMBERS:
        value = remembered(world.deps, value, "video-vip", {"mobile": number})
    browser = context(**wishes)
    kept = {"name": "__Host-accounts", "value": value, "url": "https://127.0.0.1", "secure": True, "httpOnly": True, "sameSite": "Lax"}
    browser.add_cookies([kept])
    return browser


BOTH = pytest.mark.parametrize(("lang", "script", "width"), [("zh", True, 390), ("en", False, 1280)])


@BOTH
def test_the_newest_is_chosen_in_sight_and_what_is_typed_shows_with_another_one(
    context: Any, shop: tuple[World, str], lang: str, script: bool, width: int
) -> None:
    page = opened(context, shop, lang=lang, script=script, width=width).new_page()
    page.goto(shop[1] + PAGE)
    assert page.inner_text("label[for=saved-1]") == "159•••78"
    assert page.is_checked("#saved-1")
    assert not page.is_visible("#account_mobile")
    page.check("#saved-another")
    assert page.is_visible("#account_mobile")
    page.fill("#account_mobile", "150 0015")
    with page.expect_navigation():
        page.click(".saved-one button >> nth=0")
    assert page.inner_text("label[for=saved-1]") == "138•••00"
    assert page.input_value("#account_mobile") == "150 0015"
    assert page.url == shop[1] + PAGE


@BOTH
def test_enter_in_a_field_orders_and_removes_nothing(context: Any, shop: tuple[World, str], lang: str, script: bool, width: int) -> None:
    page = opened(context, shop, lang=lang, script=script, width=width).new_page()
    page.goto(shop[1] + PAGE)
    page.fill("#contact", "a@example.com")
    with page.expect_request("**/o/**") as arrival:
        page.press("#contact", "Enter")
    order = shop[0].deps.orders.get(OrderId(arrival.value.url.rpartition("/")[2]))
    assert order.account == {"mobile": NUMBERS[1]}


def test_twin_without_the_unseen_button_before_them_enter_would_press_the_first_remove(context: Any, shop: tuple[World, str]) -> None:
    page = opened(context, shop).new_page()
    page.goto(shop[1] + PAGE)
    page.evaluate("for (const one of document.querySelectorAll('button.sr, .language button')) one.remove()")
    with page.expect_navigation():
        page.press("#contact", "Enter")
    assert page.locator(".saved-one").count() == len(NUMBERS) - 1


def test_where_the_style_hides_nothing_typing_chooses_another_one(context: Any, shop: tuple[World, str]) -> None:
    page = opened(context, shop).new_page()
    page.goto(shop[1] + PAGE)
    page.evaluate("document.querySelector('.account-typed').style.display = 'block'")
    page.check("#remember_account")
    assert page.is_checked("#saved-1")
    page.fill("#account_mobile", "1")
    assert page.is_checked("#saved-another")


@pytest.mark.parametrize(("lang", "scheme", "width"), [("zh", "light", 320), ("en", "dark", 1280)])
def test_the_page_is_what_every_page_must_be(context: Any, shop: tuple[World, str], lang: str, scheme: str, width: int) -> None:
    browser, url = opened(context, shop, lang=lang, scheme=scheme, width=width), shop[1]
    found = audit.visit(browser, lambda page: page.goto(url + PAGE), url)
    assert (found.status, found.axe, found.console, found.foreign, found.covered) == (200, [], [], [], [])
    assert found.sideways <= 0
    assert found.bytes <= BYTES_MAX
    assert audit.invalid_html(found.html) == ""
    assert audit.raw_keys(found.text) == []
    assert audit.untranslated(found.text, lang) == []
