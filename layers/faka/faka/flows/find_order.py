"""Find an order again: by its number and lookup code, or by a one-time code to its mail address.

A mail address or an order number alone shows nothing, and the answer to *send me a code* is the same whether anything
exists under the address: only its owner learns more, from his mail box.
"""

import hashlib
import hmac
from datetime import timedelta

from faka.contexts import letters
from faka.contexts.letters import Words
from faka.contexts.orders.errors import OrderNotFound
from faka.contexts.orders.model import Order
from faka.kernel.contact import mail_address, network
from faka.kernel.ids import OrderId, hash_code, lookup_code
from faka.kernel.limits import PAGE_MAX
from faka.kernel.secret import Secret
from faka.steps.proof import Proof, prove
from faka.wiring import Deps


WINDOW = timedelta(minutes=10)
LOOKUPS_MAX = 10
"""Wrong lookups of one visitor in ten minutes. A person mistypes three times; a lookup code has 80 bits."""

MAILS_MAX = 3
"""Codes mailed to one address in ten minutes, and by one visitor: enough for a slow mail box, useless as a bomb."""


def by_code(deps: Deps, order_id: str, code: str, address: str) -> Order:
    """The order of a number and its lookup code. Raises: OrderNotFound, TooManyTries."""
    who = deps.index_key.digest("address", network(address))
    try:
        return prove(deps, order_id.strip(), Proof(code=code))
    except OrderNotFound:
        deps.quotas.count_try("lookup", who, LOOKUPS_MAX, WINDOW, deps.clock.now())
        raise


def send_code(deps: Deps, words: Words, mail: str, address: str, locale: str) -> None:
    """Mail a one-time code if the address has paid orders; says nothing about whether it has.

    Raises: InvalidContact, TooManyTries, MailUnavailable.
    """
    now = deps.clock.now()
    contact = mail_address(mail)
    subject = deps.index_key.digest("contact", contact.lower())
    for what, who in (("code-to", subject), ("code-by", deps.index_key.digest("address", network(address)))):
        deps.quotas.count_try(what, who, MAILS_MAX, WINDOW, now)
    if not contact or not deps.orders.of_contact(subject):
        return
    digits = f"{int.from_bytes(deps.chance.bytes(8), 'big') % 1_000_000:06d}"
    deps.tables.apply(deps.quotas.code_sent(subject, _digest(subject, digits), now))
    letter = letters.lookup_code(words, locale, digits)
    deps.mail.send(contact, letter.subject, letter.text)


def redeem_code(deps: Deps, mail: str, digits: str, address: str) -> Secret:
    """Exchange the mailed code for a grant token, which lets this browser see the address's orders for a day.

    Raises: InvalidContact, WrongCode, TooManyTries.
    """
    now = deps.clock.now()
    subject = deps.index_key.digest("contact", mail_address(mail).lower())
    deps.quotas.count_try("code-use", deps.index_key.digest("address", network(address)), LOOKUPS_MAX, WINDOW, now)
    deps.quotas.try_code(subject, _digest(subject, digits.strip()), now)
    token = lookup_code(deps.chance) + lookup_code(deps.chance)
    deps.tables.apply(deps.quotas.granted(token, subject, now))
    return Secret(token)


def orders_of(deps: Deps, grant: str) -> list[Order]:
    """The newest orders of the contact that the grant stands for; empty when it stands for nobody."""
    contact = deps.quotas.contact_of(grant, deps.clock.now()) if grant else None
    if contact is None:
        return []
    found = deps.orders.get_many(deps.orders.of_contact(contact)[:PAGE_MAX])
    return sorted(found.values(), key=lambda order: order.created_at, reverse=True)


def orders_known(deps: Deps, codes: dict[OrderId, str]) -> list[Order]:
    """The orders that this browser has codes for, newest first; what a code does not fit is left out."""
    found = deps.orders.get_many(list(codes)[:PAGE_MAX])
    fitting = [order for order in found.values() if hmac.compare_digest(order.code_hash, hash_code(codes[order.id]))]
    return sorted(fitting, key=lambda order: order.created_at, reverse=True)


def _digest(subject: str, digits: str) -> str:
    return hashlib.sha256(f"{subject}\0{digits}".encode()).hexdigest()
