"""Planted faults about money that goes back and about stored value."""

from faka.contexts.ledger.store import LedgerStore
from faka.contexts.orders import refunds as notes
from faka.contexts.orders.store import OrderStore
from faka.contexts.payments.refunds import RefundStore
from faka.contexts.wallets import store as wallets
from faka.flows import refund_order
from faka.steps.refund import drive, end, request
from faka.steps.refund.hear import _once as heard
from tests.simulation.planted import Fault


SEEN, ANY = 'when="#version = :seen"', 'when="#version >= :seen OR #version < :seen"'

FAULTS: tuple[Fault, ...] = (
    Fault(
        "an unanswered refund counts as failed",
        "a time-out is taken for a no: the person who then pays by hand pays a second time (new-api, one-api threads on refunds)",
        ((drive, "return later(deps, refund, now, status=RefundStatus.SUBMITTED)", 'return failed(deps, refund, "no answer", now)'),),
        frozenset({"I3"}),
        ("two_tabs_give_the_goods_back", "staff_and_buyer_give_back_at_once"),
    ),
    Fault(
        "a refund that the provider took counts as done",
        "accepted is not done: WeChat Pay's PROCESSING read as success",
        ((heard, "case RefundProgress.SUCCEEDED if refund", "case RefundProgress.SUCCEEDED | RefundProgress.PROCESSING if refund"),),
        frozenset({"I3"}),
        ("a_refund_takes_its_time",),
    ),
    Fault(
        "a refund that failed later stays done",
        "Stripe: a refund can fail days after it succeeded; few shops listen",
        ((heard, "case RefundProgress.FAILED if refund.status is not RefundStatus.FAILED:", "case RefundProgress.FAILED if False:"),),
        frozenset({"I0"}),
        ("a_refund_comes_to_nothing",),
    ),
    Fault(
        "more parts go back than were paid",
        "dujiao-next, LiteLoaderBDS shops: partial refunds are not added up",
        ((notes.with_note, "if is_further and note.is_own and note.amount_minor > order.refundable_minor:", "if False:"),),
        frozenset({"I0", "I2", "I8"}),
        ("three_parts_go_back_at_once",),
    ),
    Fault(
        "the order is written over by whoever refunds last",
        "a refund and an opening of the goods in the same moment",
        ((OrderStore.replaced, SEEN, ANY), (RefundStore.requested, "return insert(TableName.TRADE,", "return put(TableName.TRADE,")),
        frozenset({"I0", "I1", "I2", "I3", "I4", "I5", "I6", "I8", "I12"}),
        ("three_parts_go_back_at_once", "he_looks_while_he_gives_back"),
    ),
    Fault(
        "goods that were seen go back into stock",
        "acg-faka and others: refund puts the key on sale again whether or not it was read",
        ((refund_order._refunded, "if is_whole and order.revealed_at is None and not order.kind.goes_to_account:", "if is_whole:"),),
        frozenset({"I0", "I1", "I2", "I12"}),
        ("staff_gives_back_what_he_looks_at",),
    ),
    Fault(
        "goods go back and the order keeps them",
        "double use of a released key",
        ((end.take_back, '"runs": (), "gone": gone,', '"gone": gone,'),),
        frozenset({"I1", "I4"}),
        ("two_tabs_give_the_goods_back", "two_orders_go_back_to_one_shard"),
    ),
    Fault(
        "a refund is decided without an entry",
        "money that leaves and no book knows: every shop without a ledger",
        (
            (
                request.requested,
                "return [deps.refunds.requested(refund), deps.ledger.posted(due)]",
                "return [deps.refunds.requested(refund)]",
            ),
        ),
        frozenset({"I3"}),
        ("two_tabs_give_the_goods_back",),
    ),
    Fault(
        "a held amount goes back and its cards stay locked",
        "stuck holds: nothing releases what an ended order kept",
        ((refund_order._receipt_refunded, "reason, **changes, runs=(), gone=gone)", "reason, **changes)"),),
        frozenset({"I1", "I4"}),
        ("a_held_amount_goes_back_while_the_right_one_comes",),
    ),
    Fault(
        "a balance is taken without asking whether it is there",
        "SSPanel-UIM, v2board: parallel purchases drive a balance below zero",
        ((wallets.WalletStore.debited, ' AND #balance_minor >= :amount"', '"'),),
        frozenset({"I0", "I10"}),
        ("one_balance_two_orders",),
    ),
    Fault(
        "a gift code is good for whoever comes at the same time",
        "new-api and one-api: a redemption code raced by two requests credits twice",
        (
            (wallets._ended, 'when="#state = :issued"', 'when="#state = :issued OR #state = :to"'),
            (wallets.WalletStore.noted, "return insert(", "return __import__('faka.platform.table').platform.table.put("),
            (
                LedgerStore.posted,
                "return insert(",
                "return (lambda table, item, otherwise: __import__('faka.platform.table').platform.table.put(table, item))(",
            ),
        ),
        frozenset({"I0", "I10"}),
        ("one_gift_code_in_two_hands",),
    ),
)
