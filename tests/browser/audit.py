"""What every page must be: measured once per page and variant, judged by many tests."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import html5lib
from axe_playwright_python.sync_playwright import Axe

from pages import i18n


MEASURED: dict[tuple[str, str], dict[str, Any]] = {}
"""Figures by page and variant, for the table at the end of the ring."""

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TABS_MAX = 60
"""Elements that the keyboard walks through; our longest page has about forty."""

SETTLE_MS = 250
"""After loading: the script runs, the last paint is reported, late shifts would show."""

OBSERVE = """
window.seen = {lcp: 0, cls: 0};
new PerformanceObserver((list) => { for (const e of list.getEntries()) window.seen.lcp = e.startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.seen.cls += e.value; })
  .observe({type: "layout-shift", buffered: true});
"""

FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return ["", null];
  return [one.outerHTML.slice(0, 200) + one.getBoundingClientRect().top + scrollY, one.closest("[aria-hidden=true]") ? null : judge(one)];
  function judge(one) {
    const box = one.getBoundingClientRect(), name = one.outerHTML.slice(0, 120);
    if (!box.width || !box.height) return name + " has no size";
    const points = [[box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)], [box.left + 3, box.top + 3]];
    for (const [x, y] of points) {
      if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return name + " is off screen";
      const hit = document.elementFromPoint(x, y);
      if (hit && !one.contains(hit) && !hit.contains(one)) return name + " under " + hit.outerHTML.slice(0, 80);
    }
    return null;
  }
}"""


@dataclass
class Audit:
    """Everything that one visit of one page showed."""

    status: int = 0
    html: str = ""
    text: str = ""
    axe: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    covered: list[str] = field(default_factory=list)
    sideways: int = 0
    bytes: int = 0
    requests: int = 0
    lcp_ms: int = 0
    cls: float = 0.0
    dom: int = 0


def visit(context: Any, open_page: Callable[[Any], Any], origin: str) -> Audit:
    """Open a page and look at it from every side. `open_page` navigates and answers the document's response."""
    found, page = Audit(), context.new_page()
    page.add_init_script(OBSERVE)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: _count(found, event))
    page.on("request", lambda request: None if request.url.startswith((origin, "data:")) else found.foreign.append(request.url))
    page.on("console", lambda message: found.console.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.console.append(str(error)))
    response = open_page(page)
    page.wait_for_load_state("load")
    page.wait_for_timeout(SETTLE_MS)
    found.status = response.status if response else 200
    measure(page, found)
    judge(page, found)
    page.close()
    return found


def _count(found: Audit, event: Any) -> None:
    found.bytes += int(event["encodedDataLength"])
    found.requests += 1


def measure(page: Any, found: Audit) -> None:
    seen = page.evaluate("window.seen")
    found.lcp_ms, found.cls = round(seen["lcp"]), round(seen["cls"], 4)
    found.dom = page.evaluate("document.getElementsByTagName('*').length")
    found.sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found.html = page.content()
    found.text = page.inner_text("body")


def judge(page: Any, found: Audit) -> None:
    # A refused page says so in the console, once, for the document itself: that line is expected there and nowhere else.
    if found.status >= 400:
        found.console = [
            line
            for line in found.console
            if not line.startswith(f"Failed to load resource: the server responded with a status of {found.status}")
        ]
    found.axe = axe(page)
    found.covered = covered(page)


def axe(page: Any) -> list[str]:
    """Findings as `rule: element`, from the top of the page: what a sticky bar hides half looks too small to axe."""
    page.evaluate("scrollTo(0, 0)")
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}}).response
    return [f"{rule['id']}: {node['html'][:140]}" for rule in results["violations"] for node in rule["nodes"]]


def covered(page: Any) -> list[str]:
    """Elements that have the keyboard's focus and cannot be seen, because something lies over them."""
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
    wrong: list[str] = []
    seen: set[str] = set()
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        here, finding = page.evaluate(FOCUSED)
        if not here or here in seen:
            break
        seen.add(here)
        if finding:
            wrong.append(finding)
    return wrong


def invalid_html(text: str) -> str:
    """The first mistake of a page, or nothing."""
    try:
        html5lib.HTMLParser(strict=True).parse(io.StringIO(text))
    except html5lib.html5parser.ParseError as error:
        return str(error)
    return ""


RAW = re.compile(r"\{\{|\{%|%\(\w+\)s|\bNone\b|\bundefined\b|\bNaN\b|\b[A-Z]{3,}_[A-Z_]+\b")


def raw_keys(text: str) -> list[str]:
    return RAW.findall(text)


def untranslated(text: str, lang: str) -> list[str]:
    """Texts of the catalogue that stand on the page in the other language."""
    known: dict[str, str] = {key: value for key, value in i18n.catalogue("zh")._catalog.items() if isinstance(key, str) and key}  # type: ignore[attr-defined]
    lines = {line.strip() for line in text.splitlines()}
    if lang == "zh":
        return [msgid for msgid, _text in known.items() if " " in msgid and msgid in lines]
    return [text for _msgid, text in known.items() if len(text) > 1 and text in lines]
