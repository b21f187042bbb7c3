"""From what was measured to rows of a table, and whether nothing was lost."""

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from faka.kernel.ids import SkuId
from faka.wiring import Deps
from infra.bench.shop import secret_of


if TYPE_CHECKING:
    from infra.bench.throughput import Cell, Plan, Stand


def row(cell: "Cell", first: "Cell") -> dict[str, Any]:
    """One line: rates and times of a stock, and its rate beside the first stock's in the same rounds."""
    times = [each for done in cell.done for each in done.times]
    count, failed = len(times), sum(len(done.failures) for done in cell.done)
    client_s, server_s, first_s = sum(done.cpu_s for done in cell.done), sum(cell.cpu_s.values()), sum(first.cpu_s.values())
    first_count = sum(len(done.times) for done in first.done)
    ratios = [mine / its for mine, its in zip(cell.rates, first.rates, strict=True)]
    return {
        "stock": cell.stock,
        "buyers": cell.buyers,
        "delivered": count,
        "failed": failed,
        "asked_again": sum(done.waits for done in cell.done),
        "per_s": round(count / sum(done.wall_s for done in cell.done), 1),
        "per_s_ratio": round(median(ratios), 2),
        "order_ms": _spread([each[3] for each in times]),
        "form_ms": _spread([each[0] for each in times]),
        "paid_to_card_ms": _spread([each[1] + each[2] for each in times]),
        "cpu_ms": round(1000 * server_s / max(1, count), 1),
        "cpu_ms_ratio": round(server_s / max(1, count) * first_count / max(1e-9, first_s), 2),
        "cpu_ms_by_part": {part: round(1000 * spent / max(1, count), 1) for part, spent in cell.cpu_s.most_common() if spent > 0},
        "client_cpu_share": round(client_s / max(1e-9, client_s + server_s), 3),
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {"p50": 0.0, "p99": 0.0}
    return {"p50": round(ordered[len(ordered) // 2], 1), "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1)}


def check(deps: Deps, stands: Sequence["Stand"], cells: Sequence["Cell"], plan: "Plan") -> dict[str, Any]:
    """Every delivered card is one of ours, was sold once, and the heads handed out as many as were delivered."""
    cards = [card for cell in cells for done in cell.done for card in done.cards]
    wrong = sum(not _is_ours(card) for card in cards)
    failures = [failure for cell in cells for done in cell.done for failure in done.failures]
    claimed = sum(deps.stock.counts(SkuId(sku)).claimed for stand in stands for sku in dict.fromkeys(stand.skus))
    return {
        "orders": len(cards) + len(failures),
        "delivered": len(cards),
        "sold_twice": len(cards) - len(set(cards)),
        "wrong_cards": wrong,
        "claimed": claimed - plan.sold,
        "failures": failures[:5],
    }


def _is_ours(card: str) -> bool:
    """`BENCH-{sku}-{number}-{digest}`, as it was sealed."""
    sku, number, _ = card.removeprefix("BENCH-").rsplit("-", 2)
    return card == secret_of(sku, int(number))
