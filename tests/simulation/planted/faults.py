"""The list of planted faults. `#n` are threads of the projects named; the mistakes are known from there, the code is ours."""

from faka.contexts.ledger.store import LedgerStore
from faka.contexts.orders.store import OrderStore
from faka.contexts.payments.store import PaymentStore
from faka.contexts.quotas.store import QuotaStore
from faka.contexts.stock.heads import claim_write
from faka.contexts.stock.log import StockLog
from faka.contexts.stock.rewrite import rewritten
from faka.flows import announce, checkout, orphans, reveal, take_notice
from faka.steps import notice, poll, release
from faka.steps.settle import booking, decide, writes
from tests.simulation.planted import Fault, money_back, night, persons, recharges


SEEN, ANY = 'when="#version = :seen"', 'when="#version >= :seen OR #version < :seen"'
"""The guard of almost every change, and the same clause always true."""

FAULTS: tuple[Fault, ...] = (
    # -- cards --------------------------------------------------------------------------------------------------------
    Fault(
        "a claim does not ask whether there are enough",
        "dujiaoka: unsold rows are read, then taken without a state test; kamiFaka the same",
        ((claim_write, '"#a >= :q AND #x > :dead"', '"#x > :dead"'),),
        frozenset({"I1", "I4"}),
        ("three_buyers_for_two_cards", "two_buyers_for_more_than_there_is"),
    ),
    Fault(
        "an order is written over whoever changed it meanwhile",
        "dujiaoka #97 and #328: two cards for one order, an order that goes back",
        ((OrderStore.replaced, SEEN, ANY),),
        frozenset({"I1", "I2", "I3", "I4", "I5", "I6", "I12"}),
        ("money_meets_the_end_of_the_hold", "the_buyer_cancels_while_he_pays", "two_tabs_and_the_mail"),
    ),
    Fault(
        "the same form makes its order again",
        "acg-faka and dujiaoka: no key of the request, a double click is two orders",
        (
            (OrderStore.placed, "return insert(", "return put("),
            (PaymentStore.placed, "return insert(", "return put("),
        ),
        frozenset({"I1", "I3", "I4", "I8", "I9"}),
        ("the_same_form_twice", "one_form_with_two_bodies"),
    ),
    Fault(
        "cards of an order that does not exist go back without a fence",
        "a hold that is released twice, as in every shop that counts stock up by hand (zfaka, card-system #460)",
        ((release.give_back_unordered, "lambda: [deps.orders.fenced(order_id, to_row(deps.clock.now()), reason, events)]", "lambda: []"),),
        frozenset({"I1", "I4"}),
        ("claims_without_an_owner", "nobody_pays", "three_buyers_for_two_cards"),
    ),
    Fault(
        "cards go back though the order remembers that they went",
        "card-system #460: an already sold card is delivered again",
        (
            (release.disown, "if not order.owns(run.event) and run.event not in order.gone]", "if not order.owns(run.event)]"),
            (orphans._checked, "order.owns(claim.run.event) or claim.run.event in order.gone", "order.owns(claim.run.event)"),
        ),
        frozenset({"I1", "I4"}),
        ("nobody_pays", "money_meets_the_end_of_the_hold"),
    ),
    Fault(
        "two returns write one line of the stock log",
        "stock that drifts after parallel expiry (dujiaoka #97)",
        (
            (
                StockLog.added,
                "writes.append(insert(TableName.TRADE, row, otherwise=_log_moved))",
                "writes.append(__import__('faka.platform.table').platform.table.put(TableName.TRADE, row, otherwise=_log_moved))",
            ),
        ),
        frozenset({"I1", "I4"}),
        ("three_buyers_cancel_at_once", "claims_without_an_owner"),
    ),
    Fault(
        "a slow write of the stock head does not look at its version",
        "lost updates of the stock counter (szvone/vfkphp #5)",
        ((rewritten, 'when = ["#k = :k"]', 'when = ["#k >= :zero_k"]; values["zero_k"] = 0; values.pop("k")'),),
        frozenset({"I1", "I4"}),
        ("nobody_pays", "claims_without_an_owner", "new_stock_while_the_last_is_sold"),
    ),
    Fault(
        "claims are not remembered when the journal is busy",
        "stuck holds after a crash: nobody finds cards that were locked for an order that never came",
        ((announce.announce, "deps.tables.insert_many(TableName.JOURNAL, part)", "None"),),
        frozenset({"I4"}),
        ("claims_without_an_owner", "nobody_pays", "three_buyers_for_two_cards"),
    ),
    # -- money ---------------------------------------------------------------------------------------------------------
    Fault(
        "a movement of money is booked as often as it is told",
        "SSPanel-UIM #938: parallel requests credit a recharge four or five times",
        (
            (PaymentStore.received, "return insert(TableName.TRADE,", "return put(TableName.TRADE,"),
            (booking._read, "booked in rows", "False"),
            (LedgerStore.posted, 'f"TXN#{transaction.id}"', 'f"TXN#{transaction.id}#{id(transaction)}"'),
        ),
        frozenset({"I2", "I3", "I7"}),
        ("one_notice_three_times", "notice_question_and_sweep"),
    ),
    Fault(
        "any amount pays",
        "kamiFaka, vmqphp #7, mall #998: the callback's amount is not compared",
        ((decide.decide, "order.paid_at is None and event.amount != payment.amount", "False"),),
        frozenset({"I3", "I8"}),
        ("short_then_right_then_double",),
    ),
    Fault(
        "one provider's money pays another provider's order",
        "new-api #4319 and #4353: a callback of provider B completes an order of provider A",
        (
            (
                decide.decide,
                "payment is None or order is None or payment.channel_id != event.channel_id",
                "payment is None or order is None",
            ),
        ),
        frozenset({"I3", "I8"}),
        ("another_channels_money",),
    ),
    Fault(
        "a weak channel's notice is believed",
        "dujiao-next PR 19, BEpusdt #111: an unpaid notice is treated as paid",
        ((notice.apply_notice, "if not adapter.needs_query:", "if True:"),),
        frozenset({"I3", "I8"}),
        ("a_notice_that_lies",),
    ),
    Fault(
        "late money is refused",
        "dujiao-next #108 and #288, orion-key PR 41: paid after expiry, nothing recorded but a log line",
        ((decide._exact, "return Outcome.PAY_LATE", "return Outcome.NOTHING"),),
        frozenset({"I3"}),
        ("two_late_payments_for_one_card", "late_money_and_a_new_buyer"),
    ),
    Fault(
        "a second payment is ignored",
        'zfaka: "already done", and the money is gone',
        ((decide._exact, "return Outcome.REFUND", "return Outcome.NOTHING"),),
        frozenset({"I3"}),
        ("short_then_right_then_double", "another_way_to_pay_while_the_first_pays"),
    ),
    Fault(
        "money for an unknown number is thrown away",
        "dujiaoka throws, the gateway repeats for a day, nobody knows",
        ((decide.decide, "return Outcome.ORPHAN", "return Outcome.NOTHING"),),
        frozenset({"I3"}),
        ("money_for_nobody",),
    ),
    Fault(
        "paid is noted before the rest, in a commit of its own",
        "acg-faka: saved as paid outside of the transaction that was rolled back",
        (
            (
                booking._once,
                "deps.tables.commit([*writes(deps, payment, order, event, now), *also])\n    return outcome",
                "for each in [*writes(deps, payment, order, event, now), *also]:\n        deps.tables.apply(each)\n    return outcome",
            ),
        ),
        frozenset({"I2", "I3", "I8"}),
        ("one_notice_three_times", "notice_question_and_sweep"),
    ),
    Fault(
        "a notice is done before it is applied",
        'kamiFaka: always "success", even when the database was down, so a lost one is never repeated',
        (
            (
                booking._once,
                "now = deps.clock.now()\n    outcome",
                "now = deps.clock.now()\n    [deps.tables.apply(each) for each in also]\n    outcome",
            ),
        ),
        frozenset({"I2", "I3"}),
        ("two_late_payments_for_one_card", "money_for_nobody", "short_then_right_then_double"),
    ),
    Fault(
        "a notice that could not be stored is acknowledged",
        "kamiFaka again: the answer does not depend on the outcome",
        (
            (
                take_notice.take_notice,
                "notice, is_new = _stored(deps, event, raw)",
                (
                    "try:\n        notice, is_new = _stored(deps, event, raw)\n"
                    "    except Unavailable:\n        return adapter.acknowledge(True)"
                ),
            ),
        ),
        frozenset({"I3"}),
        ("two_late_payments_for_one_card", "money_for_nobody"),
    ),
    Fault(
        "a failure is noted over what was booked meanwhile",
        "our own first version: the sweep and the provider's repeat at one notice",
        (
            (
                PaymentStore.failed,
                'when="#state = :waiting AND #tries = :seen"',
                'when="#state <> :waiting OR #state = :waiting OR #tries = :seen"',
            ),
        ),
        frozenset({"I14"}),
        ("the_gateway_confirms_what_it_denied", "late_money_and_a_new_buyer"),
    ),
    Fault(
        "the goods are given and the money is not booked",
        "every peer without a ledger; LinLinQi books after the commit",
        (
            (
                writes.paid,
                "deps.ledger.posted(ledger.receipt_applied(",
                "*(lambda *_booked: ())((",
            ),
        ),
        frozenset({"I3"}),
        ("one_notice_three_times",),
    ),
    Fault(
        "an order gets a text and no card",
        'acg-faka 3.6: up to 16 % of paid orders "delivered" without a key (measured)',
        ((booking._pay_late, "if runs is None:", "runs = runs or ()\n    if runs is None:"),),
        frozenset({"I1", "I2", "I4"}),
        ("two_late_payments_for_one_card",),
    ),
    Fault(
        "stock goes back without asking the provider",
        "dujiaoka #131 and #194: expired while the buyer was paying",
        ((writes.paid, '"runs": runs,', '"runs": (),'),),
        frozenset({"I1", "I2", "I4"}),
        ("money_meets_the_end_of_the_hold", "one_notice_three_times"),
    ),
    Fault(
        "the buyer's own price is charged",
        "vmqphp #7: the amount comes from the client",
        (
            (
                checkout._checked,
                "price, rate = price_by(deps, sku.price, command.quantity, channel)",
                (
                    "wish = sku.price.model_copy(update={'minor': command.seen_total_minor or sku.price.minor})\n"
                    "    price, rate = price_by(deps, wish, command.quantity, channel)"
                ),
            ),
        ),
        frozenset({"I8"}),
        ("a_buyer_names_his_price",),
    ),
    # -- people ---------------------------------------------------------------------------------------------------------
    Fault(
        "what somebody holds is counted, then checked",
        "manga-platform #178: the coupon's limit is checked outside of the transaction; dujiao-next #105",
        (
            (
                QuotaStore.held,
                'when=f"(attribute_not_exists(#n) OR #n < :orders) AND',
                'when=f"(attribute_not_exists(#n) OR #n >= :orders OR #n < :orders) AND',
            ),
        ),
        frozenset({"I9"}),
        ("one_visitor_above_his_limit",),
    ),
    Fault(
        "guesses at a code are not counted together",
        "dujiaoka #144, faka #14: passwords of orders guessed at leisure",
        ((QuotaStore.try_code, "AND #tries < :most AND", "AND (#tries < :most OR #tries >= :most) AND"),),
        frozenset({"I0"}),
        ("guesses_at_a_mailed_code",),
    ),
    Fault(
        "a link that opens once opens for everybody",
        "ldc-shop and others: the gift link is shown to whoever comes second",
        (
            (reveal._require_ready, "if not is_same:", "if False:"),
            (OrderStore.replaced, SEEN, ANY),
        ),
        frozenset({"I0", "I5", "I6"}),
        ("one_link_two_people",),
    ),
    Fault(
        "cards are shown and nobody writes down to whom",
        "card-system #155 and #471, acg-faka #29, #99: keys stolen, no usable log",
        (
            (
                reveal.reveal,
                "return Revealed(_audited(deps, order, cards, viewer, open_id, via), product, cards)",
                "return Revealed(order, product, cards)",
            ),
        ),
        frozenset({"I5"}),
        ("two_tabs_and_the_mail",),
    ),
    Fault(
        "a card stands in the log",
        "zfaka, kamiFaka: debug lines with order and card",
        ((reveal._content, "digest = hashlib.sha256()", "digest = hashlib.sha256()\n    print([card.secret.reveal() for card in cards])"),),
        frozenset({"I13"}),
        ("two_tabs_and_the_mail",),
    ),
    Fault(
        "an unpaid order ends while its money is on the way",
        "dujiaoka #265, fossasia/eventyay #1359: the lock was dropped as an optimisation",
        (
            (poll._ended, "if order.state is not OrderState.PENDING_PAYMENT:", "if False:"),
            (OrderStore.replaced, SEEN, ANY),
            (PaymentStore.replaced, SEEN, ANY),
        ),
        frozenset({"I1", "I2", "I3", "I4", "I5", "I6", "I12"}),
        ("money_meets_the_end_of_the_hold", "two_sweeps_end_one_hold"),
    ),
    *money_back.FAULTS,
    *night.FAULTS,
    *persons.FAULTS,
    *recharges.FAULTS,
)
