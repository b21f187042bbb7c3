"""Hold what became stock against what was paid for."""

from faka.contexts.cases import CaseKind, case_id, open_case
from faka.contexts.complaints import Complaint, complaint_id
from faka.contexts.intake import ImportJob
from faka.contexts.ledger.purchases import purchase_charged
from faka.contexts.purchases import Purchase, PurchaseMoved, PurchaseState
from faka.kernel.money import Money
from faka.platform.table import Write
from faka.wiring import Deps


def count_cards(deps: Deps, purchase: Purchase) -> Purchase:
    """SEALED once the import is over; unchanged before. The import booked the cards that are stock; what was charged beyond them is a
    loss from now on, and where cards are missing that loss is claimed: one too few, one twice, one that was ours already.
    """
    if purchase.state is not PurchaseState.RECEIVED or purchase.batch is None:
        return purchase
    job = deps.imports.get(purchase.batch)
    if not job.is_over:
        return purchase
    now = deps.clock.now()
    changed = purchase.moved(
        PurchaseState.SEALED, now, f"{job.counts.new} of {purchase.quantity} are stock", new=job.counts.new, is_with_a_person=False
    )
    writes: list[Write] = [deps.purchases.replaced(purchase, changed)]
    charged = purchase.charged
    beyond = charged.minor - purchase.unit_cost.minor * job.counts.new
    if beyond:
        writes.append(deps.ledger.posted(purchase_charged(purchase.id, purchase.last.supplier_id, beyond, charged.currency, now)))
    if purchase.is_with_a_person:
        writes.append(deps.cases.closed(case_id(CaseKind.SUPPLIER, purchase.question), f"answered: {changed.log[-1].status}"))
    writes += _told(deps, purchase, job, Money(minor=max(beyond, 0), currency=charged.currency))
    try:
        deps.tables.commit(writes)
    except PurchaseMoved:
        return deps.purchases.get(purchase.id)
    return changed


def _told(deps: Deps, purchase: Purchase, job: ImportJob, lost: Money) -> list[Write]:
    """Another number of cards than was bought is a case; too few are a drafted complaint, too, unless the whole batch has one."""
    now, supplier, missing = deps.clock.now(), purchase.last.supplier_id, purchase.quantity - job.counts.new
    told = f"{job.counts.duplicate} twice or ours already, {job.counts.bad} unreadable, {missing} of {purchase.quantity} missing"
    if missing < 0:
        told = f"{-missing} cards more than were bought; they are stock"
    case = open_case(CaseKind.SUPPLIER, f"{purchase.id}:count", purchase.id, f"bought from {supplier}: {told}", now)
    writes = [deps.cases.opened(case)] if missing else []
    if missing > 0 and purchase.batch is not None and deps.complaints.find(complaint_id(purchase.batch)) is None:
        complaint = Complaint(
            id=complaint_id(purchase.batch),
            supplier=supplier,
            batch=purchase.batch,
            sku=purchase.sku_id,
            count=missing,
            amount=lost,
            reason=told,
            by=purchase.by,
            created_at=now,
        )
        writes.append(deps.complaints.drafted(complaint))
    return writes
