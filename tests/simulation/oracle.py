"""The verdict on a run: the shop's own invariants over its rows, and what buyers, providers and the logs saw of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from faka.contexts.orders.model import OrderState
from faka.platform.table import TableName
from faka.steps.invariants import Books, Violation, violations
from faka.steps.wallet import WALLET
from tests.kit.sinks import leaks
from tests.kit.tables import PHYSICAL
from tests.simulation.play import Play


RANK = {"pending": 0, "on_hold": 1, "expired": 1, "canceled": 1, "paid": 2, "short": 2, "failed": 3, "completed": 3, "returned": 4}
"""What a buyer is shown never goes back to a lower rank: unpaid, ended without money, paid, ended."""


def books(play: Play) -> Books:
    return Books(**{name.value: play.cloud.rows(name) for name in TableName})


def of_rows(play: Play, *, is_quiet: bool) -> list[Violation]:
    settings = play.cloud.world.settings
    return violations(
        books(play),
        play.cloud.clock.now(),
        is_quiet=is_quiet,
        holds_max=settings.faka_holds_max,
        held_cards_max=settings.faka_held_cards_max,
    )


def at_the_end(play: Play, lines: Sequence[str] = ()) -> list[Violation]:
    """Everything, when the world is quiet."""
    return [
        *of_rows(play, is_quiet=True),
        *_money_of_the_providers(play),
        *_refunds_of_the_providers(play),
        *_cards_shown(play),
        *_status_shown(play),
        *_openings(play),
        *_dead_letters(play),
        *_answers(play),
        *_closed_days(play),
        *_differences(play),
        *_plaintext(play, lines),
    ]


def _money_of_the_providers(play: Play) -> list[Violation]:
    """I3: each payment that a provider took has one receipt of its amount, and each receipt such a payment; or a person has it."""
    asked = _before_a_person(play)
    paid = Counter(
        (trade.provider, payment.trade_no, payment.amount_minor)
        for trade in play.cloud.providers.bank._trades.values()
        for payment in trade.payments
    )
    rows = [row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "CHANNELTXN"]
    booked = Counter((row["channel_id"], row["channel_txn_id"], row["amount"]["minor"]) for row in rows if row["channel_id"] != WALLET)
    lost = [Violation("I3", txn, f"{provider} took {minor} and nobody booked it") for provider, txn, minor in (paid - booked)]
    wrong = lost + [Violation("I3", txn, f"booked {minor} that {provider} never took") for provider, txn, minor in (booked - paid)]
    return [each for each in wrong if each.subject not in asked]


def _before_a_person(play: Play) -> set[str]:
    """Transactions that a night has found to differ and put on a person's list."""
    rows = play.cloud.rows(TableName.TRADE)
    cases = {row["id"] for row in rows if row["sk"] == "CASE"}
    found = [row for row in rows if row["pk"].startswith("DISCREPANCY#") and row["state"] == "OPEN"]
    return {row["channel_txn_id"] for row in found if f"case_money_{row['id']}" in cases}


def _differences(play: Play) -> list[Violation]:
    """I2: what a night has found and nobody has explained stands on a person's list, once the night is over."""
    rows = play.cloud.rows(TableName.TRADE)
    causes = {row["id"].split("_", 2)[2] for row in rows if row["sk"] == "CASE"}
    found = [row for row in rows if row["pk"].startswith("DISCREPANCY#") and row["state"] == "OPEN"]
    return [Violation("I2", row["id"], f"{row['kind']} is OPEN without a case") for row in found if row["id"] not in causes]


def _closed_days(play: Play) -> list[Violation]:
    """I7: what was frozen of a day stands as it was first written, whoever runs the day again."""
    journal = PHYSICAL[TableName.JOURNAL]
    changed = [old for table, old, _ in play.cloud.engine.stream if table == journal and old and old["pk"]["S"].startswith("DAY#")]
    return [Violation("I7", old["pk"]["S"], "a closed day was written over") for old in changed]


def _refunds_of_the_providers(play: Play) -> list[Violation]:
    """I3: what a provider gave back by our number is a refund of ours of that amount, and what we call done or failed is so there."""
    theirs = {refund.refund_no: refund for refund in play.cloud.providers.refunds if refund.refund_no.startswith("rfd")}
    ours = {row["id"].replace("_", ""): row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "REFUND"}
    wrong = [Violation("I3", number, "a provider's refund that is not ours") for number in theirs.keys() - ours.keys()]
    for number, row in ours.items():
        if row["channel_id"] == WALLET:
            continue
        refund = theirs.get(number)
        if refund is not None and refund.amount_minor != row["amount"]["minor"]:
            wrong.append(Violation("I3", row["id"], f"{refund.amount_minor} went back, {row['amount']['minor']} was decided"))
        if row["status"] == "SUCCEEDED" and (refund is None or refund.state == "PROCESSING"):
            wrong.append(Violation("I3", row["id"], "SUCCEEDED, and its provider has not done it"))
        if row["status"] == "FAILED" and refund is not None and refund.state == "SUCCEEDED":
            wrong.append(Violation("I3", row["id"], "FAILED, and its provider has done it"))
    return wrong


def _cards_shown(play: Play) -> list[Violation]:
    """I1 and I12 as buyers see them: no card to two orders, and what was shown stays what it was."""
    wrong: list[Violation] = []
    owner: dict[str, str] = {}
    first: dict[str, tuple[str, ...]] = {}
    for order, cards in play.shown:
        wrong += [Violation("I1", order, "was shown a card of another order") for card in cards if owner.setdefault(card, order) != order]
        if first.setdefault(order, cards) != cards:
            wrong.append(Violation("I12", order, "was shown other cards the second time"))
    return wrong


def _status_shown(play: Play) -> list[Violation]:
    wrong: list[Violation] = []
    best: dict[str, int] = {}
    for order, state in play.seen:
        rank = RANK.get(state.partition(".")[0].removesuffix("_payment"), 0)
        if rank < best.get(order, 0):
            wrong.append(Violation("I12", order, f"went back to {state}"))
        best[order] = max(rank, best.get(order, 0))
    return wrong


def _openings(play: Play) -> list[Violation]:
    """I5: whoever was shown cards stands in the audit, before he was shown them."""
    audited = Counter(row.get("order_id", "") for row in play.cloud.rows(TableName.JOURNAL) if row["pk"].startswith("AUDIT#"))
    shown = Counter(order for order, _ in play.shown)
    return [
        Violation("I5", order, f"shown {shown[order]} times, audited {audited[order]}") for order in shown if shown[order] > audited[order]
    ]


def _dead_letters(play: Play) -> list[Violation]:
    """I14: what comes again is done in the end."""
    return [Violation("I14", queue.name, "a message died") for queue in play.cloud.queues.values() if queue.dead]


def _answers(play: Play) -> list[Violation]:
    return [Violation("I2", what, "was answered with a fault of our own") for what, status in play.answers if status == 500]


def _plaintext(play: Play, lines: Sequence[str]) -> list[Violation]:
    """I13: no card's text in a row, image, message, event, mail or log line."""
    cloud = play.cloud
    sinks = {
        **{f"row {name.value}": cloud.engine.rows(name) for name in TableName},
        "queue": [[queue.waiting, queue.done, queue.dead] for queue in cloud.queues.values()],
        "event": cloud.bus.events,
        "mail text": [text for _, _, text in cloud.post.letters],
        "address": cloud.line.addresses,
        "log": "\n".join(lines),
    }
    return [Violation("I13", "", leak) for where, content in sinks.items() for leak in leaks(where, content, play.marks)]


EXEMPT = {
    "CLAIMDUE": "a claim that is told again is looked at again: its owner is asked for from the time of telling on",
    "RECON": "a run of a day says when the day was run last",
}
"""Rows that repeats may add, and why that is right."""


def replayed(play: Play) -> list[Violation]:
    """I7: everything that was delivered comes once more, and not a byte of any table changes, but for what is exempt."""
    before = _lasting(play)
    play.everything_again()
    after = _lasting(play)
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return [Violation("I7", pk, f"changed by repeats in {table}") for table, pk, _ in changed]


def _lasting(play: Play) -> dict[tuple[str, str, str], Any]:
    rows = {(name.value, row["pk"]["S"], row["sk"]["S"]): row for name in TableName for row in play.cloud.engine.rows(name)}
    return {key: row for key, row in rows.items() if key[1].partition("#")[0] not in EXEMPT}


def ended(play: Play, state: OrderState) -> int:
    """How many orders are in a state."""
    return sum(row["sk"] == "ORDER" and row["state"] == state.value for row in play.cloud.rows(TableName.TRADE))
