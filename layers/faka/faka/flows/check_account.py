"""Ask suppliers whether something can arrive at an account, before anybody pays. Nothing is written and nothing ordered."""

from itertools import islice

from pydantic import Field

from faka.contexts.suppliers.base import CheckVerdict
from faka.kernel.errors import Unavailable
from faka.kernel.ids import SkuId
from faka.kernel.limits import TEXT_LINE_MAX
from faka.kernel.model import Frozen
from faka.platform import telemetry
from faka.wiring import Deps


LOOKUPS_MAX = 2
"""Suppliers that are asked for one buyer, who waits meanwhile."""


class CheckRequest(Frozen):
    sku: SkuId = Field(max_length=48)
    account: dict[str, str] = Field(repr=False, max_length=8)


class CheckAnswer(Frozen):
    verdict: CheckVerdict
    carrier: str = Field(default="", max_length=TEXT_LINE_MAX)
    """Who serves the account by the supplier's own look-up, never by its prefix."""


def check_account(deps: Deps, asked: CheckRequest) -> CheckAnswer:
    """The best verdict of the cheapest open suppliers that give one: one who can deliver there is enough."""
    best = CheckAnswer(verdict=CheckVerdict.NOT_OFFERED)
    now = deps.clock.now()
    offers = sorted((one for one in deps.suppliers.offers(asked.sku) if one.enabled), key=lambda one: (one.cost.minor, one.supplier_id))
    for offer in islice((one for one in offers if deps.suppliers.get(one.supplier_id).is_open(now)), LOOKUPS_MAX):
        try:
            found = deps.supplier(offer.supplier_id).check_account(offer.goods_id, offer.addressed(asked.account))
        except Unavailable as error:
            telemetry.failed("account_unchecked", error, channel_id=offer.supplier_id)
            continue
        if found.verdict is CheckVerdict.GOOD:
            return CheckAnswer(verdict=found.verdict, carrier=found.carrier)
        if found.verdict is CheckVerdict.BAD:
            best = CheckAnswer(verdict=found.verdict, carrier=found.carrier)
    return best
