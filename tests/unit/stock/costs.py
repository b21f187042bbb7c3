"""What a claim costs in requests and units, counted on the metered engine. `python -m tests.unit.stock.costs` prints it."""

from dataclasses import dataclass

from faka.contexts.stock import OutOfStock
from tests.kit.engine import Engine
from tests.unit.stock.given import SKU, Given


@dataclass(frozen=True)
class Cost:
    what: str
    quantity: int
    requests: int
    write_units: int
    read_units: int


def claim_costs(quantities: tuple[int, ...] = (1, 20, 500)) -> list[Cost]:
    """Requests and units of claims by quantity, of a repeat, of a return, of the sold-out answer."""
    found = []
    for quantity in quantities:
        engine = Engine(is_metered=True)
        given = Given(engine.tables())
        given.cards(100_000)
        found.append(_cost(engine, "claim", quantity, lambda q=quantity: given.claim("ord_a", q)))
        found.append(_cost(engine, "the same claim again", quantity, lambda q=quantity: given.claim("ord_a", q)))
        runs = given.claim("ord_b", quantity)
        found.append(_cost(engine, "return, with settling", quantity, lambda: given.bring_back(*runs)))
    engine = Engine(is_metered=True)
    given = Given(engine.tables())
    given.cards(8)
    given.claim("ord_a", 8)
    found.append(_cost(engine, "sold out, one shard", 1, lambda: _refused(given)))
    given = Given(engine.tables(), shards=4)
    found.append(_cost(engine, "sold out, four shards", 1, lambda: _refused(given)))
    return found


def attempts_per_claim(claims: int = 1_000, shards: int = 4) -> float:
    """Requests per claim when single claims follow each other over all shards and stock is there."""
    engine = Engine()
    given = Given(engine.tables(), shards=shards)
    given.cards(100 * claims)
    before = engine.requests.total()
    for i in range(claims):
        given.stock.claim(SKU, f"ord_{i}", 1, shards)
    return (engine.requests.total() - before) / claims


def _refused(given: Given) -> None:
    try:
        given.claim("ord_late", 1)
    except OutOfStock:
        return


def _cost(engine: Engine, what: str, quantity: int, act: object) -> Cost:
    engine.requests.clear()
    engine.units.clear()
    act()  # type: ignore[operator]
    return Cost(what, quantity, engine.requests.total(), engine.units["write"], engine.units["read"])


def table(costs: list[Cost]) -> str:
    lines = [f"{'what':<24}{'q':>5}{'requests':>10}{'WCU':>6}{'RCU':>6}"]
    lines += [f"{c.what:<24}{c.quantity:>5}{c.requests:>10}{c.write_units:>6}{c.read_units:>6}" for c in costs]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(claim_costs()))
    print(f"requests per claim, 1,000 claims on 4 shards: {attempts_per_claim():.3f}")
