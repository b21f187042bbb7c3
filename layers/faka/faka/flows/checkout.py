"""Place an order: price it, hold its cards, and commit order, payment attempt and hold quotas at once.

```
read product, channel, hold rows ─► claim (one write on the stock head) ─► commit [order, attempt, visitor, contact]
                                       │ sold out: what was taken goes back      │ number taken: this form was sent before
                                       ▼                                         ▼
                                    OutOfStock                              the same order, or KeyReusedWithOtherBody
```
A crash between claim and commit leaves cards held by a number without an order; the claim journal finds them. The
provider is only asked after the commit, so its failure leaves an order that expires, never a payment without an order.
"""

import hashlib
import hmac
from contextlib import suppress
from datetime import datetime, timedelta

from pydantic import Field

from faka.contexts.catalog.accounts import read_account
from faka.contexts.catalog.model import ChannelRow, Product, Sight, Sku
from faka.contexts.orders.errors import KeyReusedWithOtherBody, OrderExists, OrderMoved
from faka.contexts.orders.model import DeliveryState, Entry, MailState, Order, OrderState
from faka.contexts.orders.price import Price, PriceChanged, priced
from faka.contexts.orders.store import from_item
from faka.contexts.payments.model import Payment
from faka.contexts.quotas.errors import QuotaExceeded
from faka.contexts.quotas.model import HoldLimits
from faka.contexts.stock import OutOfStock, Run, StockBusy
from faka.kernel.contact import mail_address, network
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import InvalidRequest, Rejected, TransactionBusy
from faka.kernel.ids import CODE_LENGTH, ChannelId, OrderId, SkuId, hash_code, normal_code, order_id
from faka.kernel.model import Frozen
from faka.kernel.rate import Rate
from faka.platform.table import Key, Write
from faka.steps.checked import checked
from faka.steps.earn import earned
from faka.steps.flight import flight
from faka.steps.health import admit
from faka.steps.holds import hold_keys, limits, peek, pruned
from faka.steps.offered import require_supplier
from faka.steps.release import disown, give_back_unordered, owned
from faka.steps.ways import Choice, price_by, taken_by
from faka.wiring import Deps


FREE = ChannelId("free")
"""The channel of orders that cost nothing."""


class ConsentMissing(Rejected):
    """The product's notice was not agreed to in the version that is shown now."""

    public_message = "Please read the notice about this product and tick the box."


class QuantityOutOfLimits(InvalidRequest):
    """Outside the SKU's limits for one order."""

    public_message = "Please choose a quantity within the limits of this product."


class CheckoutCommand(Frozen):
    form_id: str
    code: str
    product: str
    sku: str
    quantity: int
    contact: str = ""
    channel: str
    method: str
    device: Sight = "PC"
    address: str
    consent: str = ""
    account: dict[str, str] = Field(default_factory=dict, repr=False)
    """Where it goes, as typed, by the names of the product's form."""
    is_account_saved: bool = False
    """The account was chosen from those that the buyer's device keeps."""
    locale: str = "zh_CN"
    seen_total_minor: int | None = None

    @property
    def request_hash(self) -> str:
        """What must be equal for two sendings of a form to be the same purchase."""
        account = (f"{name}={value}" for name, value in sorted(self.account.items()))
        parts = (self.product, self.sku, str(self.quantity), self.contact, self.channel, self.method, *account)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]  # 128 bits; the whole keeps the order below 1 KB


def checkout(deps: Deps, command: CheckoutCommand) -> Order:
    """Place the order of one form, at its account or another of its group; the same form again answers the same order.

    Raises: InvalidRequest, InvalidContact, ProductNotFound, OffShelf, UnknownSku, QuantityOutOfLimits, ConsentMissing,
    BadAccount, AccountUnknown, ChannelNotFound, ChannelClosedForOrders, ChannelNotForAmount, PriceChanged, OutOfStock, QuotaExceeded,
    InFlight, KeyReusedWithOtherBody, StockBusy, TransactionBusy, Throttled, UnknownOutcome.
    """
    number = order_id(command.form_id)
    product = deps.catalog.product(command.product, fresh=True)
    command = _addressed(command, product)
    sku, channel, price, rate = _checked(deps, command, product)
    now = deps.clock.now()
    keys = hold_keys(deps, command.address, command.contact)
    peek(deps, keys, now)
    carrier = checked(deps, product, sku.id, command.account)
    runs = _claimed(deps, number, sku, command.quantity, product.kind)
    order = _order(deps, command, product, sku, price, channel, runs, now).model_copy(update={"carrier": carrier})
    if rate is not None:
        order = order.model_copy(update={"rate": rate, "listed": sku.price})
    payment = None if order.channel_id == FREE else _payment(order, command, now)
    try:
        _commit(deps, order, payment, keys, limits(deps, sku), flight(deps, order, product))
    except OrderExists as taken:
        return _same_order(deps, command, runs, taken)
    except (QuotaExceeded, TransactionBusy):
        give_back_unordered(deps, number, sku.id, runs, "not placed")
        raise
    return order


def _checked(deps: Deps, command: CheckoutCommand, product: Product) -> tuple[Sku, ChannelRow | None, Price, Rate | None]:
    product.require_on_shelf(deps.clock.now())
    sku = product.sku(command.sku)
    if not sku.per_order_min <= command.quantity <= sku.per_order_max:
        raise QuantityOutOfLimits("quantity")
    if len(normal_code(command.code)) != CODE_LENGTH:
        raise InvalidRequest("lookup code")
    if product.notice_version and command.consent != product.notice_version:
        raise ConsentMissing(product.id)
    mail_address(command.contact)
    if sku.price.minor == 0:
        return sku, None, priced(sku.price, command.quantity, 0), None
    choice = Choice(unit=sku.price, quantity=command.quantity, sight=command.device, order_id=order_id(command.form_id))
    channel = taken_by(deps, choice, command.channel, command.method)
    deps.adapter(channel.id)  # a key that cannot be read shows here, before anything is held
    price, rate = price_by(deps, sku.price, command.quantity, channel)
    if command.seen_total_minor not in (None, price.total.minor):
        raise PriceChanged(product.id)
    admit(deps, channel.id)
    return sku, channel, price, rate


def _addressed(command: CheckoutCommand, product: Product) -> CheckoutCommand:
    """The account as suppliers want it, so that one typed with spaces is the same. Raises: BadAccount, UnknownSku."""
    form = product.account_form
    account = read_account(form, product.sku(command.sku).only, command.account) if form is not None else {}
    return command.model_copy(update={"account": account})


def _claimed(deps: Deps, number: OrderId, sku: Sku, quantity: int, kind: DeliveryKind) -> tuple[Run, ...]:
    """Cards; nothing is held of what a supplier or a person sends, but there must be a supplier."""
    if kind is DeliveryKind.DIRECT_RECHARGE:
        require_supplier(deps, sku.id, sku.price)
    if not kind.is_sealed:
        return ()
    try:
        return deps.stock.claim(sku.id, f"{number}+q{quantity}", quantity, sku.shards)
    except (OutOfStock, StockBusy) as short:
        give_back_unordered(deps, number, sku.id, short.taken, "not enough in stock")
        raise


def _order(
    deps: Deps,
    command: CheckoutCommand,
    product: Product,
    sku: Sku,
    price: Price,
    channel: ChannelRow | None,
    runs: tuple[Run, ...],
    now: datetime,
) -> Order:
    contact = mail_address(command.contact)
    order = Order(
        id=order_id(command.form_id),
        product_id=product.id,
        product_version=product.version,
        sku_id=sku.id,
        shards=sku.shards,
        kind=product.kind,
        quantity=command.quantity,
        unit=price.unit,
        fee=price.fee,
        total=price.total,
        channel_id=channel.id if channel else FREE,
        contact=contact,
        contact_hash=deps.index_key.digest("contact", contact.lower()) if contact else "",
        visitor_hash=deps.index_key.digest("address", network(command.address)),
        locale=command.locale,
        consent=command.consent,
        account=command.account,
        is_account_saved=command.is_account_saved,
        code_hash=hash_code(command.code),
        request_hash=command.request_hash,
        state=OrderState.PENDING_PAYMENT,
        runs=owned(runs),
        created_at=now,
        expires_at=now + timedelta(seconds=deps.settings.faka_hold_ttl_s),
        log=(Entry(at=now, state=OrderState.PENDING_PAYMENT, actor="buyer", reason="placed"),),
    )
    return order if channel is not None else _given_away(order, now)


def _given_away(order: Order, now: datetime) -> Order:
    mail = MailState.DUE if order.contact else MailState.NONE
    given = {"paid_at": now, "completed_at": now, "delivery": DeliveryState.READY, "mail": mail}
    return order.moved(OrderState.COMPLETED, now, "checkout", "free of charge", **given, due_at=now if order.contact else None)


def _payment(order: Order, command: CheckoutCommand, now: datetime) -> Payment:
    payment = Payment(
        id=order.payment_id,
        order_id=order.id,
        channel_id=order.channel_id,
        method=command.method,
        device=command.device,
        amount=order.total,
        created_at=now,
        expires_at=order.expires_at,
    )
    return payment.model_copy(update={"due_at": payment.next_check_at(now)})


def _commit(deps: Deps, order: Order, payment: Payment | None, keys: list[Key], bounds: HoldLimits, flying: list[Write]) -> None:
    """One commit, with the cost of what is given away. A full hold row is compared with its orders once, and the finished ones leave it."""
    for is_last in (False, True):
        quotas = [deps.quotas.held(key, order.id, order.product_id, order.quantity, bounds, order.created_at) for key in keys]
        beside = [deps.payments.placed(payment)] if payment else earned(deps, order, order.runs, order.total, order.fee, order.created_at)
        try:
            deps.tables.commit([deps.orders.placed(order), *flying, *beside, *quotas])
            return
        except QuotaExceeded:
            if is_last or not sum(pruned(deps, key, order.created_at) for key in keys):
                raise


def _same_order(deps: Deps, command: CheckoutCommand, runs: tuple[Run, ...], taken: OrderExists) -> Order:
    """The number has a row: the same purchase again, another one under a used form, or a fence."""
    row = taken.row or {}
    if "sku_id" not in row:
        give_back_unordered(deps, order_id(command.form_id), SkuId(command.sku), runs, "fenced")
        raise OutOfStock(0) from taken
    order = from_item(row)
    with suppress(OrderMoved):  # somebody settles it right now; the claim journal gives our claims back
        disown(deps, order, runs)
    if not (hmac.compare_digest(order.code_hash, hash_code(command.code)) and order.request_hash == command.request_hash):
        raise KeyReusedWithOtherBody(order.id) from taken
    return order
