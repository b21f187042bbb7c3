"""What a card file looks like: how it is found out, and how one line becomes a card or the reason why not.

```
TXT   number----secret[----expiry]     also with tab, |, comma or spaces between; or the secret alone
CSV   卡号,密码,有效期                   columns by their header names, in Chinese or English, in any order
```
A format is found out once, from the first lines, and kept with the job: a resumed import reads each line as before.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from urllib.parse import urlsplit

from faka.kernel.model import Frozen


NUMBER_MAX = 128
"""Characters of a card number. The longest seen (a licence with hyphens) is below 60."""

SECRET_MAX = 1_024
"""Characters of a secret or link. Signed download links are the long ones."""

SAMPLE_LINES = 200
"""Lines that decide the format. A file whose first 200 lines mislead would mislead a person too."""


class Shape(StrEnum):
    TXT = "TXT"
    CSV = "CSV"


class Column(StrEnum):
    NUMBER = "NUMBER"
    SECRET = "SECRET"
    EXPIRES = "EXPIRES"
    OTHER = "OTHER"


class Reason(StrEnum):
    """Why a line brought no card. The codes stand in the problem file and in the operator's help."""

    DUPLICATE = "DUPLICATE"
    TOO_LONG = "TOO_LONG"
    ENCODING = "ENCODING"
    CONTROL = "CONTROL"
    COLUMNS = "COLUMNS"
    QUOTES = "QUOTES"
    NO_SECRET = "NO_SECRET"
    NUMBER_LONG = "NUMBER_LONG"
    SECRET_LONG = "SECRET_LONG"
    EXPIRY = "EXPIRY"
    EXPIRED = "EXPIRED"
    NOT_A_LINK = "NOT_A_LINK"
    UNREAD = "UNREAD"
    """This line and all after it: the file was gone before they were read."""


class Format(Frozen):
    shape: Shape
    encoding: str
    separator: str = ""
    """Empty: the line is one field. A single space: any run of spaces."""
    columns: tuple[Column, ...]
    has_header: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """A good line."""

    number: str = field(repr=False)
    secret: str = field(repr=False)
    expires: str = ""


_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd\U000e0000-\U000e007f]")
"""Controls, invisible and direction-changing characters. They come from copying, make one card look like another and would
hide a duplicate. A tab may separate fields, so it is refused only inside one."""

_DATE = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2}))", re.ASCII)

_NAMES = {
    Column.NUMBER: ("卡号", "账号", "帐号", "卡片号", "number", "cardnumber", "cardno", "card", "account", "no"),
    Column.SECRET: (
        *("密码", "卡密", "密钥", "兑换码", "激活码", "卡密码", "链接", "secret", "password", "pin", "code", "key", "cdkey", "link", "url"),
    ),
    Column.EXPIRES: ("有效期", "有效期至", "到期", "到期日", "到期时间", "过期时间", "expires", "expiry", "expirydate", "validuntil"),
}
_COLUMN_OF = {name: column for column, names in _NAMES.items() for name in names}
_TXT_SEPARATORS = {"----": 0.5, "\t": 0.5, "|": 0.5, ",": 0.8, " ": 0.8}
"""Separators in the order in which they are tried, with the share of the first lines that must split alike before one is
believed. Commas and spaces also occur inside secrets, so they need more."""
_CSV_SEPARATORS = (",", "\t", ";", "|")


def parse(text: str, form: Format, day: date, *, is_link: bool) -> Parsed | Reason:
    """Read one line that is neither blank nor the header. `day` is the business day on which the import started:
    what expires on it could not be sold any more."""
    fields = _fields(text, form)
    if isinstance(fields, Reason):
        return fields
    optional = form.columns[-1] is Column.EXPIRES and len(fields) == len(form.columns) - 1
    if not optional and len(fields) != len(form.columns):
        return Reason.COLUMNS
    found = dict(zip(form.columns, fields, strict=False))
    expires = read_date(found.get(Column.EXPIRES, ""))
    if expires is None:
        return Reason.EXPIRY
    card = Parsed(found.get(Column.NUMBER, ""), found[Column.SECRET], expires)
    return _fault(text, card, day, is_link=is_link) or card


def _fault(text: str, card: Parsed, day: date, *, is_link: bool) -> Reason | None:
    faults = {
        Reason.CONTROL: bool(_CONTROL.search(text)) or "\t" in card.number or "\t" in card.secret,
        Reason.NO_SECRET: not card.secret,
        Reason.NUMBER_LONG: len(card.number) > NUMBER_MAX,
        Reason.SECRET_LONG: len(card.secret) > SECRET_MAX,
        Reason.EXPIRED: card.expires != "" and card.expires <= day.isoformat(),
        Reason.NOT_A_LINK: is_link and not _is_link(card.secret),
    }
    return next((reason for reason, is_so in faults.items() if is_so), None)


def read_date(text: str) -> str | None:
    """A day as ISO text: 2027-03-01, 2027/3/1, 2027.3.1 or 20270301. Empty for none, None for anything else."""
    if not text:
        return ""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, _, month, day, month_too, day_too = match.groups()
    try:
        return date(int(year), int(month or month_too), int(day or day_too)).isoformat()
    except ValueError:
        return None


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        return False


def _fields(text: str, form: Format) -> list[str] | Reason:
    if form.shape is Shape.CSV:
        try:
            rows = list(csv.reader([text], delimiter=form.separator, strict=True))
        except csv.Error:
            return Reason.QUOTES
        return [part.strip() for part in rows[0]]
    if not form.separator:
        return [text.strip()]
    parts = text.split() if form.separator == " " else text.strip(" \r").split(form.separator)
    return [part.strip() for part in parts]


# -- finding out ------------------------------------------------------------------------------------------------------


def decode(raw: bytes, encoding: str) -> str | None:
    """A line as text, without the mark that some editors put before the first one; None when it is not text."""
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None


def recognise(
    sample: Sequence[bytes], encoding: str, *, shape: Shape, is_link: bool, separator: str | None = None, columns: Sequence[Column] = ()
) -> Format:
    """The format of a file from its first lines. What the operator has said is not guessed again."""
    lines = [text for text in (decode(raw, encoding) for raw in sample) if text and text.strip()]
    if separator is None:
        separator = _csv_separator(lines) if shape is Shape.CSV else ("" if is_link and not columns else _txt_separator(lines))
    form = Format(shape=shape, encoding=encoding, separator=separator, columns=(Column.SECRET,))
    rows = [row for row in (_fields(text, form) for text in lines) if isinstance(row, list)]
    header = _header(rows[0]) if rows else None
    if shape is Shape.TXT and separator:  # whoever separates has something to separate
        rows = [row for row in rows if len(row) > 1] or [["", ""]]
    chosen = tuple(columns) or header or _plain(rows)
    return form.model_copy(update={"columns": chosen, "has_header": header is not None})


def _txt_separator(lines: Sequence[str]) -> str:
    for separator, share in _TXT_SEPARATORS.items():
        alike = sum(_is_pair(text, separator) for text in lines)
        if lines and alike >= share * len(lines):
            return separator
    return ""


def _is_pair(text: str, separator: str) -> bool:
    parts = [part.strip() for part in (text.split() if separator == " " else text.split(separator))]
    return len(parts) in (2, 3) and all(parts[:2]) and (len(parts) == 2 or bool(read_date(parts[2])) or _header(parts) is not None)


def _csv_separator(lines: Sequence[str]) -> str:
    first = lines[0] if lines else ""
    return max(_CSV_SEPARATORS, key=first.count)


def _header(row: Sequence[str]) -> tuple[Column, ...] | None:
    """The columns that a first row names, when it names at least the secret; unknown names are columns that we leave alone."""
    named = [_COLUMN_OF.get(re.sub(r"[\s_\-]", "", name).lower(), Column.OTHER) for name in row]
    known = [column for column in named if column is not Column.OTHER]
    return tuple(named) if Column.SECRET in known and len(set(known)) == len(known) else None


def _plain(rows: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    """Columns of a file without header: the secret alone, or number, secret, and an expiry where dates stand third."""
    widths = [len(row) for row in rows]
    width = max(set(widths), key=widths.count) if widths else 1
    if width == 1:
        return (Column.SECRET,)
    thirds = [row[2] for row in rows if len(row) > 2]
    dated = sum(bool(read_date(text)) for text in thirds) * 2 > len(thirds)
    three = (Column.NUMBER, Column.SECRET, Column.EXPIRES if dated else Column.OTHER)
    return three[:2] if width == 2 and not dated else (*three, *(Column.OTHER for _ in range(width - 3)))
