"""Files end at 250 lines and functions at 40: at that size something wants to leave."""

import ast

import pytest

from infra.tools.whole import ROOT, included
from tests.architecture.sources import Source, shipped, sources


pytestmark = pytest.mark.architecture

FILE_LINES_MAX = 250
FUNCTION_LINES_MAX = 40

LONGER = {
    "layers/faka/faka/platform/table.py": "one client, five verbs and their failures; whoever reads one needs the others",
}
"""Files that stay longer, each with its reason."""


def too_long(source: Source, *, longer: dict[str, str]) -> list[str]:
    wrong = []
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX and source.path not in longer:
        wrong.append(f"{source.path}: {lines} lines")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = code_lines(node)
            if count > FUNCTION_LINES_MAX:
                wrong.append(f"{source.path}:{node.lineno} {node.name}: {count} lines")
    return wrong


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its decorators and its docstring: explaining is free."""
    first = node.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if told else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_files_and_functions_stay_small() -> None:
    wrong = [line for source in [*shipped(), *sources("infra")] for line in too_long(source, longer=LONGER)]
    assert not wrong, "\n".join(wrong)


def test_the_list_of_longer_files_holds_none_that_shrank() -> None:
    wrong = [path for path in LONGER if not too_long(next(s for s in shipped() if s.path == path), longer={})]
    assert not wrong, "\n".join(wrong)


def test_a_long_file_and_a_long_function_are_found() -> None:
    assert too_long(Source("a.py", "x = 1\n" * 251), longer={})
    assert too_long(Source("a.py", "def f():\n" + "    x = 1\n" * 40), longer={})
    assert not too_long(Source("a.py", 'def f():\n    """' + "told\n" * 50 + '    """\n' + "    x = 1\n" * 38), longer={})


def test_the_template_stays_a_map_that_one_person_reads() -> None:
    assert (ROOT / "template.yaml").read_text().count("\n") <= 1_320


def test_what_the_template_includes_is_smaller_than_the_map() -> None:
    """Keys, buckets, logs and alarms: long lists of one kind, no flow."""
    assert 0 < included(ROOT / "template.yaml").count("\n") <= 500
