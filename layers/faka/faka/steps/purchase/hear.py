"""A word about a purchase; where it brings cards, they lie in an import of ours before the word counts."""

from faka.contexts.cases import CaseKind, open_case
from faka.contexts.intake import ImportJob, ImportMoved, Shape, Wish
from faka.contexts.purchases import Heard, Purchase, PurchaseMoved, Word, after, batch_of
from faka.contexts.purchases.model import LIMIT
from faka.contexts.suppliers.base import Progress, SupplierAdapter, SupplyState
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import TransactionBusy, Unavailable
from faka.platform import telemetry
from faka.wiring import Deps


TRIES_MAX = 4
_WORDS = {
    SupplyState.PROCESSING: Word.PROCESSING,
    SupplyState.FAILED: Word.FAILED,
    SupplyState.REVERSED: Word.FAILED,
    SupplyState.UNKNOWN: Word.UNKNOWN,
}


def ask_purchase(deps: Deps, purchase: Purchase) -> Purchase:
    """The purchase after one question; unchanged where nothing is out. A supplier who does not answer is a word, too."""
    if not purchase.is_open:
        return purchase
    attempt = purchase.last
    try:
        adapter = deps.supplier(attempt.supplier_id)
        told = adapter.query(attempt.number, supplier_no=attempt.supplier_no, is_card=True)
    except Unavailable as error:
        telemetry.failed("supplier_silent", error, channel_id=attempt.supplier_id)
        return hear_purchase(deps, purchase, Heard(attempt.number, Word.UNKNOWN, "no answer"))
    if told is None:
        return hear_purchase(deps, purchase, Heard(attempt.number, Word.MISSING, "missing", grace_s=adapter.grace_s))
    return hear_purchase(deps, purchase, heard_of(deps, purchase, told, adapter, is_answer=True))


def heard_of(deps: Deps, purchase: Purchase, told: Progress, adapter: SupplierAdapter, *, is_answer: bool) -> Heard:
    """The word of an answer. Cards are laid down first: a word that counts before them would be cards that nobody has."""
    word = _WORDS.get(told.state, Word.UNKNOWN)
    if told.state is SupplyState.SUCCEEDED:
        word = Word.GIVEN if told.cards else Word.UNKNOWN
    if word is Word.GIVEN:
        _lay_down(deps, purchase, told)
    return Heard(told.number, word, told.status, told.supplier_no, told.cost, is_answer=is_answer, grace_s=adapter.grace_s)


def hear_purchase(deps: Deps, purchase: Purchase, heard: Heard) -> Purchase:
    """Raises: TransactionBusy after lost races."""
    for _ in range(TRIES_MAX):
        changed = after(purchase, heard, deps.clock.now())
        if changed is purchase:
            return purchase
        if heard.word is Word.GIVEN:
            changed = changed.model_copy(update={"batch": batch_of(purchase.id)})
        try:
            deps.tables.apply(deps.purchases.replaced(purchase, changed))
        except PurchaseMoved:
            purchase = deps.purchases.get(purchase.id)
            continue
        return changed
    raise TransactionBusy("purchase")


def _lay_down(deps: Deps, purchase: Purchase, told: Progress) -> None:
    """Into the bucket that card files are uploaded to, under the name of the purchase's import: encrypted there, sealed from there,
    and deleted. The import is placed first, because the file's arrival begins it.
    """
    product, cards = deps.catalog.product(purchase.product_id), told.cards
    job = ImportJob(
        id=batch_of(purchase.id),
        sku=purchase.sku_id,
        product=purchase.product_id,
        shards=product.sku(purchase.sku_id).shards,
        wish=Wish(shape=Shape.TXT, separator="\t" if cards[0].number.reveal() else "", is_link=product.kind is DeliveryKind.LINK),
        unit_cost=_with_cost(purchase, told).unit_cost,
        supplier=purchase.last.supplier_id,
        remark=purchase.last.number,
        by=purchase.by,
        opened_at=deps.clock.now(),
    )
    try:
        deps.tables.apply(deps.imports.placed(job))
    except ImportMoved:
        pass  # laid down before; the same cards again change nothing
    lines = (f"{card.number.reveal()}\t{card.secret.reveal()}" if card.number.reveal() else card.secret.reveal() for card in cards)
    deps.objects.put(job.incoming_key, ("\n".join(lines) + "\n").encode(), "text/plain")


def _with_cost(purchase: Purchase, told: Progress) -> Purchase:
    charged = purchase.last.model_copy(update={"cost": told.cost or purchase.last.cost})
    return purchase.model_copy(update={"attempts": (*purchase.attempts[:-1], charged)})


def call_for_purchase(deps: Deps, purchase: Purchase) -> Purchase:
    """A case for a purchase that is open beyond its limit, once; it is asked about all the same."""
    now = deps.clock.now()
    if not purchase.is_open or purchase.is_with_a_person or now < purchase.created_at + LIMIT:
        return purchase
    told = purchase.model_copy(update={"is_with_a_person": True, "version": purchase.version + 1})
    reason = f"{purchase.last.supplier_id} has not said how the purchase {purchase.last.number} ended; ask there"
    case = open_case(CaseKind.SUPPLIER, purchase.id, purchase.id, reason, now)
    try:
        deps.tables.commit([deps.purchases.replaced(purchase, told), deps.cases.opened(case)])
    except PurchaseMoved:
        return deps.purchases.get(purchase.id)
    return told
