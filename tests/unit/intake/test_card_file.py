"""Card files: what is recognised, what a line becomes, and why not."""

from datetime import date

import pytest

from faka.contexts.intake import Column, Format, Parsed, Reason, Shape, decode, parse, read_date
from faka.contexts.intake.card_file import NUMBER_MAX, SECRET_MAX, recognise


pytestmark = pytest.mark.unit

DAY = date(2026, 3, 2)
N, S, E, O = Column.NUMBER, Column.SECRET, Column.EXPIRES, Column.OTHER  # noqa: E741


def shape_of(text: str, shape: Shape = Shape.TXT, *, is_link: bool = False) -> Format:
    return recognise(text.encode().split(b"\n"), "utf-8", shape=shape, is_link=is_link)


@pytest.mark.parametrize(
    ("text", "separator", "columns"),
    [
        ("A----1\nB----2", "----", (N, S)),
        ("A\t1\nB\t2", "\t", (N, S)),
        ("A|1\nB|2", "|", (N, S)),
        ("A,1\nB,2", ",", (N, S)),
        ("A 1\nB  2", " ", (N, S)),
        ("A----1----2027-01-01\nB----2----2027/2/1", "----", (N, S, E)),
        ("A----1\nB----2----2027-01-01\nC----3", "----", (N, S, E)),
        ("ABCD-EFGH\nIJKL-MNOP", "", (S,)),
        ("ABCD EFGH IJKL\nMNOP QRST UVWX", "", (S,)),
        ("A,1\nB\nC\nD", "", (S,)),
        ("A----1\nbroken\nB----2", "----", (N, S)),
        ("卡号----密码\nA----1", "----", (N, S)),
    ],
)
def test_a_text_file_shows_its_separator(text: str, separator: str, columns: tuple[Column, ...]) -> None:
    form = shape_of(text)
    assert (form.separator, form.columns) == (separator, columns)


@pytest.mark.parametrize(
    ("text", "separator", "columns", "has_header"),
    [
        ("卡号,密码\nA,1", ",", (N, S), True),
        ("密码,备注,卡号,有效期至\n1,x,A,2027-01-01", ",", (S, O, N, E), True),
        ("Card Number;PIN\nA;1", ";", (N, S), True),
        ("secret\n1", ",", (S,), True),
        ("A,1\nB,2", ",", (N, S), False),
        ("A,1,2027-01-01\nB,2,2027-01-01", ",", (N, S, E), False),
        ("A,1,note\nB,2,note", ",", (N, S, O), False),
        ("A,1,2027-01-01,note\nB,2,2027-01-01,note", ",", (N, S, E, O), False),
        ('"A,B",1', ",", (N, S), False),
    ],
)
def test_a_table_shows_its_columns(text: str, separator: str, columns: tuple[Column, ...], has_header: bool) -> None:
    form = shape_of(text, Shape.CSV)
    assert (form.separator, form.columns, form.has_header) == (separator, columns, has_header)


def test_a_link_is_not_cut_at_what_it_contains() -> None:
    assert shape_of("https://a.example/?x=1,2|3\nhttps://a.example/?x=4,5|6", is_link=True).columns == (S,)


def test_a_separator_that_was_named_separates_even_when_most_lines_lack_it() -> None:
    form = recognise([b"alone", b"alone", b"A----1"], "utf-8", shape=Shape.TXT, is_link=False, separator="----")
    assert form.columns == (N, S)


def test_what_the_operator_says_is_not_guessed_again() -> None:
    form = recognise([b"A,1"], "utf-8", shape=Shape.TXT, is_link=False, separator="", columns=())
    assert parse("A,1", form, DAY, is_link=False) == Parsed("", "A,1")


TXT = Format(shape=Shape.TXT, encoding="utf-8", separator="----", columns=(N, S, E))
CSV = Format(shape=Shape.CSV, encoding="utf-8", separator=",", columns=(N, S))
ONE = Format(shape=Shape.TXT, encoding="utf-8", separator="", columns=(S,))


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        (" A ---- 1 ", TXT, Parsed("A", "1")),
        ("A----1----2027-1-2", TXT, Parsed("A", "1", "2027-01-02")),
        ("A----1----", TXT, Parsed("A", "1")),
        ("卡----密😀", TXT, Parsed("卡", "密😀")),
        ("A----1----2----3", TXT, Reason.COLUMNS),
        ("A", TXT, Reason.COLUMNS),
        ("A----", TXT, Reason.NO_SECRET),
        ("----1", TXT, Parsed("", "1")),
        ("A----1----2027-13-01", TXT, Reason.EXPIRY),
        ("A----1----soon", TXT, Reason.EXPIRY),
        ("A----1----2026-03-02", TXT, Reason.EXPIRED),
        ("A----1----2026-03-03", TXT, Parsed("A", "1", "2026-03-03")),
        ("A----1\x00", TXT, Reason.CONTROL),
        ("A----1\x1f2", TXT, Reason.CONTROL),
        ("A----1\x7f", TXT, Reason.CONTROL),
        ("A----1\u200b2", TXT, Reason.CONTROL),
        ("A----1\u202e2", TXT, Reason.CONTROL),
        ("A----1\t2", TXT, Reason.CONTROL),
        ("A----1\r2", TXT, Reason.CONTROL),
        ("x" * (NUMBER_MAX + 1) + "----1", TXT, Reason.NUMBER_LONG),
        ("A----" + "x" * (SECRET_MAX + 1), TXT, Reason.SECRET_LONG),
        ("x" * NUMBER_MAX + "----" + "y" * SECRET_MAX, TXT, Parsed("x" * NUMBER_MAX, "y" * SECRET_MAX)),
        ('"A","1,2"', CSV, Parsed("A", "1,2")),
        ('A,"1""2"', CSV, Parsed("A", '1"2')),
        ('A,"1', CSV, Reason.QUOTES),
        ('A,"1"2', CSV, Reason.QUOTES),
        ("=1+1,@x", CSV, Parsed("=1+1", "@x")),
        ("A,1,2", CSV, Reason.COLUMNS),
        ("a b c", ONE, Parsed("", "a b c")),
    ],
)
def test_a_line_becomes_a_card_or_a_reason(text: str, form: Format, expected: Parsed | Reason) -> None:
    assert parse(text, form, DAY, is_link=False) == expected


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("https://a.example/x", True),
        ("http://a.example", True),
        ("ftp://a.example", False),
        ("https://", False),
        ("https://a.example/a b", False),
        ("javascript:alert(1)", False),
        ("https://[", False),
        ("ABCD", False),
    ],
)
def test_goods_that_are_links_must_be_links(text: str, is_good: bool) -> None:
    assert (parse(text, ONE, DAY, is_link=True) == Parsed("", text)) is is_good


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", ""),
        ("2027-03-01", "2027-03-01"),
        ("2027/3/1", "2027-03-01"),
        ("2027.3.1", "2027-03-01"),
        ("20270301", "2027-03-01"),
        ("2027-3/1", None),
        ("2027-02-29", None),
        ("27-03-01", None),
        ("２０２７-03-01", None),
    ],
)
def test_days_are_read_in_the_forms_that_people_write(text: str, day: str | None) -> None:
    assert read_date(text) == day


def test_text_is_what_its_encoding_says() -> None:
    assert decode("\ufeffA".encode(), "utf-8") == "A"
    assert decode("卡密".encode("gb18030"), "utf-8") is None
    assert decode("卡密".encode("gb18030"), "gb18030") == "卡密"


def test_a_parsed_card_does_not_print() -> None:
    assert "hunter2" not in repr(Parsed("hunter2", "hunter2"))
