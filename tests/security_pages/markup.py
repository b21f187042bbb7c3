"""What a page of ours may consist of, read by a parser that follows the standard: elements, attributes, addresses, and its shape.

```python
seen = read(page.text)
seen.foreign      # [] or what must not be there: an element, an attribute, an address, a comment
seen.shape        # elements and attribute names in order, without what Markdown made: the same for every text in the same place
seen.words        # all texts and attribute values as a browser has them
```
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import html5lib


_SVG = "{http://www.w3.org/2000/svg}"


def _all(names: str) -> frozenset[str]:
    return frozenset(names.split())


EVERYWHERE = _all("class id lang role tabindex title")
_BLOCKS = "body div section header footer main nav fieldset legend details summary ol ul li dl"
_WORDS = "h1 h2 p span strong small code label dt dd head title noscript time html"
ELEMENTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_all(f"{_BLOCKS} {_WORDS}"), frozenset()),
    "html": _all("data-theme"),
    "div": _all("aria-atomic aria-live data-bar data-focus data-stock data-total data-order data-poll data-state data-status data-title"),
    "nav": _all("aria-label"),
    "fieldset": _all("aria-invalid aria-describedby"),
    "details": _all("open"),
    "h1": _all("data-headline"),
    "p": _all("aria-hidden"),
    "li": _all("aria-current"),
    "span": _all("aria-current aria-hidden"),
    "strong": _all("data-bar-total data-now data-until"),
    "label": _all("for"),
    "time": _all("datetime"),
    "a": _all("href rel target aria-current data-leaving"),
    "link": _all("href hreflang rel type"),
    "meta": _all("charset content http-equiv name"),
    "script": _all("src type"),
    "form": _all("action method novalidate data-leaving data-once data-quote data-reveal data-themes"),
    "button": _all(
        "type name value form formnovalidate disabled aria-hidden aria-label aria-pressed data-busy data-copy"
        " data-copy-all data-done data-step"
    ),
    "input": _all(
        "type name value checked disabled required maxlength pattern placeholder inputmode autocomplete autocapitalize spellcheck"
        " aria-invalid aria-describedby"
    ),
    "select": _all("name required aria-invalid aria-describedby"),
    "option": _all("value selected data-only"),
    _SVG + "svg": _all("viewBox aria-hidden aria-label preserveAspectRatio shape-rendering"),
    _SVG + "defs": frozenset(),
    _SVG + "path": _all("d fill stroke opacity"),
    _SVG + "circle": _all("cx cy r fill opacity"),
    _SVG + "g": _all("fill stroke stroke-width stroke-linecap stroke-linejoin opacity transform"),
    _SVG + "linearGradient": _all("x1 x2 y1 y2"),
    _SVG + "stop": _all("offset stop-color"),
    _SVG + "text": _all("x y fill font-size font-weight"),
}
"""Elements of our templates with the attributes that each may have beside the common ones. No `style`, nothing that begins with `on`."""

PROSE: dict[str, frozenset[str]] = {
    **dict.fromkeys(_all("p br em strong pre blockquote ul li h3 h4 h5 h6 hr table thead tbody tr"), frozenset()),
    **dict.fromkeys(("code", "th", "td"), _all("class")),
    "ol": _all("start"),
    "a": _all("href rel title"),
}
"""What Markdown may make of a merchant's text."""

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""Where a link of a merchant may lead; without a scheme it stays in the shop or goes to another host by https."""

_ADDRESSES = _all("href src action data-quote data-status")
_OWN = re.compile(r"(?:/(?!/)[A-Za-z0-9/._~-]*)?(?:\?[A-Za-z0-9=&%:._-]*)?(?:#[a-z_-]+)?", re.ASCII)
_SCRIPT = re.compile(r"/static/[0-9a-f]+/shop\.js", re.ASCII)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE | re.ASCII)
_IGNORED = re.compile("[\t\n\r]")
_BEFORE = "".join(map(chr, range(33)))
"""What browsers drop inside and before an address."""

OUTSIDE = ("https://shop.test/", "https://provider.test/")
"""The two hosts that pages of the kit's shop name: itself, in links for crawlers, and the gateway that a buyer pays at."""


@dataclass(frozen=True)
class Seen:
    foreign: tuple[str, ...]
    shape: tuple[str, ...]
    words: str


_FRESH = re.compile(r'value="[0-9A-HJKMNP-TV-Z]{16,26}"', re.ASCII)
"""A form's one-time id and code, which differ from page to page and hold nothing from outside."""


def read(text: str) -> Seen:
    """The same page is parsed once; the pages of refusals are all alike."""
    return _read(_FRESH.sub('value="fresh"', text))


@lru_cache(maxsize=512)
def _read(text: str) -> Seen:
    foreign: list[str] = []
    shape: list[str] = []
    words: list[str] = []
    for node, is_prose in _walk(html5lib.parse(text, namespaceHTMLElements=False), False):
        name = node.tag
        if not isinstance(name, str):
            foreign.append("a comment")
        elif is_prose:
            foreign += _wrong(node, PROSE, frozenset())
        else:
            foreign += _wrong(node, ELEMENTS, EVERYWHERE)
            shape.append(f"{name} {' '.join(sorted(node.attrib))}")
        words += (node.text or "", *node.attrib.values(), node.tail or "")
    return Seen(tuple(foreign), tuple(shape), "\0".join(words))


def scheme_of(address: str) -> str:
    """As a browser reads it; empty for an address without one."""
    found = _SCHEME.match(_IGNORED.sub("", address.lstrip(_BEFORE)))
    return found.group(1).lower() if found else ""


def _walk(node: Any, is_prose: bool) -> Iterator[tuple[Any, bool]]:
    yield node, is_prose
    inside = is_prose or (isinstance(node.tag, str) and node.get("class") == "prose")
    for child in node:
        yield from _walk(child, inside)


def _wrong(node: Any, elements: dict[str, frozenset[str]], common: frozenset[str]) -> Iterator[str]:
    allowed = elements.get(node.tag)
    if allowed is None:
        yield f"<{node.tag}>"
        return
    for name, value in node.attrib.items():
        if (name not in allowed and name not in common) or (
            name in ("href", "src", "action", "data-quote", "data-status") and not _leads_well(node, value, is_prose=elements is PROSE)
        ):
            yield f"<{node.tag} {name}={value!r}>"
    if node.tag == "script" and (not _SCRIPT.fullmatch(node.get("src", "")) or node.text):
        yield f"<script src={node.get('src')!r}>{node.text}"
    if node.get("http-equiv") and not (node.get("http-equiv") == "refresh" and node.get("content", "").isdecimal()):
        yield f"<meta http-equiv={node.get('http-equiv')!r} content={node.get('content')!r}>"


def _leads_well(node: Any, address: str, *, is_prose: bool) -> bool:
    if is_prose:
        return scheme_of(address) in SCHEMES | {""}
    if node.tag == "a" and node.get("target") == "_blank":  # the bought link, which only its buyer sees
        return scheme_of(address) in ("http", "https")
    return bool(_OWN.fullmatch(address)) or address.startswith(OUTSIDE)
