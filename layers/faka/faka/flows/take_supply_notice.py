"""Take a supplier's notice: prove it, hear it, acknowledge it.

It is not stored first, as money is: a supplier's word that is lost is asked for again by the recharge's machine. A weak notice (whose
scheme cannot prove itself) only makes the question come now, also about an attempt that has ended: it may have been taken back. A notice
about cards that the shop bought is acknowledged: their machine asks for them.
"""

from faka.contexts.purchases import purchase_of
from faka.contexts.recharges import recharge_of
from faka.contexts.suppliers.base import SupplyState
from faka.kernel.errors import NotFound
from faka.kernel.exchange import Forged, HttpAnswer, Malformed, RawRequest
from faka.kernel.ids import SupplierId
from faka.platform import telemetry
from faka.steps.recharge import ask_about, hear
from faka.steps.recharge.submit import word_of
from faka.wiring import Deps


def _is_of_a_purchase(deps: Deps, number: str, supplier_id: SupplierId) -> bool:
    """Of cards that we bought there. Its machine asks for them: cards are taken in where they can be laid down, and nowhere else."""
    name = purchase_of(number)
    purchase = deps.purchases.find(name) if name is not None else None
    return purchase is not None and any(one.number == number and one.supplier_id == supplier_id for one in purchase.attempts)


class NoSuchRecharge(NotFound):
    """The notice is the supplier's, and names no recharge of ours at him."""


def take_supply_notice(deps: Deps, supplier_id: SupplierId, kind: str, raw: RawRequest) -> HttpAnswer:
    """The supplier's acknowledgement.

    Raises: Forged, Malformed (refused, no state change), SupplierMissing, SupplierClosed, NoSuchRecharge; Unavailable and
    TransactionBusy, so that he sends it again.
    """
    adapter = deps.supplier(supplier_id)
    if adapter.account.kind != kind:
        raise NotFound("kind and account")
    try:
        told = adapter.parse_notice(raw)
    except (Forged, Malformed) as error:
        telemetry.note("supply_notice_refused", error=error, channel_id=supplier_id)
        telemetry.count("NoticesForged" if isinstance(error, Forged) else "NoticesMalformed")
        raise
    if _is_of_a_purchase(deps, told.number, supplier_id):
        return adapter.acknowledge(True)
    name = recharge_of(told.number)
    recharge = deps.recharges.find(name) if name is not None else None
    attempt = recharge.attempt(told.number) if recharge is not None else None
    if recharge is None or attempt is None or attempt.supplier_id != supplier_id:
        raise NoSuchRecharge(supplier_id)
    if told.state is SupplyState.UNKNOWN:
        ask_about(deps, recharge, attempt)
    else:
        hear(deps, recharge.id, word_of(told, "notice", adapter))
    return adapter.acknowledge(True)
