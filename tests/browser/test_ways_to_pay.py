"""Six ways to pay on one page: a handful in sight, the rest behind one line, nothing that scrolls sideways, and an end that says so."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.catalog.model import ChannelRow
from tests.browser.chrome import require_chromium
from tests.browser.shop import serving
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.browser

LONG = {"zh": "国际银行卡（维萨、万事达、运通）", "en": "International card (Visa, Mastercard, Amex)"}
MORE = [
    ("wechatpay", {"zh": "微信支付", "en": "WeChat Pay"}, {}),
    ("epay-two", {"zh": "易支付二", "en": "Epay two"}, {"fee_bp": 120}),
    ("cards", LONG, {"fee_bp": 290, "fee_fixed_minor": 200}),
    ("usdt", {"zh": "USDT", "en": "USDT"}, {"fee_bp": 50}),
]
SEEN = 4


@pytest.fixture
def shop(built: None) -> Iterator[tuple[World, str]]:
    require_chromium()
    with engine_world() as world:
        world.stock_up(5)
        for position, (name, title, rule) in enumerate(MORE, start=2):
            row = world.providers.epay.row().model_dump() | {"id": name, "title": title, "position": position} | rule
            world.deps.tables.commit([world.deps.catalog.save_channel(ChannelRow.model_validate(row))])
        world.deps.catalog.forget()
        with serving(world) as url:
            yield world, url


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_four_of_six_ways_are_seen_at_once_and_none_makes_the_page_wider(shop: Any, context: Any, width: int, lang: str) -> None:
    _, url = shop
    page = context(width=width, lang=lang).new_page()
    page.goto(f"{url}/p/video-vip")
    ways = page.locator("#channel .option")
    assert ways.count() == 6
    assert [ways.nth(n).is_visible() for n in range(6)] == [True] * SEEN + [False] * 2
    page.click(".more-ways > summary")
    assert ways.nth(5).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    narrow = [ways.nth(n).locator(".option-name").bounding_box()["width"] for n in range(6)]
    assert min(narrow) >= 24, "no title is squeezed to a column of single letters"


def test_a_way_behind_the_line_that_was_chosen_is_in_sight_when_the_page_comes_back(shop: Any, context: Any) -> None:
    _, url = shop
    page = context(script=False).new_page()
    page.goto(f"{url}/p/video-vip?channel=usdt:epay")
    assert page.locator("input[value='usdt:epay']").is_checked()
    assert page.locator("label[for='pay-6']").is_visible()


def test_the_total_follows_the_fee_of_the_way_that_is_chosen(shop: Any, context: Any) -> None:
    _, url = shop
    page = context(lang="en").new_page()
    page.goto(f"{url}/p/video-vip")
    page.click(".more-ways > summary")
    page.check("input[value='cards:epay']")
    page.wait_for_selector("#sum .price:has-text('18.26')")  # 15.80 + 2.9 % + 2.00
    assert "2.46" in page.inner_text("#sum")


def test_with_every_way_closed_the_page_says_so_and_has_nothing_to_press(shop: Any, context: Any) -> None:
    world, url = shop
    for row in world.deps.catalog.channels():
        world.providers.secrets.forget(row.secret_name)
    page = context(lang="en").new_page()
    page.goto(f"{url}/p/video-vip")
    assert page.locator("#channel .note-warn").is_visible()
    assert page.locator(".pay-bar button").is_disabled()
