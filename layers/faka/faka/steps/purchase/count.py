"""Hold what became stock against what was paid for."""

from faka.contexts.cases import CaseKind, open_case
from faka.contexts.complaints import Complaint, complaint_id
from faka.contexts.purchases import Purchase, PurchaseMoved, PurchaseState
from faka.platform.table import Write
from faka.wiring import Deps


def count_cards(deps: Deps, purchase: Purchase) -> Purchase:
    """SEALED once the import is over; unchanged before. Fewer new cards than were bought are a case and a drafted complaint, in the
    commit that says so: a card too few, one twice, one that was ours already.
    """
    if purchase.state is not PurchaseState.RECEIVED or purchase.batch is None:
        return purchase
    job = deps.imports.get(purchase.batch)
    if not job.is_over:
        return purchase
    now = deps.clock.now()
    changed = purchase.moved(PurchaseState.SEALED, now, f"{job.counts.new} of {purchase.quantity} are stock", new=job.counts.new)
    writes: list[Write] = [deps.purchases.replaced(purchase, changed)]
    missing = purchase.quantity - job.counts.new
    if missing:
        told = f"{job.counts.duplicate} twice or ours already, {job.counts.bad} unreadable, {missing} of {purchase.quantity} missing"
        case = open_case(CaseKind.SUPPLIER, purchase.id, purchase.id, f"bought from {purchase.last.supplier_id}: {told}", now)
        complaint = Complaint(
            id=complaint_id(purchase.batch),
            supplier=purchase.last.supplier_id,
            batch=purchase.batch,
            sku=purchase.sku_id,
            count=missing,
            amount=purchase.unit_cost.times(missing),
            reason=told,
            by=purchase.by,
            created_at=now,
        )
        writes += [deps.cases.opened(case), deps.complaints.drafted(complaint)]
    try:
        deps.tables.commit(writes)
    except PurchaseMoved:
        return deps.purchases.get(purchase.id)
    return changed
