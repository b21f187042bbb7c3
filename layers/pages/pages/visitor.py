"""What a browser brings along: its language and theme, and the lookup codes of the orders that it placed."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from faka.kernel.ids import CODE_LENGTH, OrderId, is_order_id, normal_code
from pages.i18n import Language, accepted, language
from pages.render import THEMES, Frame, Theme


ORDERS_COOKIE = "orders"
GRANT_COOKIE = "grant"
PREFS_COOKIE = "prefs"
ACCOUNTS_COOKIE = "accounts"
"""Sealed by the shop: nobody on the device can read it."""

ORDERS_MAX = 8
"""Orders that a browser keeps the codes of, far below the 4 KB of a cookie."""

CODES_VALUE_MAX = 600
"""Eight pairs are 578 characters. What is longer is not ours, and is not read: brackets within brackets would break the reader."""

ORDERS_AGE_S = 180 * 86_400
PREFS_AGE_S = 365 * 86_400
ACCOUNTS_AGE_S = 180 * 86_400
"""Since the last order that used them, or the last removal: as long as the browser knows an order of the same day."""

GRANT_AGE_S = 86_400
"""As long as the grant itself lives."""

BACK_MAX = 300

_MOBILE = re.compile(r"Mobile|Android|iPhone|iPad|MicroMessenger", re.ASCII)
_CODE = re.compile(f"[0-9A-Z]{{{CODE_LENGTH}}}", re.ASCII)
_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.~-]*", re.ASCII)


@dataclass(frozen=True)
class Visitor:
    frame: Frame
    codes: Mapping[OrderId, str]
    """Lookup codes by order, newest first."""
    grant: str
    accounts: str = field(default="", repr=False)
    """The saved accounts as they came, sealed and not judged."""
    is_in_wechat: bool = False
    """Inside WeChat's own browser, which opens no other payment app."""

    @property
    def sight(self) -> Literal["PC", "MOBILE", "WECHAT"]:
        """The device, as the ways to pay know it."""
        return "WECHAT" if self.is_in_wechat else "MOBILE" if self.frame.is_mobile else "PC"

    def code(self, order_id: str) -> str:
        return self.codes.get(OrderId(order_id), "")


def visitor(cookies: Mapping[str, str], headers: Mapping[str, str], path: str, asked: Mapping[str, str]) -> Visitor:
    """`?hl=` is for crawlers, which carry no cookies; then the cookie, then the browser's own wish, then the shop's default."""
    prefs = _prefs(cookies.get(f"__Host-{PREFS_COOKIE}", ""))
    lang = language(asked.get("hl", "")) or prefs[0] or accepted(headers.get("accept-language", ""))
    agent = headers.get("user-agent", "")
    frame = Frame(lang=lang, theme=prefs[1], here=page_of(path), is_mobile=bool(_MOBILE.search(agent)))
    codes, grant = read_codes(cookies.get(f"__Host-{ORDERS_COOKIE}", "")), cookies.get(f"__Host-{GRANT_COOKIE}", "")[:80]
    accounts = cookies.get(f"__Host-{ACCOUNTS_COOKIE}", "")
    return Visitor(frame, codes, grant, accounts, is_in_wechat="MicroMessenger" in agent)


def _prefs(value: str) -> tuple[Language | None, Theme]:
    lang, _, theme = value.partition(".")
    return language(lang) if lang else None, next((one for one in THEMES if one == theme), "auto")


def prefs_value(lang: Language | None, theme: Theme) -> str:
    return f"{lang or ''}.{theme}"


def safe_path(path: str) -> str:
    """A path of this shop to come back to; anything else (another site, `//host`, a scheme) becomes the home page."""
    if len(path) > BACK_MAX or path.startswith("//") or "\\" in path:
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:  # a bracket where a host would stand
        return "/"
    return parts.path if not parts.scheme and not parts.netloc and _PATH.fullmatch(parts.path) else "/"


def page_of(path: str) -> str:
    """The page that a path belongs to: a POST's own address cannot be opened again, its page can."""
    path = safe_path(path)
    match path.split("/"):
        case ["", "o", no, *_]:
            return f"/o/{no}"
        case ["", "orders", *_]:
            return "/orders"
        case ["", "wallet", *_]:
            return "/wallet"
        case ["", "p", slug, *_]:
            return f"/p/{slug}"
        case _:
            return path


def read_codes(value: str) -> dict[OrderId, str]:
    """Codes from the cookie; whatever is not one of ours is left out, because a cookie is a wish like any other."""
    if len(value) > CODES_VALUE_MAX:
        return {}
    try:
        pairs = json.loads(urlsafe_b64decode(value + "=" * (-len(value) % 4))) if value else []
    except ValueError:
        return {}
    found: dict[OrderId, str] = {}
    for pair in pairs[:ORDERS_MAX] if isinstance(pairs, list) else []:
        match pair:
            case [str(order_id), str(code)] if is_order_id(order_id) and is_code(code):
                found.setdefault(OrderId(order_id), code)
    return found


def is_code(text: str) -> bool:
    """Whether this could be a lookup code, as a person types it."""
    return _CODE.fullmatch(normal_code(text)) is not None


def codes_value(codes: Mapping[OrderId, str], order_id: str, code: str) -> str:
    """The cookie with one order more, newest first, at most `ORDERS_MAX`."""
    newest = {OrderId(order_id): normal_code(code)} | {known: kept for known, kept in codes.items() if known != order_id}
    pairs = list(newest.items())[:ORDERS_MAX]
    return urlsafe_b64encode(json.dumps(pairs, separators=(",", ":")).encode()).decode().rstrip("=")
