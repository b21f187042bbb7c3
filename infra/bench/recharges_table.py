"""The tables of top-ups: a thousand at once, and beside a supplier that hangs."""

from typing import Any

from infra.bench.table import Table


def recharge_tables(result: dict[str, Any]) -> list[Table]:
    judged = "each charged once and owed once" if result["is_right"] else "NOT EACH CHARGED AND OWED ONCE"
    row = (str(result[name]) for name in ("orders", "completed", "charges", "placed_s", "ended_s", "per_s"))
    parts = ", ".join(f"{part} {seconds:.0f}" for part, seconds in sorted(result["cpu_s"].items(), key=lambda one: -one[1]) if seconds >= 1)
    owed = f"Suppliers took {result['cost_minor']:,}, the ledger owes {result['owed_minor']:,}: {judged}. Processor seconds: {parts}."
    hang = result["hang"]
    lines = [
        (what, *map(str, hang[f"{name}_ms"]), str(hang[f"{name}_ratio"]), "{} to {}".format(*hang[f"{name}_ratios"]))
        for what, name in (("a page of other goods", "page"), ("an order of other goods", "order"))
    ]
    held = "{} and {} calls were held by suppliers, on average".format(*hang["held"])
    return [
        Table("Top-ups at once", ("orders", "arrived", "charges", "placed s", "all ended s", "a second"), [tuple(row)], (owed,)),
        Table(
            "Beside suppliers that hang",
            ("median ms", "all answer", "all hang", "ratio", "by rounds"),
            lines,
            (f"{hang['visits']} visits in either half of {hang['rounds']} rounds; {held}.",),
        ),
    ]
