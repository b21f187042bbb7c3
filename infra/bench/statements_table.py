"""The table of the nightly reconciliation."""

from typing import Any

from infra.bench.table import Table


STEPS = ("normalise", "export", "match", "reduce")


def statement_tables(result: dict[str, Any]) -> list[Table]:
    rows = [(step, str(result[step]["s"]), str(result[step]["cpu_s"]), str(result[step]["memory_MB_peak"])) for step in STEPS]
    rows.append(("all", str(result["took_wall_s"]), str(result["processor_s"]), str(result["memory_MB_peak"])))
    found = ", ".join(f"{count:,} {name}" for name, count in sorted(result["classes"].items()))
    judged = "all that was planted and nothing else" if result["is_right"] else "NOT WHAT WAS PLANTED"
    size = f"{result['lines']:,} lines in WeChat Pay's format, {result['packed_MB']} MB packed, {result['parts']} parts"
    asked = f"Asked for: {result['target_s']:.0f} s on one core, {result['target_MB']:.0f} MB"
    notes = (f"{size}; found: {found}; {judged}.", f"{asked}. `normalise` unpacks, proves, parses and cuts into parts.")
    return [Table("Reconciling a day", ("step", "seconds", "processor s", "memory MB, most so far"), rows, notes)]
