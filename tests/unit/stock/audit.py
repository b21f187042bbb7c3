"""The audit: every linked number is in exactly one place."""

from collections import Counter
from typing import Any

from faka.contexts.stock.head import read_head
from faka.contexts.stock.log import read_log
from faka.contexts.stock.standing import read_standing
from faka.platform.table import Item, TableName, from_wire
from tests.kit.engine import Engine


def rows_of(engine: Engine, prefix: str) -> list[Item]:
    return [from_wire(row) for row in engine.rows(TableName.TRADE) if row["pk"]["S"].startswith(prefix)]


def linked(engine: Engine, sku: str) -> Counter[int]:
    """Every number that was ever put up for sale, from the log."""
    numbers: Counter[int] = Counter()
    for row in rows_of(engine, f"LOG#{sku}#"):
        if row["why"] == "IMPORT":
            for start, count, _, _ in row["x"]:
                numbers.update(range(start, start + count))
    return numbers


def places(engine: Engine, sku: str) -> dict[int, list[str]]:
    """Where each number is."""
    found: dict[int, list[str]] = {}

    def put(name: str, start: int, end: int) -> None:
        for number in range(start, end):
            found.setdefault(number, []).append(name)

    heads = [read_head(row) for row in rows_of(engine, f"HEAD#{sku}#")]
    on_the_way: set[tuple[int, int, int]] = set()
    for head in heads:
        for each in head.extents():
            put(f"head {head.shard}", each.start, each.end)
        for each in head.aside:
            put(f"aside of head {head.shard}", each.start, each.end)
            on_the_way.add((head.shard, each.mark, each.start))
    taken_in = {head.shard: head.applied for head in heads}
    for row in rows_of(engine, f"LOG#{sku}#"):
        shard, log = int(row["pk"].split("#")[2]), read_log(row)
        if log.number > taken_in.get(shard, 0):
            for each in log.extents:
                put(f"log {shard} {log.number}", each.start, each.end)
    for row in rows_of(engine, f"ASIDE#{sku}#"):
        shard, mark, start = int(row["pk"].split("#")[2]), int(row["sk"][:10]), row["x"][0]
        if "back" not in row and (shard, mark, start) not in on_the_way:
            put(f"drawer {shard}", start, start + row["x"][1])
    for row in rows_of(engine, "ORDER#"):
        if row["sku"] == sku:
            for _, _, start, count, _, _ in row["runs"]:
                put(row["pk"], start, start + count)
    return found


def faults(engine: Engine, sku: str) -> list[str]:
    """What is wrong. Empty when all is well."""
    wrong = []
    supply, found = linked(engine, sku), places(engine, sku)
    wrong += [f"{number} was put up {times} times" for number, times in supply.items() if times > 1]
    wrong += [f"{number} is in {names}" for number, names in found.items() if len(names) > 1]
    wrong += [f"{number} is lost" for number in supply if number not in found]
    wrong += [f"{number} was never put up, yet is in {names}" for number, names in found.items() if number not in supply]
    standing_row = next(iter(rows_of(engine, f"SKU#{sku}")), None)
    standing = read_standing(standing_row)
    for row in rows_of(engine, f"HEAD#{sku}#"):
        head = read_head(row)
        inside = sum(each.count for each in head.extents())
        if head.imported + head.returned - head.claimed - head.withheld != inside:
            wrong.append(f"the counters of head {head.shard} do not add up to {inside}")
        if head.running.count < 0:
            wrong.append(f"head {head.shard} owes cards")
        if head.generation == standing.generation:
            wrong += [f"{each} is for sale though {why}" for each, why in standing.split(head.extents())[1]]
    return wrong + _sold_wrongly(engine, sku)


def _sold_wrongly(engine: Engine, sku: str) -> list[str]:
    """An order must have what it asked for, once, and nothing that had expired."""
    wrong: list[str] = []
    for row in rows_of(engine, "ORDER#"):
        if row["sku"] != sku or row["state"] not in ("HELD", "PAID"):
            continue
        wrong += [f"{row['pk']} was sold {run} on {row['on']}" for run in row["runs"] if run[5] and run[5] <= row["on"]]
        count = sum(run[3] for run in row["runs"])
        if count != row["quantity"]:
            wrong.append(f"{row['pk']} has {count} of {row['quantity']}")
    return wrong


def sizes(engine: Engine, sku: str) -> list[int]:
    from tests.kit.engine import size

    return [size(row) for row in engine.rows(TableName.TRADE) if row["pk"]["S"].startswith(f"HEAD#{sku}#")]


def dump(engine: Engine) -> list[Any]:
    return [from_wire(row) for row in engine.rows(TableName.TRADE)]
