"""One soak from the first card file to the verdict."""

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from faka.steps.invariants import Violation
from infra.bench import cloud as bench
from infra.local.weather import WEATHER
from infra.soak.course import HOLD_TTL_S, Course, Options
from infra.soak.diary import Diary
from infra.soak.judge import Evidence
from infra.soak.processes import Meter


WORKERS = "storefront=3,reveal=2,callbacks=2"
"""Processes of the doors: one more than buyers usually meet here, because some of them are always being started again."""


@dataclass
class Outcome:
    options: Options
    diary: Diary
    meter: Meter
    broken: list[Violation]
    checks: list[int]
    """After how many orders the judge looked, the last time included."""
    fell: Counter[str]
    cut_short: int
    """Requests whose function died in the middle of them."""
    states: Counter[str]
    receipts: Counter[str]
    refunds: Counter[str]
    errors: Counter[str]
    rows: int
    load_s: float
    crowd_cpu_s: float
    """Processor time of buyers, providers and judge during the load: they run on the same machine as the shop."""
    took_s: float
    hidden: int
    """Messages that a process died with; they wait for their time in a queue and change nothing any more."""
    evidence: Evidence
    """What the judge had before him at the end, and when it was."""
    judged_at: datetime
    load_average: tuple[float, float] = field(default_factory=lambda: (0.0, 0.0))
    """Of the machine, at the start and at the end."""


def soak(options: Options) -> Outcome:
    """Run and judge. Raises: NotStarted, NotStocked, NotTidied."""
    began, load = time.monotonic(), os.getloadavg()[0]
    with _cloud(options) as cloud, bench.here(cloud) as plain:
        course = Course(options, cloud, plain.settings, Path(os.environ[WEATHER]))
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # the figures of our own sweeps
            course.go()
        if course.broken and options.logs is not None:
            shutil.copytree(cloud.state / "logs", options.logs, dirs_exist_ok=True)
        return Outcome(
            options=options,
            diary=course.diary,
            meter=course.meter,
            broken=course.broken,
            checks=course.checks,
            fell=course.storm.fell + course.bank.post.fell,
            cut_short=_cut_short(cloud.state / "logs" / "front.log"),
            states=course.states,
            receipts=course.receipts,
            refunds=course.refunds,
            errors=course.office.failed,
            rows=course.rows,
            load_s=course.load_s,
            crowd_cpu_s=course.crowd_cpu_s,
            took_s=time.monotonic() - began,
            hidden=course.hidden,
            evidence=course.evidence,
            judged_at=course.judged_at,
            load_average=(load, os.getloadavg()[0]),
        )


@contextmanager
def _cloud(options: Options) -> Iterator[bench.Cloud]:
    more = ("--workers", WORKERS, "--settings", f"FAKA_HOLD_TTL_S={HOLD_TTL_S}", "--root", str(options.root))
    with (
        tempfile.TemporaryDirectory(prefix="faka-soak-") as folder,
        patch.dict(os.environ, {WEATHER: f"{folder}/weather.json"}),
        bench.running(*more) as cloud,
    ):
        yield cloud


def _cut_short(front: Path) -> int:
    return front.read_text(errors="replace").count("the process ended") if front.exists() else 0
