"""Pay an order with the balance of a wallet: all of it, at once, in one commit.

```
order waits, wallet proved and rich enough ─► ask the provider, close the open attempt ─► one commit
                                                 │ money came there: it pays            [ledger: wallet → funds, and the delivery]
                                                 ▼                                      [wallet − total, IF balance >= total]
                                             the order as it is, wallet untouched       [its line · receipt of channel `wallet`]
                                                                                        [old attempt CLOSED, new one SUCCEEDED]
                                                                                        [order COMPLETED with the cards it holds]
```
The order's version decides between two tabs, two wallets, a notice and the expiry: one of them changes it first, the others read
it again. Money that still comes to the closed attempt finds a paid order and is due back, as every second payment is. Dying
between close and commit takes nothing; pressing again closes again, which a provider answers as before.

A balance pays no fee. Part by balance and part by a provider is not possible.
"""

from datetime import datetime

from faka.contexts.ledger.accounts import funds
from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.orders.errors import OrderClosed, OrderMoved
from faka.contexts.orders.model import DeliveryState, MailState, Order, OrderState
from faka.contexts.orders.price import Price, priced
from faka.contexts.payments.errors import PaymentMoved, ReceiptExists
from faka.contexts.payments.model import Payment, PaymentState, Receipt, ReceiptState
from faka.contexts.wallets.errors import BalanceTooLow, CurrencyDiffers
from faka.contexts.wallets.model import Wallet
from faka.kernel.errors import TransactionBusy
from faka.kernel.ids import OrderId, out_trade_no, payment_id
from faka.platform.table import Write
from faka.steps.earn import earned
from faka.steps.poll import ask, closes, require_open
from faka.steps.proof import Proof, prove
from faka.steps.settle.writes import FULFIL_PATIENCE, MAIL_PATIENCE
from faka.steps.wallet import WALLET, prove_wallet, spent
from faka.wiring import Deps


METHOD = "balance"

TRIES_MAX = 6
"""As in settling: two tabs, a notice, a query and the sweep are five; more than six lost races in a row are a storm."""


def to_pay(deps: Deps, order_id: str, proof: Proof) -> Order | None:
    """The order, while a balance may pay it. Raises: OrderNotFound."""
    order = prove(deps, order_id, proof)
    return order if order.state is OrderState.PENDING_PAYMENT and deps.clock.now() < order.expires_at else None


def pay_with_balance(deps: Deps, order_id: str, proof: Proof, wallet_no: str, code: str, address: str) -> Order:
    """The order afterwards; one that is paid already, by whatever way, is left alone and costs nothing again.

    Raises: OrderNotFound, OrderClosed, WalletNotFound, TooManyTries, BalanceTooLow, CurrencyDiffers; ProviderUnavailable when the
    present provider cannot be asked whether money came already; TransactionBusy, Throttled, UnknownOutcome.
    """
    order = prove(deps, order_id, proof)
    if order.paid_at is not None:
        return order
    wallet = prove_wallet(deps, wallet_no, code, address)
    for _ in range(TRIES_MAX):
        try:
            return _once(deps, order.id, wallet)
        except (OrderMoved, PaymentMoved, ReceiptExists, AlreadyPosted):
            continue
    raise TransactionBusy("balance")


def _once(deps: Deps, order_id: OrderId, wallet: Wallet) -> Order:
    order = deps.orders.get(order_id)
    if order.paid_at is not None:
        return order
    price = _payable(deps, order, wallet)
    payment = _closed_at_provider(deps, order)
    if payment is None:
        return deps.orders.get(order.id)
    now = deps.clock.now()
    fresh = _attempt(order, payment, price, now)
    receipt = _receipt(fresh, wallet, now)
    deps.tables.commit(_writes(deps, wallet, order, payment, fresh, receipt, now))
    return deps.orders.get(order.id)


def _payable(deps: Deps, order: Order, wallet: Wallet) -> Price:
    """What the order costs without a provider's fee. The wallet is looked at before anything is closed; the commit's condition decides."""
    require_open(order)
    if deps.clock.now() >= order.expires_at:
        raise OrderClosed(order.id)
    price = priced(order.unit, order.quantity, 0)
    if wallet.currency is not price.total.currency:
        raise CurrencyDiffers(wallet.id)
    if wallet.balance_minor < price.total.minor:
        raise BalanceTooLow(wallet.id)
    return price


def _closed_at_provider(deps: Deps, order: Order) -> Payment | None:
    """The order's open attempt, which nobody can pay any more; None when it is not open or its money came."""
    payment = deps.payments.find(order.payment_id)
    if payment is not None and payment.is_open:
        ask(deps, payment)
        payment = deps.payments.find(payment.id)
    if payment is None or not payment.is_open or not closes(deps, payment):
        return None
    return payment


def _attempt(order: Order, before: Payment, price: Price, now: datetime) -> Payment:
    """The next attempt of the order, which begins and succeeds in the same commit."""
    return Payment(
        id=payment_id(order.id, order.attempt + 1),
        order_id=order.id,
        channel_id=WALLET,
        method=METHOD,
        device=before.device,
        amount=price.total,
        state=PaymentState.SUCCEEDED,
        created_at=now,
        expires_at=order.expires_at,
    )


def _receipt(payment: Payment, wallet: Wallet, now: datetime) -> Receipt:
    """The number of the attempt names the spend: the same attempt cannot be paid twice."""
    number = out_trade_no(payment.id)
    return Receipt(
        channel_id=WALLET,
        channel_txn_id=number,
        payment_id=payment.id,
        order_id=payment.order_id,
        out_trade_no=number,
        amount=payment.amount,
        paid_at=now,
        source="WALLET",
        state=ReceiptState.APPLIED,
        wallet=wallet.id,
        recorded_at=now,
    )


def _writes(deps: Deps, wallet: Wallet, order: Order, payment: Payment, fresh: Payment, receipt: Receipt, now: datetime) -> list[Write]:
    after = _bought(order, fresh, receipt, now)
    credit = funds(order.id, fresh.amount.currency)
    earning = earned(deps, after, after.runs, after.total, after.fee, now) if order.kind.is_sealed else []
    return [
        deps.orders.replaced(order, after),
        deps.payments.replaced(payment, payment.changed(state=PaymentState.CLOSED, due_at=None, checked_at=now)),
        deps.payments.placed(fresh),
        deps.payments.received(receipt),
        *spent(deps, wallet, receipt.amount, receipt.key, credit=credit, ref=order.id, at=now),
        *earning,
    ]


def _bought(order: Order, payment: Payment, receipt: Receipt, now: datetime) -> Order:
    """Sealed goods that the order holds are its own from this commit on; others are handed over by the normal flow."""
    changes: dict[str, object] = {
        "attempt": order.attempt + 1,
        "channel_id": payment.channel_id,
        "fee": payment.amount - payment.amount,
        "total": payment.amount,
        "paid_at": now,
        "paid_by": receipt.key,
        "mail": MailState.DUE if order.contact else MailState.NONE,
    }
    if order.kind.is_sealed:
        changes |= {"completed_at": now, "delivery": DeliveryState.READY, "due_at": now + MAIL_PATIENCE if order.contact else None}
        return order.moved(OrderState.COMPLETED, now, "wallet", "balance of a wallet", **changes)
    changes |= {"funds_minor": payment.amount.minor, "due_at": now + FULFIL_PATIENCE}
    return order.moved(OrderState.PAID, now, "wallet", "balance of a wallet", **changes)
