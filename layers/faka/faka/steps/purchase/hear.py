"""A word about a purchase; where it brings cards, they lie in an import of ours before the word counts."""

from faka.contexts.cases import CaseKind, case_id, open_case
from faka.contexts.intake import Column, ImportJob, ImportMoved, ImportNotFound, Shape, Wish
from faka.contexts.purchases import Heard, Purchase, PurchaseMoved, PurchaseState, Word, after
from faka.contexts.purchases.model import LIMIT
from faka.contexts.suppliers.base import CardGiven, Progress, SupplierAdapter, SupplyState
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import TransactionBusy, Unavailable
from faka.platform import telemetry
from faka.platform.table import Write
from faka.wiring import Deps


TRIES_MAX = 4
COLUMNS = (Column.NUMBER, Column.SECRET, Column.EXPIRES)
"""Of the file that an import of bought cards reads."""

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
            changed = changed.model_copy(update={"batch": purchase.next_batch})
        if not changed.is_open:
            changed = changed.model_copy(update={"is_with_a_person": False})
        try:
            deps.tables.commit([deps.purchases.replaced(purchase, changed), *_ended(deps, purchase, changed)])
        except PurchaseMoved:
            purchase = deps.purchases.get(purchase.id)
            continue
        return changed
    raise TransactionBusy("purchase")


def _ended(deps: Deps, before: Purchase, changed: Purchase) -> list[Write]:
    """The question to a person is answered; an attempt that failed after its cards had come is a new one: they may be on sale."""
    if changed.is_open:
        return []
    writes: list[Write] = []
    if before.is_with_a_person:
        writes.append(deps.cases.closed(case_id(CaseKind.SUPPLIER, before.question), f"answered: {changed.last.status}"))
    if changed.state is PurchaseState.FAILED and _is_laid_down(deps, before):
        reason = f"{before.last.supplier_id} took {before.last.number} back after its cards came: freeze {before.next_batch}"
        writes.append(deps.cases.opened(open_case(CaseKind.SUPPLIER, f"{before.last.number}:back", before.id, reason, deps.clock.now())))
    return writes


def _is_laid_down(deps: Deps, purchase: Purchase) -> bool:
    try:
        deps.imports.get(purchase.next_batch)
    except ImportNotFound:
        return False
    return True


def _lay_down(deps: Deps, purchase: Purchase, told: Progress) -> None:
    """Into the bucket that card files are uploaded to, under the name of the purchase's import: encrypted there, sealed from there,
    and deleted. The import is placed first, because the file's arrival begins it.
    """
    product, cards = deps.catalog.product(purchase.product_id), told.cards
    job = ImportJob(
        id=purchase.next_batch,
        sku=purchase.sku_id,
        product=purchase.product_id,
        shards=product.sku(purchase.sku_id).shards,
        wish=Wish(shape=Shape.TXT, separator="\t", columns=COLUMNS, is_link=product.kind is DeliveryKind.LINK),
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
    deps.objects.put(job.incoming_key, "".join(map(_line, cards)).encode(), "text/plain")


def _line(card: CardGiven) -> str:
    """As `COLUMNS` say; no field can hold a separator (`suppliers.reading`)."""
    return f"{card.number.reveal()}\t{card.secret.reveal()}\t{card.expires.isoformat() if card.expires else ''}\n"


def _with_cost(purchase: Purchase, told: Progress) -> Purchase:
    charged = purchase.last.model_copy(update={"cost": told.cost or purchase.last.cost})
    return purchase.model_copy(update={"attempts": (*purchase.attempts[:-1], charged)})


def call_for_purchase(deps: Deps, purchase: Purchase) -> Purchase:
    """A case for a purchase that is not over beyond its limit, once; it goes on all the same."""
    now = deps.clock.now()
    is_out = purchase.is_open or purchase.state is PurchaseState.RECEIVED
    if not is_out or purchase.is_with_a_person or now < purchase.called_since + LIMIT:
        return purchase
    told = purchase.model_copy(update={"is_with_a_person": True, "version": purchase.version + 1})
    reason = f"{purchase.last.supplier_id} has not said how the purchase {purchase.last.number} ended; ask there"
    if purchase.batch is not None:
        reason = f"the cards of {purchase.last.number} lie in the import {purchase.batch}, which is not over"
    case = open_case(CaseKind.SUPPLIER, purchase.question, purchase.id, reason, now)
    try:
        deps.tables.commit([deps.purchases.replaced(purchase, told), deps.cases.opened(case)])
    except PurchaseMoved:
        return deps.purchases.get(purchase.id)
    return told
