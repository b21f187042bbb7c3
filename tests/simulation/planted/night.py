"""Planted faults about the night: bills that are believed too much or too little, days that do not stay closed."""

from faka.contexts.statements import compare
from faka.contexts.statements.store import StatementStore
from faka.flows.reconcile import begin, close, export, repair
from tests.simulation.planted import Fault


FAULTS: tuple[Fault, ...] = (
    Fault(
        "a line of the bill is booked under a name of its own",
        "books repaired by hand: the transaction's number is not what makes it unique, so its late notice books it again",
        ((repair._event, "channel_txn_id=one.channel_txn_id,", "channel_txn_id=one.id,"),),
        frozenset({"I3"}),
        ("the_bill_shows_money_for_an_unknown_number",),
    ),
    Fault(
        "whatever a bill says is repaired",
        "a wrong parser or a wrong account: thousands of payments booked in one night, because nobody asks how much is too much",
        ((repair.repair, "if run.is_tripped or is_too_much(run, money):", "if run.is_tripped:"),),
        frozenset({"I0"}),
        ("the_bill_shows_too_much_money",),
    ),
    Fault(
        "a closed day is written over",
        "shops whose report of a day is made anew whenever somebody looks at it",
        ((StatementStore.closed, "return insert(", "return put("),),
        frozenset({"I7"}),
        ("two_nights_of_one_day",),
    ),
    Fault(
        "what an earlier bill has shown is looked for again",
        "a payment near midnight is missed on one day of two, every day; then nobody reads the list any more",
        ((export._lines, "shown = _shown_before(deps, channel, day)", "shown: set[str] = set()"),),
        frozenset({"I0"}),
        ("a_payment_over_midnight",),
    ),
    Fault(
        "two lines of one number fit whatever they say",
        "reconciliation by number alone: the amount was never compared",
        ((compare.compared, "if theirs.amount != ours.amount:", "if False:"),),
        frozenset({"I0", "I3"}),
        ("the_bill_shows_another_amount",),
    ),
    Fault(
        "a difference is found and nobody is told",
        "a report that lies in a bucket: written every night, read by nobody",
        ((close.close, "        ask_a_person(deps, one)\n    shelf", "        pass\n    shelf"),),
        frozenset({"I2", "I3"}),
        ("the_bill_shows_another_amount", "the_bill_shows_too_much_money"),
    ),
    Fault(
        "each ring of the schedule begins a night of its own",
        "a schedule that is delivered twice, as it may be",
        ((begin.begin, "begin(execution_name(day), day", "begin(execution_name(day) + deps.chance.bytes(4).hex(), day"),),
        frozenset({"I0"}),
        ("the_schedule_rings_twice",),
    ),
)
