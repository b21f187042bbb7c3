"""What a person was asked about an order whose cards are withheld is answered in the commit in which they no longer are."""

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.orders.model import DeliveryState, Order
from faka.kernel.ids import CaseId
from faka.platform.table import Write
from faka.wiring import Deps


def withheld_cause(order: Order) -> str:
    return f"withheld:{order.id}"


def withheld_case(order: Order) -> CaseId:
    return case_id(CaseKind.SHORT, withheld_cause(order))


def answered(deps: Deps, before: Order, after: Order, outcome: str) -> list[Write]:
    """For the commit from `before` to `after`: nobody makes one order good twice. Nothing where it stays withheld, or never was."""
    is_over = before.delivery is DeliveryState.WITHHELD and after.delivery is not DeliveryState.WITHHELD
    return [deps.cases.closed(withheld_case(before), outcome)] if is_over else []
