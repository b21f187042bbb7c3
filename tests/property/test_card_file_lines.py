"""Whatever bytes a file is made of: each line is counted once, and reading on from any line sees the same rest."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.contexts.intake import Format, Line, Parsed, Reason, Refusal, Shape, Wish, decode, is_blank, parse, read_lines, survey


pytestmark = pytest.mark.property

DAY = date(2026, 3, 2)

SIGNS = [b"A", b"card", b"----", b",", b"\t", b"|", b" ", b'"', b"\n", b"\r\n", b"\r", b"\x00", b"\xff", b"\xef\xbb\xbf", b"x" * 700]
WORDS = ["卡", "😀", "2027-01-01", "20270101", "=cmd|'/c'!A1", "https://a.example/x", "卡号,密码,有效期", "secret"]
pieces = st.sampled_from([*SIGNS, *(word.encode() for word in WORDS), "卡".encode("gb18030")])
bodies = st.lists(pieces, max_size=60).map(b"".join)
wishes = st.builds(Wish, is_link=st.booleans(), separator=st.sampled_from([None, "", "----", ",", " ", "\t"])) | st.builds(
    Wish, shape=st.just(Shape.CSV), is_link=st.booleans(), separator=st.sampled_from([None, ",", ";", "\t", "|"])
)


@settings(deadline=None)
@given(bodies, st.integers(1, 50))
def test_cutting_the_stream_changes_no_line(body: bytes, size: int) -> None:
    assert list(read_lines(body[i : i + size] for i in range(0, len(body), size))) == list(read_lines([body]))


@settings(deadline=None)
@given(bodies)
def test_lines_cover_the_file_without_gap(body: bytes) -> None:
    ends = [line.end for line in read_lines([body])]
    assert ends == sorted(set(ends))
    assert (ends[-1] if ends else 0) == len(body)
    assert len(ends) == body.count(b"\n") + (not body.endswith(b"\n") and body != b"")


def outcomes(body: bytes, form: Format, header: int, *, is_link: bool) -> list[Parsed | Reason]:
    """What the second pass makes of each line that counts."""
    found: list[Parsed | Reason] = []
    for number, line in enumerate(read_lines([body]), 1):
        if number == header or is_blank(line):
            continue
        text = decode(line.raw, form.encoding) if line.raw is not None else None
        found.append(Reason.ENCODING if text is None else parse(text, form, DAY, is_link=is_link))
    return found


@settings(deadline=None, max_examples=400)
@given(bodies, wishes)
def test_the_first_pass_counts_what_the_second_will_find(body: bytes, wish: Wish) -> None:
    found = survey(lambda: [body], wish, DAY)
    if isinstance(found, Refusal):
        return
    lines = list(read_lines([body]))
    assert found.lines + found.skipped == len(lines)
    made = outcomes(body, found.form, found.header_line, is_link=wish.is_link)
    assert len(made) == found.lines
    rooms = {room.expires: room.count for room in found.rooms}
    for expires in {card.expires for card in made if isinstance(card, Parsed)}:
        assert sum(isinstance(card, Parsed) and card.expires == expires for card in made) <= rooms[expires]


@settings(deadline=None)
@given(bodies, wishes)
def test_a_good_card_has_a_secret_no_controls_and_no_spaces_around(body: bytes, wish: Wish) -> None:
    found = survey(lambda: [body], wish, DAY)
    if isinstance(found, Refusal):
        return
    for card in outcomes(body, found.form, found.header_line, is_link=wish.is_link):
        if isinstance(card, Parsed):
            assert card.secret == card.secret.strip() != ""
            assert card.number == card.number.strip()
            assert not any(ord(symbol) < 32 or ord(symbol) == 127 for symbol in card.number + card.secret)


def test_lines_of_nothing() -> None:
    assert list(read_lines([])) == []
    assert list(read_lines([b""])) == []
    assert list(read_lines([b"\n"])) == [Line(b"", 1)]
