"""The table of threats (`tests/threats.yaml`) leaves none out, names tests that exist, and says of what is not built why."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.test_rows import ROOT, missing


pytestmark = pytest.mark.architecture

THREATS = tuple(f"T{n:02}" for n in range(1, 27))
CASES = tuple(f"F{n:02}" for n in range(1, 24))
NAMED = re.compile(r"test_(?:twin_)?((?:f\d\d_)+)")
Entries = Mapping[str, Mapping[str, Any]]


def table(part: str) -> Entries:
    found: Entries = yaml.safe_load((ROOT / "tests" / "threats.yaml").read_text())[part]
    return found


def faults(entries: Entries, expected: tuple[str, ...], said: tuple[str, ...]) -> list[str]:
    """Entries that are missing, unknown, without a test or a word, or that name a test that does not exist."""
    wrong = [f"{one}: not in the table" for one in expected if one not in entries]
    wrong += [f"{one}: nobody knows it" for one in entries if one not in expected]
    for name, entry in entries.items():
        wrong += [] if entry.get("tests") else [f"{name}: no test"]
        wrong += [] if sum(bool(str(entry.get(word, "")).strip()) for word in said) == 1 else [f"{name}: needs one of {', '.join(said)}"]
    return wrong + missing({name: list(entry.get("tests") or ()) for name, entry in entries.items()})


def cases_named(folder: Path) -> dict[str, set[str]]:
    """The tests whose names say which case they are, by case."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match = NAMED.match(node.name) if isinstance(node, ast.FunctionDef) else None
            for case in re.findall(r"f\d\d", match.group(1)) if match and isinstance(node, ast.FunctionDef) else ():
                found.setdefault(case.upper(), set()).add(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def test_each_threat_has_a_control_or_a_reason_and_tests_that_exist() -> None:
    assert faults(table("threats"), THREATS, ("control", "not_built")) == []


def test_each_case_has_tests_that_exist() -> None:
    assert faults(table("cases"), CASES, ("happened",)) == []


def test_each_case_has_tests_of_its_name_and_each_such_test_is_in_the_table() -> None:
    assert {case: set(entry["tests"]) for case, entry in table("cases").items()} == cases_named(ROOT / "tests" / "security")


def test_each_case_has_a_twin_in_which_the_mistake_is_made() -> None:
    assert [case for case, entry in table("cases").items() if not any("test_twin_" in test for test in entry["tests"])] == []


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ({}, "T01: not in the table"),
        ({"T01": {"control": "x", "tests": []}}, "T01: no test"),
        ({"T01": {"tests": ["tests/architecture/test_rows.py::test_each_named_test_exists"]}}, "T01: needs one of control, not_built"),
        ({"T01": {"control": "x", "not_built": "y"}}, "T01: needs one of control, not_built"),
        ({"T99": {"control": "x"}}, "T99: nobody knows it"),
        ({"T01": {"control": "x", "tests": ["tests/nowhere.py::test_x"]}}, "T01: tests/nowhere.py::test_x"),
    ],
)
def test_a_gap_in_a_table_is_found(entries: Entries, fault: str) -> None:
    assert fault in faults(entries, ("T01",), ("control", "not_built"))
