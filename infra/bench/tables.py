"""The tables that people read: plain in a terminal, Markdown for the README. Every figure in them stands in build/bench.json."""

from collections.abc import Callable, Sequence
from typing import Any

from infra.bench.recharges_table import recharge_tables
from infra.bench.statements_table import statement_tables
from infra.bench.table import Table


PEERS = (
    ("dujiao-next, 1k", "0.9 (1.06 s)", "7.2", "30.0", "2"),
    ("dujiao-next, 1M unsold", "1.0", "7.2", "29.3", "2"),
    ("dujiao-next, 1M sold, 100k left", "1.0", "6.4", "8.8", "2"),
    ("acg-faka, 1k", "12.8 (74 ms)", "15.1", "19.7", "2"),
    ("acg-faka, 1M", "0.3", "0.5", "1.2", "2"),
)
"""Measured once elsewhere, on two processors of a like machine with other work on it; not part of this run."""

TARGETS = {"reserve": (2, 2.0, 0.0), "confirm": (1, 1.0, 0.0), "deliver": (1, 0.0, 1.5), "journal": (1, 0.1, 0.0)}
"""Requests, write and read units of each part of a claim, as the design asks: 4 on the hot path (the journal follows), 3.1, 1.5.
The deliver part of 500 cards may read 9."""


def plain(results: dict[str, Any]) -> str:
    return "\n".join(_plain(table) for table in all_tables(results))


def markdown(results: dict[str, Any]) -> str:
    return "\n".join(_markdown(table) for table in all_tables(results))


def all_tables(results: dict[str, Any]) -> list[Table]:
    make: dict[str, Callable[[dict[str, Any]], list[Table]]] = {
        "calls": _calls,
        "claims": _claims,
        "import": _import,
        "statements": statement_tables,
        "throughput": _throughput,
        "recharges": recharge_tables,
    }
    return [table for part, result in results.items() if part in make for table in make[part](result)]


def is_sound(result: dict[str, Any]) -> bool:
    """Whether nothing was lost or sold twice; a figure that is only slow is no failure."""
    if "killed_at_line" in result:
        return bool(result["new"] == result["on_sale"] == result["after_the_kill_new"] == result["after_the_kill_on_sale"])
    if "is_right" in result:
        return bool(result["is_right"])
    check = result.get("check")
    if check is None:
        return True
    return bool(check["sold_twice"] == 0 and check["wrong_cards"] == 0 and check["delivered"] == check["orders"] == check["claimed"])


# -- calls ----------------------------------------------------------------------------------------------------------------


def _calls(result: dict[str, Any]) -> list[Table]:
    rows = result["rows"]
    lines = [_call_line(row) for row in rows if row["warmth"] == "warm"]
    sums = []
    for channel, quantity in dict.fromkeys((row["channel"], row["quantity"]) for row in rows):
        of = [row for row in rows if (row["channel"], row["quantity"]) == (channel, quantity)]
        warm, cold = ([row for row in of if row["warmth"] == warmth] for warmth in ("warm", "cold"))
        hot = [row for row in warm if row["step"] != "journal"]
        kms = [sum(sum(row["kms"].values()) for row in part) for part in (cold, warm)]
        sums.append((channel, str(quantity), str(sum(sum(row["requests"].values()) for row in hot)), *_units(warm), f"{kms[0]} / {kms[1]}"))
    notes = (
        "Warm processes; a cold one adds the KMS calls of the last column and one request per channel row and secret.",
        "Contact given: order, attempt and two hold rows are one transaction, whose units count double; index units beside.",
    )
    return [
        Table("Calls of an order, by step", ("channel", "cards", "step", "DynamoDB requests", "in series", *_UNITS), lines),
        Table("Calls of an order, whole", ("channel", "cards", "requests", *_UNITS, "KMS cold / warm"), sums, notes),
        _claim_parts(rows),
    ]


_UNITS = ("write units", "of the index", "read units")


def _units(rows: Sequence[dict[str, Any]]) -> tuple[str, str, str]:
    write, index, read = (sum(row[what] for row in rows) for what in ("write", "index", "read"))
    return f"{write:g}", f"{index:g}", f"{read:g}"


def _call_line(row: dict[str, Any]) -> tuple[str, ...]:
    asked = [f"{count} {name}" for name, count in row["requests"].items()]
    asked += [f"{row['provider']} to the provider"] if row["provider"] else []
    asked += [f"{row['events']} PutEvents"] if row["events"] else []
    return (row["channel"], str(row["quantity"]), row["step"], ", ".join(asked), str(row["in_series"]), *_units([row]))


def _claim_parts(rows: Sequence[dict[str, Any]]) -> Table:
    lines = []
    for row in rows:
        if row["channel"] == "alipay" and row["warmth"] == "warm":
            part = row["claim"]
            asked, write, read = TARGETS[part["part"]]
            if part["part"] == "deliver" and row["quantity"] == 500:
                read = 9.0
            values = (part["requests"], part["write"], part["read"])
            shown = [
                f"{value:g} of {most:g}" + (" (above)" if value > most else "")
                for value, most in zip(values, (asked, write, read), strict=True)
            ]
            lines.append((str(row["quantity"]), part["part"], *shown))
    notes = (
        "Measured of the design's target. Above it: the order row is written in transactions, at twice the units;",
        "its settlement reads it once more, strongly; the journal's two rows cost one unit each whatever their batch;",
        "500 cards are 63 pages of about 2.8 KB, each of which reads a whole unit.",
    )
    return Table("The claim's part of an order", ("cards", "part", "requests", "write units", "read units"), lines, notes)


# -- claims ---------------------------------------------------------------------------------------------------------------


def _claims(result: dict[str, Any]) -> list[Table]:
    alone = [(f"{row['stock']:,}", str(row["quantity"]), str(row["requests"]), f"{row['write']:g}") for row in result["requests"]]
    contests = [
        (
            row["name"],
            str(row["served"]),
            str(row["refused"]),
            str(row["falsely_refused"]),
            str(row["sold_twice"]),
            f"{row['attempts']:.3f}",
            f"{row['requests']:.2f}",
        )
        for row in result["contests"]
    ]
    head = ("contest", "served", "told sold out", "falsely", "sold twice", "attempts a claim", "requests a buyer")
    return [
        Table("One claim, half of the stock sold", ("stock", "cards", "requests", "write units"), alone),
        Table("Claims at once", head, contests, ("On the tests' engine, one request at a time in drawn order.",)),
    ]


# -- import ---------------------------------------------------------------------------------------------------------------


def _import(result: dict[str, Any]) -> list[Table]:
    rows = [(name.replace("_", " "), _shown(value)) for name, value in result.items() if name != "took_s"]
    notes = (
        "KMS is asked once for a data key and once for the fingerprint key, whatever the number of lines.",
        "The second import is killed without warning at the line above, taken over, and ends with the same counts.",
    )
    return [Table("Import of a card file", ("what", "measured"), rows, notes)]


def _shown(value: object) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


# -- throughput -----------------------------------------------------------------------------------------------------------


def _throughput(result: dict[str, Any]) -> list[Table]:
    lines = [
        (
            row["stock"],
            str(row["buyers"]),
            f"{row['per_s']:g} ({row['per_s_ratio']:.2f})",
            f"{row['order_ms']['p50']:.0f} / {row['order_ms']['p99']:.0f}",
            f"{row['paid_to_card_ms']['p50']:.0f} / {row['paid_to_card_ms']['p99']:.0f}",
            f"{row['cpu_ms']:.0f} ({row['cpu_ms_ratio']:.2f})",
            f"{row['client_cpu_share'] * 100:.0f} %",
            f"{row['delivered']}",
        )
        for row in result["rows"]
    ]
    check = result["check"]
    notes = (
        f"{check['delivered']} of {check['orders']} orders delivered, {check['claimed']} cards claimed, {check['sold_twice']} sold twice.",
        f"{check['wrong_cards']} wrong cards. {result['processors']} processors, load {result['load_average']:.1f} when it ended.",
        *(f"{stock['name']}: {stock['made']}." for stock in result["stocks"]),
        "Order: purchase form, signed notice, card in the answer. In brackets: beside the first stock, rates in the same rounds. CPU is",
        "the shop's and the emulator's together, of all it takes until nothing is left to do; the emulator is not AWS, nor is its rate.",
    )
    head = ("stock", "buyers", "orders/s", "order ms p50 / p99", "paid to card ms", "CPU ms/order", "client CPU", "orders")
    peers = Table("Others, orders/s", ("system, stock", "1 buyer", "8", "32", "processors"), PEERS, (PEERS_NOTE,))
    return [Table("Delivered orders on the local cloud", head, lines, notes), peers]


PEERS_NOTE = "Measured elsewhere, once, on a like machine; in brackets the time of one order."


# -- forms ----------------------------------------------------------------------------------------------------------------


def _plain(table: Table) -> str:
    rows = [table.head, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(["", table.title, *lines, *table.notes])


def _markdown(table: Table) -> str:
    rows = [table.head, ["---"] * len(table.head), *table.rows]
    return "\n".join(
        [f"**{table.title}**", "", *("| " + " | ".join(row) + " |" for row in rows), "", *(f"{note}  " for note in table.notes), ""]
    )
