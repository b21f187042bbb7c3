"""Rows of orders, money and limits into facts, with the rules that one row alone can break."""

from collections.abc import Callable
from itertools import pairwise
from sys import intern

from faka.contexts.orders.model import GIVES_BACK, LOG_MAX, TRANSITIONS, DeliveryState, OrderState
from faka.contexts.payments.model import NoticeState
from faka.platform.table import Item, TableName
from faka.steps.invariants import kinds, probes, purchases, recharges, shelves, wallets
from faka.steps.invariants.facts import (
    AttemptFacts,
    CaseFacts,
    EntryFacts,
    Facts,
    HoldFacts,
    NoticeFacts,
    OrderFacts,
    ReceiptFacts,
    RefundFacts,
)


Reader = Callable[[Facts, Item], None]

_S = OrderState
_PAID = frozenset((_S.PAID, _S.SHORT, _S.COMPLETED, _S.RETURNED))
_UNPAID = frozenset((_S.PENDING_PAYMENT, _S.EXPIRED, _S.CANCELED))
_SHOWN = frozenset((DeliveryState.REVEALED, DeliveryState.OPENED, DeliveryState.WITHHELD, DeliveryState.REVOKED))


def order(facts: Facts, row: Item) -> None:
    if row["state"] == OrderState.FENCED:
        fence = facts.fences[row["id"]] = tuple(row["gone"])
        facts.fence_events.update(fence)
        if row.get("runs"):
            facts.say("I1", row["id"], "FENCED and owns cards")
        return
    read = facts.orders[row["id"]] = OrderFacts(row)
    _history(facts, read, row)
    _owned(facts, read)
    _shown(facts, read, row)
    stock = facts.stock[read.sku]
    for shard, serial, start, count, _, _ in row["runs"]:
        event = f"{shard}-{serial}"
        stock.places.append((start, start + count, read.id))
        stock.runs[event].append((start, start + count))
        stock.owned[shard] += count
        if stock.owners.setdefault(event, read.id) != read.id:
            facts.say("I1", read.id, f"claim {event} of {read.sku} is also {stock.owners[event]}'s")
    for event in read.gone:
        if stock.left.setdefault(event, read.id) != read.id:
            facts.say("I1", read.id, f"claim {event} of {read.sku} was also let go by {stock.left[event]}")
    stock.replaced += read.replaced


def _history(facts: Facts, read: OrderFacts, row: Item) -> None:
    """The order's own log: along the table, up to now, and counted by the version (I5, I6)."""
    lines = [line.split(" ", 3) for line in row["log"]]
    states = [line[1] for line in lines]
    for before, after in pairwise(states):
        if before != after and after not in TRANSITIONS.get(before, ()):
            facts.say("I6", read.id, f"{before} to {after}")
    if not states or states[-1] != read.state:
        facts.say("I6", read.id, f"is {read.state}, its log ends with {states[-1] if states else 'nothing'}")
    if states and len(states) < LOG_MAX and states[0] != OrderState.PENDING_PAYMENT:
        facts.say("I6", read.id, f"began as {states[0]}")
    if row["version"] < len(lines) + max(0, read.reveals - 1):
        facts.say("I5", read.id, f"version {row['version']} with {len(lines)} lines and {read.reveals} openings")
    for line in lines:
        if line[2] == "replace" and line[3].startswith("replaced "):
            read.replaced += int(line[3].split(" ", 2)[1])


def _owned(facts: Facts, read: OrderFacts) -> None:
    """How many cards an order in this state may own (I1), and whether it is paid (I2)."""
    if read.state in GIVES_BACK and read.owned:
        facts.say("I1", read.id, f"{read.state} and owns {read.owned} cards")
    if read.is_sealed and read.state in (_S.COMPLETED, _S.PENDING_PAYMENT) and read.owned + read.paid_back != read.quantity:
        facts.say("I1", read.id, f"{read.state} with {read.owned} of {read.quantity} cards, {read.paid_back} paid back")
    if read.owned > read.quantity:
        facts.say("I1", read.id, f"owns {read.owned} cards and asked for {read.quantity}")
    both = set(read.events) & set(read.gone)
    if both:
        facts.say("I1", read.id, f"owns and gave back claim {', '.join(sorted(both))}")
    if (read.state in _PAID and read.paid_at is None) or (read.state in _UNPAID and read.paid_at is not None):
        facts.say("I2", read.id, f"{read.state} and {'not ' if read.paid_at is None else ''}paid")


def _shown(facts: Facts, read: OrderFacts, row: Item) -> None:
    """Goods are shown of what is complete only, and what was shown stays shown (I2, I12)."""
    is_delivered = read.state in (_S.COMPLETED, _S.RETURNED)
    if is_delivered != (read.delivery is not DeliveryState.NONE):
        facts.say("I2", read.id, f"{read.state} with delivery {read.delivery}")
    if read.state is _S.COMPLETED and row.get("completed_at") is None:
        facts.say("I2", read.id, "completed at no time")
    if (read.state is _S.RETURNED) != (read.delivery is DeliveryState.RETURNED):
        facts.say("I2", read.id, f"{read.state} with delivery {read.delivery}")
    if (read.reveals > 0) != (row.get("revealed_at") is not None):
        facts.say("I12", read.id, f"{read.reveals} openings, first {'never' if row.get('revealed_at') is None else 'told'}")
    opened = read.delivery in (DeliveryState.REVEALED, DeliveryState.OPENED)
    if (read.reveals > 0 and read.delivery not in _SHOWN) or (opened and not read.reveals):
        facts.say("I12", read.id, f"{read.reveals} openings with delivery {read.delivery}")
    if read.delivery is DeliveryState.OPENED and row["kind"] != "LINK":
        facts.say("I12", read.id, f"a {row['kind']} is used up by one opening")


def buyer(facts: Facts, row: Item) -> None:
    facts.buyers.append((row["sk"], row["pk"].split("#", 1)[1]))


def attempt(facts: Facts, row: Item) -> None:
    money = row["amount"]
    read = AttemptFacts(
        id=row["id"],
        order=row["order_id"],
        channel=intern(row["channel_id"]),
        state=intern(row["state"]),
        minor=int(money["minor"]),
        currency=intern(money["currency"]),
        expires_at=row["expires_at"],
        due=row.get("due_sk"),
    )
    facts.attempts[read.order][read.id] = read


def receipt(facts: Facts, row: Item) -> None:
    money = row["amount"]
    key = f"{row['channel_id']}:{row['channel_txn_id']}"
    facts.receipts[key] = ReceiptFacts(
        key=key,
        channel=intern(row["channel_id"]),
        attempt=row["payment_id"],
        order=row["order_id"],
        state=intern(row["state"]),
        minor=int(money["minor"]),
        currency=intern(money["currency"]),
    )


def refund(facts: Facts, row: Item) -> None:
    money = row["amount"]
    facts.refunds[row["id"]] = RefundFacts(
        id=row["id"],
        receipt=row["receipt"],
        order=row["order_id"],
        channel=intern(row["channel_id"]),
        minor=int(money["minor"]),
        currency=intern(money["currency"]),
        source=intern(row["source"]),
        status=intern(row["status"]),
        is_own=row["is_own"],
        due=row.get("due_sk"),
    )


def notice(facts: Facts, row: Item) -> None:
    name = f"{row['channel_id']}:{row['dedupe_key']}"
    if row["state"] in (NoticeState.APPLIED, NoticeState.IGNORED):
        facts.notices_done.add(name)
        if "due_sk" in row:
            facts.say("I14", name, f"{row['state']} and still due")
    else:
        facts.notices[name] = NoticeFacts(row["state"], row["received_at"], row.get("due_sk"))


def case(facts: Facts, row: Item) -> None:
    facts.cases[row["id"]] = CaseFacts(row["kind"], row["ref"], row["state"], row.get("due_sk"))


def difference(facts: Facts, row: Item) -> None:
    facts.differences[row["id"]] = row["pk"]


def entry(facts: Facts, row: Item) -> None:
    """A ledger transaction balances, in positive amounts of its one currency (I3)."""
    sides: dict[str, list[tuple[str, int]]] = {"D": [], "C": []}
    suffix = f"/{row['currency']}"
    for line in row["lines"]:
        account, minor = line["account"], line["amount_minor"]
        sides[line["side"]].append((account, minor))
        facts.accounts[account] += minor if line["side"] == "D" else -minor
        if minor <= 0 or not account.endswith(suffix):
            facts.say("I3", row["id"], f"{minor} {row['currency']} on {account}")
    debit, credit = (sum(minor for _, minor in sides[side]) for side in "DC")
    if debit != credit:
        facts.say("I3", row["id"], f"debit {debit}, credit {credit}")
    facts.entries[row["id"]] = EntryFacts(intern(row["kind"]), row["ref"], tuple(sides["D"]), tuple(sides["C"]))


def opening(facts: Facts, row: Item) -> None:
    if "order_id" in row:
        facts.openings[row["order_id"]] += 1
        facts.cards_opened[row["order_id"]].add(row["cards"])


def hold(facts: Facts, row: Item) -> None:
    _, kind, who = row["pk"].split("#", 2)
    orders = {name[2:]: value for name, value in row.items() if name[:2] == "o_"}
    sums = {name[2:]: value for name, value in row.items() if name[:2] == "p_"}
    facts.holds[kind, who] = HoldFacts(kind, who, int(row["n"]), orders, sums)


def product(facts: Facts, row: Item) -> None:
    if row["sk"] == "LIVE":
        return
    facts.prices[row["id"], row["version"]] = {sku["id"]: (sku["price"]["minor"], sku["price"]["currency"]) for sku in row["skus"]}
    facts.order_max[row["id"]] = max(facts.order_max[row["id"]], *(sku["per_order_max"] for sku in row["skus"]))


READERS: dict[tuple[TableName, str], Reader] = {
    (TableName.CATALOG, "PRODUCT"): product,
    (TableName.TRADE, "ORDER"): order,
    (TableName.TRADE, "BUYER"): buyer,
    (TableName.TRADE, "PAYMENT"): attempt,
    (TableName.TRADE, "CHANNELTXN"): receipt,
    (TableName.TRADE, "REFUND"): refund,
    (TableName.TRADE, "NOTICE"): notice,
    (TableName.TRADE, "RECHARGE"): recharges.read,
    (TableName.TRADE, "PURCHASE"): purchases.read,
    (TableName.TRADE, "BUYING"): purchases.running,
    (TableName.TRADE, "CASE"): case,
    (TableName.TRADE, "DISCREPANCY"): difference,
    (TableName.TRADE, "WALLET"): wallets.wallet,
    (TableName.TRADE, "VALUE"): wallets.value,
    (TableName.TRADE, "VALUES"): wallets.issue,
    **shelves.READERS,
    (TableName.TRADE, "IMPORT"): probes.imported,
    (TableName.JOURNAL, "TXN"): entry,
    (TableName.JOURNAL, "AUDIT"): opening,
    (TableName.GUARD, "HOLD"): hold,
}


def read(facts: Facts, table: TableName, row: Item) -> None:
    """One row into the facts. A row that does not fit its kind breaks I13 and is left out."""
    kind = row["pk"].split("#", 1)[0]
    if not kinds.kept_apart(facts, table, kind, row):
        return
    reader = READERS.get((table, kind))
    if reader is not None:
        try:
            reader(facts, row)
        except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
            facts.say("I13", kinds.name_of(row), f"does not fit its kind: {type(error).__name__}")
