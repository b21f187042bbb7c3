"""Two editions of one README: the same skeleton, the same commands, the same tables, and all of it as the house is now."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.tools import readme
from tests.architecture.sources import ROOT


pytestmark = pytest.mark.architecture

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"


@dataclass(frozen=True)
class Outline:
    """What two editions must share."""

    levels: list[int]
    """Depth of each heading, in order."""
    blocks: list[str]
    """Commands, line by line. Drawings carry words and are compared by their height."""
    tables: list[tuple[int, int]]
    """Rows and columns of each table."""
    figures: list[str]
    """Numbers of each table's rows."""
    paths: list[str]
    """Code words that are the same in any language: paths, commands, names."""


def outline(text: str) -> Outline:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    plain = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    tables = [part.strip().split("\n") for part in re.findall(r"(?:^\|.*\|\n)+", plain, re.MULTILINE)]
    return Outline(
        levels=[len(found) for found in re.findall(r"^(#+) ", plain, re.MULTILINE)],
        blocks=[body if kind == "sh" else f"{kind}: {body.count(chr(10))} lines" for kind, body in blocks],
        tables=[(len(rows), rows[0].count("|")) for rows in tables],
        figures=[" ".join(re.findall(r"\d+", re.sub(r"\]\(.*?\)", "]", row))) for rows in tables for row in rows],
        paths=sorted(set(re.findall(r"`([\w./*-]+)`", plain))),
    )


def differences(one: str, other: str) -> list[str]:
    a, b = outline(one), outline(other)
    wrong = [name for name in ("levels", "blocks", "tables", "figures") if getattr(a, name) != getattr(b, name)]
    return wrong + [f"only one edition names {path}" for path in sorted(set(a.paths) ^ set(b.paths))]


def verbs(text: str) -> set[str]:
    """`make` verbs that a text tells people to type."""
    return set(re.findall(r"\bmake ([a-z][a-z-]*)", text))


def known_verbs(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):.*## ", makefile, re.MULTILINE))


def test_both_editions_have_the_same_skeleton_commands_and_tables() -> None:
    wrong = differences(ENGLISH.read_text(), CHINESE.read_text())
    assert not wrong, "\n".join(wrong)


def test_generated_tables_are_as_the_template_and_the_code_are_now() -> None:
    assert readme.stale() == [], "run: python -m infra.tools.readme"


def test_the_first_commands_are_the_two_of_set_up() -> None:
    for edition in (ENGLISH, CHINESE):
        kind, body = re.findall(r"^```(\w*)\n(.*?)^```", edition.read_text(), re.MULTILINE | re.DOTALL)[0]
        assert kind == "sh"
        assert [line.split("#")[0].strip() for line in body.strip().split("\n")] == ["make run", "make test"]


def test_verbs_that_people_are_told_to_type_exist() -> None:
    known = known_verbs((ROOT / "Makefile").read_text())
    told = {verb for page in (ENGLISH, CHINESE, ROOT / "CHANGELOG.md") for verb in verbs(page.read_text())}
    assert told - known == set()


def test_links_into_the_house_lead_somewhere() -> None:
    for edition in (ENGLISH, CHINESE):
        links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", edition.read_text())
        assert [link for link in links if not Path(ROOT / link).exists()] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("# a\n## b\n", "# a\n"),
        ("```sh\nmake run\n```\n", "```sh\nmake test\n```\n"),
        ("| a | 5 |\n| - | - |\n", "| a | 6 |\n| - | - |\n"),
        ("| a | b |\n| - | - |\n", "| a |\n| - |\n"),
        ("`template.yaml`", "模板"),
    ],
)
def test_editions_that_part_are_found(one: str, other: str) -> None:
    assert differences(one, other)


def test_a_verb_that_does_not_exist_is_found() -> None:
    assert verbs("type `make setup` first") - known_verbs("run: ## Run\n") == {"setup"}
