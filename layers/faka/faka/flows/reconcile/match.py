"""Match one part of a day. Pure but for its two files in and its two files out."""

from faka.contexts.catalog.model import ChannelRow
from faka.contexts.payments.providers.base import ProviderKind
from faka.contexts.statements import match as rule
from faka.contexts.statements.compare import Rules
from faka.contexts.statements.evidence import evidence
from faka.contexts.statements.found import told
from faka.contexts.statements.lines import Ours, Theirs, read_part
from faka.contexts.statements.tally import whole
from faka.flows.reconcile.messages import Matched, PartRequest
from faka.flows.reconcile.shelf import BILL, GZIP, OURS, Shelf
from faka.wiring import Deps


CONTRACT = "contract_bp"
"""Name in a channel's account of what the provider keeps of a payment, in basis points: `"60"` is 0.6 %."""


WITHOUT_REFUNDS = frozenset({ProviderKind.EPAY.value, ProviderKind.EPAY_RSA.value})
"""Their lists hold orders; a refund is asked for by its number and not seen here."""


def match(deps: Deps, asked: PartRequest) -> Matched:
    """Writes: books (the part's result and evidence; nothing else knows that it was here).

    Raises: ObjectGone when the part was never written; ObjectsDown.
    """
    shelf = Shelf(deps.books, asked.channel, asked.day)
    theirs, ours = read_part(shelf.part(BILL, asked.part), Theirs), read_part(shelf.part(OURS, asked.part), Ours)
    result = rule.match(theirs, ours, rules_of(deps.catalog.channel(asked.channel)), asked.day.isoformat())
    shelf.put_json(f"matched/{asked.part:02d}.json", {**told(result), "matched": len(result.pairs)})
    deps.books.put(shelf.at(f"matched/{asked.part:02d}.jsonl.gz"), evidence(result.pairs), GZIP)
    left = len(result.left_theirs) + len(result.left_ours)
    lines = len(result.left_theirs) + sum(count for count, _ in whole(result.tally.theirs).values())
    mine = len(result.left_ours) + sum(count for count, _ in whole(result.tally.ours).values())
    return Matched(lines=lines, ours=mine, matched=len(result.pairs), left=left)


def rules_of(row: ChannelRow) -> Rules:
    """What the channel's row says of its contract."""
    rate = row.account.get(CONTRACT, "")
    fee_bp = int(rate) if rate.isascii() and rate.isdigit() else None
    return Rules(fee_bp=fee_bp, shows_refunds=row.kind not in WITHOUT_REFUNDS)
