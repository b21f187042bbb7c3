"""Threat T13, case F03: no text becomes markup, in any field, on any page, in either language; and each is shown as it was written.

Ring without a browser: the real doors answer, a parser that follows the standard reads, an allow-list of our own markup decides.
"""

import logging
from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import Order
from pages.visitor import codes_value, read_codes
from tests.browser.shop import republish
from tests.kit.world import engine_world
from tests.security_pages import visits
from tests.security_pages.hostile import LANGUAGES, PLAIN, HostileShop, languages_of
from tests.security_pages.payloads import payloads, taken
from tests.security_pages.report import report


pytestmark = pytest.mark.contract

TEXTS_MIN = 200


@pytest.fixture
def shop() -> Iterator[HostileShop]:
    logging.disable(logging.CRITICAL)  # a line for each of twenty thousand answers says nothing here
    try:
        yield from opened_shop()
    finally:
        logging.disable(logging.NOTSET)


def opened_shop() -> Iterator[HostileShop]:
    with engine_world(holds_max=500) as world:
        world.stock_up(400)
        made = HostileShop(world)
        made.dress(PLAIN)
        yield made


def test_there_are_enough_texts_and_each_field_takes_most_of_them() -> None:
    assert len(payloads()) >= 300
    assert min(len(taken(bound)) for bound in ("name", "line", "body")) >= TEXTS_MIN
    assert min(len(visits.typed()), len(visits.sealed())) >= TEXTS_MIN


def test_what_a_merchant_wrote_and_a_buyer_typed_is_text_on_every_page(shop: HostileShop) -> None:
    world = shop.world
    order = world.pay(world.buy(consent=world.product.notice_version))
    waiting = world.buy(consent=world.product.notice_version, channel="epay", method="epay")  # its address costs no RSA signature
    shop.shop.cookies["__Host-orders"] = codes_of(shop, order, waiting)
    for k in (PLAIN, *range(len(payloads()))):
        shop.dress(k)
        world.clock.set(waiting.created_at)  # it waits as long as this test needs
        for lang in languages_of(k):
            visits.refused_purchase(shop, k, lang)
            visits.order_page(shop, order, lang)
            if k % 2 == 0 or k == PLAIN:  # two channels on a page, whose titles are an odd number of texts apart: half of the pages do
                visits.pending_order(shop, waiting, lang)
    finished(shop, "product, form and order")


def test_names_in_lists_are_text(shop: HostileShop) -> None:
    world = shop.world
    versions = []
    for k in (*[PLAIN] * 8, *range(len(taken("name")))):
        title = visits.PLAIN_WORDS[len(versions)] if k == PLAIN else taken("name")[k]
        world.product = republish(world, world.product, title={"en": title})
        versions.append((world.product.version, title))
    orders = [world.pay(world.buy(consent=world.product.notice_version)) for _ in range(8)]
    shop.shop.cookies["__Host-orders"] = codes_of(shop, *orders)
    visits.found_orders(shop, orders, versions)
    visits.facts(shop)
    visits.listings(shop)
    finished(shop, "lists")


def test_what_a_card_file_brought_is_text_and_the_file_is_byte_equal(shop: HostileShop) -> None:
    addresses = visits.addresses()
    others = [text for text in visits.sealed() if text not in addresses]
    card, link = visits.goods(shop, "CARD"), visits.goods(shop, "LINK")
    for cards, text in (
        *visits.opened(shop, card, "card", visits.sealed()),
        *visits.opened(shop, link, "link that is text", others),
        *visits.opened(shop, link, "link that is an address", addresses, plain="https://plain.test/"),
    ):
        assert visits.is_byte_equal(cards, text)
    finished(shop, "opened cards")


def test_what_a_client_sends_is_at_most_a_value_of_a_field(shop: HostileShop) -> None:
    for place, (ask, in_both) in visits.REFLECTED.items():
        for n, text in enumerate(payloads()):
            for lang in languages_of(n) if in_both else (("zh", "en")[n % 2],):
                page = ask(shop, text, lang)
                shop.safe(place, page, text)
                shop.tally[place, lang].add(text)
    finished(shop, "reflected")


def codes_of(shop: HostileShop, *orders: Order) -> str:
    cookie = ""
    for order in orders:
        cookie = codes_value(read_codes(cookie), order.id, shop.world.proof(order).code)
    return cookie


def finished(shop: HostileShop, what: str) -> None:
    assert shop.findings == []
    few = {
        place for place, lang in shop.tally if "facts" not in place and "address" not in place and len(shop.tally[place, lang]) < TEXTS_MIN
    }
    assert few <= {place for place, (_ask, in_both) in visits.REFLECTED.items() if not in_both}
    figures = {place: {lang: len(shop.tally[place, lang]) for lang in LANGUAGES} for place, _lang in sorted(shop.tally)}
    report("without_browser", {what: {"answers": shop.answers, "bytes": shop.bytes, "texts": figures}})
