"""The benchmark as a smoke run: all parts, small numbers, nothing lost. Times are not judged here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bench.cloud import ROOT


pytestmark = pytest.mark.e2e


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join(str(ROOT / place) for place in ("layers/faka", "layers/pages", "."))
    command = [sys.executable, "-m", "infra.bench", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)


def test_a_quick_run_measures_every_part_and_loses_nothing(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    ended = bench("--quick", "--out", str(out))
    assert ended.returncode == 0, ended.stderr[-2_000:]
    results = json.loads(out.read_text())
    assert set(results) == {"calls", "claims", "import", "recharges", "statements", "throughput"}
    check = results["throughput"]["check"]
    assert check["delivered"] == check["orders"] == check["claimed"] > 0
    assert check["sold_twice"] == check["wrong_cards"] == 0
    assert all(contest["sold_twice"] == contest["falsely_refused"] == 0 for contest in results["claims"]["contests"])
    warm = [row for row in results["calls"]["rows"] if row["warmth"] == "warm"]
    assert all(not row["kms"] for row in warm)
    bill = results["statements"]
    assert bill["is_right"], "what was planted in the bill, and nothing else"
    assert min(bill["planted"].values()) > 0
    table = bench("--table", "--out", str(out))
    assert "| stock | buyers |" in table.stdout


def test_a_table_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    ended = bench("--table", "--out", str(tmp_path / "none.json"))
    assert ended.returncode == 1
    assert "make bench" in ended.stderr
