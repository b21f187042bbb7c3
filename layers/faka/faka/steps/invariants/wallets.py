"""I10 over wallets, their lines, gift values and their entries: what a wallet holds is what its lines and the ledger say, and never
below zero; a value is owed from its issue until it is in one wallet or void.

| entry | books |
|---|---|
| `val:{batch}:{chunk}` | the issue: so many values of one amount, owed to whoever holds their codes |
| `val:{value}:in` | a value went into the wallet that its row names |
| `val:{value}:void` | a value was taken back; what paid for it has it again |
| `wal:{cause}` | money came back into a wallet |
"""

from collections import Counter, defaultdict
from sys import intern

from faka.contexts.wallets.model import ValueState
from faka.platform.table import Item
from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import EntryFacts, Facts
from faka.steps.invariants.stored import ValueFacts, WalletFacts


def wallet(facts: Facts, row: Item) -> None:
    name = row["pk"].split("#", 1)[1]
    if row["sk"] == "WALLET":
        facts.stored.wallets[name] = WalletFacts(intern(row["currency"]), int(row["balance_minor"]), int(row["version"]))
    else:
        facts.stored.movements[name][row["transaction"]] = int(row["amount_minor"])


def value(facts: Facts, row: Item) -> None:
    money = row["amount"]
    facts.stored.values[row["id"]] = ValueFacts(
        intern(row["state"]), int(money["minor"]), intern(money["currency"]), intern(row["batch"]), intern(row["source"]), row["wallet_id"]
    )


def issue(facts: Facts, row: Item) -> None:
    facts.stored.issued[f"{row['pk'].split('#', 1)[1]}:{int(row['sk'])}"] = tuple(row["values"])


def check(facts: Facts, question: Question) -> None:
    booked = _booked(facts)
    for name, wallet in facts.stored.wallets.items():
        _holds(facts, name, wallet, booked.get(name, {}))
    for name in (facts.stored.movements.keys() | booked.keys()) - facts.stored.wallets.keys():
        facts.say("I10", name, "money of a wallet that is not there")
    for name, value in facts.stored.values.items():
        _value(facts, name, value)
    listed = {value for values in facts.stored.issued.values() for value in values}
    for name in listed ^ facts.stored.values.keys():
        facts.say("I10", name, "a value that no issue names, or that an issue names and nobody has")
    _entries(facts)
    if question.is_quiet:  # a sum over values that move while they are read says nothing
        _owed(facts)


def _booked(facts: Facts) -> dict[str, dict[str, int]]:
    """Wallet → entry → what the ledger says that it brought or took."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for name, entry in facts.entries.items():
        for sign, lines in ((1, entry.credits), (-1, entry.debits)):
            for account, minor in lines:
                if account.startswith("wallet:"):
                    found[account.split("/")[0].removeprefix("wallet:")][name] = sign * minor
    return found


def _holds(facts: Facts, name: str, wallet: WalletFacts, booked: dict[str, int]) -> None:
    lines = facts.stored.movements.get(name, {})
    if lines != booked:
        strange = sorted(lines.items() ^ booked.items())
        facts.say("I10", name, f"lines and ledger differ in {', '.join(sorted({entry for entry, _ in strange}))}")
    if wallet.balance != sum(lines.values()) or wallet.balance < 0:
        facts.say("I10", name, f"holds {wallet.balance}, its lines say {sum(lines.values())}")
    if wallet.version != len(lines):
        facts.say("I10", name, f"version {wallet.version} with {len(lines)} lines")


def _value(facts: Facts, name: str, value: ValueFacts) -> None:
    """What became of a value stands in the ledger, and nothing else does."""
    stored = f"stored:outstanding/{value.currency}"
    ends = {
        ValueState.REDEEMED: ("in", f"wallet:{value.wallet}/{value.currency}"),
        ValueState.VOID: ("void", value.source),
    }
    for state, (end, to) in ends.items():
        entry = facts.entries.get(f"val:{name}:{end}")
        wanted = ((stored, value.minor),), ((to, value.minor),)
        if (entry is not None) != (value.state == state):
            facts.say("I10", name, f"{value.state} {'with' if entry else 'without'} the entry of {state}")
        elif entry is not None and (entry.debits, entry.credits) != wanted:
            facts.say("I10", name, f"{value.state} of {value.minor}, booked otherwise")


def _entries(facts: Facts) -> None:
    for name, entry in facts.entries.items():
        kind, _, rest = name.partition(":")
        about, _, what = rest.partition(":")
        if kind == "val" and what in ("in", "void") and about not in facts.stored.values:
            facts.say("I10", about, "an entry books this value, which is not there")
        elif kind == "val" and what not in ("in", "void"):
            _issue(facts, rest, entry)
    for name, values in facts.stored.issued.items():
        if f"val:{name}" not in facts.entries:
            facts.say("I10", name.split(":")[0], f"{len(values)} values that nothing paid for")


def _issue(facts: Facts, name: str, entry: EntryFacts) -> None:
    values = [facts.stored.values[value] for value in facts.stored.issued.get(name, ()) if value in facts.stored.values]
    if sum(value.minor for value in values) != sum(minor for _, minor in entry.credits):
        facts.say("I10", name.split(":", maxsplit=1)[0], f"an entry books another amount than its {len(values)} values")


def _owed(facts: Facts) -> None:
    """What is issued and open is what the ledger owes to whoever holds the codes."""
    open_: Counter[str] = Counter()
    for value in facts.stored.values.values():
        if value.state == ValueState.ISSUED:
            open_[f"stored:outstanding/{value.currency}"] += value.minor
    for account in open_.keys() | {name for name in facts.accounts if name.startswith("stored:")}:
        if -facts.accounts.get(account, 0) != open_[account]:
            facts.say("I10", account, f"owes {-facts.accounts.get(account, 0)}, open values are {open_[account]}")
