"""Epay with MD5: the twelve checks of a notice, of a question's answer and of the pages of orders."""

from contextlib import suppress

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.providers.base import ChannelClosed, ProviderUnavailable
from faka.kernel.secret import Secret
from infra.local.actors.keys import stranger_keys
from infra.local.actors.spelling import md5
from tests.contract.books_scene import Scene
from tests.contract.check_rows import Rows, shop
from tests.contract.checks_epays import add_common, by_address, refused, signed
from tests.contract.notices import NUMBER


ROWS = Rows()
KIND = "epay"
add_common(ROWS, KIND)


@ROWS.of(2, "notice")
@ROWS.of(2, "query")
@ROWS.of(2, "bill")
def without_a_real_key_there_is_no_channel() -> None:
    for text in ("", " " * 32, "x" * 32, "your-epay-key-goes-here-1", "short"):
        with pytest.raises(ChannelClosed):
            Scene(KIND).provider.account(secret={"key": Secret(text)})


@ROWS.of(5, "notice")
def what_anybody_can_compute_is_no_signature() -> None:
    scene = Scene(KIND)
    honest = signed(scene)
    for key in ("", " ", stranger_keys().epay_key, honest["pid"]):
        refused(scene, by_address(honest | {"sign": md5(honest, key)}))
    refused(scene, by_address(honest | {"sign": honest["sign"].upper()}))


@ROWS.of(5, "query")
def a_wrong_key_is_not_nobody_paid() -> None:
    scene = Scene(KIND)
    with pytest.raises(ProviderUnavailable):
        scene.through(secret={"key": Secret(stranger_keys().epay_key)}).query(NUMBER)


@ROWS.of(6, "notice")
@ROWS.of(6, "query")
def a_notice_has_no_time_so_it_only_says_ask_and_the_answer_decides() -> None:
    with shop(KIND, "epay") as one:
        order = one.ordered()
        one.provider.open(one.number(order), order.total.minor)
        told = one.provider.notice(one.number(order))  # signed by the gateway, and nobody has paid
        with suppress(ProviderUnavailable):
            one.world.deliver_notice(order, told)
        one.world.minute(3)
        assert (one.state(order), one.booked()) == (OrderState.PENDING_PAYMENT, 0)
