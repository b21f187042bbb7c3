"""Tell the buyer by mail that the goods are ready, or that another account is needed, and make the order findable by his contact.

At least once: a crash between sending and noting sends a second mail, which harms nobody. The page never waits for it.
"""

from datetime import timedelta

from faka.contexts import letters
from faka.contexts.letters import Words
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import MailState, Order, OrderState, Question
from faka.kernel.ids import OrderId
from faka.platform import telemetry
from faka.platform.mail import MailRefused
from faka.wiring import Deps


TRIES_MAX = 4
"""The buyer may reveal at the same moment; each lost race re-reads."""

RETRY = timedelta(minutes=1)


def deliver(deps: Deps, order_id: OrderId, words: Words) -> Order:
    """Send what is due and note it.

    Raises: OrderNotFound; MailUnavailable (the queue brings it again; the page has the goods all the same).
    """
    order = deps.orders.get(order_id)
    if order.question is not None and order.question.mail is MailState.DUE:
        return _asked(deps, order, order.question, words)
    if order.mail is not MailState.DUE:
        return order
    deps.tables.apply(deps.orders.indexed_buyer(order))
    if order.state is not OrderState.COMPLETED:
        return order  # paid and still without goods: it can be looked up, and the mail waits for them
    state = _sent(deps, order, words)
    for _ in range(TRIES_MAX):
        after = order.changed(deps.clock.now(), "deliver", f"mail {state.lower()}", mail=state, due_at=None)
        try:
            deps.tables.apply(deps.orders.replaced(order, after))
            return after
        except OrderMoved:
            order = deps.orders.get(order_id)
            if order.mail is not MailState.DUE:
                break
    return order


def _asked(deps: Deps, order: Order, question: Question, words: Words) -> Order:
    """The mail that asks for another account, once a question; the order is looked at again when the question's time is over."""
    title = deps.catalog.product_version(order.product_id, order.product_version).title.pick(order.locale)
    letter = letters.account_wanted(
        words, order.locale, product=title, order=order.id, until=question.until, shop_url=deps.settings.faka_shop_url
    )
    told = question.model_copy(update={"mail": _posted(deps, order, letter)})
    for _ in range(TRIES_MAX):
        after = order.changed(deps.clock.now(), "deliver", f"asking mail {told.mail.lower()}", question=told, due_at=question.until)
        try:
            deps.tables.apply(deps.orders.replaced(order, after))
            return after
        except OrderMoved:
            order = deps.orders.get(order.id)
            if order.question != question:  # he has answered already, or somebody else has told him
                break
    return order


def _sent(deps: Deps, order: Order, words: Words) -> MailState:
    product = deps.catalog.product_version(order.product_id, order.product_version)
    letter = letters.goods_ready(
        words,
        order.locale,
        product=product.title.pick(order.locale),
        sku=product.sku(order.sku_id).name.pick(order.locale),
        quantity=order.quantity,
        order=order.id,
        shop_url=deps.settings.faka_shop_url,
        is_sent=order.kind.goes_to_account,
    )
    return _posted(deps, order, letter)


def _posted(deps: Deps, order: Order, letter: letters.Letter) -> MailState:
    try:
        deps.mail.send(order.contact, letter.subject, letter.text)
    except MailRefused as error:
        telemetry.failed("mail_refused", error, order_id=order.id)
        return MailState.FAILED
    return MailState.SENT
