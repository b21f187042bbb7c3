"""Look how much is left of every SKU that has a supply rule: tell people once that a product is low, and buy what may be bought.

| a product | what follows |
|---|---|
| has a SKU at its low mark | a case, once in its window: somebody's task, with a deadline |
| is above all marks again | the case is closed by itself |

| a SKU at its low mark whose rule buys | what follows |
|---|---|
| nothing of it is being bought | a purchase up to the rule's mark, within the day's bound, and its machine |
| the last purchase brought less than was wanted | nothing for an hour: whatever was wrong is wrong still |
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.purchases import PurchaseRuns
from faka.contexts.purchases.model import CARDS_MAX, ENDED
from faka.contexts.stock.low import Low, LowMoved
from faka.contexts.suppliers.rules import SupplyRule
from faka.kernel.clock import business_day
from faka.kernel.errors import FakaError
from faka.kernel.ids import ProductId, SkuId
from faka.platform import telemetry
from faka.steps.asked_again import asked_again
from faka.steps.purchase import begin_purchase, set_going
from faka.wiring import Deps


REST = timedelta(hours=1)
BY = "the shop"
"""Who bought, in the purchase's row."""


def watch_stock(deps: Deps, has_time: Callable[[], bool]) -> dict[str, int]:
    """One round; answers how many SKUs were looked at, how many are low and how many purchases began. Raises: Unavailable."""
    rules = [rule for rule in deps.supply_rules.every() if rule.low or rule.upto]
    left = _left(deps, rules)
    products: dict[ProductId, list[SupplyRule]] = {}
    for rule in (one for one in rules if one.sku in left):
        products.setdefault(rule.product, []).append(rule)
    said = deps.lows.get_many(list(products))
    done = {"WATCHED": len(left), "LOW": 0, "BOUGHT": 0}
    for product, its in products.items():
        if not has_time():
            telemetry.note("watch_out_of_time", count=done["LOW"])
            break
        low = [rule for rule in its if left[rule.sku] <= rule.low]
        done["LOW"] += len(low)
        with telemetry.contained():
            try:
                done["BOUGHT"] += sum(_bought(deps, rule, left[rule.sku]) for rule in low if rule.upto)
                _say(deps, product, low, left, said.get(product))
            except LowMoved as error:
                telemetry.note("watch_met_another", error=error)
            except FakaError as error:  # one product's trouble is not the others'
                telemetry.failed("watch_failed", error)
                telemetry.count("WatchFailures")
    return done


def _left(deps: Deps, rules: Sequence[SupplyRule]) -> dict[SkuId, int]:
    """Of SKUs that are in the listing; a rule of one that is gone is no work."""
    shards = {sku.id: sku.shards for row in deps.catalog.shelf() for sku in row.skus}
    wanted = {rule.sku: shards[rule.sku] for rule in rules if rule.sku in shards}
    return deps.stock.available(wanted, strong=True) if wanted else {}


def _say(deps: Deps, product: ProductId, low: Sequence[SupplyRule], left: dict[SkuId, int], said: Low | None) -> None:
    now, cause = deps.clock.now(), f"{product}:low"
    if low and (said is None or (not said.is_low and now >= said.told_at + timedelta(seconds=max(rule.window_s for rule in low)))):
        each = "; ".join(f"{rule.sku}: {left[rule.sku]} left, {_whose(rule)}" for rule in low)
        case = asked_again(deps, CaseKind.SUPPLIER, cause, product, f"{product} is low: {each}"[:REASON_MAX])
        deps.tables.commit([deps.lows.noted(said, Low(product=product, is_low=True, told_at=now)), case])
    elif not low and said is not None and said.is_low:
        closed = deps.cases.closed(case_id(CaseKind.SUPPLIER, cause), "answered: above its mark again")
        deps.tables.commit([deps.lows.noted(said, said.model_copy(update={"is_low": False})), closed])


REASON_MAX = 500
"""A product has up to fifty SKUs; the first ones say enough."""


def _whose(rule: SupplyRule) -> str:
    return f"bought by the shop up to {rule.upto}" if rule.upto else "somebody must buy"


def _bought(deps: Deps, rule: SupplyRule, left: int) -> bool:
    """Whether a purchase was begun. Of two rounds at once one begins it."""
    now, today = deps.clock.now(), business_day(deps.clock.now())
    last = deps.purchases.running(rule.sku)
    if last is not None:
        before = deps.purchases.get(last.purchase)
        if before.state not in ENDED or (before.new < before.quantity and now < before.touched_at + REST):
            return False
    quantity = min(rule.upto - left, CARDS_MAX, rule.day_max - (last.bought_on(today) if last else 0))
    if quantity <= 0 or rule.unit_max is None:
        telemetry.note("day_of_purchases_is_full", sku=rule.sku)
        return False
    try:
        purchase = begin_purchase(deps, rule.product, rule.sku, quantity, rule.unit_max, BY)
    except PurchaseRuns:
        return False
    set_going(deps, purchase.id)
    return True
