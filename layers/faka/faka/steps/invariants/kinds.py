"""Which kinds of rows there are, and the attributes that each may have. An attribute that no writer of ours writes is where a
secret would hide, so it is a violation by itself (I13)."""

from faka.contexts.alerts.model import AlertRoute
from faka.contexts.alerts.store import Sending
from faka.contexts.audit import Opening
from faka.contexts.cases import Case
from faka.contexts.catalog.categories import CategoryTree
from faka.contexts.catalog.edits import Change
from faka.contexts.catalog.listing import ShelfRow
from faka.contexts.catalog.model import ChannelRow, Product
from faka.contexts.complaints import Complaint, MadeGood
from faka.contexts.intake.model import ImportJob
from faka.contexts.intake.probe import ProbeRow
from faka.contexts.ledger.closes import Close
from faka.contexts.ledger.model import Transaction
from faka.contexts.orders.model import Order
from faka.contexts.papers import Paper
from faka.contexts.payments.health import Health
from faka.contexts.payments.model import Notice, Payment, Receipt
from faka.contexts.payments.refunds import Refund
from faka.contexts.proposals import Proposal
from faka.contexts.purchases import Purchase, Running
from faka.contexts.recharges import Recharge
from faka.contexts.settlements import Settlement
from faka.contexts.statements.model import Discrepancy, Run
from faka.contexts.stock.head import new_head
from faka.contexts.stock.low import Low
from faka.contexts.suppliers.rules import SupplyRule
from faka.contexts.suppliers.standing import Breaker, Minute
from faka.contexts.suppliers.standings import Told
from faka.contexts.suppliers.store import Offer, SupplierRow
from faka.contexts.suppliers.supply import Supply
from faka.contexts.vault.model import Batch
from faka.contexts.wallets.model import GiftValue, Movement, Wallet
from faka.kernel.model import Frozen
from faka.platform.table import Item, TableName
from faka.steps.invariants.facts import Facts


SEALED_FIRST = 1
"""Leading byte of a sealed card: the envelope's version. The envelope itself is not imported, so that who audits carries no SDK."""

SEALED_BYTES_MIN = 64
"""Shorter than any sealed message: its header alone carries the bound place, a signature of the key and a nonce."""

BETWEEN = "\x1f"
"""Stands between number and secret of a card in the clear; no text of a row ever holds it."""

_KEYS = ("pk", "sk")
_DUE = ("due_pk", "due_sk")
_DAY = ("day_pk", "day_sk")


def _of(*models: type[Frozen], more: tuple[str, ...] = ()) -> frozenset[str]:
    return frozenset((*_KEYS, *more, *(name for model in models for name in model.model_fields)))


_FENCE = ("at", "reason")
_CLAIM = frozenset((*_KEYS, "tag", "at", "run"))

ATTRIBUTES: dict[TableName, dict[str, frozenset[str]]] = {
    TableName.CATALOG: {
        "PRODUCT": _of(Product),
        "SHELF": _of(ShelfRow),
        "OWNER": _of(more=("product",)),
        "CATEGORIES": _of(CategoryTree),
        "CHANNELS": _of(ChannelRow),
        "SUPPLIERS": _of(SupplierRow),
        "OFFERS": _of(Offer),
        "SUPPLY": _of(Supply),
        "SUPPLYRULES": _of(SupplyRule),
        "PROBE": _of(ProbeRow),
        "ALERTROUTES": _of(AlertRoute),
        "CHANGE": _of(Change),
    },
    TableName.TRADE: {
        "ORDER": _of(Order, more=(*_DUE, *_FENCE)) - {"due_at"},
        "BUYER": _of(more=("at",)),
        "PAYMENT": _of(Payment, more=_DUE) - {"due_at"},
        "CHANNELTXN": _of(Receipt, more=_DAY),
        "NOTICE": _of(Notice, more=_DUE),
        "REFUND": _of(Refund, more=(*_DUE, *_DAY)) - {"due_at"},
        "CASE": _of(Case, more=_DUE),
        "PROPOSAL": _of(Proposal),
        "PAPERS": _of(Paper, more=_DUE),
        "SETTLEMENTS": _of(Settlement),
        "RECHARGE": _of(Recharge, more=_DUE) - {"due_at"},
        "CURSOR": _of(more=("minute",)),
        "COMPLAINT": _of(Complaint),
        "MADEGOOD": _of(MadeGood),
        "PURCHASE": _of(Purchase, more=_DUE),
        "BUYING": _of(Running),
        "LOWSTOCK": _of(Low),
        "HEAD": frozenset((*new_head("", 0, 0, True), "p")),
        "LOG": _of(more=("why", "x", "e")),
        "ASIDE": _of(more=("why", "x", "back")),
        "SKU": _of(more=("nx", "nb", "g", "st", "bars", "shards")),
        "LINK": _of(more=("upto",)),
        "IMPORT": _of(ImportJob),
        "WALLET": _of(Wallet, Movement),
        "VALUE": _of(GiftValue),
        "VALUES": _of(more=("values",)),
        "RECON": _of(Run),
        "DISCREPANCY": _of(Discrepancy),
    },
    TableName.VAULT: {
        "PAGE": _of(more=("batch", "cards")),
        "BATCH": _of(Batch, more=("cost_minor", "currency")) - {"unit_cost"},
        "FP": _of(more=("b", "l")),
    },
    TableName.JOURNAL: {
        "TXN": _of(Transaction),
        "COST": _of(more=("batch", "unit_minor", "currency")),
        "AUDIT": _of(Opening, more=("what", "by", "reason", "number", "new", "duplicate", "bad")),
        "CLAIM": _CLAIM,
        "CLAIMDUE": _CLAIM,
        "DAY": _of(more=("sha256", "figures", "rule_version", "at")),
        "BOOKS": _of(Close),
    },
    TableName.GUARD: {
        "HEALTH": _of(Health, more=("ttl",)),
        "STANDING": _of(Minute, Breaker, Told, more=("ttl",)),
        "FLIGHT": _of(more=("order", "ttl")),
        "TAKEN": _of(more=("minor", "ttl")),
        "ALERT": _of(Sending, more=("ttl",)),
        "ALERTS": _of(more=("n", "more", "ttl")),
        "HOLD": _of(more=("n", "v", "ttl")),
        "CODE": _of(more=("digest", "tries", "until", "ttl")),
        "GRANT": _of(more=("contact", "until", "ttl")),
        "TRIES": _of(more=("n", "ttl")),
    },
}

_BYTES = frozenset((*(f"t{i}" for i in range(16)), "body"))
"""Attributes that hold bytes outside the vault: digests of claims, and a notice as it came."""


def kept_apart(facts: Facts, table: TableName, kind: str, row: Item) -> bool:
    """Note what of a row lies outside its kind; says whether the kind is known at all (I13)."""
    allowed = ATTRIBUTES[table].get(kind)
    if allowed is None:
        facts.say("I13", f"{table} {kind}", "a row of no known kind")
        return False
    if not row.keys() <= allowed:
        strange = sorted(name for name in row.keys() - allowed if kind != "HOLD" or name[:2] not in ("o_", "p_"))
        if strange:
            facts.say("I13", name_of(row), f"has {', '.join(strange)}")
    for name, value in row.items():
        shape = type(value)
        if (shape is str and BETWEEN in value) or (shape is bytes and name not in _BYTES):
            facts.say("I13", name_of(row), f"{name} holds what only the vault may hold")
    return True


def sealed(facts: Facts, row: Item) -> None:
    """Every card of a page is sealed (I13)."""
    for place, card in enumerate(row["cards"]):
        if type(card) is not bytes or len(card) < SEALED_BYTES_MIN or card[0] != SEALED_FIRST:
            facts.say("I13", name_of(row), f"card {place} of the page is not sealed")


def name_of(row: Item) -> str:
    """The key of a row, without what a person typed: keys are made of ids, handles, hashes and numbers only."""
    pk, sk = str(row["pk"]), str(row["sk"])
    return pk if sk == pk.split("#", 1)[0] else f"{pk} {sk}"
