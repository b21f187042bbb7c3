"""Tables out of the results: plain in a terminal, rows for both READMEs. It is imported by the README's tool and needs no model."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.bench.scale.words import FIGURES, MET, WHY, said, told


Results = Mapping[str, Any]
Table = Iterator[list[str]]

KEPT = Path(__file__).resolve().parents[1] / "scale.json"
"""The last whole run, as far as the READMEs show it. Only the command writes it."""

SHOWN_BUYERS = (1_000, 5_000)
SHOWN_CARDS = 100_000


NOTE = """
This is a model. It measures our algorithm, our calls and our contention, not AWS: every number of it stands in
infra/bench/scale/parameters.py with its public source or the word "assumed". Redemption does not exist in the product yet, so it is
not measured. Shards above 16 are more than the product offers for a SKU; they run the stock by itself."""


# -- tables of the READMEs --------------------------------------------------------------------------------------------


def targets(results: Results, lang: str) -> Table:
    yield [said(name, lang) for name in ("figure", "target", "measured", "verdict", "why")]
    for row in results["targets"]:
        why = told(WHY[row["name"]], lang) if row["is_met"] is False and row["name"] in WHY else "–"
        yield [told(FIGURES[row["name"]], lang), row["target"], row["measured"], told(MET[row["is_met"]], lang), why]


def claims(results: Results, lang: str) -> Table:
    """The grid at one stock size, and how far the other sizes differ."""
    head = ("shards", "1,000 buyers: claims/s", "p50 / p99 / p99.9 ms", "attempts", "5,000 buyers: claims/s", "p50 / p99 / p99.9 ms")
    yield [said(name, lang) for name in (*head, "attempts", "throttles", "busy", "1k to 10M")]
    rows = {(row["shards"], row["buyers"]): row for row in results["grid"] if row["cards"] == SHOWN_CARDS}
    for shards in dict.fromkeys(shards for shards, _ in rows):
        few, many = (rows[shards, buyers] for buyers in SHOWN_BUYERS)
        flat = results["flat"][str(shards)]
        yield [str(shards), *_claimed(few), *_claimed(many), f"{many['throttles']:,}", f"{many['busy']:,}", f"{flat:.3f}"]


def _claimed(row: Results) -> list[str]:
    return [f"{row['per_s']:,.0f}", _ms(row["ms"]), f"{row['attempts']:.3f}"]


def shards(results: Results, lang: str) -> Table:
    head = (
        "shards",
        "offered/s",
        "claims/s at once",
        "p99 ms at once",
        "busy",
        "claims/s after ten minutes",
        "p99 ms after",
        "by one shard",
    )
    yield [said(name, lang) for name in head]
    one = results["scaling"][0]["after"]["per_s"]
    for row in results["scaling"]:
        at_once, after = row["at_once"], row["after"]
        first = [f"{at_once['per_s']:,.0f}", f"{at_once['ms'][1]:,.1f}", str(at_once["busy"])] if at_once else ["–"] * 3
        yield [
            str(row["shards"]),
            f"{row['offered']:,}",
            *first,
            f"{after['per_s']:,.0f}",
            f"{after['ms'][1]:.1f}",
            f"{after['per_s'] / one:.2f}",
        ]


def contests(results: Results, lang: str) -> Table:
    head = (
        "scene",
        "buyers",
        "cards",
        "shards",
        "served",
        "told sold out",
        "falsely",
        "busy",
        "sold twice",
        "attempts",
        "requests a buyer",
    )
    yield [said(name, lang) for name in (*head, "write / read units a sale", "throttles", "p50 / p99 / p99.9 ms")]
    for row in results["contests"]:
        counts = (row[name] for name in ("buyers", "cards", "shards", "served", "refused", "false", "busy", "twice"))
        units = f"{row['write']:.2f} / {row['read']:.2f}"
        tail = [f"{row['attempts']:.3f}", f"{row['requests_a_buyer']:.2f}", units, f"{row['throttles']:,}", _ms(row["ms"])]
        yield [said(row["name"], lang), *(f"{count:,}" for count in counts), *tail]


def orders(results: Results, lang: str) -> Table:
    head = ("scene", "buyers", "cards", "shards", "served", "told sold out", "left to the sweep", "busy", "orders ms", "requests")
    yield [said(name, lang) for name in (*head, "write / index / read units", "throttles", "US$ a million")]
    for row in results["sales"]:
        steps = row["steps"].values()
        write, index, read, asked = (sum(step[what] for step in steps) for what in ("write", "index", "read", "request"))
        counts = (row[name] for name in ("buyers", "cards", "shards", "served", "refused", "later", "busy"))
        units, usd = f"{write:.1f} / {index:.1f} / {read:.1f}", f"{sum(row['usd'].values()):.2f}"
        yield [
            said(row["name"], lang),
            *(f"{count:,}" for count in counts),
            _ms(row["ms"]),
            f"{asked:.2f}",
            units,
            f"{row['throttles']:,}",
            usd,
        ]


def money(results: Results, lang: str) -> Table:
    """A warm order of one card."""
    yield [said(name, lang) for name in ("paid for", "US$ a million")]
    row = max((row for row in results["sales"] if row["name"] == "warm" and row["shards"] == 4), key=lambda row: int(row["buyers"]))
    yield from ([said(name, lang), f"{usd:.2f}"] for name, usd in row["usd"].items())
    yield [said("together", lang), f"{sum(row['usd'].values()):.2f}"]


def returns(results: Results, lang: str) -> Table:
    head = (
        "claims/s",
        "returns/s",
        "claims ms",
        "conflicts at the head",
        "returned",
        "left to the sweep",
        "return ms",
        "requests a return",
    )
    yield [said(name, lang) for name in head]
    for row in results["returns"]:
        back = [str(row["returned"]), str(row["left_to_sweep"]), _ms(row["return_ms"]), f"{row['return_requests']:.1f}"]
        yield [str(row["claims_s"]), str(row["returns_s"]), _ms(row["ms"]), str(row["head_conflicts"]), *back]


def expiry(results: Results, lang: str) -> Table:
    head = ("holds", "sweeps", "minutes", "requests each", "questions to the provider each", "write / read units each")
    yield [said(name, lang) for name in (*head, "log rows that wait for room")]
    row = results["expiry"]
    units = f"{row['write']:.1f} / {row['read']:.1f}"
    counts = [f"{row['holds']:,}", str(row["rounds"]), f"{row['minutes']:.1f}", f"{row['requests']:.1f}", f"{row['provider']:g}"]
    yield [*counts, units, str(row["waiting"])]


def _ms(values: list[float]) -> str:
    return " / ".join(f"{value:,.0f}" for value in values)


TABLES: dict[str, Callable[[Results, str], Table]] = {
    "scale_targets": targets,
    "scale_claims": claims,
    "scale_shards": shards,
    "scale_contests": contests,
    "scale_orders": orders,
    "scale_money": money,
    "scale_returns": returns,
    "scale_expiry": expiry,
}


TITLES = {
    "scale_targets": "Targets",
    "scale_claims": f"Claims at once on a stock of {SHOWN_CARDS:,}; the last column is the largest ratio between stocks",
    "scale_shards": "800 claims a second and shard, on a table that is warm for twice that: at once, and after ten minutes of it",
    "scale_contests": "Contests",
    "scale_orders": "Whole orders: form, notice, card, and the claim journal; figures for each served order",
    "scale_money": "A warm order of one card, by what is paid for",
    "scale_returns": "Returns of unplaced orders beside claims on one head",
    "scale_expiry": "Holds of one moment that nobody pays, until the last card is back",
}


def plain(results: Results) -> str:
    """Everything for a terminal: the whole grid, the tables of the READMEs, and what it is not."""
    parts = ["Claims at once", *_aligned(_grid(results))]
    for name, table in TABLES.items():
        if name != "scale_claims":
            parts += ["", TITLES[name], *_aligned(table(results, "en"))]
    return "\n".join([*parts, NOTE])


def _grid(results: Results) -> Table:
    head = ("buyers", "cards", "shards", "served", "sold out", "falsely", "busy", "twice", "claims/s", "attempts", "p50 / p99 / p99.9 ms")
    yield [*head, "throttles", "conflicts", "requests", "write", "read", "US$ a million"]
    for row in results["grid"]:
        counts = (row[name] for name in ("buyers", "cards", "shards", "served", "refused", "false", "busy", "twice"))
        refusals = [f"{row['throttles']:,}", str(row["conflicts"])]
        units = [f"{row[name]:.2f}" for name in ("requests", "write", "read", "usd")]
        yield [*(f"{count:,}" for count in counts), *_claimed(row)[::2], _ms(row["ms"]), *refusals, *units]


def _aligned(table: Table) -> list[str]:
    rows = list(table)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def is_sound(results: Results) -> bool:
    """Whether no card was sold twice, lost or shown wrongly, and nobody was sent away from a stock that had enough."""
    safe = all(row["is_met"] for row in results["targets"] if row["name"] in ("false", "twice"))
    return safe and not any(row["wrong_cards"] for row in results["sales"]) and not any(row["lost"] for row in results["returns"])


def last(name: str) -> Callable[[str], Table]:
    """A table of the last whole run, for the README's tool."""
    return lambda lang: TABLES[name](json.loads(KEPT.read_text(encoding="utf-8")), lang)


def kept(results: Results) -> str:
    """What the READMEs need of a run: one line for each row, so that a change of figures reads well."""
    grid = [row for row in results["grid"] if row["cards"] == SHOWN_CARDS and row["buyers"] in SHOWN_BUYERS]
    parts = {**results, "grid": grid}
    lines = []
    for name, part in parts.items():
        rows = ",\n  ".join(json.dumps(each, ensure_ascii=False) for each in part) if isinstance(part, list) else ""
        lines.append(f"{json.dumps(name)}: [\n  {rows}\n ]" if isinstance(part, list) else f"{json.dumps(name)}: {json.dumps(part)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"
