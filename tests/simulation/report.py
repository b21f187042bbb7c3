"""What was explored, covered and not covered: parts that tests leave behind, put together into `build/assurance.json` and a table."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.simulation.crashes import Coverage
from tests.simulation.walks import Tally


ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "build" / "assurance"
WHOLE = ROOT / "build" / "assurance.json"
KEPT = ROOT / "tests" / "assurance.json"


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


OTHERS = (
    *("callbacks", "differential", "parsers", "api-shop", "api-notify", "rights", "security", "xss", "plaintext", "scale", "soak"),
    *("lost-answers", "checks", "twisted"),
)
"""What tests of other rings leave in `build/`."""


def whole() -> dict[str, Any]:
    """All parts in one, with what follows from them together: calls that were met and at which nobody ever died."""
    parts = {path.stem: json.loads(path.read_text()) for path in sorted(PARTS.glob("*.json"))}
    others = {path.stem: json.loads(path.read_text()) for path in sorted(WHOLE.parent.glob("*.json")) if path.stem in OTHERS}
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


# -- as a table ------------------------------------------------------------------------------------------------------------

Row = tuple[str, str, int, str]
"""What was done, how often, how often a promise broke, seconds of one processor."""


def rows(whole: Mapping[str, Any]) -> list[Row]:
    parts, others = whole["parts"], whole["others"]
    walks = [part for name, part in parts.items() if part["kind"] == "walk" and name != "walk-on-demand"]
    found = [*_of_walks(walks), *_of_pairs(parts.get("pairs")), *_of_crashes(parts.get("crashes")), *_of_planted(parts.get("planted"))]
    return [*found, *_of_others(others)]


def _of_walks(walks: list[Mapping[str, Any]]) -> list[Row]:
    if not walks:
        return []

    def total(name: str) -> int:
        return sum(part[name] for part in walks)

    seconds = str(round(sum(part["seconds"] for part in walks)))
    return [
        ("schedules by seed (different ones)", f"{total('schedules'):,} ({total('distinct'):,})", total("failed"), seconds),
        ("calls in them, at each of which others may go first", f"{total('calls'):,}", 0, ""),
        ("deaths of a process in them", f"{total('deaths'):,}", 0, ""),
        ("failures of a service in them", f"{total('faults'):,}", 0, ""),
        ("verdicts over all tables", f"{total('verdicts'):,}", 0, ""),
        ("seeds run twice, to the same calls and rows", f"{total('twice'):,}", 0, ""),
    ]


def _of_pairs(pairs: Mapping[str, Any] | None) -> list[Row]:
    if pairs is None:
        return []
    complete = sum(each["is_complete"] for each in pairs["pairs"].values())
    tried = f"{pairs['schedules']:,} ({complete} of {len(pairs['pairs'])})"
    return [
        (
            "schedules of pairs, none with up to two switches left out (pairs that ended)",
            tried,
            pairs["failed"],
            str(round(pairs["seconds"])),
        )
    ]


def _of_crashes(crashes: Mapping[str, Any] | None) -> list[Row]:
    if crashes is None:
        return []
    return [
        (
            "branches of flows taken apart (their calls)",
            f"{crashes['branches']:,} ({crashes['points']:,})",
            crashes["failed"],
            str(round(crashes["seconds"])),
        ),
        ("deaths before and after each of these calls", f"{crashes['deaths']:,}", 0, ""),
        ("failures of the service at each of these calls", f"{crashes['faults']:,}", 0, ""),
        ("second deaths, of whoever took over", f"{crashes['doubles']:,}", 0, ""),
        ("of these, aimed at a call that the run then avoided", f"{len(crashes['missed']):,}", 0, ""),
    ]


def _of_planted(planted: Mapping[str, Any] | None) -> list[Row]:
    if planted is None:
        return []
    faults = planted["faults"].values()
    seen = [each for each in faults if each["by"]]
    by = {how: sum(each["by"] == how for each in seen) for how in ("walk", "crash")}
    label = "mistakes of other shops planted (seen by a walk, by a crash)"
    seconds = str(round(sum(each["seconds"] for each in faults)))
    return [(label, f"{planted['planted']} ({by['walk']}, {by['crash']})", planted["planted"] - len(seen), seconds)]


def _of_others(others: Mapping[str, Any]) -> list[Row]:
    found: list[Row] = []
    if "callbacks" in others:
        found.append(("notices delivered again", f"{others['callbacks']['deliveries']:,}", others["callbacks"]["differences"], ""))
    if "checks" in others:
        checks, label = others["checks"], "attacks on the twelve checks (cells of channel, check and surface; absent with a reason)"
        found.append((label, f"{checks['attacks']:,} ({checks['filled']}; {checks['absent']})", checks["broken"], ""))
    if "twisted" in others:
        twisted, label = others["twisted"], "forged and twisted callbacks, no two alike, through the door (channels)"
        found.append((label, f"{twisted['distinct']:,} ({len(twisted['channels'])})", twisted["wrong"], ""))
    if "api-shop" in others:
        requests = sum(others[name]["requests"] for name in ("api-shop", "api-notify") if name in others)
        found.append(("requests made from the API documents", f"{requests:,}", 0, ""))
    if "parsers" in others:
        parsers = others["parsers"].values()
        label = "inputs made up for parsers (parsers)"
        found.append((label, f"{sum(each['inputs'] for each in parsers):,} ({len(parsers)})", sum(each["faults"] for each in parsers), ""))
    if "plaintext" in others:
        kinds = others["plaintext"].values()
        label = "bytes searched for secrets while calls failed"
        found.append((label, f"{sum(each['bytes'] for each in kinds):,}", sum(each["leaks"] for each in kinds), ""))
    if "differential" in others:
        sides = [each for name, each in others["differential"].items() if name != "twins"]
        operations, wrong = (sum(side[name] for side in sides) for name in ("requests", "unexplained"))
        found.append(("operations on the table model, against moto and the local cloud", f"{operations:,}", wrong, ""))
    if "security" in others:
        corpora, counted = others["security"], ("values", "sent", "cells", "guesses", "answers")
        sent = sum(corpus.get(name, 0) for corpus in corpora.values() for name in counted)
        found.append(("hostile values sent to doors, addresses and cells", f"{sent:,}", corpora["guesses of orders"]["found"], ""))
    if others.get("rights", {}).get("is_judged"):
        rights = others["rights"]
        label = "rights of roles that tests have used (waived with a reason)"
        patterns = [each["right"] for each in rights["waived"]]
        idle = [each for each in rights["unused"] if not any(fnmatchcase(each, pattern) for pattern in patterns)]
        waived = len(rights["unused"]) - len(idle)
        found.append((label, f"{len(rights['used']):,} ({waived})", len(rights["denied"]) + len(idle), ""))
    return found


def table(whole: Mapping[str, Any]) -> str:
    """For a terminal: what was done, what broke, and the calls at which nobody has died yet."""
    lines = [f"{tried:>24}  {broken:>6}  {seconds:>7}  {what}" for what, tried, broken, seconds in rows(whole)]
    head = f"{'done':>24}  {'broken':>6}  {'seconds':>7}  what"
    calls = f"{whole['died_at']} of {whole['calls']} kinds of calls had a process die at them"
    return "\n".join([head, *lines, "", calls, *(f"  not yet: {site}" for site in whole["not_covered"]), *failures(whole)])


def failures(whole: Mapping[str, Any]) -> list[str]:
    return [line for part in whole["parts"].values() for line in part.get("failures", [])]


def keep(whole: Mapping[str, Any]) -> None:
    """Keep the rows that the README shows."""
    KEPT.write_text(json.dumps([list(row) for row in rows(whole)], indent=1) + "\n")
