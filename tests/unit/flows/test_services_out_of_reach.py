"""A mail service or an event bus out of reach is an outage, which is tried again; no mistake of ours, which wakes somebody."""

from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from faka.platform.bus import Bus, EventsRefused
from faka.platform.mail import Mail, MailRefused, MailUnavailable


pytestmark = pytest.mark.unit

OUTAGES = [
    ReadTimeoutError(endpoint_url="https://email.test", error="buyer@mail.test"),
    ConnectTimeoutError(endpoint_url="https://email.test", error="buyer@mail.test"),
    ClientError({"Error": {"Code": "InternalFailure", "Message": "buyer@mail.test"}}, "any"),
]


def failing(error: Exception) -> Any:
    def fail(**_: Any) -> NoReturn:
        raise error

    return SimpleNamespace(send_email=fail, put_events=fail)


@pytest.mark.parametrize("error", OUTAGES, ids=lambda one: type(one).__name__)
def test_a_mail_service_out_of_reach_is_an_outage(error: Exception) -> None:
    with pytest.raises(MailUnavailable) as raised:
        Mail(failing(error), "shop@shop.test").send("buyer@mail.test", "subject", "text")
    assert "buyer" not in str(raised.value)


@pytest.mark.parametrize("error", OUTAGES, ids=lambda one: type(one).__name__)
def test_a_bus_out_of_reach_is_an_outage(error: Exception) -> None:
    with pytest.raises(EventsRefused) as raised:
        Bus(failing(error), "bus").announce([("order.paid", {"order_id": "ord_1"})])
    assert "buyer" not in str(raised.value)


def test_a_refused_address_is_final() -> None:
    refused = ClientError({"Error": {"Code": "MessageRejected", "Message": "buyer@mail.test"}}, "SendEmail")
    with pytest.raises(MailRefused):
        Mail(failing(refused), "shop@shop.test").send("buyer@mail.test", "subject", "text")
