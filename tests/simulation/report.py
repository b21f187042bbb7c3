"""What was explored, covered and not covered: parts that tests leave behind, put together into `build/assurance.json` and a table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.simulation.crashes import Coverage
from tests.simulation.walks import Tally


ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "build" / "assurance"
WHOLE = ROOT / "build" / "assurance.json"


def leave(part: str, found: Mapping[str, Any]) -> None:
    """Keep a part's figures for the report."""
    PARTS.mkdir(parents=True, exist_ok=True)
    (PARTS / f"{part}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True))


def of_walks(tally: Tally) -> dict[str, Any]:
    return {
        "kind": "walk",
        "schedules": tally.runs,
        "distinct": tally.distinct_runs,
        "calls": tally.steps,
        "deaths": tally.deaths,
        "faults": tally.faults,
        "verdicts": tally.looks,
        "twice": tally.twice,
        "failed": tally.failed,
        "failures": tally.failures,
        "seconds": round(tally.seconds, 1),
        "scenarios": {name: len(found) for name, found in tally.distinct.items()},
        "sites": {f"{function} {call}": sorted(met) for (function, call), met in tally.sites.items()},
    }


def of_crashes(found: Coverage, seconds: float) -> dict[str, Any]:
    return {
        "kind": "crashes",
        "branches": len(found.branches),
        "points": found.points,
        "deaths": found.deaths,
        "faults": found.faults,
        "doubles": found.doubles,
        "missed": found.missed,
        "failed": len(found.broken),
        "failures": found.failures[:20],
        "seconds": round(seconds, 1),
        "sites": {site: sorted(met) for site, met in found.sites.items()},
    }


def whole() -> dict[str, Any]:
    """All parts in one, with what follows from them together: calls that were met and at which nobody ever died."""
    parts = {path.stem: json.loads(path.read_text()) for path in sorted(PARTS.glob("*.json"))}
    others = {
        path.stem: json.loads(path.read_text())
        for path in sorted(WHOLE.parent.glob("*.json"))
        if path.stem in ("callbacks", "differential", "parsers", "api-shop", "api-notify", "rights", "security", "xss", "plaintext")
    }
    sites: dict[str, set[str]] = {}
    for part in parts.values():
        for site, met in part.get("sites", {}).items():
            sites.setdefault(site, set()).update(met)
    died_at = sum("death" in met for met in sites.values())
    found = {
        "calls": len(sites),
        "died_at": died_at,
        "not_covered": sorted(site for site, met in sites.items() if "death" not in met),
        "parts": parts,
        "others": others,
    }
    WHOLE.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True))
    return found
