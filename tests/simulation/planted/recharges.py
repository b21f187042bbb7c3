"""Planted faults about top-ups: what recharge platforms have paid twice, paid back and given away, or never noticed."""

import importlib

from faka.contexts.recharges import Recharge, rule
from faka.contexts.recharges.store import RechargeStore
from tests.simulation.planted import Fault


hear = importlib.import_module("faka.steps.recharge.hear")
submit = importlib.import_module("faka.steps.recharge.submit")
correct_account = importlib.import_module("faka.flows.correct_account")
"""Modules that carry the name of their verb."""

SILENT = "case Word.UNKNOWN:\n            return RechargeState."
WRITTEN, SENT = "deps.tables.apply(deps.recharges.replaced(recharge, begun))", "_sent(deps, adapter, begun, offer)"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "a time-out counts as a failure",
        "the oldest loss of this trade: the answer is late, the next supplier is asked, and both have charged",
        (
            (
                rule._state_of,
                "case Word.UNKNOWN:\n            return RechargeState.UNKNOWN",
                "case Word.UNKNOWN:\n            return RechargeState.FAILED",
            ),
        ),
        frozenset({"I0", "I2"}),
        ("a_top_up_is_paid_and_arrives", "the_first_supplier_charges_and_denies_it"),
    ),
    Fault(
        "no such order is believed at once",
        "platforms that write an order a minute after they have charged it",
        (
            (
                rule._state_of,
                "is_sure = attempt.missing + 1 >= MISSING_MIN and now - attempt.sent_at >= timedelta(seconds=heard.grace_s)",
                "is_sure = True",
            ),
        ),
        frozenset({"I0", "I2"}),
        ("the_first_supplier_charges_and_denies_it",),
    ),
    Fault(
        "an order is sent before it is written down",
        "a worker that dies after the call, and whose successor finds nothing and orders again",
        (
            (
                submit.submit,
                f"{WRITTEN}\n    heard = hear(deps, recharge.id, {SENT})",
                f"told = {SENT}\n    {WRITTEN}\n    heard = hear(deps, recharge.id, told)",
            ),
        ),
        frozenset({"I0", "I2"}),
        ("two_machines_of_one_top_up", "a_top_up_is_paid_and_arrives"),
    ),
    Fault(
        "what a supplier takes back goes unheard",
        "a status that is final to the shop and not to the supplier",
        ((rule._late, "heard.word in (Word.REVERSED, Word.FAILED)", "heard.word in ()"),),
        frozenset({"I0"}),
        ("he_takes_back_what_had_arrived",),
    ),
    Fault(
        "what a supplier takes is not booked",
        "a margin that is reckoned from the price list, and a balance at the supplier that nobody can explain",
        ((hear._delivered, "order.total - order.fee, order.fee, now), cost]", "order.total - order.fee, order.fee, now)]"),),
        frozenset({"I3"}),
        ("a_top_up_is_paid_and_arrives",),
    ),
    Fault(
        "a corrected account goes on under its old numbers",
        "a number that is made of the order and of how often it was tried since the buyer changed it",
        ((submit.submit, "number_of(recharge.id, len(recharge.attempts))", "number_of(recharge.id, len(recharge.round))"),),
        frozenset({"I0", "I2"}),
        ("a_wrong_account_is_corrected_in_two_tabs",),
    ),
    Fault(
        "an account may be corrected while something is out",
        "shops in which support edits the account of an order that a supplier has already taken",
        (
            (correct_account._require_asked, "order.question is None or now >= order.question.until or ", ""),
            (
                Recharge.corrected,
                'return self.moved(RechargeState.CREATED, at, "buyer", "another account", **changes)',
                'return self.model_copy(update={**changes, "state": RechargeState.CREATED, "version": self.version + 1})',
            ),
        ),
        frozenset({"I0", "I2"}),
        ("a_correction_that_nobody_asked_for",),
    ),
    Fault(
        "two machines may each write what they know",
        "a status that is saved over whatever somebody else has saved meanwhile",
        ((RechargeStore.replaced, 'when="#version = :seen", otherwise=_moved, seen=before.version', "otherwise=_moved"),),
        frozenset({"I0", "I2", "I3"}),
        ("two_machines_of_one_top_up", "he_tells_while_he_is_asked"),
    ),
)
