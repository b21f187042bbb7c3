"""The order page for the order's whole life: what it shows, what its buttons do."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from faka.contexts.catalog.model import ChannelRow, Product
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import Order, OrderState
from faka.contexts.orders.price import priced
from faka.contexts.payments.errors import ChannelClosedForOrders, PaymentMoved
from faka.contexts.payments.model import Payment, PaymentState
from faka.contexts.payments.providers.base import AlreadyPaid, ChannelClosed, Checkout, CheckoutKind, Device, MethodNotOffered, PaymentOrder
from faka.contexts.quotas.errors import TooManyTries
from faka.kernel.errors import Unavailable
from faka.kernel.ids import ChannelId, out_trade_no
from faka.kernel.model import Frozen
from faka.kernel.refund import RefundStatus
from faka.platform import telemetry
from faka.steps.health import admit, noted
from faka.steps.poll import ask, closes, end_unpaid, require_open
from faka.steps.proof import Proof, prove
from faka.steps.ways import sight_of, ways_of
from faka.wiring import Deps


ATTEMPTS_MAX = 20
"""Ways that one order may try; more is a person playing or a script."""

ASKED = frozenset({"precreate", "native", "h5", "jsapi", "card", "usdt"})
"""Methods whose checkout the provider makes. The others are addresses that we sign ourselves: they say nothing of its health."""

CHECK_PAUSE = timedelta(seconds=5)
"""Between two questions to a provider that the buyer causes: providers count calls, and people press twice."""


class OrderPage(Frozen):
    order: Order
    product: Product
    """The version that was bought, whatever became of the product since."""
    payment: Payment | None = None
    checkout: Checkout | None = None
    """How to pay, while the order waits for it; None when the provider does not answer."""
    refunded_at: Mapping[str, datetime] = {}
    """When each refund that is done was done."""


def came_by(order: Order) -> ChannelId:
    """The channel of the money that paid the order, which is not the last attempt's where an earlier one was paid late."""
    return ChannelId(order.paid_by.partition(":")[0]) if order.paid_by else order.channel_id


def open_order(deps: Deps, order_id: str, proof: Proof, address: str = "") -> OrderPage:
    """Everything that the page shows; `address` is the buyer's, which some ways to pay must name. Raises: OrderNotFound."""
    order = prove(deps, order_id, proof)
    product = deps.catalog.product_version(order.product_id, order.product_version)
    if order.state is not OrderState.PENDING_PAYMENT:
        return OrderPage(order=order, product=product, refunded_at=_refunded_at(deps, order))
    payment = deps.payments.find(order.payment_id)
    if payment is None or not payment.is_open or deps.clock.now() >= order.expires_at:
        return OrderPage(order=order, product=product, payment=payment)
    return OrderPage(order=order, product=product, payment=payment, checkout=_how_to_pay(deps, order, product, payment, address))


def state(deps: Deps, order_id: str, proof: Proof) -> str:
    """A short tag that changes when the page would change. A waiting page also takes the early steps of the ladder.

    Raises: OrderNotFound.
    """
    order = prove(deps, order_id, proof)
    if order.state is OrderState.PENDING_PAYMENT:
        payment = deps.payments.find(order.payment_id)
        if payment is not None and payment.due_at is not None and payment.due_at <= deps.clock.now():
            order = _asked(deps, order, payment)
    return tag_of(order)


def tag_of(order: Order) -> str:
    """The order's states and those of its refunds, at most `REFUNDS_MAX` words of them; and whether its buyer is asked something."""
    asked = ("asked",) if order.question else ()
    return ".".join((order.state, order.delivery, order.refund_state, *(note.status for note in order.refunds), *asked)).lower()


def check_payment(deps: Deps, order_id: str, proof: Proof) -> Order:
    """The buyer says that he paid: ask the provider now, at most every `CHECK_PAUSE`. Raises: OrderNotFound."""
    order = prove(deps, order_id, proof)
    payment = deps.payments.find(order.payment_id)
    if payment is None or not payment.is_open:
        return order
    last = payment.checked_at or payment.created_at
    if deps.clock.now() - last < CHECK_PAUSE:
        return order
    return _asked(deps, order, payment)


def cancel(deps: Deps, order_id: str, proof: Proof) -> Order:
    """End an unpaid order at the buyer's wish; money that came in between settles it instead.

    Raises: OrderNotFound, OrderClosed; ProviderUnavailable when the provider cannot be asked whether it was paid.
    """
    order = prove(deps, order_id, proof)
    require_open(order)
    payment = deps.payments.find(order.payment_id)
    if payment is not None and payment.is_open:
        ask(deps, payment)
        fresh = deps.payments.find(payment.id)
        if fresh is not None and fresh.is_open:
            end_unpaid(deps, deps.adapter(fresh.channel_id), fresh, OrderState.CANCELED, "buyer")
    return deps.orders.get(order.id)


def change_method(deps: Deps, order_id: str, proof: Proof, channel: str, method: str) -> Order:
    """Pay another way: close the open attempt at its provider, then open the next one with that channel's fee.

    Raises: OrderNotFound, OrderClosed, ChannelNotFound, ChannelClosedForOrders, TooManyTries; ProviderUnavailable when the
    present provider cannot be asked whether the money came already.
    """
    order = prove(deps, order_id, proof)
    require_open(order)
    row = deps.catalog.channel(channel)
    if order.attempt + 1 >= ATTEMPTS_MAX:
        raise TooManyTries("payment attempts")
    payment = deps.payments.find(order.payment_id)
    if payment is None or (payment.channel_id, payment.method) == (row.id, method):
        return order
    if method not in row.methods or row not in ways_of(deps, order, sight_of(payment.device)):
        raise ChannelClosedForOrders(row.id)
    if row.id != payment.channel_id:
        admit(deps, row.id)
    if payment.is_open:
        ask(deps, payment)
        payment = deps.payments.find(payment.id) or payment
    if not payment.is_open or not closes(deps, payment):
        return deps.orders.get(order.id)
    return _next_attempt(deps, order, payment, row, method)


def _refunded_at(deps: Deps, order: Order) -> dict[str, datetime]:
    """One read for each refund that is done, at most `REFUNDS_MAX`; most orders have none."""
    rows = [deps.refunds.find(note.id) for note in order.refunds if note.status is RefundStatus.SUCCEEDED]
    return {row.id: row.finished_at for row in rows if row is not None and row.finished_at is not None}


def _next_attempt(deps: Deps, order: Order, payment: Payment, row: ChannelRow, method: str) -> Order:
    now = deps.clock.now()
    price = priced(order.unit, order.quantity, *row.buyer_fee)
    changes = {"attempt": order.attempt + 1, "channel_id": row.id, "fee": price.fee, "total": price.total}
    after = order.changed(now, "buyer", f"pays by {row.id}", **changes)
    fresh = Payment(
        id=after.payment_id,
        order_id=order.id,
        channel_id=row.id,
        method=method,
        device=payment.device,
        amount=price.total,
        created_at=now,
        expires_at=order.expires_at,
    )
    fresh = fresh.model_copy(update={"due_at": fresh.next_check_at(now)})
    closed = payment.changed(state=PaymentState.CLOSED, due_at=None)
    deps.tables.commit([deps.orders.replaced(order, after), deps.payments.replaced(payment, closed), deps.payments.placed(fresh)])
    return after


def _asked(deps: Deps, order: Order, payment: Payment) -> Order:
    try:
        ask(deps, payment)
    except (PaymentMoved, OrderMoved):
        pass  # somebody settled it meanwhile, which is what we wanted to know
    return deps.orders.get(order.id)


def _how_to_pay(deps: Deps, order: Order, product: Product, payment: Payment, address: str) -> Checkout | None:
    """The provider's page or QR. What a provider had to be asked for is asked for once and kept with the attempt."""
    if payment.qr_text:
        return Checkout(kind=CheckoutKind.QR, url=payment.qr_text, valid_until=payment.expires_at)
    if payment.page_url:
        return Checkout(kind=CheckoutKind.REDIRECT, url=payment.page_url, valid_until=payment.expires_at)
    wish = PaymentOrder(
        out_trade_no=out_trade_no(payment.id),
        amount=payment.amount,
        subject=product.title.pick(order.locale),
        device=Device.PC if payment.device == Device.PC else Device.MOBILE,
        method=payment.method,
        expires_at=payment.expires_at,
        notify_url=_notify_url(deps, deps.catalog.channel(payment.channel_id)),
        return_url=f"{deps.settings.faka_shop_url}/o/{order.id}",
        client_ip=address,
    )
    checkout = _created(deps, payment, wish)
    if checkout is None:
        return None
    kept = _kept(payment, checkout)
    if kept is not payment:
        with suppress(PaymentMoved):  # settled meanwhile, or asked for by another tab, which kept the same
            deps.tables.apply(deps.payments.replaced(payment, kept))
    return checkout


def _kept(payment: Payment, checkout: Checkout) -> Payment:
    """An address that we sign ourselves is made anew each time; one that the provider made may not be given twice."""
    if checkout.kind is CheckoutKind.QR:
        return payment.changed(qr_text=checkout.url, provider_ref=checkout.provider_ref)
    if checkout.provider_ref:
        return payment.changed(page_url=checkout.url, provider_ref=checkout.provider_ref)
    return payment


def _created(deps: Deps, payment: Payment, wish: PaymentOrder) -> Checkout | None:
    """Ask the provider for a way to pay; what it answers is noted for the next buyers."""
    try:
        adapter = deps.adapter(payment.channel_id)
    except Unavailable:
        return None
    try:
        checkout = adapter.create(wish)
    except ChannelClosed:
        return None
    except MethodNotOffered as error:  # an amount, a currency or a device that the rule let through and the provider does not take
        telemetry.note("checkout_not_offered", level=logging.WARNING, error=error, channel_id=payment.channel_id, payment_id=payment.id)
        return None
    except Unavailable:
        noted(deps, payment.channel_id, ok=False)
        return None
    except AlreadyPaid:
        noted(deps, payment.channel_id, ok=True)
        return None
    if payment.method in ASKED:
        noted(deps, payment.channel_id, ok=True)
    return checkout


def _notify_url(deps: Deps, row: ChannelRow) -> str:
    """Where the provider tells us: the account's own domain, or the shop's. Every domain leads to one door and one inbox."""
    return f"{row.notify_base or deps.settings.faka_notify_url}/v1/callbacks/{row.kind}/{row.id}"
