"""Two languages, equal: catalogue, money, moments. English texts are the msgids; Chinese comes from `locale/zh_CN`."""

import gettext
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, Literal

from faka.kernel.clock import SHANGHAI
from faka.kernel.money import EXPONENT, Currency, Money


Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
TAGS: Final[dict[Language, str]] = {"zh": "zh-CN", "en": "en"}
DEFAULT: Final[Language] = "zh"

_HERE = Path(__file__).parent
CATALOGUE = _HERE / "build" / "zh_CN.mo"

_SIGNS: dict[Language, dict[Currency, str]] = {
    "zh": {Currency.CNY: "¥", Currency.USD: "US$", Currency.JPY: "JP¥"},
    "en": {Currency.CNY: "CN¥", Currency.USD: "US$", Currency.JPY: "JP¥"},
}


@cache
def catalogue(lang: Language) -> gettext.NullTranslations:
    """The texts of a language. Without a built catalogue English shows, so a missing build is visible at once."""
    if lang == "en" or not CATALOGUE.exists():
        return gettext.NullTranslations()
    with CATALOGUE.open("rb") as file:
        return gettext.GNUTranslations(file)


def translator(lang: Language) -> Callable[[str], str]:
    return catalogue(lang).gettext


def translate(locale: str, msgid: str) -> str:
    """A text for an order's locale (`zh_CN`, `en`): for letters, which are written without a visitor."""
    return catalogue(language(locale) or DEFAULT).gettext(msgid)


def language(text: str) -> Language | None:
    """The language that a tag names, or None."""
    primary = text.strip().lower().split("-")[0].split("_")[0]
    return "zh" if primary == "zh" else "en" if primary == "en" else None


def accepted(header: str, default: Language = DEFAULT) -> Language:
    """The best language of an Accept-Language header; the shop's default when it names none of ours."""
    best: tuple[float, int, Language] | None = None
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, quality = part.partition(";q=")
        lang = language(tag)
        if lang is None:
            continue
        try:
            weight = float(quality or "1")
        except ValueError:
            continue
        if weight > 0 and (best is None or weight > best[0]):
            best = (weight, -place, lang)
    return best[2] if best else default


def money(amount: Money, lang: Language) -> str:
    """`¥15.80` for a Chinese reader, `CN¥15.80` for the others; six-place currencies lose their trailing zeros."""
    whole, _, fraction = amount.decimal().partition(".")
    grouped = f"{int(whole):,}"
    sign = _SIGNS[lang].get(amount.currency)
    if EXPONENT[amount.currency] > 2:
        fraction = fraction.rstrip("0")
    text = f"{grouped}.{fraction}" if fraction else grouped
    return f"{sign}{text}" if sign else f"{text} {amount.currency.value}"


def moment(at: datetime) -> str:
    """Shop time, without seconds."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def machine_moment(at: datetime) -> str:
    """For the `datetime` attribute and the script."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_left(until: datetime, now: datetime) -> str:
    """`14:07` until a deadline; `0:00` when it has passed."""
    left = max(timedelta(0), until - now)
    minutes, seconds = divmod(int(left.total_seconds()), 60)
    return f"{minutes}:{seconds:02d}"


def grouped(text: str, size: int = 4) -> str:
    """A code in groups, for eyes and ears: `ABCD-EFGH-…`."""
    return "-".join(text[i : i + size] for i in range(0, len(text), size))
