"""`python -m infra.soak --minutes 5 --buyers 32 [--seed N]`: run, judge, print, write build/soak.json. 1 when a promise is broken."""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.bench.cloud import ROOT
from infra.soak.course import Options
from infra.soak.report import document, table
from infra.soak.run import soak


SEED_MAX = 1_000_000
MINUTES_MAX = 240
BUYERS_MAX = 128


def main() -> int:
    given = _options()
    seed = random.randrange(SEED_MAX) if given.seed is None else given.seed
    print(f"seed {seed}: {given.minutes:g} minutes of load by {given.buyers} buyers", flush=True)
    options = Options(
        seconds=given.minutes * 60,
        buyers=given.buyers,
        seed=seed,
        orders_per_check=given.orders_per_check,
        logs=given.out.with_suffix(".logs"),
        say=_said_with_time(),
    )
    told = document(soak(options))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(told, indent=1, ensure_ascii=False))
    print(table(told))
    return 1 if told["broken"] else 0


def _said_with_time() -> Callable[[str], None]:
    began = time.monotonic()
    return lambda text: print(f"{time.monotonic() - began:6.1f} s  {text}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.soak", description="Buy for minutes while things break, and judge.")
    parser.add_argument("--minutes", type=float, default=5, help=f"of load, at most {MINUTES_MAX}")
    parser.add_argument("--buyers", type=int, default=32, help=f"at the same time, at most {BUYERS_MAX}")
    parser.add_argument("--seed", type=int, help="repeats who does what and which fault falls when")
    parser.add_argument("--orders-per-check", type=int, default=1_000, help="orders between two looks of the judge")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "soak.json", help="where the figures go")
    given = parser.parse_args()
    if not (0 < given.minutes <= MINUTES_MAX and 0 < given.buyers <= BUYERS_MAX and given.orders_per_check > 0):
        parser.error("out of bounds")
    return given


if __name__ == "__main__":
    sys.exit(main())
