"""Two persons say that an order was paid, because its notice never came and the provider's pages show the money.

```
propose   who, why, the provider's own number of the transaction
approve   somebody else, who reads that number at the provider again ──► the provider is asked, too
            it names this transaction, says nothing, or does not answer ──► settled like a notice: receipt, entry, goods, in one commit
            it names another                                            ──► refused, nothing is booked
```
The number makes it the same movement as the provider's own notice, whichever comes first: it is booked once. An order that is
paid already is left alone, so that nobody's word turns into money that goes back.
"""

import re

from faka.contexts.orders.model import Order
from faka.contexts.payments.model import Payment
from faka.contexts.payments.providers.base import EventSource, EventState, PaymentEvent, ProviderKind
from faka.contexts.proposals import (
    Proposal,
    ProposalKind,
    ProposalState,
    ProposalStore,
    person,
    proposed,
    require_other,
)
from faka.kernel.errors import Conflict, InvalidRequest, Unavailable
from faka.kernel.ids import OrderId, PaymentId, out_trade_no
from faka.steps.poll import money_of
from faka.steps.settle import Outcome, apply
from faka.wiring import Deps


_REFERENCE = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
"""The shape of every provider's transaction number."""


class AlreadyConfirmed(Conflict):
    """The order is paid, or this transaction is booked."""


class AnotherReference(InvalidRequest):
    """The second person, or the provider, names another number."""


def propose_payment(deps: Deps, order_id: OrderId, reference: str, reason: str, by: str) -> Proposal:
    """Propose that an order's last attempt was paid, in full, by the provider's transaction `reference`. Twice it is one proposal.

    Raises: OrderNotFound, AlreadyConfirmed, InvalidRequest.
    """
    order = deps.orders.get(order_id)
    payment = _attempt(deps, order)
    if not _REFERENCE.fullmatch(reference):
        raise InvalidRequest("the reference is the provider's own number of the transaction: 8 to 64 letters and digits")
    if order.paid_at is not None or deps.payments.receipt(f"{payment.channel_id}:{reference}") is not None:
        raise AlreadyConfirmed(order.id)
    facts = {"payment": payment.id, "reference": reference}
    proposal = proposed(ProposalKind.PAYMENT, order.id, facts, reason, by, deps.clock.now())
    return ProposalStore(deps.tables).propose(proposal)


def approve_payment(deps: Deps, name: str, reference: str, by: str) -> Outcome:
    """What became of it: the same outcomes as of a notice; NOTHING where the money was booked meanwhile.

    Writes: as `settle`, and the decision, in one commit.
    Raises: ProposalMissing, ProposalOver, SamePerson, AnotherReference, InvalidRequest, TransactionBusy.
    """
    now = deps.clock.now()
    store = ProposalStore(deps.tables)
    proposal = store.get(name)
    who = require_other(proposal, ProposalKind.PAYMENT, by, now)
    if reference != proposal.facts["reference"]:
        raise AnotherReference("read the number at the provider again; it is not the one that was proposed")
    payment = deps.payments.find(PaymentId(proposal.facts["payment"]))
    if payment is None:
        raise InvalidRequest("the attempt is gone")
    event = _told(deps, payment, reference) or _event(deps, payment, reference)
    return apply(deps, event, [store.decided(proposal, ProposalState.APPROVED, who, now)])


def reject(deps: Deps, name: str, by: str) -> Proposal:
    """Anybody may take a proposal off the list. Raises: ProposalMissing, ProposalOver, InvalidRequest."""
    store = ProposalStore(deps.tables)
    proposal = store.get(name)
    deps.tables.apply(store.decided(proposal, ProposalState.REJECTED, person(by), deps.clock.now()))
    return store.get(name)


def _attempt(deps: Deps, order: Order) -> Payment:
    payment = deps.payments.find(order.payment_id)
    if payment is None:
        raise InvalidRequest("this order never had to be paid")
    return payment


def _told(deps: Deps, payment: Payment, reference: str) -> PaymentEvent | None:
    """What the provider itself says, where it says something: its word counts for more. Raises: AnotherReference."""
    try:
        event = money_of(deps, deps.adapter(payment.channel_id), payment)
    except Unavailable:
        return None
    if event is not None and event.channel_txn_id != reference:
        raise AnotherReference("the provider names another transaction for this order; what it says will be booked by itself")
    return event


def _event(deps: Deps, payment: Payment, reference: str) -> PaymentEvent:
    return PaymentEvent(
        channel_id=payment.channel_id,
        kind=ProviderKind(deps.catalog.channel(payment.channel_id).kind),
        source=EventSource.STAFF,
        out_trade_no=out_trade_no(payment.id),
        channel_txn_id=reference,
        state=EventState.SUCCEEDED,
        status="CONFIRMED",
        amount=payment.amount,
        dedupe_key=f"staff.{reference}",
        raw_sha256="",
    )
