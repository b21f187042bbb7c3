"""From results to tables and money."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.bench.scale import money, report, targets
from infra.bench.scale.words import FIGURES, WHY, WORDS


pytestmark = pytest.mark.unit

KEPT: dict[str, Any] = json.loads(report.KEPT.read_text(encoding="utf-8"))


def test_every_price_has_its_unit_and_its_page() -> None:
    listed = yaml.safe_load(money.PRICES.read_text(encoding="utf-8"))
    assert listed["looked_up"]
    assert all(price["usd"] > 0 and price["per"] > 0 and price["source"].startswith("https://") for price in listed["prices"].values())


def test_a_million_claims_of_one_write_unit_cost_what_a_million_units_cost() -> None:
    assert money.claim_usd({"write": 1.0, "read": 0.0}) == 0.62
    assert money.claim_usd({"write": 2.0, "read": 10.0}) == 2.5


def test_an_orders_price_counts_units_of_table_and_index_calls_and_time() -> None:
    step = {"write": 2.0, "index": 1.0, "read": 4.0, "mean_ms": 85.0}
    usd = money.order_usd({"steps": dict.fromkeys(money.DOORS, step), "calls": {"kms": 1, "event": 2}}, 15.0)
    assert usd["database writes"] == pytest.approx(9 * 0.625, abs=0.01)
    assert usd["database reads"] == 1.5
    assert usd["API requests"] == 10.5
    assert usd["functions"] == pytest.approx(3 * 0.2 + 0.3 * 13.3334, abs=0.01)
    assert usd["keys and secrets"] == 3
    assert usd["events"] == 2


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", report.TABLES)
def test_every_table_has_words_in_both_languages_and_rows_of_one_width(name: str, lang: str) -> None:
    rows = list(report.last(name)(lang))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) > 1


def test_figures_and_reasons_have_both_languages_and_a_missed_target_has_its_reason() -> None:
    assert all(english and chinese for english, chinese in (*FIGURES.values(), *WHY.values()))
    assert all(WORDS.values())
    assert [row["name"] for row in KEPT["targets"] if row["is_met"] is False and row["name"] not in WHY] == []


def test_the_kept_results_are_judged_by_their_own_figures() -> None:
    assert targets.judged(KEPT) == KEPT["targets"]
    assert report.is_sound(KEPT)


@pytest.mark.parametrize(
    ("part", "change"), [("sales", {"twice": 1}), ("sales", {"wrong_cards": 1}), ("contests", {"false": 1}), ("returns", {"lost": 1})]
)
def test_a_run_that_lost_or_doubled_a_card_is_not_sound(part: str, change: dict[str, int]) -> None:
    broken = {**KEPT, part: [{**KEPT[part][0], **change}, *KEPT[part][1:]]}
    broken["targets"] = targets.judged(broken)
    assert not report.is_sound(broken)


def test_stocks_that_differ_show_as_a_ratio() -> None:
    row = {"shards": 1, "buyers": 10, "cards": 1_000, "per_s": 100.0, "requests": 1.0, "write": 1.0, "ms": [4.0, 9.0, 9.0]}
    assert targets.flatness([row, {**row, "cards": 10**7}]) == {"1": 1.0}
    assert targets.flatness([row, {**row, "cards": 10**7, "ms": [5.0, 9.0, 9.0]}]) == {"1": 1.25}
    assert targets.flatness([row, {**row, "cards": 50, "per_s": 1.0}]) == {"1": 1.0}, "a stock that drains is not compared"


def test_what_is_kept_reads_back_as_it_was(tmp_path: Path) -> None:
    again = tmp_path / "scale.json"
    again.write_text(report.kept(KEPT), encoding="utf-8")
    assert json.loads(again.read_text(encoding="utf-8")) == KEPT
