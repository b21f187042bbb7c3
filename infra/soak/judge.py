"""The verdict: the shop's own invariants over all rows, and what no row can tell: what buyers saw, providers took, logs say. Pure."""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from faka.platform.table import Item
from faka.steps.invariants import Books, Violation, violations
from infra.soak.diary import Diary


RANK = {"pending": 0, "on_hold": 1, "expired": 1, "canceled": 1, "paid": 2, "short": 2, "failed": 3, "completed": 3, "returned": 4}
"""What a buyer is shown never goes back to a lower rank: unpaid, ended without money, paid, ended, given back."""


@dataclass(frozen=True)
class Taking:
    """A payment that a provider took. `number` is its own for it."""

    provider: str
    number: str
    minor: int
    is_first: bool
    """Of its trade. A gateway whose answers name only one payment of a trade cannot confirm another: that one is a person's case."""


@dataclass(frozen=True)
class Giving:
    """Money that a provider gave back. `number` is its own for the payment that it came from."""

    provider: str
    number: str
    minor: int


@dataclass(frozen=True)
class Evidence:
    books: Books
    diary: Diary
    takings: Sequence[Taking]
    givings: Sequence[Giving] = ()
    logs: Mapping[str, bytes] = field(default_factory=dict)
    mark: str = ""
    """In every card of the run."""
    dead_letters: Mapping[str, int] = field(default_factory=dict)


def verdict(evidence: Evidence, now: datetime, *, is_quiet: bool) -> list[Violation]:
    """The promises that are broken. In a quiet world nothing is on its way, so there all money must have been booked."""
    return [
        *violations(evidence.books, now, is_quiet=is_quiet),
        *_money(evidence.takings, evidence.books.trade, is_quiet=is_quiet),
        *money_back(evidence.givings, evidence.books.trade),
        *_cards_shown(evidence.diary),
        *_states_shown(evidence.diary),
        *_openings(evidence.diary, evidence.books.journal),
        *_forms(evidence.diary),
        *_plaintext(evidence),
        *(Violation("I14", name, f"{count} messages died") for name, count in evidence.dead_letters.items() if count),
        *(Violation("I2", what, "was answered with a fault of our own") for what in sorted(set(evidence.diary.own_faults))),
    ]


def _money(takings: Sequence[Taking], rows: Sequence[Item], *, is_quiet: bool) -> list[Violation]:
    """I3: each payment that a provider took has one receipt of its amount, and each receipt such a payment."""
    taken = Counter((each.provider, each.number, each.minor) for each in takings)
    receipts = [row for row in rows if row["sk"] == "CHANNELTXN"]
    booked = Counter((row["channel_id"], row["channel_txn_id"], row["amount"]["minor"]) for row in receipts)
    with_a_person = {row["id"] for row in rows if row["sk"] == "CASE"}
    excused = {(each.provider, each.number, each.minor) for each in takings if not each.is_first and _case(each) in with_a_person}
    lost = [one for one in taken - booked if one not in excused] if is_quiet else []
    wrong = [Violation("I3", number, f"{provider} took {minor} and nobody booked it") for provider, number, minor in lost]
    return wrong + [Violation("I3", number, f"booked {minor} that {provider} never took") for provider, number, minor in booked - taken]


def _case(taking: Taking) -> str:
    return f"case_notice_{taking.provider}:{taking.number}.TRADE_SUCCESS"


def money_back(givings: Sequence[Giving], rows: Sequence[Item]) -> list[Violation]:
    """I3: each sum that a provider gave back has one refund of its own, and each refund that is done such a sum.

    A refund whose answer got lost is still on its way, or with a person: it stands for one sum, and for no second one.
    """
    given = Counter((each.provider, each.number, each.minor) for each in givings)
    refunds = [row for row in rows if row["sk"] == "REFUND"]
    done, maybe = (
        Counter((row["channel_id"], row["channel_txn_id"], row["amount"]["minor"]) for row in refunds if row["status"] in states)
        for states in (("SUCCEEDED",), ("SUCCEEDED", "SUBMITTED", "WITH_PERSON", "REQUESTED"))
    )
    lost = [
        Violation("I3", number, f"{provider} gave {minor} back and no refund asked for it") for provider, number, minor in given - maybe
    ]
    return lost + [
        Violation("I3", number, f"{minor} that {provider} never gave back is booked") for provider, number, minor in done - given
    ]


def _cards_shown(diary: Diary) -> list[Violation]:
    """I1 and I12 as buyers see them: no card to two orders, and what was shown stays what it was."""
    wrong: list[Violation] = []
    owner: dict[str, str] = {}
    first: dict[str, tuple[str, ...]] = {}
    for order, cards in list(diary.shown):
        others = [owner[card] for card in cards if owner.setdefault(card, order) != order]
        wrong += [Violation("I1", order, f"was shown a card of {other}") for other in others]
        if first.setdefault(order, cards) != cards:
            wrong.append(Violation("I12", order, "was shown other cards the second time"))
    return wrong


def _states_shown(diary: Diary) -> list[Violation]:
    """I12: no buyer is told that his order is at an earlier point than it was."""
    wrong: list[Violation] = []
    best: dict[str, int] = {}
    for order, state in list(diary.seen):
        rank = RANK.get(state.partition(".")[0].removesuffix("_payment"), 0)
        if rank < best.get(order, 0):
            wrong.append(Violation("I12", order, f"went back to {state}"))
        best[order] = max(rank, best.get(order, 0))
    return wrong


def _openings(diary: Diary, rows: Sequence[Item]) -> list[Violation]:
    """I5: whoever was shown cards stands in the audit."""
    audited = Counter(row.get("order_id", "") for row in rows if row["pk"].startswith("AUDIT#"))
    shown = Counter(order for order, _ in list(diary.shown))
    return [
        Violation("I5", order, f"shown {count} times, audited {audited[order]}") for order, count in shown.items() if count > audited[order]
    ]


def _forms(diary: Diary) -> list[Violation]:
    """I7: a form that is sent twice makes one order."""
    return [Violation("I7", one, f"and {other} come from one form") for one, other in list(diary.forms) if one != other]


def _plaintext(evidence: Evidence) -> list[Violation]:
    """I13: no log holds a card, in no spelling that our code or a library could have written it in."""
    needles = spellings(evidence.mark) if evidence.mark else []
    return [Violation("I13", name, "holds a card") for name, text in evidence.logs.items() if any(needle in text for needle in needles)]


def spellings(mark: str) -> list[bytes]:
    plain = mark.encode()
    packed = [base64.b64encode(b"\0" * offset + plain)[first : (offset + len(plain)) * 8 // 6] for offset, first in enumerate((0, 2, 3))]
    return [plain, plain.lower(), plain.hex().encode(), *packed]


def standing(first: Iterable[Violation], second: Iterable[Violation]) -> list[Violation]:
    """What two looks have in common. What is broken does not mend itself; what moved between two pages does."""
    again = {(each.invariant, each.subject) for each in second}
    return [each for each in first if (each.invariant, each.subject) in again]
