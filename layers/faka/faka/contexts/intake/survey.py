"""The first pass over a card file: how it reads, how many lines it has, and how many cards can expire on each day.

Nothing is kept of the lines themselves. The counts are upper bounds, because duplicates are only known at the second pass.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from enum import StrEnum

from faka.contexts.intake.card_file import SAMPLE_LINES, Column, Format, Parsed, Shape, decode, parse, recognise
from faka.contexts.intake.lines import Line, read_lines
from faka.kernel.model import Frozen


LINES_MAX = 2_000_000
"""Lines of one file: a hundred megabytes of the shortest cards seen. Larger stocks come in several files."""

LOTS_MAX = 16
"""Different expiry days in one file. Each keeps up to seven sealed cards in the job row between two steps, so sixteen of
the largest cards still fit its 400 KB."""

UTF_8 = "utf-8"
GB_18030 = "gb18030"
"""What spreadsheets on a Chinese system save as text; the superset of GBK and GB2312."""


class Refusal(StrEnum):
    """Why a whole file is refused. Nothing of it has been kept then."""

    EMPTY = "EMPTY"
    UTF_16 = "UTF_16"
    SPREADSHEET = "SPREADSHEET"
    TOO_MANY_LINES = "TOO_MANY_LINES"
    TOO_MANY_EXPIRIES = "TOO_MANY_EXPIRIES"
    FILE_GONE = "FILE_GONE"


class Wish(Frozen):
    """What the operator said about the file; the rest is found out."""

    shape: Shape = Shape.TXT
    separator: str | None = None
    columns: tuple[Column, ...] = ()
    encoding: str = ""
    expires: str = ""
    """Expiry of every line that names none."""
    is_link: bool = False


class Room(Frozen):
    """Up to `count` cards that expire on one day."""

    expires: str
    count: int


class Survey(Frozen):
    form: Format
    lines: int
    """Lines that are neither blank nor the header; new, duplicate and bad ones will add up to them."""
    skipped: int
    """Blank lines and the header. With `lines` they are all lines of the file."""
    header_line: int = 0
    """Which line is the header, counted from 1; 0 for none."""
    rooms: tuple[Room, ...]


class _Refused(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


class _Tally:
    """Counts of one reading under one encoding."""

    def __init__(self, form: Format, wish: Wish, day: date) -> None:
        self.form, self._wish, self._day = form, wish, day
        self._parses = Column.EXPIRES in form.columns
        self.lines = self.skipped = self.header_line = 0
        self.rooms: dict[str, int] = {}
        self.unreadable = {UTF_8: 0, GB_18030: 0}

    def add(self, line: Line) -> None:
        if is_blank(line):
            self.skipped += 1
            return
        if self.form.has_header and not self.header_line:
            self.skipped += 1
            self.header_line = self.skipped  # only blank lines came before it
            return
        self.lines += 1
        if self.lines > LINES_MAX:
            raise _Refused(Refusal.TOO_MANY_LINES)
        if line.raw is None:
            return
        if not line.raw.isascii():
            for encoding in self.unreadable:
                self.unreadable[encoding] += decode(line.raw, encoding) is None
        self._room(line.raw)

    def _room(self, raw: bytes) -> None:
        expires = self._wish.expires
        if self._parses:
            text = decode(raw, self.form.encoding)
            card = parse(text, self.form, self._day, is_link=self._wish.is_link) if text is not None else None
            if not isinstance(card, Parsed):
                return
            expires = card.expires or expires
        self.rooms[expires] = self.rooms.get(expires, 0) + 1
        if len(self.rooms) > LOTS_MAX:
            raise _Refused(Refusal.TOO_MANY_EXPIRIES)


def survey(read: Callable[[], Iterable[bytes]], wish: Wish, day: date) -> Survey | Refusal:
    """Read a file once, or twice when its later lines show that the first ones misled about the encoding."""
    try:
        tally = _read(read(), wish, day, wish.encoding)
        other = GB_18030 if tally.form.encoding == UTF_8 else UTF_8
        if not wish.encoding and tally.unreadable[other] < tally.unreadable[tally.form.encoding]:
            tally = _read(read(), wish, day, other)
    except _Refused as refused:
        return refused.why
    rooms = tuple(Room(expires=day_, count=count) for day_, count in sorted(tally.rooms.items(), key=lambda room: (room[0] == "", room[0])))
    return Survey(form=tally.form, lines=tally.lines, skipped=tally.skipped, header_line=tally.header_line, rooms=rooms)


def is_blank(line: Line) -> bool:
    return line.raw is not None and line.raw.removeprefix(b"\xef\xbb\xbf").strip() == b""


def _read(pieces: Iterable[bytes], wish: Wish, day: date, encoding: str) -> _Tally:
    lines = read_lines(_checked(pieces))
    sample: list[Line] = []
    for line in lines:
        sample.append(line)
        if len(sample) == SAMPLE_LINES:
            break
    known = [line.raw for line in sample if line.raw is not None]
    encoding = encoding or _guess(known)
    form = recognise(known, encoding, shape=wish.shape, is_link=wish.is_link, separator=wish.separator, columns=wish.columns)
    tally = _Tally(form, wish, day)
    for line in sample:
        tally.add(line)
    for line in lines:
        tally.add(line)
    if tally.lines == 0:
        raise _Refused(Refusal.EMPTY)
    return tally


def _guess(sample: list[bytes]) -> str:
    bad = {encoding: sum(decode(raw, encoding) is None for raw in sample) for encoding in (UTF_8, GB_18030)}
    return GB_18030 if bad[GB_18030] < bad[UTF_8] else UTF_8


def _checked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, unless the first shows a file that is no text of ours."""
    is_first = True
    for piece in pieces:
        if is_first and piece[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise _Refused(Refusal.UTF_16)
        if is_first and piece[:4] == b"PK\x03\x04":
            raise _Refused(Refusal.SPREADSHEET)
        is_first = False
        yield piece
