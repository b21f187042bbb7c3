"""A shop whose every text is hostile, its pages asked for through the real doors, and each answer held against what it may be.

```python
shop = HostileShop(world)
shop.dress(k)                     # the k-th hostile text in the title, the k+1st in the summary, … in each field that a merchant writes
page = shop.get("/p/video-vip", "zh")
shop.hold("product", page, shop.on_product, "zh")   # no foreign markup, the shape of a page of plain words, every text as written
shop.findings                     # [] or what was wrong
```
The first page of a kind must be dressed in plain words (`dress(PLAIN)`): it gives the shape and says how often each text stands there.
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.model import Product
from faka.contexts.catalog.texts import Localized
from pages.render import content_policy
from tests.browser.shop import republish
from tests.kit.doors import Page, Shop
from tests.kit.world import World
from tests.security_pages.markup import read
from tests.security_pages.payloads import taken


PLAIN = -1
LANGUAGES = {"zh": "zh-CN,zh;q=0.9", "en": "en-GB,en;q=0.8"}


def languages_of(n: int) -> tuple[str, ...]:
    """Every other text in both languages, the rest in one of them by turns: three quarters of all texts in each language."""
    return ("zh", "en") if n % 2 == 0 or n == PLAIN else (("zh", "en")[n // 2 % 2],)


SKUS = ("video-vip-month", "video-vip-season", "video-vip-year")
PAGE = "/p/video-vip"

_LOCATION = re.compile(r"/(?!/)[A-Za-z0-9/_.~?=-]*", re.ASCII)
_COOKIE = re.compile(r"__Host-[a-z]+=[A-Za-z0-9._-]*; Path=/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax", re.ASCII)
_POLICIES = {content_policy(), content_policy({"https://provider.test"}), content_policy({"https://shop.test"})}


@dataclass(frozen=True)
class Text:
    """One text in its place: `said` is what the page must carry, letter by letter. Of Markdown the part that is code must."""

    place: str
    said: str
    is_markdown: bool = False


class HostileShop:
    def __init__(self, world: World) -> None:
        self.world = world
        self.shop = Shop(world.deps)
        self.findings: list[str] = []
        self.tally: dict[tuple[str, str], set[str]] = defaultdict(set)
        """By place and language: the texts that stood there."""
        self.answers = 0
        self.bytes = 0
        self._shapes: dict[str, tuple[str, ...]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._visits = 0
        self.on_product: list[Text] = []
        self.on_order: list[Text] = []

    # -- what a merchant writes -----------------------------------------------------------------------------------------

    def dress(self, k: int) -> None:
        """Publish a version in which each field holds another text; the next `k` moves them on by one."""
        self.world.clock.advance(3)  # past what a warm process remembers of the catalogue
        texts = {name: _text(name, bound, place, k) for place, (name, bound) in enumerate(MERCHANTS)}
        product = self.world.deps.catalog.product("video-vip", fresh=True)
        names = [Localized(zh=texts[f"category.name {n}"], en=texts[f"category.name {n}"]) for n in range(2)]
        tree = CategoryTree(
            categories=(Category(id="above", name=names[0]), Category(id="video", parent="above", name=names[1])),
            version=self.world.deps.catalog.tree(fresh=True).version,
        )
        self.world.deps.tables.commit([self.world.deps.catalog.save_tree(tree)])
        for n, row in enumerate(self.world.providers.rows()):
            title = Localized(en=texts[f"channel.title {n}"])
            self.world.deps.tables.commit([self.world.deps.catalog.save_channel(row.model_copy(update={"title": title}))])
        self.world.product = _published(self.world, product, texts)
        bodies = [name for name, bound in MERCHANTS if bound == "body"]
        said = {name: Text(name.split()[0], _as_read(text), name in bodies) for name, text in texts.items()}
        hidden = ("product.guide_after",)
        self.on_product = [text for name, text in said.items() if name not in hidden]
        kept = ("product.title", "sku.name 0", "product.rights", "product.guide_after")
        self.on_order = [said[name] for name in kept]

    # -- what is asked --------------------------------------------------------------------------------------------------

    def get(self, path: str, lang: str, **headers: str) -> Page:
        return self._asked("GET", path, None, {"accept_language": LANGUAGES[lang], **headers})

    def post(self, path: str, form: dict[str, str], lang: str, **headers: str) -> Page:
        return self._asked("POST", path, form, {"accept_language": LANGUAGES[lang], **headers})

    def _asked(self, method: str, path: str, form: dict[str, str] | None, headers: dict[str, str]) -> Page:
        self._visits += 1
        self.shop.address = f"10.{self._visits >> 16 & 255}.{self._visits >> 8 & 255}.{self._visits & 255}"
        page = self.shop.get(path, **headers) if method == "GET" else self.shop.post(path, form or {}, **headers)
        self.answers += 1
        self.bytes += len(page.text)
        return page

    # -- what it may be -------------------------------------------------------------------------------------------------

    def hold(self, kind: str, page: Page, texts: list[Text], lang: str) -> None:
        """A page of this kind: the same shape as in plain words, and each text as often and as it was written."""
        self.safe(kind, page)
        seen = read(page.text)
        shape = self._shapes.setdefault(kind, seen.shape)
        if seen.shape != shape:
            self._found(kind, f"another shape beside {[text.said for text in texts[:2]]!r}: {_first_difference(shape, seen.shape)}")
        for place, text in enumerate(texts):
            least = self._counts.setdefault((kind, f"{place} {text.place}"), seen.words.count(text.said))
            if not least or seen.words.count(text.said) < (1 if text.is_markdown else least):
                self._found(kind, f"{text.place} is not as it was written: {text.said!r}")
            self.tally[text.place, lang].add(text.said)

    def safe(self, kind: str, page: Page, *reflected: str) -> None:
        """Headers, content type and markup of any answer. What is `reflected` may stand in a page as text, elsewhere not at all."""
        for name, value in page.headers.items():
            if "\r" in str(value) or "\n" in str(value):
                self._found(kind, f"header {name} of two lines")
        if page.location and not _LOCATION.fullmatch(page.location):
            self._found(kind, f"leads to {page.location!r}")
        for line in page.set_cookies:
            if not _COOKIE.fullmatch(line):
                self._found(kind, f"cookie {line!r}")
        if page.headers.get("x-content-type-options") != "nosniff" and page.status != 403:
            self._found(kind, "a type that may be guessed")
        if page.headers.get("content-type", "").startswith("text/html"):
            self._judge_page(kind, page)
            return
        if "json" in page.headers.get("content-type", ""):
            json.loads(page.text)
        for text in reflected:
            if len(text) > 3 and text in page.text:
                self._found(kind, f"says {text!r}")

    def _judge_page(self, kind: str, page: Page) -> None:
        if page.headers.get("content-security-policy") not in _POLICIES:
            self._found(kind, f"policy {page.headers.get('content-security-policy')!r}")
        if foreign := read(page.text).foreign:
            self._found(kind, f"holds {foreign[:3]}")

    def _found(self, kind: str, what: str) -> None:
        if len(self.findings) < 50:
            self.findings.append(f"{kind}: {what}")


MERCHANTS: tuple[tuple[str, str], ...] = (
    *(("product.title", "name"), ("product.summary", "line"), ("product.notice_version", "name")),
    *((f"product.{name}", "body") for name in ("description", "rights", "guide_public", "guide_after", "notice")),
    *((f"sku.name {n}", "name") for n in range(3)),
    *((f"sku.face_value {n}", "line") for n in range(3)),
    *((f"category.name {n}", "name") for n in range(2)),
    *((f"channel.title {n}", "name") for n in range(2)),
)
"""Fields that a merchant writes, and what bounds them. Numbered ones stand several times on one page."""

_STEP = 19
"""Fields of one page are this many texts apart, so that a page mixes families."""


def _text(name: str, bound: str, place: int, k: int) -> str:
    if k == PLAIN:
        return f"Plain words {place:02d} end"
    texts = taken(bound)
    return texts[(k + place * _STEP) % len(texts)]


def _published(world: World, product: Product, texts: dict[str, str]) -> Product:
    skus = [
        product.skus[0].model_copy(
            update={
                "id": sku_id,
                "name": Localized(en=texts[f"sku.name {n}"]),
                "face_value": Localized(zh=texts[f"sku.face_value {n}"]),
                "per_order_max": 20,
                "position": n,
            }
        )
        for n, sku_id in enumerate(SKUS)
    ]
    lines = {name: {"zh": texts[f"product.{name}"], "en": texts[f"product.{name}"]} for name in ("title", "summary")}
    bodies = ("description", "rights", "guide_public", "guide_after", "notice")
    written = {name: {"zh": _fenced(texts[f"product.{name}"]), "en": _fenced(texts[f"product.{name}"])} for name in bodies}
    return republish(world, product, skus=tuple(skus), notice_version=texts["product.notice_version"], **lines, **written)


def _fenced(text: str) -> str:
    """The text as code, where it must stay as it is, and then as Markdown, where it may become what Markdown is."""
    return f"~~~~~\n{text}\n~~~~~\n\n{text}"


def _as_read(text: str) -> str:
    return text.replace("\r\n", "\n").strip("\n")


def _first_difference(left: tuple[str, ...], right: tuple[str, ...]) -> Any:
    for one, other in zip(left, right, strict=False):
        if one != other:
            return one, other
    return f"{len(left)} and {len(right)} elements"
