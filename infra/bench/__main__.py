"""`python -m infra.bench`: measure, write build/bench.json, print tables. `--table` prints the last ones as Markdown."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.bench import tables


ROOT = Path(__file__).resolve().parents[2]
PARTS = ("calls", "claims", "import", "statements", "throughput", "recharges")
LINES = 100_000
QUICK_LINES = 3_000
BILL_LINES = 1_000_000
QUICK_BILL_LINES = 20_000


def main() -> int:
    given = _options()
    place: Path = given.out
    if given.table:
        if not place.exists():
            print(f"{place} is not there yet: run `make bench` first.", file=sys.stderr)
            return 1
        print(tables.markdown(json.loads(place.read_text())))
        return 0
    wanted = given.only or PARTS
    results: dict[str, Any] = json.loads(place.read_text()) if given.only and place.exists() else {}
    for part in wanted:
        print(f"── {part} …", file=sys.stderr, flush=True)
        began = time.monotonic()
        results[part] = _measured(part, is_quick=given.quick)
        results[part]["took_s"] = round(time.monotonic() - began, 1)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(results, indent=1, ensure_ascii=False))
        print(tables.plain({part: results[part]}), flush=True)
    return 0 if all(tables.is_sound(results[part]) for part in wanted) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description="Count and measure what the shop does.")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part (may be given again); the others stay as they were")
    parser.add_argument("--quick", action="store_true", help="a smoke run of under a minute: same code, small numbers")
    parser.add_argument("--table", action="store_true", help="print the last results as Markdown and measure nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json", help="where results are kept")
    return parser.parse_args()


def _measured(part: str, *, is_quick: bool) -> dict[str, Any]:
    measure: dict[str, Callable[[bool], dict[str, Any]]] = {
        "calls": _calls,
        "claims": _claims,
        "import": _import,
        "statements": _statements,
        "throughput": _throughput,
        "recharges": _recharges,
    }
    return measure[part](is_quick)


def _calls(is_quick: bool) -> dict[str, Any]:
    from infra.bench import calls, cloud, shop

    with cloud.running() as running, cloud.here(running) as deps:
        shop.open_shop(deps, running)
        return calls.measure(running, deps, (1, 20) if is_quick else calls.QUANTITIES)


def _claims(is_quick: bool) -> dict[str, Any]:
    from infra.bench import claims

    return claims.measure(is_quick=is_quick)


def _import(is_quick: bool) -> dict[str, Any]:
    from infra.bench import import_cards

    return import_cards.measure(QUICK_LINES if is_quick else LINES)


def _statements(is_quick: bool) -> dict[str, Any]:
    from infra.bench import statements

    return statements.measure(QUICK_BILL_LINES if is_quick else BILL_LINES)


def _throughput(is_quick: bool) -> dict[str, Any]:
    from infra.bench import cloud, shop, throughput

    with cloud.running() as running, cloud.here(running) as deps:
        shop.open_shop(deps, running)
        return throughput.measure(running, deps, throughput.QUICK if is_quick else throughput.WHOLE)


def _recharges(is_quick: bool) -> dict[str, Any]:
    from infra.bench import cloud, recharges, shop

    with cloud.running() as running, cloud.here(running) as deps:
        shop.open_shop(deps, running)
        return recharges.measure(running, deps, recharges.QUICK if is_quick else recharges.WHOLE)


if __name__ == "__main__":
    sys.exit(main())
