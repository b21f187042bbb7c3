"""The problem file: which lines brought no card, and why. It never holds anything of the lines themselves."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from faka.contexts.intake.card_file import Reason
from faka.kernel.ids import BatchId


PROBLEMS_MAX = 10_000
"""Lines in a problem file. Whoever has more of them has the wrong file, and the counts say how many there were."""

PROBLEMS_KIND = "text/csv; charset=utf-8"
_HEAD = ("line", "reason", "first_batch", "first_line")
_BOM = "\ufeff"
"""Without it a spreadsheet on Windows shows Chinese as noise."""

_FORMULA = frozenset("=+-@＝＋－＠")
_BREAKS = frozenset("\t\r\n")
"""Signs that make a cell a formula, and breaks that make the next sign the first of a cell."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line without a card. For a duplicate: where the card came from first."""

    line: int
    reason: Reason
    first_batch: BatchId | str = ""
    first_line: int = 0


def problems_key(batch: BatchId, line: int) -> str:
    """One file per step that had problems, named by the line it ends with; the job's row says which one counts."""
    return f"problems/{batch}/{line:09}.csv"


def written(earlier: bytes, known: int, problems: Sequence[Problem]) -> bytes:
    """The file with some more problems at its end. `known` is how many it has."""
    room = max(0, PROBLEMS_MAX - known)
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    if not earlier:
        out.write(_BOM)
        rows.writerow(_HEAD)
    for problem in problems[:room]:
        first = (safe_cell(problem.first_batch), problem.first_line) if problem.first_batch else ("", "")
        rows.writerow((problem.line, problem.reason.value, *first))
    if known <= PROBLEMS_MAX < known + len(problems):
        rows.writerow(("", "MORE", "", ""))
    return earlier + out.getvalue().encode()


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, whatever stands in it: also behind blanks, and in full-width signs,
    which a spreadsheet in Chinese or Japanese reads like the narrow ones."""
    first = next((sign for sign in text if not sign.isspace() and sign.isprintable()), "")
    return f"'{text}" if first in _FORMULA or text[:1] in _BREAKS else text
