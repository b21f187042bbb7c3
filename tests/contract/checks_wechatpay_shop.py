"""WeChat Pay: the checks that one adapter alone cannot show, on a shop and on its books."""

import gzip
import io
from decimal import Decimal

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.providers import open_channel
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillLine
from infra.local.actors.wechatpay import WechatpayDesk
from tests.contract.check_rows import Line, Rows, shop
from tests.contract.checks_wechatpay import DAY
from tests.contract.wechatpay_scene import NUMBER, Shop


ROWS = Rows()
KIND, METHOD = "wechatpay", "native"


@ROWS.of(1, "notice")
@ROWS.of(1, "query")
@ROWS.of(1, "bill")
def only_the_channels_own_gateway_is_asked() -> None:
    scene, line = Shop(), Line()
    told = scene.pay()
    scene.clock.advance(days=1)
    adapter = open_channel(scene.wechat.account(), line, scene.clock)
    for ask in (lambda: adapter.query(NUMBER), lambda: adapter.fetch_bill(DAY, io.BytesIO())):
        with pytest.raises(ProviderUnavailable):
            ask()
    assert len(line.urls) == 2
    assert all(url.startswith(adapter.account.gateway) for url in line.urls)
    scene.clock.advance(days=-1)
    assert adapter.parse_notice(told).channel_id == scene.wechat.channel_id
    assert len(line.urls) == 2, "a notice calls nobody"


@ROWS.of(6, "bill")
def a_line_of_another_day_is_corrupt() -> None:
    scene, plain = _books()
    with pytest.raises(BillCorrupt):
        _read(scene, plain.replace(b"`2026-03-02", b"`2026-03-01"))


@ROWS.of(8, "notice")
def money_for_an_order_of_nobody_pays_none() -> None:
    with shop(KIND, METHOD) as one:
        order = one.ordered()
        [raw] = one.provider.pay("payOfAnotherShop00000000000001", order.total.minor)
        one.world.deliver_notice(order, raw)
        assert one.state(order) is OrderState.PENDING_PAYMENT


@ROWS.of(10, "notice")
@ROWS.of(10, "query")
@ROWS.of(12, "notice")
@ROWS.of(12, "query")
def one_payment_is_booked_once_and_no_older_word_undoes_it() -> None:
    with shop(KIND, METHOD) as one:
        order = one.ordered()
        raws = one.provider.pay(one.number(order), order.total.minor, times=3)
        for raw in (*raws, *(one.provider.notice(one.number(order), word) for word in ("NOTPAY", "USERPAYING", "CLOSED", "PAYERROR"))):
            one.world.deliver_notice(order, raw)
        one.world.minute(2)
        assert (one.state(order), one.booked()) == (OrderState.COMPLETED, 1)


@ROWS.of(10, "bill")
def a_movement_that_is_in_it_twice_is_two_lines_of_one_transaction() -> None:
    scene, plain = _books()
    head, line, names, sums = plain.strip().split(b"\r\n")
    twice = ",".join(f"`{2 * Decimal(cell.strip('`'))}" for cell in sums.decode().split(",")).encode()
    first, second = _read(scene, b"\r\n".join((head, line, line, names, twice, b"")))
    assert first.channel_txn_id == second.channel_txn_id != ""


@ROWS.of(12, "bill")
def what_comes_after_the_summary_is_corrupt() -> None:
    scene, plain = _books()
    with pytest.raises(BillCorrupt):
        _read(scene, plain + plain.split(b"\r\n")[1] + b"\r\n")


def _books() -> tuple[Shop, bytes]:
    scene = Shop()
    scene.pay()
    assert isinstance(scene.desk, WechatpayDesk)
    plain = scene.desk.books.plain(DAY)
    assert len(_read(scene, plain)) == 1
    return scene, plain


def _read(scene: Shop, plain: bytes) -> list[BillLine]:
    return list(scene.adapter.parse_bill(DAY, io.BytesIO(gzip.compress(plain))))
