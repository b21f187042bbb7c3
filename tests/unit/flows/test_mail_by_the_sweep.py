"""A mail that no queue delivered is sent by the sweep, through the real mail client and under the sweep's own role."""

from collections.abc import Iterator

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from faka.contexts.orders.model import MailState
from faka.platform.mail import Mail
from tests.kit import roles
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit

SENDER = "shop@shop.example"


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        service = boto3.client("sesv2", region_name="us-east-1")
        service.create_email_identity(EmailIdentity=SENDER)
        made.deps.__dict__["mail"] = Mail(service, SENDER)
        yield made


def mails_asked_of(function: str) -> int:
    """How often the role of a function was asked whether it may send."""
    entries = [entry for (who, _), entry in roles.book.seen.items() if who == function]
    return sum(entry.calls for entry in entries if entry.calls_judged[0].action == "ses:SendEmail")


def test_the_sweep_sends_what_the_queue_lost_and_asks_its_own_role(world: World) -> None:
    world.stock_up(1)
    order = world.buy(contact="buyer@faka.example")
    world.pay(order)
    before = mails_asked_of("SweepFunction"), mails_asked_of("DeliverFunction")
    world.minute(2)
    assert world.order(order).mail is MailState.SENT
    (message,) = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert message.source == SENDER
    assert (mails_asked_of("SweepFunction"), mails_asked_of("DeliverFunction")) == (before[0] + 1, before[1])
