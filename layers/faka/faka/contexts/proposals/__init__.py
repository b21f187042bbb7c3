"""What one person proposes and another decides: a payment that no notice told, a difference that somebody explains.

A proposal is a row under a name made of what it is about, so the same thing is proposed once. It is decided in the commit of its
effects, by somebody else, within three days; later it must be proposed anew.
"""

import hashlib
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ValidationError

from faka.kernel.clock import to_row
from faka.kernel.errors import Conflict, Denied, FakaError, InvalidRequest, NotFound, UnknownState
from faka.kernel.model import Frozen
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put, update


LIFE = timedelta(days=3)
"""What two people have not agreed on in three days is looked at anew."""

REASON_MAX = 200
NAME_MAX = 60


class ProposalKind(StrEnum):
    PAYMENT = "PAYMENT"
    DISCREPANCY = "DISCREPANCY"
    SETTLEMENT = "SETTLEMENT"


class ProposalState(StrEnum):
    OPEN = "OPEN"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class ProposalExists(Conflict):
    """The same thing was proposed before; carries it."""


class ProposalMissing(NotFound):
    """No such proposal."""


class ProposalOver(Conflict):
    """It is decided already, or too old."""


class SamePerson(Denied):
    """Whoever proposed it cannot decide it."""


class Proposal(Frozen):
    id: str
    kind: ProposalKind
    subject: str
    facts: dict[str, str]
    reason: str
    by: str
    state: ProposalState = ProposalState.OPEN
    decided_by: str = ""
    proposed_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    version: int = 1
    """Counts how often it was proposed anew: who approves has read this one."""


def person(text: str) -> str:
    """A name as it is compared: neither case nor spaces nor full-width letters make another person. Raises: InvalidRequest."""
    name = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not 0 < len(name) <= NAME_MAX:
        raise InvalidRequest(f"say who you are, in at most {NAME_MAX} characters")
    return name


def proposed(kind: ProposalKind, subject: str, facts: dict[str, str], reason: str, by: str, at: datetime) -> Proposal:
    """Raises: InvalidRequest without a name or a reason."""
    if not 0 < len(reason.strip()) <= REASON_MAX:
        raise InvalidRequest(f"say why, in at most {REASON_MAX} characters")
    cause = "|".join([kind, subject, *(f"{name}={facts[name]}" for name in sorted(facts))])
    name = f"prp_{hashlib.sha256(cause.encode()).hexdigest()[:26]}"
    return Proposal(id=name, kind=kind, subject=subject, facts=facts, reason=reason, by=person(by), proposed_at=at, expires_at=at + LIFE)


def require_other(proposal: Proposal, kind: ProposalKind, by: str, at: datetime) -> str:
    """The name of whoever may decide it as one of this kind. Raises: ProposalOver, SamePerson, InvalidRequest."""
    name = person(by)
    if proposal.kind is not kind:
        raise InvalidRequest(f"this proposal is a {proposal.kind}, not a {kind}")
    if proposal.state is not ProposalState.OPEN or at >= proposal.expires_at:
        raise ProposalOver(proposal.id)
    if name == proposal.by:
        raise SamePerson(proposal.id)
    return name


class ProposalStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, name: str) -> Proposal:
        """Raises: ProposalMissing."""
        row = self._tables.get(_key(name))
        if row is None:
            raise ProposalMissing(name)
        try:
            return Proposal.model_validate({field: value for field, value in row.items() if field not in ("pk", "sk")})
        except ValidationError as error:
            raise UnknownState(row["pk"]) from error

    def propose(self, proposal: Proposal) -> Proposal:
        """The proposal as it stands: the same one again is the first one, whoever repeats it.

        One that grew too old or was rejected makes place for this one.
        """
        key = _key(proposal.id)
        item = {**proposal.model_dump(mode="json"), "pk": key.pk, "sk": key.sk}
        try:
            self._tables.apply(insert(TableName.TRADE, item, otherwise=_exists))
        except ProposalExists:
            return self._again(proposal, item)
        return proposal

    def _again(self, proposal: Proposal, item: Item) -> Proposal:
        known = self.get(proposal.id)
        if known.state is ProposalState.APPROVED or (known.state is ProposalState.OPEN and proposal.proposed_at < known.expires_at):
            return known
        anew = proposal.model_copy(update={"version": known.version + 1})
        item["version"] = anew.version
        self._tables.apply(put(TableName.TRADE, item, when="#version = :seen", otherwise=_over, seen=known.version))
        return anew

    def decided(self, proposal: Proposal, state: ProposalState, by: str, at: datetime) -> Write:
        """Once. Else ProposalOver."""
        return update(
            _key(proposal.id),
            "SET #state = :to, #decided_by = :who, #decided_at = :at",
            when="#state = :open AND #version = :seen",
            otherwise=_over,
            seen=proposal.version,
            to=state.value,
            who=by,
            at=to_row(at),
            open=ProposalState.OPEN.value,
        )


def _key(name: str) -> Key:
    return Key(TableName.TRADE, f"PROPOSAL#{name}", "PROPOSAL")


def _exists(row: Item | None) -> FakaError:
    return ProposalExists("proposal exists", row)


def _over(row: Item | None) -> FakaError:
    return ProposalOver("proposal over", row)
