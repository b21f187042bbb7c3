"""`python -m infra.bench.scale`: measure, write build/scale.json, print tables, and put them into both READMEs. See `--help`."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from infra.bench.scale import report
from infra.bench.scale.measure import QUICK, SEED, WHOLE, measure
from infra.bench.scale.parameters import Parameters
from infra.tools import readme


ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    given = _options()
    began = time.monotonic()
    results = measure(
        QUICK if given.quick else WHOLE, Parameters(), given.seed, lambda text: print(f"── {text}", file=sys.stderr, flush=True)
    )
    place: Path = given.out
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(results, indent=1, ensure_ascii=False))
    print(report.plain(results))
    print(f"\n{place}, {time.monotonic() - began:.0f} s", flush=True)
    if not given.quick:
        _publish(results)
    return 0 if report.is_sound(results) else 1


def _say(text: str) -> None:
    print(f"── {text}", file=sys.stderr, flush=True)


def _publish(results: dict[str, Any]) -> None:
    report.KEPT.write_text(report.kept(results), encoding="utf-8")
    for lang, edition in readme.EDITIONS.items():
        text = edition.read_text(encoding="utf-8")
        edition.write_text(readme.rewritten(text, lang), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.bench.scale", description="Drive the shop against a model of partitions.")
    parser.add_argument("--quick", action="store_true", help="small numbers of everything; the READMEs stay as they are")
    parser.add_argument("--seed", type=int, default=SEED, help="another draw of arrivals, latencies and pauses")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "scale.json", help="where all results are kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
