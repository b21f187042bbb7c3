"""A difference between our books and a provider's that no rule can end: one person explains it, another agrees."""

from datetime import date

from faka.contexts.cases import case_id
from faka.contexts.proposals import (
    Proposal,
    ProposalKind,
    ProposalState,
    ProposalStore,
    proposed,
    require_other,
)
from faka.contexts.statements.model import Action, Discrepancy, DiscrepancyState
from faka.flows.reconcile.work_list import case_kind
from faka.kernel.errors import InvalidRequest, NotFound
from faka.kernel.ids import ChannelId
from faka.wiring import Deps


RULE = "persons/1"
"""Stands where the machine's rule version stands in an action."""

_DECIDABLE = frozenset({DiscrepancyState.OPEN, DiscrepancyState.ASSIGNED})
"""One near the cut of the day (TIMING) waits for the bills of the next days first."""


class DifferenceMissing(NotFound):
    """No such difference on that day of that account."""


def propose_resolution(deps: Deps, channel: ChannelId, day: date, name: str, reason: str, by: str) -> Proposal:
    """Raises: DifferenceMissing, InvalidRequest for one that is decided."""
    one = _decidable(deps, channel, day, name)
    facts = {"channel": channel, "day": day.isoformat()}
    proposal = proposed(ProposalKind.DISCREPANCY, one.id, facts, reason, by, deps.clock.now())
    return ProposalStore(deps.tables).propose(proposal)


def approve_resolution(deps: Deps, name: str, by: str) -> Discrepancy:
    """The difference ends as RESOLVED with its action and both names; its case is closed in the same commit.

    Raises: ProposalMissing, ProposalOver, SamePerson, DifferenceMissing, InvalidRequest, DiscrepancyMoved.
    """
    now = deps.clock.now()
    store = ProposalStore(deps.tables)
    proposal = store.get(name)
    who = require_other(proposal, ProposalKind.DISCREPANCY, by, now)
    one = _decidable(deps, ChannelId(proposal.facts["channel"]), date.fromisoformat(proposal.facts["day"]), proposal.subject)
    action = Action(rule_version=RULE, before=one.state, after=DiscrepancyState.RESOLVED, by=f"{proposal.by} and {who}", at=now)
    after = one.moved(DiscrepancyState.RESOLVED, actions=(*one.actions, action))
    writes = [deps.statements.changed(one, after), store.decided(proposal, ProposalState.APPROVED, who, now)]
    case = deps.cases.find(case_id(case_kind(one), one.id))
    if case is not None:
        writes.append(deps.cases.closed(case.id, f"{proposal.reason} ({proposal.by} and {who})"))
    deps.tables.commit(writes)
    return after


def _decidable(deps: Deps, channel: ChannelId, day: date, name: str) -> Discrepancy:
    one = deps.statements.discrepancy(channel, day, name)
    if one is None:
        raise DifferenceMissing(name)
    if one.state not in _DECIDABLE:
        raise InvalidRequest(f"{name} is {one.state}")
    return one
