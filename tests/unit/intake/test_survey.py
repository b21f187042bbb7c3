"""Lines and the first pass: bounded memory, any split of the stream, both encodings."""

import sys
from datetime import date

import pytest

from faka.contexts.intake import Line, Refusal, Room, Shape, Survey, Wish, read_lines, survey
from faka.contexts.intake.card_file import Reason
from faka.contexts.intake.lines import LINE_BYTES_MAX
from faka.contexts.intake.problems import PROBLEMS_MAX, Problem, safe_cell, written


pytestmark = pytest.mark.unit

DAY = date(2026, 3, 2)


def surveyed(body: bytes, wish: Wish | None = None) -> Survey:
    found = survey(lambda: [body], wish or Wish(), DAY)
    assert isinstance(found, Survey)
    return found


def test_lines_end_with_lf_or_cr_lf_or_the_file() -> None:
    assert list(read_lines([b"a\r\nb\n\nc"])) == [Line(b"a", 3), Line(b"b", 5), Line(b"", 6), Line(b"c", 7)]


def test_the_stream_may_be_cut_anywhere() -> None:
    body = b"first\r\nsecond\n\nfourth"
    whole = list(read_lines([body]))
    for cut in range(len(body)):
        assert list(read_lines([body[:cut], body[cut:]])) == whole
    assert list(read_lines(body[i : i + 1] for i in range(len(body)))) == whole


def test_offsets_are_where_the_next_line_starts() -> None:
    body = b"first\r\nsecond\n\nfourth"
    for line in read_lines([body]):
        rest = list(read_lines([body[line.end :]], line.end))
        assert rest == [later for later in read_lines([body]) if later.end > line.end]


@pytest.mark.parametrize("length", [LINE_BYTES_MAX, LINE_BYTES_MAX + 1, LINE_BYTES_MAX * 3])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_that_is_too_long_is_one_line_and_is_not_kept(length: int, end: bytes) -> None:
    body = b"x" * length + end + (b"next" if end else b"")
    for size in (1_000, len(body)):
        found = list(read_lines(body[i : i + size] for i in range(0, len(body), size)))
        assert (found[0].raw is None) is (length > LINE_BYTES_MAX)
        assert found[0].end == length + len(end)
        assert [line.raw for line in found[1:]] == ([b"next"] if end else [])


def test_a_file_without_any_line_end_is_one_long_line_in_flat_memory() -> None:
    import tracemalloc

    tracemalloc.start()
    found = list(read_lines(b"x" * (1 << 20) for _ in range(50)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [Line(None, 50 << 20)]
    assert peak < 8 << 20


def test_blank_lines_and_the_header_are_not_lines_of_cards() -> None:
    found = surveyed("\ufeff\n卡号,密码\n\nA,1\n  \nB,2\n".encode(), Wish(shape=Shape.CSV))
    assert (found.lines, found.skipped, found.header_line) == (2, 4, 2)
    assert found.rooms == (Room(expires="", count=2),)


def test_the_encoding_is_found_even_when_the_first_lines_do_not_show_it() -> None:
    body = b"A----1\n" * 300 + "卡----密\n".encode("gb18030") * 3
    assert surveyed(body).form.encoding == "gb18030"
    assert surveyed(body.replace("卡----密".encode("gb18030"), "卡----密".encode())).form.encoding == "utf-8"


def test_one_broken_line_does_not_change_the_encoding_of_the_others() -> None:
    body = "卡----密\n".encode() * 5 + b"\xff\xff----x\n"
    assert surveyed(body).form.encoding == "utf-8"


def test_rooms_are_counted_by_expiry_soonest_first_and_never_last() -> None:
    body = b"a----1----2027-05-01\nb----2\nc----3----2027-01-01\nd----4----2027-05-01\ne----5----2020-01-01\n"
    rooms = surveyed(body).rooms
    assert rooms == (Room(expires="2027-01-01", count=1), Room(expires="2027-05-01", count=2), Room(expires="", count=1))
    assert surveyed(body, Wish(expires="2028-01-01")).rooms[-1] == Room(expires="2028-01-01", count=1)


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Survey.__module__], "LINES_MAX", 3)
    assert survey(lambda: [b"a\nb\nc\n"], Wish(), DAY) is not Refusal.TOO_MANY_LINES
    assert survey(lambda: [b"a\nb\nc\nd"], Wish(), DAY) is Refusal.TOO_MANY_LINES


def test_a_problem_file_grows_by_steps_to_its_bound() -> None:
    some = [Problem(n, Reason.COLUMNS) for n in range(1, PROBLEMS_MAX + 10)]
    body = written(b"", 0, some[:4])
    assert body.decode("utf-8-sig").splitlines()[:2] == ["line,reason,first_batch,first_line", "1,COLUMNS,,"]
    body = written(body, 4, some[4:])
    rows = body.decode("utf-8-sig").splitlines()
    assert (len(rows), rows[-1]) == (PROBLEMS_MAX + 2, ",MORE,,")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", " =1", "\ufeff=1", "\u200b@x"])
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_harmless_cells_stay_as_they_are() -> None:
    assert [safe_cell(text) for text in ("bat_1", "", "1", "中文")] == ["bat_1", "", "1", "中文"]
