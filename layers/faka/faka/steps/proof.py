"""Whether a caller may see an order: by its lookup code, or by a grant for its contact that a mailed code earned."""

import hmac

from faka.contexts.orders.errors import OrderNotFound
from faka.contexts.orders.model import Order
from faka.kernel.ids import OrderId, hash_code, is_order_id
from faka.wiring import Deps


class Proof:
    """What the caller brings. Neither value is ever logged; both are compared as hashes."""

    __slots__ = ("code", "grant")

    def __init__(self, code: str = "", grant: str = "") -> None:
        self.code = code
        self.grant = grant


def prove(deps: Deps, order_id: str, proof: Proof) -> Order:
    """The order, if the proof fits. Raises: OrderNotFound, the same for absent, malformed and not yours."""
    if not is_order_id(order_id):
        raise OrderNotFound("malformed")
    order = deps.orders.get(OrderId(order_id))
    if proof.code and hmac.compare_digest(order.code_hash, hash_code(proof.code)):
        return order
    if proof.grant and order.contact_hash:
        contact = deps.quotas.contact_of(proof.grant, deps.clock.now())
        if contact is not None and hmac.compare_digest(contact, order.contact_hash):
            return order
    raise OrderNotFound(order.id)
