"""Orders in every state that a buyer can meet, reached through the real flows wherever a flow leads there."""

from datetime import timedelta
from typing import Any

from faka.contexts.orders.model import DeliveryState, Order, OrderState, RefundState
from faka.flows.ask_refund import ask_refund
from faka.flows.order_page import cancel
from faka.flows.refund_order import refund_order
from faka.kernel.delivery import DeliveryKind
from pages.visitor import codes_value
from tests.browser.shop import SECRET, republish, use
from tests.kit.world import World


def pending(world: World) -> Order:
    return world.buy(contact="buyer@example.com", method="precreate")


def redirected(world: World) -> Order:
    return world.buy(channel="epay", method="epay")


def paid(world: World) -> Order:
    return _moved(world, pending(world), OrderState.PAID, paid_at=world.clock.now())


def held(world: World) -> Order:
    """Another amount than asked for waits for a person."""
    order = pending(world)
    for raw in world.notices(order, amount_minor=order.total.minor - 1):
        world.deliver_notice(order, raw)
    return world.order(order)


def short(world: World) -> Order:
    now = world.clock.now()
    order = _moved(world, pending(world), OrderState.PAID, paid_at=now)
    return _moved(world, order, OrderState.SHORT, short_until=now + timedelta(days=1))


def failed(world: World) -> Order:
    return _moved(world, short(world), OrderState.FAILED, refund_state=RefundState.DUE)


def expired(world: World) -> Order:
    order = pending(world)
    world.clock.advance(minutes=17)
    world.minute()
    return world.order(order)


def canceled(world: World) -> Order:
    order = pending(world)
    return cancel(world.deps, order.id, world.proof(order))


def late_delivered(world: World) -> Order:
    return world.pay(expired(world))


def late_refused(world: World) -> Order:
    """The payment came after the reservation had ended and the goods were gone."""
    order = expired(world)
    return _changed(world, order, is_late=True, refund_state=RefundState.DUE)


def ready(world: World) -> Order:
    return world.pay(pending(world))


def several(world: World) -> Order:
    return world.pay(world.buy(quantity=3))


def revealed(world: World) -> Order:
    order = ready(world)
    world.reveal(order)
    return world.order(order)


def withheld(world: World) -> Order:
    return _changed(world, ready(world), delivery=DeliveryState.WITHHELD)


def refunded(world: World) -> Order:
    return _changed(world, ready(world), refund_state=RefundState.FULL)


def returned(world: World) -> Order:
    """The buyer gave the goods back unseen; his money is still on its way."""
    order = ready(world)
    return ask_refund(world.deps, order.id, world.proof(order))


def revoked(world: World) -> Order:
    """A person paid back in whole what the buyer had seen."""
    return refund_order(world.deps, revealed(world).id, None, "a dead card", "mei")


def part_back(world: World) -> Order:
    return refund_order(world.deps, revealed(world).id, 1, "late answer", "mei")


def link_ready(world: World) -> Order:
    own = world.product
    use(world, world.deps.catalog.product("qingning-gift", fresh=True))
    order = world.pay(world.buy(consent=world.product.notice_version))
    use(world, own)
    return order


def link_used(world: World) -> Order:
    order = link_ready(world)
    world.reveal(order, open_id="01KJPB7WG08HQWXGN3V08Q7SBR")
    return world.order(order)


def released(world: World, order: Order) -> Order:
    """A person decided that a held order is delivered."""
    now = world.clock.now()
    return _moved(world, world.order(order), OrderState.COMPLETED, paid_at=now, completed_at=now, delivery=DeliveryState.READY)


def free(world: World, product_id: str) -> dict[str, Any]:
    """What makes a product cost nothing."""
    product = world.deps.catalog.product(product_id, fresh=True)
    return {"skus": tuple(one.model_copy(update={"price": one.price.times(0)}) for one in product.skus)}


def large(world: World, quantity: int) -> Order:
    """An order of many cards; the product's own limit is lifted for it."""
    own = world.product
    skus = tuple(one.model_copy(update={"per_order_max": 500}) for one in own.skus)
    use(world, republish(world, world.deps.catalog.product(own.id, fresh=True), skus=skus))
    world.stock_up(quantity, secret=SECRET)
    return world.buy(quantity=quantity)


def to_account(world: World) -> Order:
    """A top-up that waits for its money."""
    return _changed(world, pending(world), kind=DeliveryKind.DIRECT_RECHARGE, account={"mobile": "13800138000"}, runs=())


def sending(world: World) -> Order:
    return _moved(world, to_account(world), OrderState.PAID, paid_at=world.clock.now())


def by_hand(world: World) -> Order:
    return _moved(world, sending(world), OrderState.SHORT, short_until=world.clock.now() + timedelta(days=1))


def asked(world: World) -> Order:
    """Nothing can arrive at the buyer's account, and he is asked for another."""
    one = world.deps.catalog.product("suda-recharge", fresh=True)
    order = _changed(world, sending(world), product_id=one.id, product_version=one.version, sku_id=one.skus[0].id)
    now = world.clock.now()
    after = order.asked(now + timedelta(days=1), now, "test", "test")
    world.deps.tables.apply(world.deps.orders.replaced(order, after))
    return world.order(order)


def arrived(world: World) -> Order:
    now = world.clock.now()
    return _moved(world, sending(world), OrderState.COMPLETED, delivery=DeliveryState.DONE, completed_at=now)


STATES = {
    made.__name__: made
    for made in (
        *(pending, redirected, paid, held, short, failed, expired, canceled, late_delivered, late_refused, ready, several, revealed),
        *(withheld, refunded, returned, revoked, part_back, link_ready, link_used, to_account, sending, by_hand, asked, arrived),
    )
}


def cookie(world: World, order: Order) -> Any:
    """What the browser that placed the order has. The debugger takes a `__Host-` cookie for https only; the host is what counts."""
    value = codes_value({}, order.id, world.proof(order).code)
    return {"name": "__Host-orders", "value": value, "url": "https://127.0.0.1", "secure": True, "httpOnly": True, "sameSite": "Lax"}


def _moved(world: World, order: Order, state: OrderState, **changes: Any) -> Order:
    after = order.moved(state, world.clock.now(), "test", "test", **changes)
    world.deps.tables.apply(world.deps.orders.replaced(order, after))
    return world.order(order)


def _changed(world: World, order: Order, **changes: Any) -> Order:
    after = order.changed(world.clock.now(), "test", "test", **changes)
    world.deps.tables.apply(world.deps.orders.replaced(order, after))
    return world.order(order)
