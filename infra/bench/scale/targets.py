"""What the design asks for beside what was measured."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


Row = Mapping[str, Any]
PLENTY = 10
"""Stocks of ten times as many cards as buyers are compared with each other: a smaller one drains while it is measured."""


def judged(results: Row) -> list[dict[str, Any]]:
    """Name of a figure (`words.FIGURES` says what it is), target, measured, whether it is met (None: measured elsewhere)."""
    return [{"name": name, "target": target, "measured": measured, "is_met": met} for name, target, measured, met in _all(results)]


def _all(results: Row) -> Iterator[tuple[str, str, str, bool | None]]:
    yield from _parts(results)
    yield from _claims(results)
    yield from _safety(results)
    expiry = results["expiry"]["requests"]
    yield "expiry", "≤ 0.5", f"{expiry:.2f}", expiry <= 0.5
    repeat = _repeat(results)
    yield "repeat", "1", f"{repeat:.2f}", repeat <= 1.005
    yield "head_bytes", "≤ 1,024", "`tests/unit/stock/test_head.py`", None
    yield "crashes", "0", "`tests/unit/stock/test_crashes.py`", None
    yield "guards", "100 %", "`tests/unit/stock/test_guards.py`", None


def _parts(results: Row) -> Iterator[tuple[str, str, str, bool]]:
    """The claim's part of an order."""
    warm = max((row for row in results["sales"] if row["name"] == "warm" and row["shards"] == 4), key=lambda row: int(row["buyers"]))
    for name, row, read_max in (
        ("1", warm, 1.5),
        ("20", _sale(results, "20 cards an order"), 1.5),
        ("500", _sale(results, "500 cards an order"), 9),
    ):
        parts = row["claim_parts"]
        requests, write = _sums(parts, "reserve")
        yield f"reserve_{name}", "2 / 2", f"{requests:g} / {write:g}", requests <= 2 and write <= 2
        if name == "1":
            requests, write = _sums(parts, "confirm")
            yield "confirm", "1 / 1", f"{requests:.2f} / {write:g}", requests <= 1 and write <= 1
        hot = sum(part["request"] for kind, part in parts.items() if kind != "journal")
        write, read = (sum(part[what] for part in parts.values()) for what in ("write", "read"))
        measured = f"{hot:.2f} / {write:.2f} / {read:.2f}"
        yield f"whole_{name}", f"4 / 3.1 / {read_max}", measured, hot <= 4 and write <= 3.1 and read <= read_max


def _sums(parts: Row, part: str) -> tuple[float, float]:
    return round(parts[part]["request"], 2), round(parts[part]["write"], 2)


def _claims(results: Row) -> Iterator[tuple[str, str, str, bool]]:
    cold = _contest(results, "plenty, each buyer on a cold instance")
    yield "attempts", "≤ 1.05", f"{cold['attempts']:.3f}", cold["attempts"] <= 1.05
    rate = results["overload"]["meanwhile_per_s"]
    yield "per_shard", "≥ 900", f"{rate:,.0f}", rate >= 900
    after = {row["shards"]: row["after"] for row in results["scaling"]}
    yield "p99", "≤ 20", f"{after[1]['ms'][1]:.1f}", after[1]["ms"][1] <= 20
    gain = after[16]["per_s"] / after[1]["per_s"]
    yield "sixteen", "≥ 15", f"{gain:.1f}", gain >= 15
    flat = max(results["flat"].values()) - 1
    yield "flat", "≤ 2 %", f"{flat:.1%}".replace("%", " %"), flat <= 0.02
    aged = _apart([cold, _contest(results, "plenty, after many were sold")]) - 1
    yield "aged", "≤ 2 %", f"{aged:.1%}".replace("%", " %"), aged <= 0.02


def _safety(results: Row) -> Iterator[tuple[str, str, str, bool]]:
    rows = list(every_row(results))
    for name in ("false", "twice"):
        count = sum(row[name] for row in rows)
        yield name, "0", str(count), count == 0


def every_row(results: Row) -> Iterator[Row]:
    """Each scene with buyers in it."""
    yield from results["grid"]
    for row in results["scaling"]:
        yield from (part for part in (row["at_once"], row["after"]) if part is not None)
    yield results["overload"]
    yield from (*results["contests"], *results["sales"], *results["returns"])


def flatness(rows: Iterable[Row]) -> dict[str, float]:
    """For each number of shards how far apart the same buyers are on stocks of different size, as the largest ratio; 1 is equal."""
    cells: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        if row["cards"] >= PLENTY * row["buyers"]:
            cells.setdefault((row["shards"], row["buyers"]), []).append(row)
    found: dict[str, float] = {}
    for (shards, _), cell in cells.items():
        found[str(shards)] = max(found.get(str(shards), 1.0), round(_apart(cell), 4))
    return found


def _apart(rows: list[Row]) -> float:
    """The largest of the rows' ratios: claims a second, requests, units, p50 and p99."""
    figures: list[tuple[float, ...]] = [(row["per_s"], row["requests"], row["write"], row["ms"][0], row["ms"][1]) for row in rows]
    return float(max(max(column) / max(1e-9, min(column)) for column in zip(*figures, strict=True)))


def _repeat(results: Row) -> float:
    """Requests of a notice that comes again: the same scene with and without it."""
    twice = _sale(results, "each notice twice")
    alone = next(row for row in results["sales"] if row["name"] == "warm" and row["buyers"] == twice["buyers"] and row["shards"] == 4)
    return float(twice["steps"]["notice"]["request"] - alone["steps"]["notice"]["request"])


def _sale(results: Row, name: str) -> Row:
    found: Row = next(row for row in results["sales"] if row["name"] == name)
    return found


def _contest(results: Row, name: str) -> Row:
    found: Row = next(row for row in results["contests"] if row["name"] == name)
    return found
