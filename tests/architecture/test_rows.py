"""The table of rows and tests (`tests/rows.yaml`) names what exists, and leaves no row of the list without a test."""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml


pytestmark = pytest.mark.architecture

ROOT = Path(__file__).resolve().parents[2]
ROWS = (
    *("A01", "A03", "A10", "A14", "A15", "A16", "A18", "A19", "A20", "A21", "A22", "A23", "A24", "A37", "A42", "A44"),
    *("C01", "C03", "C04", "C05", "C06", "C07", "C08", "C09", "C10", "C12", "C13", "C14", "C15", "C16", "C18", "C20"),
    *("C21", "C22", "C23", "C24"),
    *("B16", "G01", "G02", "G03", "G04", "G05", "G06", "G07", "G08", "G09", "G10", "G12", "G13", "G14", "G15", "K14"),
    *("A05", "A06", "A12", "A13", "A25", "A26", "A27", "A28", "A29", "A30", "A32", "A33"),
    *("F01", "F02", "F03", "F04", "F05", "F06", "F07", "F08", "F09"),
    "M20",
    *("H01", "H02", "H03", "H04", "H05", "H06", "H09", "H13", "H14"),
)
"""What this version promises."""


def table() -> dict[str, list[str]]:
    found: dict[str, list[str]] = yaml.safe_load((ROOT / "tests" / "rows.yaml").read_text())
    return found


def names_in(path: Path) -> set[str]:
    if path.suffix != ".py" or not path.is_file():
        return set()
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def missing(rows: Mapping[str, list[str]]) -> list[str]:
    """Names that stand in the table and nowhere else."""
    files = {name.partition("::")[0] for names in rows.values() for name in names}
    known = {file: names_in(ROOT / file) for file in files}
    wrong = []
    for row, names in rows.items():
        for name in names:
            file, _, test = name.partition("::")
            if not test.startswith("test_") or test not in known[file]:
                wrong.append(f"{row}: {name}")
    return wrong


def test_each_named_test_exists() -> None:
    assert missing(table()) == []


def test_no_row_is_without_a_test_and_none_is_unknown() -> None:
    rows = table()
    assert sorted(rows) == sorted(ROWS)
    assert [row for row, names in rows.items() if not names or len(set(names)) != len(names)] == []


def test_a_name_that_leads_nowhere_is_found() -> None:
    assert missing({"A01": ["tests/architecture/test_rows.py::test_gone", "tests/nowhere.py::test_x", "tests/rows.yaml"]}) == [
        "A01: tests/architecture/test_rows.py::test_gone",
        "A01: tests/nowhere.py::test_x",
        "A01: tests/rows.yaml",
    ]
