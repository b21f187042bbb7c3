"""Epay with RSA: the twelve checks of a notice, of a question's answer and of the pages of orders."""

import pytest

from faka.contexts.payments.providers.base import ChannelClosed
from faka.kernel.secret import Secret
from infra.local.actors.keys import loaded, stranger_keys
from infra.local.actors.spelling import content, rsa2
from tests.contract.books_scene import Scene
from tests.contract.check_rows import Rows
from tests.contract.checks_epays import add_common, by_address, refused, signed, silent


ROWS = Rows()
KIND = "epay_rsa"
add_common(ROWS, KIND)


@ROWS.of(2, "notice")
@ROWS.of(2, "query")
@ROWS.of(2, "bill")
def without_a_real_key_on_both_sides_there_is_no_channel() -> None:
    scene = Scene(KIND)
    for text in ("", "x" * 32, "changeme-changeme-1234"):
        with pytest.raises(ChannelClosed):
            scene.provider.account(secret={"private_key": Secret(text)})
        with pytest.raises(ChannelClosed):
            scene.through(public_key=text)


@ROWS.of(5, "notice")
def another_key_is_no_signature() -> None:
    scene = Scene(KIND)
    honest = signed(scene)
    for key in (stranger_keys().of(KIND)["provider_private"], scene.provider.desk.own["merchant_private"]):
        refused(scene, by_address(honest | {"sign": rsa2(loaded(key), content(honest, "sign", "sign_type"))}))


@ROWS.of(5, "query")
def an_answer_that_the_gateway_did_not_sign_says_nothing() -> None:
    scene = Scene(KIND)
    for changes in ({"money": "0.01"}, {"status": 0}, {"sign": ""}, {"sign_type": "MD5"}):
        scene.alters(lambda told, changes=changes: told | changes)
        silent(scene)


@ROWS.of(6, "notice")
def a_notice_outside_five_minutes_is_refused() -> None:
    scene = Scene(KIND)
    now = int(scene.clock.now().timestamp())
    for time in (now - 301, now + 301, 0, ""):
        refused(scene, by_address(signed(scene, timestamp=str(time))))


@ROWS.of(6, "query")
def an_answer_of_another_time_says_nothing() -> None:
    scene = Scene(KIND)
    desk, now = scene.provider.desk, scene.providers.bank.now
    scene.providers.bank.now = lambda: now() - 301
    desk._check = lambda _: None  # type: ignore[attr-defined]
    silent(scene)
