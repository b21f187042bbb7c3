"""Keep a buyer from sending the same thing to the same account twice because the first has not arrived yet."""

from faka.contexts.catalog.account_form import AccountForm
from faka.contexts.catalog.accounts import told
from faka.contexts.catalog.model import Product
from faka.contexts.orders.model import Order, OrderState
from faka.contexts.quotas.flights import InFlight
from faka.platform.table import Write
from faka.wiring import Deps


_ON_ITS_WAY = frozenset({OrderState.PAID, OrderState.SHORT, OrderState.ON_HOLD})


def flight(deps: Deps, order: Order, product: Product) -> list[Write]:
    """The write that makes `order` the one that is on its way to its account; empty where nothing goes to one.

    Raises: InFlight while another one is paid and not there yet, or waits for the same visitor's payment. Somebody else's unpaid order
    is in nobody's way: it costs nothing, so it could be used to keep people from their own numbers. Neither is an order that its buyer
    has sent to another account since.
    """
    if product.account_form is None:
        return []
    digest = deps.index_key.digest("account", told(product.account_form, order.account))
    last = deps.flights.find(order.sku_id, digest)
    if last is not None and last != order.id:
        before = deps.orders.find(last)
        if before is not None and _is_in_the_way(before, order, product.account_form):
            raise InFlight("account")
    return [deps.flights.taken(order.sku_id, digest, order.id, last, order.created_at)]


def _is_in_the_way(before: Order, order: Order, form: AccountForm) -> bool:
    if told(form, before.account) != told(form, order.account):
        return False
    if before.state is OrderState.PENDING_PAYMENT:
        return before.visitor_hash == order.visitor_hash and order.created_at < before.expires_at
    return before.state in _ON_ITS_WAY
