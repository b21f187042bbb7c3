"""Texts, names, times and counts of the catalogue, each with its bound; every text in both languages."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer

from faka.kernel.clock import to_row
from faka.kernel.ids import handle
from faka.kernel.limits import ORDER_CARDS_MAX, TEXT_BODY_MAX, TEXT_LINE_MAX, TEXT_NAME_MAX
from faka.kernel.model import Frozen


_UNSEEN = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Line separators that break logs and files, and direction marks that make a text read as another one. The joiners that
emoji are made of stay allowed."""


def _plain(text: str) -> str:
    """Refuse control characters; line breaks and tabs are the only ones that a text needs."""
    text = text.replace("\r\n", "\n")
    for symbol in text:
        if (symbol not in "\n\t" and unicodedata.category(symbol) in ("Cc", "Cs")) or symbol in _UNSEEN:
            raise ValueError(f"holds the control character U+{ord(symbol):04X}")
    return text


class Localized(Frozen):
    """One text in both languages. Either may be empty; a reader then gets the other one."""

    zh: Annotated[str, Field(max_length=TEXT_BODY_MAX), AfterValidator(_plain)] = ""
    en: Annotated[str, Field(max_length=TEXT_BODY_MAX), AfterValidator(_plain)] = ""

    def pick(self, lang: str) -> str:
        """The text for a language tag (`zh`, `zh_CN`, `en-GB` …), else the other language's."""
        return (self.zh or self.en) if lang.lower().startswith("zh") else (self.en or self.zh)

    @property
    def missing(self) -> tuple[str, ...]:
        """The languages that fall back to the other one."""
        return tuple(lang for lang, text in (("zh", self.zh), ("en", self.en)) if not text)

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)


def _line(text: Localized, max_length: int) -> Localized:
    for words in (text.zh, text.en):
        if len(words) > max_length:
            raise ValueError(f"is longer than {max_length} characters")
        if "\n" in words or "\t" in words or words != words.strip():
            raise ValueError("must be one line without spaces around it")
    return text


def _name(text: Localized) -> Localized:
    if not text:
        raise ValueError("needs a text in at least one language")
    return _line(text, TEXT_NAME_MAX)


def _moment(value: object) -> object:
    """Only times with a zone, written out; a bare number would be read as seconds since 1970."""
    if not isinstance(value, str | datetime):
        raise ValueError("must be a time with its zone, such as 2026-11-21T20:00:00+08:00")  # noqa: TRY004 - pydantic collects ValueError
    return value


def _whole_ms(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(microsecond=value.microsecond // 1000 * 1000)


Name = Annotated[Localized, AfterValidator(_name)]
Line = Annotated[Localized, AfterValidator(lambda text: _line(text, TEXT_LINE_MAX))]
Handle = Annotated[str, AfterValidator(handle)]
Moment = Annotated[
    AwareDatetime, BeforeValidator(_moment), AfterValidator(_whole_ms), PlainSerializer(to_row, return_type=str, when_used="json")
]
"""Rows keep milliseconds, so the model does too: what is compared is what was stored."""

Count = Annotated[int, Field(strict=True, ge=1, le=ORDER_CARDS_MAX)]
Position = Annotated[int, Field(strict=True, ge=0, le=9_999)]
Short = Annotated[str, Field(max_length=TEXT_NAME_MAX), AfterValidator(_plain)]
