"""Pay a supplier what the journal says he is owed, by two persons.

What is due is what was owed at the end of the period, less what was paid, claimed or taken back since. It is worked out again when the
second person approves, and paid only if it is still what the first one proposed.
"""

import re
from datetime import UTC, date, datetime, timedelta

from faka.contexts.ledger.owed import Owed, day_begins, due_minor, owed, touching
from faka.contexts.ledger.purchases import supplier_paid
from faka.contexts.proposals import Proposal, ProposalKind, ProposalState, ProposalStore, person, proposed, require_other
from faka.contexts.settlements import Settlement
from faka.kernel.clock import to_row
from faka.kernel.errors import Conflict, InvalidRequest
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency, Money
from faka.wiring import Deps


EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Before every shop of this kind."""

_BANK = re.compile(r"[0-9a-z-]{1,40}", re.ASCII)


class NothingDue(InvalidRequest):
    """The supplier is owed nothing for this period."""


class AmountMoved(Conflict):
    """What is due is not what was proposed any more, or not what the second person read; it must be proposed anew."""


def statement(deps: Deps, supplier_id: SupplierId, first: date, last: date) -> Owed:
    """Of days in Shanghai, both included. Raises: SupplierMissing, BooksTooLarge, LedgerTampered."""
    row = deps.suppliers.get(supplier_id)
    return owed(deps.ledger.every(), row.id, row.currency, day_begins(first), day_begins(last + timedelta(days=1)))


def propose_settlement(deps: Deps, supplier_id: SupplierId, last: date, bank: str, reason: str, by: str) -> Proposal:
    """Propose to pay what is due until the end of `last`. Twice it is one proposal.

    Raises: SupplierMissing, NothingDue, InvalidRequest.
    """
    now, until = deps.clock.now(), day_begins(last + timedelta(days=1))
    if until > now:
        raise InvalidRequest("a period that has not ended is not settled")
    if not _BANK.fullmatch(bank):
        raise InvalidRequest("the bank is the id of its account in the books: small letters, digits and -")
    currency = deps.suppliers.get(supplier_id).currency
    due = _due(deps, supplier_id, currency, until)
    number = deps.settlements.next_number(supplier_id, currency)
    facts = {"currency": str(currency), "minor": str(due), "until": to_row(until), "bank": bank, "number": str(number)}
    return ProposalStore(deps.tables).propose(proposed(ProposalKind.SETTLEMENT, supplier_id, facts, reason, by, now))


def approve_settlement(deps: Deps, name: str, amount: Money, by: str) -> Settlement:
    """`amount` is what the second person read in the statement and pays at the bank.

    Writes: trade (the decision, the settlement), journal (the payment), one commit.
    Raises: ProposalMissing, ProposalOver, SamePerson, AmountMoved, NothingDue, SettlementExists, InvalidRequest.
    """
    now = deps.clock.now()
    store = ProposalStore(deps.tables)
    proposal = store.get(name)
    who = require_other(proposal, ProposalKind.SETTLEMENT, by, now)
    facts, supplier_id = proposal.facts, SupplierId(proposal.subject)
    wanted = Money(minor=int(facts["minor"]), currency=Currency(facts["currency"]))
    until = datetime.fromisoformat(facts["until"])
    if amount != wanted or _due(deps, supplier_id, wanted.currency, until) != wanted.minor:
        raise AmountMoved("read the statement again: this is not what is due")
    paid = Settlement(
        supplier_id=supplier_id,
        number=int(facts["number"]),
        amount=wanted,
        until=until,
        bank=facts["bank"],
        proposal=proposal.id,
        proposed_by=proposal.by,
        approved_by=who,
        paid_at=now,
    )
    money = supplier_paid(paid.id, supplier_id, paid.bank, wanted, now)
    decided = store.decided(proposal, ProposalState.APPROVED, who, now)
    deps.tables.commit([decided, deps.settlements.paid(paid), deps.ledger.posted(money)])
    return paid


def reject_settlement(deps: Deps, name: str, by: str) -> Proposal:
    """Anybody may take it off the list. Raises: ProposalMissing, ProposalOver, InvalidRequest."""
    store = ProposalStore(deps.tables)
    proposal = store.get(name)
    if proposal.kind is not ProposalKind.SETTLEMENT:
        raise InvalidRequest(f"this proposal is a {proposal.kind}")
    deps.tables.apply(store.decided(proposal, ProposalState.REJECTED, person(by), deps.clock.now()))
    return store.get(name)


def _due(deps: Deps, supplier_id: SupplierId, currency: Currency, until: datetime) -> int:
    """Raises: NothingDue."""
    journal = touching(deps.ledger.every(), supplier_id, currency)
    due = due_minor(journal, supplier_id, currency, until, (EVER, deps.clock.now() + timedelta(days=1)))
    if due <= 0:
        raise NothingDue(f"{supplier_id} is owed nothing until then")
    return due
