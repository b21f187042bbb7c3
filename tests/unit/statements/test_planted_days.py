"""Ten thousand lines of each provider in its true format, with 57 planted faults: all found, none invented, each in its class."""

from collections import Counter

import pytest

from faka.contexts.statements import match as rule
from faka.contexts.statements import reduce as rest
from infra.local.actors.desks import DESKS
from tests.kit.bills import PlantedDay


pytestmark = pytest.mark.unit

LINES = 10_000
FAULTS = 57
KINDS = tuple(kind for kind in DESKS if kind != "epusdt")
"""Every kind that keeps books; a gateway for stablecoins keeps none."""


@pytest.mark.parametrize("kind", KINDS)
def test_all_faults_of_a_day_are_found_and_none_is_invented(kind: str) -> None:
    day = PlantedDay(kind, LINES, FAULTS)
    night = day.night(parts=8)
    assert len(day.planted) == FAULTS
    assert Counter(night.classes) == Counter(day.planted)
    assert night.adds_up()


def test_without_the_look_at_repeats_the_planted_repeats_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "_distinct", lambda lines, result: list(lines))
    day = PlantedDay("alipay", 1_000, 28)
    assert Counter(day.night().classes) != Counter(day.planted)


def test_without_the_look_up_payments_over_midnight_are_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_looked_up", lambda line, known, day: None)
    day = PlantedDay("epay", 2_000, 14)
    assert set(Counter(day.night().classes) - Counter(day.planted)) == {"BILL_ONLY_PAYMENT"}
