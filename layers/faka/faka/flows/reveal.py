"""Open what was bought, for its owner: audit first, then the text.

```
prove ─► read pages + batches (strong) ─► withheld? ─► replace them from stock, else a case and a clear word
                                          └ open in memory ─► commit [order REVEALED, audit entry] ─► only then the text leaves
```
A card that was shown is never sold again, and a card of a frozen or void batch is never shown: both are decided here, in the
last step, because it is the only one that cannot be taken back.
"""

import hashlib
from datetime import datetime, timedelta

from faka.contexts.audit import AGENT_MAX, Opening
from faka.contexts.catalog.model import Product
from faka.contexts.orders.errors import AlreadyOpened, NotReady, OrderMoved
from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.contexts.vault import CardWithheld, OpenCard
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import Conflict, TransactionBusy
from faka.kernel.ids import ulid
from faka.steps.proof import Proof, prove
from faka.steps.replace import replace_withheld
from faka.steps.withheld import answered
from faka.wiring import Deps


TRIES_MAX = 4
"""Two tabs and a mail worker may change the order at the same moment; each lost race re-reads once."""

REOPEN = timedelta(minutes=10)
"""A browser whose answer was lost may repeat the same opening of a one-use link for this long."""


_GONE = (DeliveryState.RETURNED, DeliveryState.REVOKED)
"""No longer the buyer's: back in stock unseen, or in quarantine after they were paid back in whole."""


class GoodsWentBack(Conflict):
    """The money of these goods went back, and they are nobody's to look at any more."""

    public_message = "The money for these goods went back to you, so they are not shown any more."


class NothingToOpen(Conflict):
    """The goods went to an account; there is no card to show."""

    public_message = "This went straight to your account, so there is no card to show."


class Viewer:
    """Who looks, for the audit entry."""

    __slots__ = ("address", "agent")

    def __init__(self, address: str, agent: str) -> None:
        self.address = address
        self.agent = agent[:AGENT_MAX]


class Revealed:
    """Opened goods. Not a pydantic model, so that nothing can dump it by accident."""

    __slots__ = ("cards", "order", "product")

    def __init__(self, order: Order, product: Product, cards: tuple[OpenCard, ...]) -> None:
        self.order = order
        self.product = product
        self.cards = cards


def reveal(deps: Deps, order_id: str, proof: Proof, viewer: Viewer, open_id: str = "", via: str = "page") -> Revealed:
    """The cards of an order, after its audit entry is written.

    Raises: OrderNotFound, NotReady, NothingToOpen, GoodsWentBack, AlreadyOpened, SealBroken, KeyServiceDown,
    TransactionBusy; CardWithheld (replacements are arranged or a case is open).
    """
    for _ in range(TRIES_MAX):
        order = prove(deps, order_id, proof)
        _require_ready(order, open_id, deps.clock.now())
        product = deps.catalog.product_version(order.product_id, order.product_version)
        try:
            cards = _opened(deps, order)
        except CardWithheld as withheld:
            replace_withheld(deps, order, withheld.numbers)
            raise
        try:
            return Revealed(_audited(deps, order, cards, viewer, open_id, via), product, cards)
        except OrderMoved:
            continue
    raise TransactionBusy("reveal")


def _require_ready(order: Order, open_id: str, now: datetime) -> None:
    if order.delivery in _GONE:
        raise GoodsWentBack(order.id)
    if order.delivery is DeliveryState.DONE:
        raise NothingToOpen(order.id)
    if order.state is not OrderState.COMPLETED or order.delivery is DeliveryState.NONE:
        raise NotReady(order.id)
    if order.kind is not DeliveryKind.LINK or order.delivery is not DeliveryState.OPENED:
        return
    is_same = bool(open_id) and open_id == order.open_id and order.revealed_at is not None and now - order.revealed_at <= REOPEN
    if not is_same:
        raise AlreadyOpened(order.id)


def _opened(deps: Deps, order: Order) -> tuple[OpenCard, ...]:
    return deps.vault.open(deps.vault.read(order.sku_id, order.runs), deps.envelope)


def _audited(deps: Deps, order: Order, cards: tuple[OpenCard, ...], viewer: Viewer, open_id: str, via: str) -> Order:
    now = deps.clock.now()
    delivery = DeliveryState.OPENED if order.kind is DeliveryKind.LINK else DeliveryState.REVEALED
    first = order.revealed_at is None
    changes = {"delivery": delivery, "reveals": order.reveals + 1, "revealed_at": order.revealed_at or now}
    changes |= {"open_id": open_id} if first else {}
    after = (
        order.changed(now, "buyer", f"opened by {via}", **changes)
        if first
        else order.model_copy(update={**changes, "version": order.version + 1})
    )
    opening = Opening(
        order_id=order.id,
        at=now,
        opening_id=ulid(now, deps.chance),
        via=via,
        address=viewer.address,
        agent=viewer.agent,
        cards=len(cards),
        content_sha256=_content(cards),
    )
    answer = answered(deps, order, after, "opened: they may be shown again")
    deps.tables.commit([deps.orders.replaced(order, after), deps.audit.opening(opening), *answer])
    return after


def _content(cards: tuple[OpenCard, ...]) -> str:
    digest = hashlib.sha256()
    for card in cards:
        digest.update(f"{card.number_text}\x1f{card.secret.reveal()}\x1e".encode())
    return digest.hexdigest()
