"""Choose a supplier and order there, once."""

from faka.contexts.recharges import Attempt, Heard, Recharge, RechargeState, Word, number_of
from faka.contexts.suppliers.base import Progress, SupplierAdapter, SupplyOrder, SupplyRefused, SupplyState
from faka.contexts.suppliers.store import Offer, SupplierRow
from faka.kernel.errors import Unavailable
from faka.platform import telemetry
from faka.steps.recharge.hear import hear, with_due
from faka.steps.recharge.route import admitted, balance_asked, fitting, passed_over, ranked
from faka.wiring import Deps


_BEFORE = frozenset({RechargeState.CREATED, RechargeState.FAILED})

_WORDS = {
    SupplyState.PROCESSING: Word.PROCESSING,
    SupplyState.SUCCEEDED: Word.SUCCEEDED,
    SupplyState.FAILED: Word.FAILED,
    SupplyState.REVERSED: Word.REVERSED,
    SupplyState.UNKNOWN: Word.UNKNOWN,
}


def submit(deps: Deps, recharge: Recharge) -> Recharge:
    """The recharge with its next attempt sent; unchanged where no supplier is left, and where an attempt is out already.

    An attempt that is out is *asked about*, whoever sent it: so this may be called again after any death.
    Raises: RechargeMoved, Throttled; what the supplier does is a word, not an error.
    """
    if recharge.state not in _BEFORE:
        return recharge
    choice = chosen(deps, recharge)
    if choice is None:
        return recharge
    offer, adapter = choice
    now = deps.clock.now()
    attempt = Attempt(
        number=number_of(recharge.id, len(recharge.attempts)),
        supplier_id=offer.supplier_id,
        goods_id=offer.goods_id,
        cost_max=offer.cost,
        sent_at=now,
    )
    begun = recharge.model_copy(update={"attempts": (*recharge.attempts, attempt)})
    begun = with_due(begun.moved(RechargeState.SUBMITTING, now, "recharge", f"at {offer.supplier_id}"), now)
    deps.tables.apply(deps.recharges.replaced(recharge, begun))
    heard = hear(deps, recharge.id, _sent(deps, adapter, begun, offer))
    if heard.state is not RechargeState.UNKNOWN:
        balance_asked(deps, offer, adapter)
    return heard


def chosen(deps: Deps, recharge: Recharge) -> tuple[Offer, SupplierAdapter] | None:
    """The best offer of a supplier that can be asked now. Taking it may take the one place of a probe; where every supplier has given
    his away, the first one is asked all the same. One whose grade is low is asked only where no other can be.
    """
    offers = ranked(deps, recharge)
    choice = _first(deps, offers)
    if choice is not None:
        passed_over(deps, offers, choice[0])
    return choice


def _first(deps: Deps, offers: list[Offer]) -> tuple[Offer, SupplierAdapter] | None:
    spare = None
    low = []
    for offer in offers:
        row, adapter = _opened(deps, offer)
        if adapter is None:
            continue
        if row.is_low:
            low.append((offer, adapter))
        elif admitted(deps, offer):
            return offer, adapter
        else:
            spare = spare or (offer, adapter)
    return next((one for one in low if admitted(deps, one[0])), spare or (low[0] if low else None))


def is_any_left(deps: Deps, recharge: Recharge) -> bool:
    """Whether `chosen` would find one; takes nothing."""
    return any(_opened(deps, one)[1] is not None for one in fitting(deps, recharge))


def _opened(deps: Deps, offer: Offer) -> tuple[SupplierRow, SupplierAdapter | None]:
    """The adapter where the supplier may be asked now; a key that cannot be read shows here, before an attempt is written."""
    row = deps.suppliers.get(offer.supplier_id)
    if not row.is_open(deps.clock.now()):
        return row, None
    try:
        return row, deps.supplier(offer.supplier_id)
    except Unavailable as error:
        telemetry.failed("supplier_closed", error, supplier_id=offer.supplier_id)
        return row, None


def _sent(deps: Deps, adapter: SupplierAdapter, recharge: Recharge, offer: Offer) -> Heard:
    attempt = recharge.last
    order = SupplyOrder(
        number=attempt.number,
        goods_id=offer.goods_id,
        face_minor=offer.face_minor,
        account=offer.addressed(recharge.account),
        unit_cost_max=attempt.cost_max,
        notify_url=f"{deps.settings.faka_notify_url}/v1/suppliers/{adapter.account.kind}/{offer.supplier_id}",
        placed_at=attempt.sent_at,
    )
    try:
        return word_of(adapter.submit(order), "answer", adapter)
    except SupplyRefused as refused:
        return Heard(attempt.number, Word.FAILED, "answer", status="refused", reason=refused.reason)
    except Unavailable as error:
        telemetry.failed("recharge_unknown", error, supplier_id=offer.supplier_id)
        return Heard(attempt.number, Word.UNKNOWN, "no answer", is_answer=False)


def word_of(progress: Progress, actor: str, adapter: SupplierAdapter, *, is_answer: bool = False) -> Heard:
    """What a supplier's progress means, in the words of the rule."""
    return Heard(
        progress.number,
        _WORDS[progress.state],
        actor,
        status=progress.status,
        reason=progress.reason,
        supplier_no=progress.supplier_no,
        cost=progress.cost,
        is_answer=is_answer,
        grace_s=adapter.grace_s,
        sha256=progress.raw_sha256,
    )
