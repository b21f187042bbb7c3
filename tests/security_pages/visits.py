"""Where hostile texts are carried to: each page that shows what a merchant, a buyer, a card file or a client wrote."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.model import Product
from faka.contexts.catalog.texts import Localized
from faka.contexts.orders.model import Order
from faka.flows.edit_catalog import publish
from faka.platform.web import has_controls
from pages.order import CARDS_SHOWN_MAX, link_view, text_file
from pages.visitor import ORDERS_MAX, codes_value
from tests.browser.shop import republish, use
from tests.security_pages.hostile import LANGUAGES, PAGE, PLAIN, HostileShop, Text, languages_of
from tests.security_pages.payloads import payloads, taken


FORM_ID = "01KJPB7WG08HQWXGN3V08Q7SBR"
APART = 7
"""Typed fields of one form are this many texts apart."""

_FACTS = 20
PLAIN_WORDS = tuple(f"Calm words {n:02d} end" for n in range(60))


def typed() -> tuple[str, ...]:
    """What a form field can bring as far as a view; the rest is refused as unreadable."""
    return tuple(text for text in payloads() if not has_controls(text))


def sealed() -> tuple[str, ...]:
    """What a card may hold: card files refuse control characters and nothing else of these."""
    return tuple(text for text in payloads() if not any(ord(symbol) < 32 or 127 <= ord(symbol) < 160 for symbol in text))


def addresses() -> tuple[str, ...]:
    """Those of them that the page of a bought link offers for clicking."""
    return tuple(text for text in sealed() if link_view(text).href)


# -- what a merchant wrote, and what a buyer types beside it ------------------------------------------------------------


def refused_purchase(shop: HostileShop, k: int, lang: str) -> None:
    """The product page with a form that comes back: every text of the product, and what was typed."""
    texts = typed()
    names = ("contact", "quantity", "code", "sku", "channel", "consent")
    form = {name: f"plain {name[:5]}" if k == PLAIN else texts[(k + APART * place) % len(texts)] for place, name in enumerate(names)}
    page = shop.post(PAGE, {**form, "sku": form["sku"][:40], "form_id": FORM_ID}, lang)  # a longer one is one fault more, another shape
    kept = {"contact": form["contact"].strip()[:200], "quantity": form["quantity"].strip()[:12], "code": form["code"][:40]}
    shop.hold("product", page, [*shop.on_product, *(Text(f"typed.{name}", text) for name, text in kept.items() if text)], lang)


def order_page(shop: HostileShop, order: Order, lang: str) -> None:
    """An order of the version that was just published."""
    deps = shop.world.deps
    before = deps.orders.get(order.id)
    after = before.changed(deps.clock.now(), "test", "test", product_version=shop.world.product.version)
    deps.tables.apply(deps.orders.replaced(before, after))
    shop.hold("order", shop.get(f"/o/{order.id}", lang), shop.on_order, lang)


def facts(shop: HostileShop) -> None:
    """Rights whose lines all read `name: value` are drawn as a list, not as Markdown."""
    values = [text for text in taken("line") if not set(text) & set("*_`[]|<>")]
    for turn in range(-1, -(-len(values) // _FACTS)):
        words = _window(values, turn, _FACTS, "Value")
        lines = "\n".join(f"Fact {n:02d}: {text}" for n, text in enumerate(words))
        republish(shop.world, shop.world.deps.catalog.product("video-vip", fresh=True), rights={"zh": lines, "en": lines})
        shop.world.clock.advance(3)
        for lang in LANGUAGES:
            page = shop.get(PAGE, lang)
            if "<dt>Fact 00</dt>" not in page.text:
                shop.findings.append(f"facts: not drawn as a list beside {words[0]!r}")
            shop.hold("facts", page, [Text("product.rights (facts)", text) for text in words], lang)


# -- many on one page -----------------------------------------------------------------------------------------------------


def listings(shop: HostileShop) -> None:
    """The home page in sections and the pages of its categories: names of categories, titles and summaries of tiles."""
    deps, sections, tiles = shop.world.deps, 13, 56
    names, titles, summaries = taken("name"), taken("name"), taken("line")
    shelf = [_listed(shop, n, f"part-{n % sections:02d}") for n in range(tiles)]
    for turn in range(-1, -(-len(names) // sections)):
        chosen = _window(names, turn, sections, "Category")
        nodes = tuple(Category(id=f"part-{n:02d}", name=Localized(zh=text)) for n, text in enumerate(chosen))
        video = Category(id="video", name=Localized(en="Video"), position=9)
        tree = CategoryTree(categories=(*nodes, video), version=deps.catalog.tree(fresh=True).version)
        deps.tables.commit([deps.catalog.save_tree(tree)])
        shown = _window(titles, turn, tiles, "Title"), _window(summaries, turn, tiles, "Summary")
        if turn * tiles < len(summaries):
            shelf = [_retitled(shop, one, title, line) for one, title, line in zip(shelf, *shown, strict=True)]
            kept = [Text("product.title (tile)", text) for text in shown[0]] + [Text("product.summary (tile)", text) for text in shown[1]]
        shop.world.clock.advance(3)
        named = [Text("category.name (section)", text) for text in chosen]
        for lang in LANGUAGES:
            shop.hold("home", shop.get("/", lang), [*named, *kept], lang)
        for n, text in enumerate(chosen):
            for lang in languages_of(turn * sections + n if turn >= 0 else PLAIN):
                shop.hold(f"category {n}", shop.get(f"/c/part-{n:02d}", lang), [Text("category.name (heading)", text)], lang)


def goods(shop: HostileShop, kind: str) -> Product:
    """A product of plain words whose cards are hostile."""
    return _listed(shop, 98 if kind == "CARD" else 99, "video", kind)


def _listed(shop: HostileShop, n: int, category: str, kind: str = "CARD") -> Product:
    base = shop.world.product
    sku = base.skus[0].model_copy(update={"id": f"goods-{n:02d}-one", "name": Localized(en="One"), "face_value": Localized()})
    plain: dict[str, Any] = dict.fromkeys(("description", "rights", "guide_public", "guide_after", "notice"), Localized())
    texts = {"title": Localized(en="x"), "summary": Localized(en="x"), "notice_version": "", **plain}
    deps = shop.world.deps
    if category not in deps.catalog.tree(fresh=True):
        tree = deps.catalog.tree(fresh=True)
        grown = (*tree.categories, Category(id=category, name=Localized(en=category)))
        deps.tables.commit([deps.catalog.save_tree(tree.model_copy(update={"categories": grown}))])
    return publish(deps, base.changed(id=f"goods-{n:02d}", version=0, category=category, kind=kind, skus=(sku,), **texts))


def _retitled(shop: HostileShop, product: Product, title: str, summary: str) -> Product:
    return republish(shop.world, product, title={"en": title}, summary={"zh": summary})


def _window(texts: Sequence[str], turn: int, size: int, plain: str) -> tuple[str, ...]:
    """The texts of one page; of the first page, words that are nowhere else on it."""
    if turn < 0:
        return tuple(f"{plain} in plain words {n:02d}" for n in range(size))
    return tuple(texts[(turn * size + n) % len(texts)] for n in range(size))


def found_orders(shop: HostileShop, orders: Sequence[Order], versions: Sequence[tuple[int, str]]) -> None:
    """The list of a browser's own orders: their titles, eight on a page."""
    deps = shop.world.deps
    for turn in range(-(-len(versions) // ORDERS_MAX)):
        chosen = [versions[(turn * ORDERS_MAX + n) % len(versions)] for n in range(ORDERS_MAX)]
        for order, (version, _title) in zip(orders, chosen, strict=True):
            before = deps.orders.get(order.id)
            deps.tables.apply(deps.orders.replaced(before, before.changed(deps.clock.now(), "t", "t", product_version=version)))
        for lang in LANGUAGES:
            shop.hold("orders", shop.get("/orders", lang), [Text("product.title (order)", title) for _version, title in chosen], lang)


def pending_order(shop: HostileShop, order: Order, lang: str) -> None:
    """Names of the ways to pay, on the page of an order that waits for its payment."""
    titles = [text for text in shop.on_product if text.place == "channel.title"]
    shop.hold("pending", shop.get(f"/o/{order.id}", lang), [Text("channel.title (order)", text.said) for text in titles], lang)


# -- what a card file brought ---------------------------------------------------------------------------------------------


class OneOf(str):
    """A template of the kit's stock whose n-th card reads the n-th text."""

    __slots__ = ("texts",)
    texts: Sequence[str]

    def format(self, *_: object, n: int = 0, **__: object) -> str:
        return self.texts[n % len(self.texts)]


Cards = list[tuple[str, str]]


def each_of(texts: Sequence[str]) -> OneOf:
    made = OneOf("one of many")
    made.texts = texts
    return made


def opened(shop: HostileShop, product: Product, place: str, texts: Sequence[str], plain: str = "") -> Iterator[tuple[Cards, str]]:
    """Orders of twenty cards each, opened in both languages, the first of them plain; answers their cards and the text file."""
    world = shop.world
    use(world, product)
    texts = (*(plain + text.replace(" ", "-") for text in PLAIN_WORDS[:CARDS_SHOWN_MAX]), *texts)
    rounds = -(-len(texts) // CARDS_SHOWN_MAX)
    numbers = each_of([text[::-1] + "r" for text in texts] if product.kind == "CARD" else [""])
    for lang in LANGUAGES:
        world.stock_up(rounds * CARDS_SHOWN_MAX, secret=each_of(texts), number=numbers)
        for _ in range(rounds):
            order = world.pay(world.buy(quantity=CARDS_SHOWN_MAX))
            shop.shop.cookies["__Host-orders"] = codes_value({}, order.id, world.proof(order).code)
            page = shop.post(f"/o/{order.id}/cards", {"open_id": FORM_ID}, lang)
            cards = [(card.number_text, card.secret.reveal()) for card in world.reveal(order, open_id=FORM_ID).cards]
            said = [Text(f"{place} secret", secret) for _number, secret in cards]
            said += [Text(f"{place} number", number) for number, _secret in cards if number]
            shop.hold(place, page, said, lang)
            yield cards, shop.post(f"/o/{order.id}/cards.txt", {"open_id": FORM_ID}, lang).text
            world.clock.advance(1)


def is_byte_equal(cards: Cards, text: str) -> bool:
    return text == text_file(cards) and all(secret in text and number in text for number, secret in cards)


# -- what a client sends --------------------------------------------------------------------------------------------------

Asks = Callable[[HostileShop, str, str], Any]


def _form(path: str, *names: str, **given: str) -> Asks:
    return lambda shop, text, lang: shop.post(path, {**dict.fromkeys(names, text), **given}, lang)


def _query(path: str, *names: str) -> Asks:
    return lambda shop, text, lang: shop.get(f"{path}?{urlencode(dict.fromkeys(names, text))}", lang)


def _path(method: str, pattern: str) -> Asks:
    def ask(shop: HostileShop, text: str, lang: str) -> Any:
        path = pattern.replace("{}", quote(text, safe=""))
        return shop.get(path, lang) if method == "GET" else shop.post(path, {"open_id": text}, lang)

    return ask


def _everywhere(shop: HostileShop, text: str, lang: str) -> Any:
    """In all cookies, headers and a parameter of each name at once: none of them is ever shown."""
    kept = dict(shop.shop.cookies)
    shop.shop.cookies = dict.fromkeys(("__Host-prefs", "__Host-orders", "__Host-grant", "__Host-accounts"), text)
    named = dict.fromkeys(("user_agent", "x_state", "x_fragment", "host", "referer", "x_forwarded_for"), text)
    try:
        return shop.get(f"/orders?{urlencode({'page': text, 'asked': text, text: text})}", lang, **named)
    finally:
        shop.shop.cookies = kept


REFLECTED: dict[str, tuple[Asks, bool]] = {
    "path /p/{slug}": (_path("GET", "/p/{}"), False),
    "path /c/{category}": (_path("GET", "/c/{}"), False),
    "path /o/{no}": (_path("GET", "/o/{}"), False),
    "path /o/{no}/status": (_path("GET", "/o/{}/status"), False),
    "path /o/{no}/cards": (_path("POST", "/o/{}/cards"), False),
    "path /o/{no}/pay": (_path("POST", "/o/{}/pay"), False),
    "path /o/{no}/input": (_path("POST", "/o/{}/input"), False),
    "path /static/{hash}/{name}": (_path("GET", "/static/{}/{}"), False),
    "query sku quantity channel": (_query(PAGE, "sku", "quantity", "channel"), False),
    "query of a total": (_query(f"{PAGE}/quote", "sku", "quantity", "channel"), False),
    "query page hl": (_query("/", "page", "hl"), False),
    "form /orders": (_form("/orders", "no", "code", "mail"), True),
    "form /orders/mail": (_form("/orders/mail", "mail"), False),
    "form /orders/code": (_form("/orders/code", "mail", "digits"), False),
    "form /wallet": (_form("/wallet", "wallet", "wallet_code"), True),
    "form /wallet/redeem": (_form("/wallet/redeem", "gift_code", "into", "into_code", "form_id", "new_code"), True),
    "form /prefs": (_form("/prefs", "back", "lang", "theme"), False),
    "form of any name": (lambda shop, text, lang: shop.post("/orders", {text: text}, lang), False),
    "form lang step": (_form(PAGE, "lang", "step", "form_id", "seen_total_minor", "saved_account", "remember_account"), False),
    "form that removes": (_form(PAGE, "drop_account", "saved_account", "remember_account"), False),
    "cookies, headers, parameters": (_everywhere, False),
    "header accept-language": (lambda shop, text, _lang: shop.shop.get("/help", accept_language=text), False),
    "header accept": (lambda shop, text, lang: shop.get("/p/nothing", lang, accept=f"text/html,{text}"), False),
    "machine's form": (lambda shop, text, lang: shop.post("/orders", {"no": text}, lang, accept="application/json"), False),
}
"""Everything that a client chooses, and whether both languages are asked for: where the page shows it again, and no other does so."""
