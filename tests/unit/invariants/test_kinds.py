"""The list of kinds is the list of what the shop writes: a kind that the rules do not know would be an alarm each night."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import faka
from faka.platform.table import TableName
from faka.steps.invariants.kinds import ATTRIBUTES


pytestmark = pytest.mark.unit

HERE = Path(faka.__file__).parent
WITHIN = frozenset({"CORRECTION"})
"""Words that begin sort keys, within a row's partition."""

_KIND = re.compile(r"^([A-Z]{2,})#")


def named() -> Iterator[tuple[str, str]]:
    """Kind and file: texts of the code that begin as a partition key does."""
    for path in sorted(HERE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            met = _KIND.match(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
            if met is not None and met[1] not in WITHIN:
                yield met[1], str(path.relative_to(HERE))


def unknown(known: set[str]) -> set[tuple[str, str]]:
    return {(kind, path) for kind, path in named() if kind not in known}


KNOWN = {kind for table in TableName for kind in ATTRIBUTES[table]}


def test_every_kind_of_row_that_the_code_names_is_known_to_the_rules() -> None:
    assert unknown(KNOWN) == set()


def test_twin_a_kind_that_is_left_out_is_found_where_it_is_named() -> None:
    assert ("DISCREPANCY", "contexts/statements/store.py") in unknown(KNOWN - {"DISCREPANCY"})
