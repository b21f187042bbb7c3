"""Card files of any bytes: no crash but a named refusal, every line counted once, every good card back letter by letter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import strategies as st

from faka.contexts.intake import (
    Column,
    Line,
    Parsed,
    Reason,
    Refusal,
    Shape,
    Wish,
    card_file,
    decode,
    is_blank,
    lines,
    parse,
    read_lines,
    survey,
)
from faka.contexts.intake.lines import LINE_BYTES_MAX
from tests.fuzz.fuzzing import finds, fuzz, refused


pytestmark = pytest.mark.property

DAY = date(2026, 3, 2)
PIECES = (7, 64, 4_096)
"""Sizes in which the file arrives. The network picks them, so they may change nothing."""


# -- any bytes ------------------------------------------------------------------------------------------------------------

SIGNS = [
    *(
        b"A",
        b"card-1",
        b"----",
        b",",
        b"\t",
        b"|",
        b";",
        b" ",
        b'"',
        b'""',
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"\x00",
        b"\x0b",
        b"\x0c",
        b"\x85",
        b"\x1c",
    ),
    *(b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"PK\x03\x04", b"x" * 700, b"=1+1", b"@SUM(A1)", b"-2+3", b"+cmd|' /C calc'!A0"),
    *(
        text.encode()
        for text in ("卡", "😀", "\u2028", "\u202e", "\ufeff", "2027-01-01", "20270101", "2026-13-45", "卡号,密码,有效期", "secret")
    ),
    *("卡号密码".encode("gb18030"), "卡".encode("utf-16"), "€".encode("gb18030")),
    *(b"https://a.example/x?a=[", b"https://["),
]
BODIES = st.lists(st.sampled_from(SIGNS), max_size=60).map(b"".join) | st.binary(max_size=120)
WISHES = st.builds(
    Wish,
    shape=st.sampled_from(Shape),
    separator=st.sampled_from([None, "", "----", ",", " ", "\t", ";", "|"]),
    columns=st.sampled_from([(), (Column.SECRET,), (Column.NUMBER, Column.SECRET), (Column.NUMBER, Column.SECRET, Column.EXPIRES)]),
    encoding=st.sampled_from(["", "", "utf-8", "gb18030"]),
    is_link=st.booleans(),
).filter(lambda wish: not (wish.shape is Shape.CSV and wish.separator in ("", "----", " ")))


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def outcome(line: Line, wish: Wish, encoding: str, form) -> Parsed | Reason:
    if line.raw is None:
        return Reason.TOO_LONG
    text = decode(line.raw, encoding)
    return Reason.ENCODING if text is None else parse(text, form, DAY, is_link=wish.is_link)


def adds_up(given: tuple[bytes, Wish]) -> None:
    """Lines are those of the bytes, each is a card or a reason, and a card holds nothing that its line does not."""
    body, wish = given
    read = list(read_lines(cut(body, PIECES[0])))
    assert all(list(read_lines(cut(body, size))) == read for size in PIECES[1:])
    plain = body.split(b"\n")[: None if body and not body.endswith(b"\n") else -1] if body else []
    assert [line.end for line in read] == [
        len(b"\n".join(plain[: n + 1])) + (n + 1 < len(plain) or body.endswith(b"\n")) for n in range(len(plain))
    ]
    for line, raw in zip(read, plain, strict=True):
        bare = raw[:-1] if raw.endswith(b"\r") else raw
        assert line.raw == (bare if len(bare) <= LINE_BYTES_MAX else None)
    found = survey(lambda: cut(body, PIECES[2]), wish, DAY)
    if isinstance(found, Refusal):
        refused("card file")
        return
    cards = [line for number, line in enumerate(read, 1) if number != found.header_line and not is_blank(line)]
    assert (found.lines, found.skipped) == (len(cards), len(read) - len(cards))
    for line in cards:
        made = outcome(line, wish, found.form.encoding, found.form)
        if isinstance(made, Parsed):
            assert line.raw is not None
            text = line.raw.decode(found.form.encoding)
            assert made.secret != ""
            assert all(part in text or part in text.replace('""', '"') for part in (made.secret, made.number))
            assert not set(made.secret + made.number) & set("\x00\x0b\x0c\x85\u2028\u202e\ufeff\t")


def test_no_bytes_break_the_reader_and_no_line_is_lost_or_made_up() -> None:
    fuzz("card file", adds_up, st.tuples(BODIES, WISHES), examples=2_000)


# -- files that a shop would write ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """A file and the cards that went into it."""

    body: bytes
    wish: Wish
    cards: tuple[tuple[str, str], ...]


TEXTS = st.text(st.sampled_from("ABCabc0189-_=+@'!#$%&*/.:()卡密é😀"), min_size=1, max_size=24)
CELLS = st.text(st.sampled_from("ABCabc0189-_=+@'\"!,;|#$%&*/.:() 卡密é😀"), min_size=1, max_size=24).map(str.strip).filter(bool)


def quoted(text: str, separator: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if {'"', separator} & set(text) else text


@st.composite
def written(draw: st.DrawFn) -> Written:
    is_csv = draw(st.booleans())
    separator = draw(st.sampled_from([",", "\t", ";"] if is_csv else ["----", "\t", "|"]))
    texts = (CELLS if is_csv else TEXTS).filter(
        lambda text: is_csv or (separator not in text and not text.startswith("-") and not text.endswith("-"))
    )
    cards = draw(st.lists(st.tuples(texts, texts), min_size=1, max_size=30))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    rows = []
    for card in cards:
        rows.append(separator.join(quoted(text, separator) if is_csv else text for text in card))
        rows += [""] * draw(st.sampled_from([0, 0, 0, 1]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "gb18030"]))
    body = newline.join(rows) + newline * draw(st.booleans())
    wish = Wish(
        shape=Shape.CSV if is_csv else Shape.TXT,
        separator=separator,
        columns=(Column.NUMBER, Column.SECRET),
        encoding="gb18030" if encoding == "gb18030" else "utf-8",
    )
    return Written(body.encode(encoding), wish, tuple(cards))


def comes_back(given: Written) -> int:
    found = survey(lambda: cut(given.body, PIECES[1]), given.wish, DAY)
    assert not isinstance(found, Refusal)
    read = [line for number, line in enumerate(read_lines([given.body]), 1) if number != found.header_line and not is_blank(line)]
    made = [outcome(line, given.wish, found.form.encoding, found.form) for line in read]
    want = list(given.cards)[1:] if found.header_line else list(given.cards)
    assert [(card.number, card.secret) if isinstance(card, Parsed) else card for card in made] == want
    return len(want)


def test_every_card_that_was_written_is_read_letter_by_letter() -> None:
    fuzz("card file", comes_back, written(), examples=700)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_never_bring_cards(encoding: str) -> None:
    body = ("\ufeff" * (not encoding.endswith("16")) + "".join(f"NO-{n}----secret{n}\r\n" for n in range(50))).encode(encoding)
    found = survey(lambda: [body], Wish(), DAY)
    if isinstance(found, Refusal):
        return
    read = [line for number, line in enumerate(read_lines([body]), 1) if number != found.header_line and not is_blank(line)]
    assert not any(isinstance(outcome(line, Wish(), found.form.encoding, found.form), Parsed) for line in read)


def test_lines_far_beyond_the_bound_are_read_past_in_little_memory() -> None:
    held: list[int] = []

    def pieces():
        for _ in range(2_000):
            yield b"x" * 4_096
            held.append(1)
        yield b"\nlast----card\n"

    read = list(read_lines(pieces()))
    assert [line.raw for line in read] == [None, b"last----card"]
    assert len(held) == 2_000


# -- twins ---------------------------------------------------------------------------------------------------------------


def holes() -> dict[str, Callable[[pytest.MonkeyPatch], None]]:
    import re

    real = lines._bare

    def lost(part: bytes) -> bytes | None:
        return real(part.replace(b"\x00", b""))

    return {
        "controls are let through": lambda patch: patch.setattr(card_file, "_CONTROL", re.compile("(?!)")),
        "a sign is lost inside a line": lambda patch: patch.setattr(lines, "_bare", lost),
        "a link that is none breaks the reader": lambda patch: patch.setattr(
            card_file, "_is_link", lambda text: bool(card_file.urlsplit(text).hostname)
        ),
        "an odd date breaks the reader": lambda patch: patch.setattr(
            card_file, "read_date", lambda text: text and date.fromisoformat(text).isoformat()
        ),
        "a quote breaks the reader": lambda patch: patch.setattr(card_file.csv, "Error", KeyError),
    }


@pytest.mark.parametrize("hole", holes())
def test_twin_a_hole_in_the_reader_is_found(hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    holes()[hole](monkeypatch)
    assert finds(adds_up, st.tuples(BODIES, WISHES), examples=2_000)


def test_twin_a_reader_that_trims_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = card_file._fields

    def trimmed(text, form):
        fields = real(text, form)
        return [part.strip("-'") for part in fields] if isinstance(fields, list) else fields

    monkeypatch.setattr(card_file, "_fields", trimmed)
    assert finds(comes_back, written(), examples=200)
