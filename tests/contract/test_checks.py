"""The twelve checks of all channels on all surfaces: no cell is empty, and each attack is refused.

The table is printed, as `python -m tests.contract.matrix` does, and what was tried is kept in `build/checks.json`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from infra.tools.template import ROOT
from tests.contract.check_rows import CHECKS, SURFACES, Row
from tests.contract.matrix import ABSENT, ROWS, Matrix, attacks, counts, empty, stale, table


pytestmark = pytest.mark.contract

ATTACKS = attacks()
Name = tuple[str, str]


@dataclass
class Tally:
    tried: set[Name] = field(default_factory=set)
    refused: set[Name] = field(default_factory=set)


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """What was tried and refused; printed and kept when nothing was left out."""
    made = Tally()
    yield made
    if made.tried != set(ATTACKS):
        return
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{table()}")
    many = counts()
    told = {
        "channels": len(ROWS),
        "cells": len(many),
        "filled": sum(bool(count) for count in many.values()),
        "absent": sum((channel, way) in ABSENT for channel, _, way in many),
        "attacks": len(ATTACKS),
        "broken": len(made.tried - made.refused),
        "counts": {f"{channel} {check} {way}": count for (channel, check, way), count in many.items()},
    }
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "checks.json").write_text(json.dumps(told, indent=1))


@pytest.mark.parametrize("name", [
    pytest.param(name, id=f"{name[0]}-{'+'.join(cells)}-{name[1]}") for name, (_, cells) in ATTACKS.items()
])  # fmt: skip
def test_an_attack_is_not_believed(name: Name, tally: Tally) -> None:
    tally.tried.add(name)
    ATTACKS[name][0]()
    tally.refused.add(name)


@pytest.mark.parametrize("surface", ABSENT, ids=" ".join)
def test_what_is_said_to_be_absent_is_absent(surface: tuple[str, str]) -> None:
    ABSENT[surface].proof()


def test_no_cell_is_empty_and_no_reason_is_stale() -> None:
    assert not empty()
    assert not stale()
    assert len(counts()) == 6 * len(CHECKS) * len(SURFACES)


def test_the_table_shows_every_check_and_every_reason() -> None:
    text = table()
    assert [int(line.split()[0]) for line in text.splitlines()[2:14]] == list(CHECKS)
    assert all(absent.why in text for absent in ABSENT.values())


# -- twins ---------------------------------------------------------------------------------------------------------------------


def without(channel: str, check: int, way: str) -> Matrix:
    return {**ROWS, channel: [row for row in ROWS[channel] if row[:2] != (check, way)]}


@pytest.mark.parametrize("channel", ROWS)
def test_twin_a_cell_whose_rows_are_taken_out_is_found(channel: str) -> None:
    for check in CHECKS:
        for way in SURFACES:
            if (channel, way) not in ABSENT:
                assert empty(without(channel, check, way)) == [(channel, check, way)]


def test_twin_a_reason_beside_a_row_or_for_no_row_is_found() -> None:
    books = [*ROWS["epusdt"], Row(3, "bill", "a file", lambda: None)]
    assert stale({**ROWS, "epusdt": books}) == [("epusdt", 3, "bill")]
    assert stale(without("stripe", 5, "query")) == [("stripe", 5, "query")]
