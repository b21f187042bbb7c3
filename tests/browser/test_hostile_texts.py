"""Threat T13, case F03, in Chromium under the shop's own content policy: hostile texts in every field do nothing at all.

The ring without a browser (`tests/security_pages`) holds the markup; this one holds what happens: no script of others runs, nothing
is asked elsewhere, our own markup violates no policy, the document has our elements only. The twins take the escaping of one field
away: under the policy the script still does not run, without the policy it does, and both are seen.
"""

import dataclasses
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from faka.contexts.catalog.texts import Localized
from faka.contexts.orders.model import Order
from faka.kernel.delivery import DeliveryKind
from pages import render
from pages.order import CARDS_SHOWN_MAX
from tests.browser.shop import republish, serving, use
from tests.browser.states import cookie
from tests.browser.watch import Watch
from tests.kit.world import World, engine_world
from tests.security_pages import visits
from tests.security_pages.hostile import PAGE, PLAIN, HostileShop
from tests.security_pages.payloads import payloads, taken
from tests.security_pages.report import report
from tests.security_pages.test_forgotten_and_unescaped import without_escape


pytestmark = pytest.mark.browser

LANGUAGES = ("zh", "en")
ON_A_PAGE = 40


@dataclasses.dataclass
class Stage:
    shop: HostileShop
    url: str


@pytest.fixture
def stage(built: None) -> Iterator[Stage]:
    logging.disable(logging.CRITICAL)
    try:
        with engine_world(holds_max=500) as world:
            world.stock_up(600)
            shop = HostileShop(world)
            shop.dress(PLAIN)
            with serving(world) as url:
                yield Stage(shop, url)
    finally:
        logging.disable(logging.NOTSET)


@pytest.fixture
def watched(context: Any, stage: Stage) -> dict[str, Watch]:
    """A tab in each language."""
    tabs = {lang: Watch(context(lang=lang, width=390), stage.url) for lang in LANGUAGES}
    for tab in tabs.values():
        tab.visit("/help")
    return tabs


def finished(what: str, tabs: dict[str, Watch], **counts: int) -> None:
    assert [line for tab in tabs.values() for line in tab.wrong] == []
    pages = {lang: tab.pages for lang, tab in tabs.items()}
    report("in_chromium", {what: {"pages": pages, "elements": sum(tab.elements for tab in tabs.values()), **counts}})


def test_a_page_full_of_them_does_nothing(stage: Stage, watched: dict[str, Watch]) -> None:
    """Forty versions with two names each, and each Markdown field with all texts one after the other, in both languages."""
    world, names, lines = stage.shop.world, taken("name"), taken("line")
    bodies = "\n\n".join(f"{text}\n\n~~~~~\n{text}\n~~~~~" for text in taken("body"))
    order = world.pay(world.buy(consent=world.product.notice_version))
    for tab in watched.values():
        tab.page.context.add_cookies([cookie(world, order)])
    parts = [bodies[at : at + 19_000] for at in range(0, len(bodies), 19_000)]
    for turn in range(0, len(names), ON_A_PAGE):
        skus = tuple(
            world.product.skus[0].model_copy(
                update={
                    "id": f"video-vip-{n:02d}",
                    "position": n,
                    "name": Localized(en=names[(turn + n) % len(names)]),
                    "face_value": Localized(en=lines[(turn + n) % len(lines)]),
                }
            )
            for n in range(ON_A_PAGE)
        )
        part = {"en": parts[turn // ON_A_PAGE % len(parts)]}
        fields = dict.fromkeys(("description", "rights", "guide_public", "guide_after", "notice"), part)
        world.product = republish(world, world.product, skus=skus, notice_version=f"v{turn}", **fields)
        world.clock.advance(3)
        of_order(world, order, product_version=world.product.version, sku_id=skus[0].id)
        for tab in watched.values():
            for path in (PAGE, f"/o/{order.id}", "/orders", "/"):
                tab.visit(path)
    finished("product, order, list and home page full of texts", watched, texts=len(payloads()))


def of_order(world: World, order: Order, **changes: object) -> None:
    before = world.order(order)
    world.deps.tables.apply(world.deps.orders.replaced(before, before.changed(world.clock.now(), "test", "test", **changes)))


def test_in_the_title_and_in_what_was_typed_they_do_nothing(stage: Stage, watched: dict[str, Watch]) -> None:
    """The form that comes back, with another product's texts and other values each time; the languages take turns."""
    texts = visits.typed()
    for k in range(len(payloads())):
        stage.shop.dress(k)
        tab = watched[LANGUAGES[k % 2]]
        values = {name: texts[(k + visits.APART * n) % len(texts)] for n, name in enumerate(("contact", "quantity", "code", "channel"))}
        seen = tab.send(PAGE, {**values, "form_id": visits.FORM_ID, "sku": "x"})
        assert " ".join(stage.shop.world.product.title.en.split()) in " ".join(seen.split())
    finished("product page by title and form", watched, texts=len(texts))


def test_on_the_lookup_and_error_pages_they_do_nothing(stage: Stage, watched: dict[str, Watch]) -> None:
    texts = visits.typed()
    for k in range(0, len(texts), 2):
        text, tab = texts[k], watched[LANGUAGES[k // 2 % 2]]
        tab.send("/orders", {"no": text, "mail": texts[k - 1], "code": texts[k - 2]})
        if k % 8 == 0:
            tab.visit(f"/o/{quote(text, safe='')}?{urlencode({'hl': 'en', text: text})}")
    finished("lookup and error pages", watched, texts=len(texts))


def test_opened_cards_and_links_do_nothing(stage: Stage, context: Any) -> None:
    """Twenty on a page, the languages in turns; what is shown is what was sealed."""
    world, url = stage.shop.world, stage.url
    contexts = {lang: context(lang=lang, width=390) for lang in LANGUAGES}
    tabs = {lang: Watch(one, url) for lang, one in contexts.items()}
    texts = visits.sealed()
    for product in (visits.goods(stage.shop, "CARD"), visits.goods(stage.shop, "LINK")):
        use(world, product)
        rounds = -(-len(texts) // CARDS_SHOWN_MAX)
        world.stock_up(
            rounds * CARDS_SHOWN_MAX,
            secret=visits.each_of(texts),
            number=visits.each_of(["" if product.kind is DeliveryKind.LINK else "n"]),
        )
        for turn in range(rounds):
            lang = LANGUAGES[turn % 2]
            order = world.pay(world.buy(quantity=CARDS_SHOWN_MAX))
            contexts[lang].add_cookies([cookie(world, order)])
            tabs[lang].visit(f"/o/{order.id}")
            tabs[lang].send(f"/o/{order.id}/cards", {"open_id": visits.FORM_ID})
            shown = tabs[lang].page.eval_on_selector_all(".secret-text", "all => all.map(one => one.textContent)")
            opened = [card.secret.reveal() for card in world.reveal(order, open_id=visits.FORM_ID).cards]
            assert [text for text in shown if text != "n"] == opened
    finished("opened cards and links", tabs, texts=len(texts))


# -- twins ----------------------------------------------------------------------------------------------------------------

SCRIPTS = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<iframe src=//evil.test/f></iframe>")


def unescaped(stage: Stage, context: Any, monkeypatch: pytest.MonkeyPatch) -> Watch:
    monkeypatch.setattr(render, "environment", without_escape("shop/product.html", "view.title").__getitem__)
    tab = Watch(context(lang="en"), stage.url)
    for text in SCRIPTS:
        stage.shop.world.product = republish(stage.shop.world, stage.shop.world.product, title={"en": text})
        stage.shop.world.clock.advance(3)
        tab.visit(PAGE)
    return tab


def test_twin_an_unescaped_field_runs_nothing_under_the_policy_and_is_seen(
    stage: Stage, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = unescaped(stage, context, monkeypatch)
    assert tab.pwned == 0
    assert any(line.startswith("script-src") for line in tab.violations)
    assert any("<iframe>" in line for line in tab.wrong)


def test_twin_without_the_policy_the_script_of_an_unescaped_field_runs(stage: Stage, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "content_policy", lambda _hosts=(): "")
    tab = unescaped(stage, context, monkeypatch)
    assert tab.pwned >= len(SCRIPTS) - 1
    assert any("//evil.test/f" in line for line in tab.wrong)
