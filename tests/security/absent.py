"""What the shop does not have yet, and so cannot be attacked by: looked for, so that the day it comes its own test is asked for."""

import ast
import re
from collections.abc import Iterable, Iterator

from infra.tools.template import Template
from tests.architecture.sources import Source, shipped


def names(source: Source) -> Iterator[str]:
    """Everything that a source defines, takes or imports."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (part.name for part in node.names)
            yield getattr(node, "module", None) or ""


def code_of(words: str, sources: Iterable[Source] | None = None) -> list[str]:
    """Names in shipped code that hold one of the words."""
    pattern = re.compile(words, re.IGNORECASE)
    return [f"{source.path}: {name}" for source in sources or shipped() for name in names(source) if pattern.search(name)]


def routes() -> set[tuple[str, str]]:
    template = Template()
    return {route for function in template.functions() for route in template.routes(function)}


def routes_of(words: str, known: Iterable[tuple[str, str]] | None = None) -> list[str]:
    pattern = re.compile(words, re.IGNORECASE)
    return [f"{method} {path}" for method, path in sorted(known or routes()) if pattern.search(path)]


RUNS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "pickle.loads",
    "pickle.load",
    "marshal.loads",
    "shelve.open",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "importlib.import_module",
    "ctypes.CDLL",
}
"""Calls that make code of data. `from_string` of a template engine is one too, whatever its engine is called."""


def runs_data(source: Source) -> list[str]:
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            is_shell = any(given.arg == "shell" for given in node.keywords) or name.startswith("subprocess.")
            if name in RUNS or name.endswith((".from_string", ".eval", ".exec_module")) or is_shell:
                found.append(f"{source.path}:{node.lineno} {name}")
    return found
