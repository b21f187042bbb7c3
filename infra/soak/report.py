"""A soak as a table for people and as a document for machines."""

from collections import Counter
from typing import Any

from infra.soak.processes import Growth
from infra.soak.run import Outcome


EXPLAINED = 20
"""Broken promises that are printed; all of them stand in the document."""


def document(outcome: Outcome) -> dict[str, Any]:
    diary, options, meter = outcome.diary, outcome.options, outcome.meter
    early, late = meter.cpu_ms_per_order(0.1, 0.4), meter.cpu_ms_per_order(0.7, 1.0)
    return {
        "seed": options.seed,
        "buyers": options.buyers,
        "load_s": round(outcome.load_s, 1),
        "took_s": round(outcome.took_s, 1),
        "load_average": outcome.load_average,
        "orders": len(diary.placed),
        "orders_per_s": round(len(diary.placed) / max(outcome.load_s, 1e-9), 1),
        "cards_shown": len(diary.shown),
        "place_ms": spread(diary.place_ms),
        "paid_to_card_ms": spread(diary.card_ms),
        "answers": {str(status): count for status, count in sorted(diary.answers.items())},
        "refused": dict(diary.refused.most_common()),
        "gave_up": len(diary.gave_up),
        "checked_after_orders": outcome.checks,
        "rows": outcome.rows,
        "faults": dict(sorted(outcome.fell.items())),
        "requests_cut_short": outcome.cut_short,
        "messages_hidden": outcome.hidden,
        "commands_repeated": dict(outcome.errors.most_common()),
        "order_states": dict(outcome.states.most_common()),
        "receipt_states": dict(outcome.receipts.most_common()),
        "refund_states": dict(outcome.refunds.most_common()),
        "acts": dict(Counter(placed.act for placed in diary.placed).most_common()),
        "crowd_cpu_ms_per_order": round(1000 * outcome.crowd_cpu_s / max(1, len(diary.placed)), 1),
        "cpu_ms_per_order": {"early": round(early, 1), "late": round(late, 1), "growth_percent": percent(early, late)},
        "memory_mb": {one.part: _figures(one) for one in meter.growth()},
        "broken": [{"invariant": each.invariant, "subject": each.subject, "what": each.what} for each in outcome.broken],
        "replay": f"make soak MINUTES={options.seconds / 60:g} BUYERS={options.buyers} SEED={options.seed}",
    }


def _figures(one: Growth) -> dict[str, float]:
    return {
        "lived_s": round(one.lived_s),
        "early": round(one.early_mb, 1),
        "late": round(one.late_mb, 1),
        "growth_percent": round(one.percent, 1),
    }


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {"p50": 0.0, "p99": 0.0}
    return {"p50": round(ordered[len(ordered) // 2], 1), "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1)}


def percent(before: float, after: float) -> float:
    return round(100 * (after - before) / before, 1) if before else 0.0


def table(told: dict[str, Any]) -> str:
    place, card, cpu = told["place_ms"], told["paid_to_card_ms"], told["cpu_ms_per_order"]
    loads = " → ".join(f"{load:.1f}" for load in told["load_average"])
    pairs = [
        ("seed, buyers", f"{told['seed']}, {told['buyers']}"),
        ("load", f"{told['load_s']} s; {told['took_s']} s with start, checks and end; the machine's load {loads}"),
        ("orders", f"{told['orders']}, {told['orders_per_s']} a second"),
        ("cards", f"shown {told['cards_shown']} times; {told['gave_up']} buyers left before they saw theirs"),
        ("form to order page", f"p50 {place['p50']:.0f} ms, p99 {place['p99']:.0f} ms"),
        ("paid to card", f"p50 {card['p50']:.0f} ms, p99 {card['p99']:.0f} ms"),
        ("answers", _counts(told["answers"])),
        ("visits without order", _counts(told["refused"])),
        ("orders end as", _counts(told["order_states"])),
        ("receipts end as", _counts(told["receipt_states"])),
        ("refunds end as", _counts(told["refund_states"])),
        ("buyers did", _counts(told["acts"])),
        ("faults", _counts(told["faults"])),
        ("cut short", f"{told['requests_cut_short']} requests by a process that died; {told['messages_hidden']} messages still hidden"),
        ("repeated by operators", _counts(told["commands_repeated"])),
        ("processor ms an order", f"{cpu['early']} early, {cpu['late']} late, {cpu['growth_percent']:+} %: the functions alone"),
        (
            "the crowd's own",
            f"{told['crowd_cpu_ms_per_order']} ms an order, on the same machine: it is no measure of the shop's throughput",
        ),
        *((f"memory of {part}", _memory(one)) for part, one in told["memory_mb"].items()),
        ("judged after orders", f"{', '.join(str(count) for count in told['checked_after_orders'])}; {told['rows']} rows at the end"),
        ("promises broken", str(len(told["broken"]))),
    ]
    width = max(len(name) for name, _ in pairs)
    lines = [f"{name.ljust(width)}  {value}" for name, value in pairs]
    lines += [f"  {each['invariant']} {each['subject']}: {each['what']}" for each in told["broken"][:EXPLAINED]]
    if told["broken"]:
        lines += [f"Again, the plan though not the interleaving: {told['replay']}"]
    return "\n".join(lines)


def _memory(one: dict[str, float]) -> str:
    return (
        f"{one['early']} MB early, {one['late']} MB late, {one['growth_percent']:+} %, the process that lived longest: {one['lived_s']} s"
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
