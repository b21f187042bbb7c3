"""`python -m tests.simulation`: walk as long as you like, replay one run as a timeline, or print what all tests have left behind.

walk --schedules 1000000 [--first 0] [--jobs 2]
replay SCENARIO SEED [--fault "name of a planted fault"]
crashes [SCENARIO …]
report [--keep]
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Sequence

import infra  # noqa: F401 - lets the shop's own code be found
import tests.simulation.scenarios  # noqa: F401 - registers them
from tests.simulation import report
from tests.simulation.amount import SCHEDULES
from tests.simulation.crashes import Coverage, enumerate_crashes
from tests.simulation.explore import run, timeline
from tests.simulation.planted import planted
from tests.simulation.planted.faults import FAULTS
from tests.simulation.registry import SCENARIOS
from tests.simulation.walks import Tally, walk_all


SAY_EVERY_S = 10
"""How often a long walk says where it is."""


def main(given: Sequence[str] | None = None) -> int:
    options = _options(given)
    verb: int = {"walk": _walk, "replay": _replay, "crashes": _crashes, "report": _report}[options.verb](options)
    return verb


def _options(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="The whole shop under a seeded scheduler.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    walk = verbs.add_parser("walk", help="runs of all scenarios by seed")
    walk.add_argument("--schedules", type=int, default=SCHEDULES)
    walk.add_argument("--first", type=int, default=0, help="the first seed; other seeds are other runs")
    walk.add_argument("--jobs", type=int, default=2)
    replay = verbs.add_parser("replay", help="one run as a timeline")
    replay.add_argument("scenario", choices=sorted(SCENARIOS))
    replay.add_argument("seed", type=int)
    replay.add_argument("--fault", choices=[fault.name for fault in FAULTS], help="with this mistake planted")
    crashes = verbs.add_parser("crashes", help="every death and fault of these scenarios")
    crashes.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []])
    kept = verbs.add_parser("report", help="put together what the tests have left in build/assurance")
    kept.add_argument("--keep", action="store_true", help="keep the figures that the README shows")
    return parser.parse_args(given)


def _walk(options: argparse.Namespace) -> int:
    tally, began = Tally(), time.monotonic()
    said = began
    for part in walk_all(options.schedules, options.first, options.jobs):
        tally.merge(part)
        for line in part.failures:
            print(line, flush=True)
        if time.monotonic() - said > SAY_EVERY_S:
            said = time.monotonic()
            print(f"{tally.runs} runs, {tally.failed} failed, {said - began:.0f} s", file=sys.stderr, flush=True)
    found = report.of_walks(tally)
    report.leave("walk-on-demand", {**found, "wall_s": round(time.monotonic() - began, 1)})
    print(
        f"{tally.runs} schedules, {tally.distinct_runs} distinct, {tally.steps} calls, {tally.deaths} deaths, {tally.faults} faults, "
        f"{tally.looks} verdicts, {tally.failed} failed, {time.monotonic() - began:.0f} s on {options.jobs} processes"
    )
    return 1 if tally.failed else 0


def _replay(options: argparse.Namespace) -> int:
    fault = next((each for each in FAULTS if each.name == options.fault), None)
    SCENARIOS[options.scenario].stage()
    with planted(fault) if fault else contextlib.nullcontext():
        result = run(SCENARIOS[options.scenario], options.seed, keeps_trace=True)
    print(timeline(result))
    return 1 if result.wrong else 0


def _crashes(options: argparse.Namespace) -> int:
    found, began = Coverage(), time.process_time()
    for name in options.scenarios or SCENARIOS:
        enumerate_crashes(found, SCENARIOS[name])
        print(f"{name}: {len(found.branches)} branches, {found.points} points, {found.doubles} doubles so far", flush=True)
    print(f"{found.deaths} deaths, {found.faults} faults, {found.doubles} doubles, {time.process_time() - began:.0f} s of one processor")
    print("\n".join([*found.failures, *found.missed]))
    return 1 if found.failures else 0


def _report(options: argparse.Namespace) -> int:
    whole = report.whole()
    print(report.table(whole))
    if options.keep:
        report.keep(whole)
    return 1 if report.failures(whole) else 0


if __name__ == "__main__":
    sys.exit(main())
