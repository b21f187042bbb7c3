"""Rules that a linter does not know: errors by name, time and chance as parameters, words that stay out."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, shipped, texts


pytestmark = pytest.mark.architecture

CATCHES_ALL = {
    "layers/faka/faka/platform/door.py": "the outermost border: whatever it was, the caller gets an answer and the log a line",
    "layers/faka/faka/platform/telemetry.py": "the runtime would print a foreign error's text, which may quote its input",
    "layers/faka/faka/platform/envelope.py": "the Encryption SDK lets errors of three libraries through, without a common base",
}

OUTSIDE = {
    "layers/faka/faka/platform/real.py": "the one source of time, chance and waiting",
    "layers/faka/faka/platform/settings.py": "the one reader of the environment",
}
"""Who may ask the machine for time, chance or environment."""

ASKS = re.compile(
    r"(datetime\.(datetime\.)?(now|utcnow|today)|(datetime\.)?date\.today|time\.(time|time_ns|sleep|localtime|gmtime)"
    r"|uuid\.uuid[14]|uuid[14]|secrets\.\w+|random\.\w+|os\.(environ|getenv|urandom|getenvb?)(\..*)?)"
)
BARE = frozenset(("time", "time_ns", "sleep", "uuid1", "uuid4", "environ", "getenv", "urandom"))
"""`time.monotonic` is free: it measures how long something took and decides nothing."""


def broad_catches(source: Source) -> list[str]:
    wrong = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = [] if node.type is None else node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if node.type is None or any(isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException") for kind in caught):
                wrong.append(f"{source.path}:{node.lineno} catches everything")
    return wrong


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def outside_questions(source: Source) -> list[str]:
    asked: dict[int, str] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name) and ASKS.fullmatch(dotted(node)):
            asked.setdefault(node.lineno, dotted(node))
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "secrets", "random", "uuid", "os"):
            named = {alias.name for alias in node.names}
            if named & {"time", "time_ns", "sleep", "uuid1", "uuid4", "environ", "getenv", "urandom"} or node.module in (
                "secrets",
                "random",
            ):
                asked.setdefault(node.lineno, f"from {node.module} import")
    return [f"{source.path}:{line} asks {what}" for line, what in sorted(asked.items())]


def overwrites_of_the_journal(source: Source) -> list[str]:
    """A plain put replaces a row; the journal only takes inserts."""
    wrong = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in ("put", "update", "delete", "put_many"):
            first = node.args[0] if node.args else None
            if first is not None and any(dotted(part).endswith("TableName.JOURNAL") for part in ast.walk(first)):
                wrong.append(f"{source.path}:{node.lineno} changes the journal")
    return wrong


def test_nobody_catches_everything() -> None:
    wrong = [line for source in shipped() if source.path not in CATCHES_ALL for line in broad_catches(source)]
    assert not wrong, "\n".join(wrong)


def test_time_chance_and_environment_are_parameters() -> None:
    wrong = [line for source in shipped() if source.path not in OUTSIDE for line in outside_questions(source)]
    assert not wrong, "\n".join(wrong)


def test_the_journal_is_only_inserted_into() -> None:
    wrong = [line for source in shipped() for line in overwrites_of_the_journal(source)]
    assert not wrong, "\n".join(wrong)


def test_exceptions_from_the_rules_are_still_needed() -> None:
    by_path = {source.path: source for source in shipped()}
    wrong = [path for path in CATCHES_ALL if not broad_catches(by_path[path])]
    assert not wrong, "\n".join(wrong)
    wrong = [path for path in OUTSIDE if not outside_questions(by_path[path])]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept (ValueError, BaseException):\n    pass",
    ],
)
def test_a_broad_catch_is_found(text: str) -> None:
    assert broad_catches(Source("a.py", text))


@pytest.mark.parametrize(
    "text",
    [
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime, UTC\ndatetime.now(UTC)",
        "import time\ntime.time()",
        "from time import time",
        "import uuid\nuuid.uuid4()",
        "import os\nx = os.environ['A']",
        "import os\nx = os.environ.get('A')",
        "from os import environ",
        "import secrets\nsecrets.token_bytes(8)",
        "import random\nrandom.random()",
    ],
)
def test_a_question_to_the_machine_is_found(text: str) -> None:
    assert outside_questions(Source("a.py", text))


def test_a_change_of_the_journal_is_found() -> None:
    assert overwrites_of_the_journal(Source("a.py", "put(TableName.JOURNAL, {'pk': 'x'})"))
    assert overwrites_of_the_journal(Source("a.py", "update(Key(TableName.JOURNAL, 'a', 'b'), 'SET #x = :x')"))
    assert not overwrites_of_the_journal(Source("a.py", "insert(TableName.JOURNAL, {'pk': 'x'})"))


# -- words that stay out ------------------------------------------------------------------------------------------------

KEPT_OUT = tuple(
    re.compile(pattern.replace("~", ""), re.IGNORECASE)
    for pattern in (
        r"(?<![\w.}])/w~ork/",  # where somebody happened to build this
        r"/t~mp/[a-z]+/CON~TRACT",
        r"\b(cl~aude|anth~ropic|chat~gpt|cop~ilot)\b",
        r"\b(sub~-?agent|language mo~del|AI ass~istant)s?\b",
        r"\b(is~sue|tick~et) #?\d",  # a number that only a tracker knows explains nothing here
        r"(py~pi|python~hosted|npm~js)\.(org|com)",  # an installation takes what its own configuration names
        r"registry\.npm|simple/ind~ex|--ind~ex-url",
        r"\b(DECI~SIONS|HO~USE|STY~LE|LOC~AL-CLOUD|RUN~TIME|CLA~IMING|CLA~IMING-STUDY|PAY~MENTS|REL~IABILITY|SEC~URITY|PE~ERS|ANC~HORS|FEA~TURES)\.md\b",
        r"(?-i:\bT~ODO\b|\bFIX~ME\b)",
    )
)
"""`~` breaks the words up, so that this list does not find itself."""


def kept_out_words(name: str, text: str) -> Iterator[str]:
    for pattern in KEPT_OUT:
        for found in pattern.finditer(text):
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1} {found.group()!r}"


def test_words_of_the_workplace_stay_out() -> None:
    wrong = [line for name, text in texts() for line in kept_out_words(name, text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("text", ["see /w~ork/x", "by Cl~aude", "is~sue 7", "https://py~pi.org/simple", "HO~USE.md", "# T~ODO later"])
def test_a_word_of_the_workplace_is_found(text: str) -> None:
    assert list(kept_out_words("a", text.replace("~", "")))
