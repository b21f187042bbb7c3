"""Whole orders: form, notice, card, through the flows behind the doors, with the relay that follows the stream."""

from typing import Any

from faka.platform.table import TableName
from infra.bench.scale.journey import DOORS, Journey, Sale
from infra.bench.scale.parameters import Parameters
from infra.bench.scale.quiet import quiet
from infra.bench.scale.relay import Relay
from infra.bench.scale.result import Fate, mean_ms, spread
from infra.bench.scale.shop import Shop
from infra.bench.scale.timeline import arrivals


STEPS = (*DOORS, "journal")
READY_AFTER_S = 1.0
"""Warm instances are warmed before the first buyer."""


def sold(sale: Sale, parameters: Parameters, seed: int) -> dict[str, Any]:
    """One row of whole orders."""
    shop = Shop(parameters, seed, shards=sale.shards, warm=dict.fromkeys(TableName, (sale.warm, 3 * sale.warm)))
    with quiet():
        shop.open_doors()
        shop.stock_up(sale.cards, sold=sale.sold)
        journey = Journey(shop, sale)
        if not sale.is_cold:
            journey.stand_by(min(400, sale.buyers))
        Relay(shop)
        shop.timeline.run()
        shop.begin()
        for moment in arrivals(seed, sale.buyers, sale.within_s, shop.timeline.now + READY_AFTER_S):
            shop.timeline.at(moment, journey.buy)
        shop.timeline.run()
    return _row(shop, sale, journey)


def _row(shop: Shop, sale: Sale, journey: Journey) -> dict[str, Any]:
    tally, served = shop.service.tally, max(1, journey.ledger.fates[Fate.SERVED])
    facts = {name: getattr(sale, name) for name in ("name", "buyers", "cards", "shards", "quantity", "channel", "is_cold", "sold")}
    return {
        **facts,
        **journey.ledger.row(),
        "wrong_cards": journey.wrong_cards,
        "steps": {step: _step(shop, journey, step, served) for step in STEPS},
        "attempts": round(tally["checkout", "touch", "HEAD"] / sale.buyers, 3),
        "throttles": int(tally.sum("throttle")),
        "conflicts": int(tally.sum("conflict")),
        "full": {what: int(count) for (_, kind, what), count in sorted(tally.items()) if kind == "full"},
        "claim_parts": _claim_parts(shop, served),
        "calls": {service: round(count / served, 3) for service, count in sorted(shop.neighbours.calls.items())},
        "left": shop.truth.left,
    }


def _step(shop: Shop, journey: Journey, step: str, served: int) -> dict[str, Any]:
    counted = {what: round(shop.service.tally.sum(what, step=step) / served, 3) for what in ("request", "write", "index", "read")}
    times = journey.times.get(step, [])
    return {**counted, "ms": spread(times), "mean_ms": mean_ms(times)}


PARTS = {"reserve": ("checkout", {"HEAD", "ORDER"}), "confirm": ("notice", {"ORDER"}), "deliver": ("reveal", {"PAGE", "BATCH"})}
PARTS |= {"journal": ("journal", {"CLAIM", "CLAIMDUE"})}
"""Part of claiming → its step, and the rows that belong to it."""


def _claim_parts(shop: Shop, served: int) -> dict[str, dict[str, float]]:
    tally = shop.service.tally
    return {
        part: {
            "request": round(tally.touching(frozenset(kinds), step=step) / served, 3),
            "write": round(tally.sum("write", step=step, of=frozenset(kinds)) / served, 3),
            "read": round(tally.sum("read", step=step, of=frozenset(kinds)) / served, 3),
        }
        for part, (step, kinds) in PARTS.items()
    }
