"""Drawings of our own: stroke icons beside words, and a two-colour tile for each product without an image."""

import hashlib
import re
from functools import lru_cache

from markupsafe import Markup


LATIN_END = 0x2E7F
"""Above it, scripts are written in characters that need no spaces between words."""

ICONS = {
    "alert": "M12 9v4m0 4h.01M10.3 3.9 2.5 17.4A2 2 0 0 0 4.2 20.4h15.6a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0Z",
    "bolt": "M13 2 4 14h7l-1 8 9-12h-7l1-8Z",
    "card": "M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V7c0-1.1.9-2 2-2ZM2 10h20M6 15h4",
    "check": "m4.5 12.5 5 5 10-11",
    "chevron": "m9 6 6 6-6 6",
    "clock": "M12 7v5l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
    "copy": "M9 9h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1ZM5 15H3V3h12v2",
    "download": "M12 4v11m0 0 4-4m-4 4-4-4M4 19h16",
    "eye": "M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7S2 12 2 12Zm13 0a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z",
    "globe": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0ZM3 12h18M12 3c2.5 2.6 3.8 5.6 3.8 9s-1.3 6.4-3.8 9c-2.5-2.6-3.8-5.6-3.8-9S9.5 5.6 12 3Z",
    "help": "M9.3 9.2a2.8 2.8 0 0 1 5.5.8c0 1.8-2.8 2.2-2.8 4m0 3h.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
    "info": "M12 11v5m0-8h.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
    "key": "M14.5 9.5 21 3m-3 3 2.5 2.5M11 16a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0Zm-1.4-3.2 5-5",
    "link": "M10 14a4.5 4.5 0 0 0 6.4.4l3-3A4.5 4.5 0 0 0 13 5l-1.5 1.5M14 10a4.5 4.5 0 0 0-6.4-.4l-3 3A4.5 4.5 0 0 0 11 19l1.5-1.5",
    "lock": "M6 11h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1Zm2 0V7.5a4 4 0 0 1 8 0V11",
    "mail": "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Zm-.7.8L12 13l8.7-7.2",
    "minus": "M5 12h14",
    "out": "M14 4h6v6m0-6-9 9m7 1v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5",
    "phone": "M8 2h8a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V4c0-1.1.9-2 2-2Zm3 17h2",
    "plus": "M12 5v14M5 12h14",
    "refresh": "M20 11A8 8 0 0 0 5.6 7L3 9.5M3 4v5.5h5.5M4 13a8 8 0 0 0 14.4 4l2.6-2.5M21 20v-5.5h-5.5",
    "search": "m20.5 20.5-5-5M17.5 10.5a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
    "shield": "M12 2.5 4 5.5v6c0 4.8 3.3 8.3 8 10 4.7-1.7 8-5.2 8-10v-6l-8-3Zm-3.5 9.5 2.5 2.5 4.5-5",
    "user": "M12 12.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Zm-8.5 8.5c1-4 4.3-6 8.5-6s7.5 2 8.5 6",
}
"""Paths on a grid of 24, drawn by stroke."""


@lru_cache(maxsize=64)
def icon(name: str) -> Markup:
    """An icon is decoration beside a word, so it is hidden from screen readers. Raises: KeyError for an unknown name."""
    return Markup('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>').format(ICONS[name])


_SHAPES = (
    '<circle cx="252" cy="36" r="92" fill="{c}" opacity=".5"/><circle cx="300" cy="150" r="66" fill="{b}" opacity=".45"/>',
    '<path d="M150 200 330 20v180z" fill="{c}" opacity=".45"/><path d="M230 200 330 100v100z" fill="{b}" opacity=".6"/>',
    '<path d="M0 150c80-50 130 30 200-10s80-70 120-60v120H0z" fill="{c}" opacity=".45"/>',
    '<g fill="none" stroke="{c}" stroke-width="18" opacity=".45"><circle cx="270" cy="60" r="46"/><circle cx="270" cy="60" r="88"/></g>',
    '<path d="M190-20h60L130 220H70zM290-20h30L200 220h-40z" fill="{c}" opacity=".42"/>',
)
_KIND_ICON = {"CARD": "card", "LINK": "link", "DIRECT_RECHARGE": "bolt", "MANUAL_RECHARGE": "bolt", "VOUCHER": "card", "BUNDLE": "plus"}


@lru_cache(maxsize=512)
def tile(seed: str, hue: int, title: str, kind: str) -> Markup:
    """A product's picture when it has none: its own hue and shape, its first letters, the sign of its kind.

    A pure function of the product, so that the same product looks the same on each page and after each restart.
    """
    pick = hashlib.sha256(seed.encode()).digest()
    second = (hue + 38 + pick[1] % 30) % 360
    colours = {"b": f"hsl({second} 72% 46%)", "c": f"hsl({second} 85% 72%)"}
    name = f"t{pick[:4].hex()}"
    return Markup(
        '<svg class="art" viewBox="0 0 320 200" aria-hidden="true" preserveAspectRatio="xMinYMid slice">'
        '<defs><linearGradient id="{id}" x1="0" y1="0" x2="1" y2="1"><stop stop-color="hsl({hue} 68% 38%)"/>'
        '<stop offset="1" stop-color="hsl({second} 70% 48%)"/></linearGradient></defs>'
        '<path fill="url(#{id})" d="M0 0h320v200H0z"/>{shape}'
        '<g transform="translate(24 24) scale(1.25)" fill="none" stroke="#fff" stroke-width="1.8" opacity=".9"'
        ' stroke-linecap="round" stroke-linejoin="round"><path d="{icon}"/></g>'
        '<text x="24" y="172" fill="#fff" font-size="46" font-weight="700">{letters}</text></svg>'
    ).format(
        id=name,
        hue=hue,
        second=second,
        shape=Markup(_SHAPES[pick[0] % len(_SHAPES)].format(**colours)),  # noqa: S704 - constants of this module
        icon=ICONS[_KIND_ICON.get(kind, "card")],
        letters=initials(title),
    )


def initials(title: str) -> str:
    """Two Chinese characters, or the first letters of two words: what a person would put on a badge."""
    words: list[str] = re.findall(r"[^\W_]+", title)
    if not words:
        return ""
    first = words[0]
    if ord(first[0]) > LATIN_END:
        return first[:2]
    if len(words) > 1 and ord(words[1][0]) <= LATIN_END:
        return (first[0] + words[1][0]).upper()
    return first[:3] if first.isupper() else first[:2].capitalize()
