"""Which rows decide about a suspect. Tables that are read while the shop goes on are no picture of one moment, so what looks wrong is
read again, all rows that concern it, until two readings in a row are the same: those rows then stood so at one moment.

| concern | rows | besides |
|---|---|---|
| order | the order, its attempts, receipts, refunds, cases, entries, hold rows, its version's prices | its openings |
| money | one receipt that no order of ours has, with its case, entry, refund | |
| notice | one notice and its case | |
| case | one case and what it is about | |
| import | its job, its case, how far it is linked, its batch | |
| purchase | its row, its SKU's, its entries, its case | |
| visitor | the open orders of one visitor | |
| sku | standing orders, heads, links, new log rows (none ever changes) | drawer, new pages; its orders, at any time in between |
| row | nothing: one row is read at one moment, and entries never change | |
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from faka.contexts.catalog.store import version_key
from faka.contexts.ledger.costs import cost_key
from faka.contexts.orders.store import order_key
from faka.contexts.payments.refunds import refund_key
from faka.contexts.payments.store import notice_key, payment_key, receipt_key
from faka.contexts.quotas.store import hold_key
from faka.contexts.stock.head import head_key
from faka.contexts.stock.link import link_key
from faka.contexts.stock.log import log_key, read_log
from faka.contexts.stock.rewrite import IMPORT
from faka.contexts.stock.standing import standing_key
from faka.contexts.vault.model import PAGE_CARDS
from faka.contexts.vault.rows import page_key
from faka.contexts.wallets.model import ValueId, WalletId
from faka.contexts.wallets.store import value_key, wallet_key
from faka.kernel.ids import ChannelId, OrderId, PaymentId, RefundId, SkuId, payment_id, refund_id
from faka.kernel.money import Currency
from faka.platform.table import Item, Key, TableName
from faka.steps.invariants import probes, purchases, recharges
from faka.steps.invariants.books import Violation
from faka.steps.invariants.facts import Facts


LOG_AHEAD = 20
"""Log rows beyond the last known one that are asked for: what a shard takes back in the seconds between scan and second look."""


@dataclass(frozen=True, slots=True, order=True)
class Concern:
    kind: str
    id: str


def concern_of(facts: Facts, violation: Violation) -> Concern:
    """The rows that a violation is about. Of a card it is the whole stock of its SKU, of anything of an order that order."""
    subject = violation.subject
    if subject.startswith("ord_"):
        order = facts.orders.get(subject)
        of_cards = violation.invariant == "I1" or (violation.invariant == "I5" and " claim " in violation.what)
        return Concern("sku", order.sku) if order is not None and of_cards else Concern("order", subject)
    if subject.startswith(("pay_", "rch_", "rch:")):
        return Concern("order", f"ord_{subject[4:].removeprefix('rch_')[:26]}")
    if subject.startswith(("pur_", "pur:")):
        return Concern("purchase", subject.removeprefix("pur:"))
    if subject.startswith(("order:", "dlv:", "cst:")):
        return Concern("order", subject.split(":")[1])
    if subject.startswith("rcp:"):
        return _of_money(facts, subject[4:])
    if subject.startswith(("rfd_", "rfd:")):
        return _of_refund(facts, f"rfd_{subject[4:].removeprefix('rfd_').split(':')[0]}")
    stored = _of_stored(facts, subject)
    if stored is not None:
        return stored
    if subject.startswith(("case_", "bat_")):
        return Concern("import" if subject.startswith("bat_") else "case", subject)
    if subject.partition("#")[0] in facts.stock:
        return Concern("sku", subject.partition("#")[0])
    if subject in facts.receipts:
        return _of_money(facts, subject)
    if subject in facts.notices:
        return Concern("notice", subject)
    return Concern("visitor" if any(order.visitor == subject for order in facts.orders.values()) else "row", subject)


def _of_stored(facts: Facts, subject: str) -> Concern | None:
    if subject.startswith(("wal_", "wallet:")):
        return Concern("wallet", subject.removeprefix("wallet:").split("/")[0])
    if subject.startswith("gft_"):
        return Concern("values", subject)
    if subject in facts.stored.values or any(subject in values for values in facts.stored.issued.values()):
        return Concern("value", subject)
    return None


def _of_money(facts: Facts, key: str) -> Concern:
    receipt = facts.receipts.get(key)
    order = receipt.order if receipt is not None else None
    return Concern("order", order) if order in facts.orders else Concern("money", key)


def _of_refund(facts: Facts, name: str) -> Concern:
    refund = facts.refunds.get(name)
    return _of_money(facts, refund.receipt) if refund is not None else Concern("refund", name)


def keys_of(facts: Facts, concern: Concern) -> list[Key]:
    """The rows to read until they stand still."""
    readers = {"order": _order, "money": _money, "refund": _refund, "notice": _notice, "case": _case, "visitor": _visitor, "sku": _sku}
    readers |= {"wallet": _wallet, "value": _value, "values": _values, "import": probes.keys_of, "purchase": purchases.keys_of}
    reader = readers.get(concern.kind)
    return list(dict.fromkeys(reader(facts, concern.id))) if reader is not None else []


def _order(facts: Facts, order_id: str) -> Iterator[Key]:
    yield order_key(OrderId(order_id))
    order = facts.orders.get(order_id)
    names = {payment_id(OrderId(order_id), number) for number in range(order.attempt + 1)} if order is not None else set()
    for name in names | facts.attempts.get(order_id, {}).keys():
        yield payment_key(PaymentId(name))
    for key in {receipt.key for receipt in facts.receipts.values() if receipt.order == order_id} | set(order.held if order else ()):
        yield from _money(facts, key)
    yield from (_case_key(f"case_{name}{order_id}") for name in ("short_", "short_withheld:", "stuck_"))
    for refund in facts.refunds_of(order_id):
        yield from _refund(facts, refund.id)
    for note in order.notes if order is not None else ():
        yield from _refund(facts, note.id)
    if order is not None and order.is_recharge:
        yield from recharges.keys_of(OrderId(order_id))
    yield _entry_key(f"dlv:{order_id}")
    yield from (_entry_key(f"cst:{order_id}:{currency}") for currency in Currency)
    versions = range(order.version + 1) if order is not None and order.replaced else ()
    yield from (_entry_key(f"rep:{order_id}:{version}:{currency}") for version in versions for currency in Currency)
    if order is not None:
        yield from (cost_key(SkuId(order.sku), batch) for batch, _ in order.taken)
        yield version_key(order.product, order.product_version)
        yield hold_key("visitor", order.visitor)
        if order.contact:
            yield hold_key("contact", order.contact)
            yield Key(TableName.TRADE, f"BUYER#{order.contact}", order_id)


def _money(facts: Facts, key: str) -> Iterator[Key]:
    channel, _, txn = key.partition(":")
    yield receipt_key(ChannelId(channel), txn)
    yield _case_key(f"case_money_{key}")
    yield _entry_key(f"rcp:{key}")
    yield from _refund(facts, refund_id(f"receipt:{key}"))


def _refund(_facts: Facts, name: str) -> Iterator[Key]:
    yield refund_key(RefundId(name))
    yield _case_key(f"case_refund_{name}")
    yield from (_entry_key(f"rfd:{name}:{step}") for step in ("due", "ok", "fail", "back", "late"))


def _notice(_facts: Facts, name: str) -> Iterator[Key]:
    channel, _, dedupe = name.partition(":")
    yield notice_key(ChannelId(channel), dedupe)
    yield _case_key(f"case_notice_{name}")


def _case(facts: Facts, name: str) -> Iterator[Key]:
    yield _case_key(name)
    case = facts.cases.get(name)
    ref = case.ref if case is not None else ""
    if ref.startswith("ord_"):
        yield order_key(OrderId(ref))
    elif ":" in ref:
        yield from _notice(facts, ref)
    elif ref.startswith("bat_"):
        yield from probes.keys_of(facts, ref)
    difference = name.partition("_")[2].partition("_")[2]
    if difference in facts.differences:
        yield Key(TableName.TRADE, facts.differences[difference], difference)
    if name.startswith("case_money_") and ":" in name:
        yield from _money(facts, name.removeprefix("case_money_"))


def _wallet(facts: Facts, name: str) -> Iterator[Key]:
    yield wallet_key(WalletId(name))
    yield from (_entry_key(entry) for entry in facts.stored.movements.get(name, {}))
    for entry, lines in facts.entries.items():
        if any(account.startswith(f"wallet:{name}/") for account, _ in (*lines.debits, *lines.credits)):
            yield _entry_key(entry)


def _value(facts: Facts, name: str) -> Iterator[Key]:
    yield value_key(ValueId(name))
    yield from (_entry_key(f"val:{name}:{end}") for end in ("in", "void"))
    value = facts.stored.values.get(name)
    for chunk, values in facts.stored.issued.items():
        if name in values or (value is not None and chunk.startswith(f"{value.batch}:")):
            yield from _chunk(chunk)


def _values(facts: Facts, batch: str) -> Iterator[Key]:
    booked = {name.removeprefix("val:") for name in facts.entries if name.startswith(f"val:{batch}:")}
    for chunk in booked | {name for name in facts.stored.issued if name.startswith(f"{batch}:")}:
        yield from _chunk(chunk)
        yield from (value_key(ValueId(value)) for value in facts.stored.issued.get(chunk, ()))


def _chunk(chunk: str) -> Iterator[Key]:
    batch, _, number = chunk.partition(":")
    yield Key(TableName.TRADE, f"VALUES#{batch}", f"{int(number):04d}")
    yield _entry_key(f"val:{chunk}")


def _visitor(facts: Facts, visitor: str) -> Iterator[Key]:
    yield hold_key("visitor", visitor)
    yield from (order_key(OrderId(order.id)) for order in facts.orders.values() if order.visitor == visitor and order.is_open)


def _sku(facts: Facts, sku: str) -> Iterator[Key]:
    stock = facts.stock[sku]
    yield standing_key(sku)
    for shard in shards_of(facts, sku):
        yield head_key(sku, shard)
        known = {number for number, _, _ in stock.logs.get(shard, ())}
        ahead = range(1, max(known, default=0) + LOG_AHEAD + 1)
        yield from (log_key(sku, shard, number) for number in ahead if number not in known)
    batches = max(stock.allotted[1], *stock.links, 0) if stock.links else stock.allotted[1]
    yield from (link_key(sku, batch) for batch in range(1, batches + LOG_AHEAD + 1))


def shards_of(facts: Facts, sku: str) -> range:
    stock = facts.stock[sku]
    known = stock.standing.shards if stock.standing is not None else 0
    return range(max(known, 1 + max([*stock.heads, *stock.logs], default=-1)))


def orders_of(facts: Facts, sku: str) -> list[Key]:
    """Orders of a SKU. What one of them owns changes by itself only together with a head or a log row, or within a claim."""
    return [order_key(OrderId(order.id)) for order in facts.orders.values() if order.sku == sku]


def pages_missing(facts: Facts, sku: str, log_rows: Iterable[Item]) -> list[Key]:
    """Pages that the scan did not find behind numbers for sale: what was imported since it passed the vault."""
    stock = facts.stock[sku]
    linked = [each for rows in stock.logs.values() for _, why, extents in rows if why == IMPORT for each in extents]
    linked += [each for row in map(read_log, log_rows) if row.why == IMPORT for each in row.extents]
    pages = (page for each in linked for page in range(each.start // PAGE_CARDS, (each.end - 1) // PAGE_CARDS + 1))
    return [page_key(SkuId(sku), page) for page in pages if page not in stock.pages]


def _case_key(name: str) -> Key:
    return Key(TableName.TRADE, f"CASE#{name}", "CASE")


def _entry_key(name: str) -> Key:
    return Key(TableName.JOURNAL, f"TXN#{name}", "TXN")
