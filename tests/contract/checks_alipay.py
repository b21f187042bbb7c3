"""Alipay: the twelve checks of a notice, of a question's answer and of a bill, each with something that must not be believed."""

from collections.abc import Callable
from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, ChannelClosed, EventState, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind, BillStatus
from faka.kernel.exchange import Forged, Malformed
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from infra.local.actors import alipay_books
from infra.local.actors.keys import stranger_keys
from infra.local.actors.spelling import content, rsa2
from tests.contract.books_scene import DAY, Scene
from tests.contract.check_rows import Line, Rows, shop
from tests.contract.notices import NUMBER, turned


ROWS = Rows()
notice, query, bill = (lambda check, surface=surface: ROWS.of(check, surface) for surface in ("notice", "query", "bill"))
KIND = "alipay"


def refused(scene: Scene, raw: Any) -> None:
    with pytest.raises((Forged, Malformed)):
        scene.adapter.parse_notice(raw)


def silent(scene: Scene) -> None:
    """The answer proves nothing."""
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(NUMBER)


def corrupt(scene: Scene, change: Callable[[str], str], name: str = "2088_业务明细.csv") -> None:
    """A bill whose table was changed is not read to its end."""
    seller, trade = scene.providers.keys.seller_id, scene.trade
    rows = [alipay_books._payment(trade, trade.payments[0])]
    table = alipay_books.table(seller, DAY, rows, (1, 0), (1_580, 0))
    assert change(table) != table or name != "2088_业务明细.csv"
    assert len(scene.read(alipay_books.packed({"2088_业务明细.csv": table}))) == 1
    with pytest.raises(BillCorrupt):
        scene.read(alipay_books.packed({name: change(table)}))


def honest(scene: Scene) -> dict[str, str]:
    desk: Any = scene.provider.desk
    made: dict[str, str] = desk.signed(desk.notice_params(scene.trade, scene.trade.payments[0], "TRADE_SUCCESS"))
    return made


def sent(scene: Scene, params: dict[str, str]) -> Any:
    from tests.kit.providers import raw_request

    desk: Any = scene.provider.desk
    return raw_request(desk.packed(scene.trade, params))


def resigned(scene: Scene, **changes: str) -> Any:
    return scene.provider.notice(NUMBER, **changes)


@notice(1)
@query(1)
@bill(1)
def only_the_channels_own_gateway_is_asked() -> None:
    scene, line = Scene(KIND), Line()
    from faka.contexts.payments.providers import open_channel

    adapter = open_channel(scene.provider.account(), line, scene.clock)
    for ask in (lambda: adapter.query(NUMBER), lambda: adapter.fetch_bill(DAY, None)):  # type: ignore[arg-type]
        with pytest.raises(ProviderUnavailable):
            ask()
    assert {url.partition("?")[0] for url in line.urls} == {adapter.account.gateway}
    assert adapter.parse_notice(scene.provider.notice(NUMBER)).channel_id == ChannelId(KIND)
    assert len(line.urls) == 2, "a notice calls nobody"


@notice(2)
@query(2)
@bill(2)
def without_a_real_secret_there_is_no_channel() -> None:
    for text in ("", " " * 32, "x" * 32, "changeme-changeme-1234", "short"):
        with pytest.raises(ChannelClosed):
            Scene(KIND).provider.account(secret={"private_key": Secret(text)})


@notice(3)
def another_kind_or_size_is_refused() -> None:
    scene = Scene(KIND)
    raw = scene.provider.notice(NUMBER)
    refused(scene, raw.model_copy(update={"headers": {"content-type": "application/json"}}))
    refused(scene, raw.model_copy(update={"body": raw.body + b"&x=" + b"1" * NOTICE_BYTES_MAX}))
    refused(scene, raw.model_copy(update={"method": "GET"}))


@query(3)
def an_answer_of_another_kind_says_nothing() -> None:
    for body in (b"", b"<html>busy</html>", b"[]", b"\xff"):
        scene = Scene(KIND)
        scene.line.change = lambda _, __, body=body: body
        silent(scene)


@bill(3)
def what_is_no_zip_of_tables_is_corrupt() -> None:
    scene = Scene(KIND)
    for blob in (b"", b"<html>", b"PK\x03\x04" + b"\0" * 100):
        with pytest.raises(BillCorrupt):
            scene.read(blob)
    corrupt(scene, lambda table: table + "#" * 20_000)


@notice(4)
def a_field_that_came_twice_is_refused() -> None:
    scene = Scene(KIND)
    raw = scene.provider.notice(NUMBER)
    refused(scene, raw.model_copy(update={"body": raw.body + b"&total_amount=0.01"}))


@query(4)
def an_answer_with_a_name_twice_says_nothing() -> None:
    scene = Scene(KIND)
    scene.line.change = lambda _, body: body.replace(b'"code":', b'"code":"10000","code":', 1)
    silent(scene)


@bill(4)
def a_column_or_a_table_twice_is_corrupt() -> None:
    scene = Scene(KIND)
    corrupt(scene, lambda table: table.replace("门店名称", "门店编号"))


@notice(5)
def a_changed_field_another_key_or_algorithm_is_refused() -> None:
    scene = Scene(KIND)
    for name, value in (params := honest(scene)).items():
        if value:
            refused(scene, sent(scene, params | {name: turned(value)}))
    refused(scene, sent(scene, params | {"sign": rsa2(stranger_keys().provider, content(params, "sign", "sign_type"))}))
    refused(scene, sent(scene, params | {"sign": ""}))


@query(5)
def an_answer_that_alipay_did_not_sign_says_nothing() -> None:
    scene = Scene(KIND)
    scene.line.change = lambda _, body: body.replace(b"15.80", b"15.81")
    silent(scene)
    scene.alters(lambda told: {name: value for name, value in told.items() if name != "sign"})
    silent(scene)


@bill(5)
def a_bill_that_does_not_add_up_is_corrupt() -> None:
    corrupt(Scene(KIND), lambda table: table.replace("15.80\t,15.80", "15.81\t,15.81"))


@notice(6)
@notice(12)
def a_notice_has_no_time_so_a_replay_moves_nothing() -> None:
    with shop(KIND, "page") as one:
        order = one.ordered()
        [raw] = one.provider.pay(one.number(order), order.total.minor)
        for _ in range(3):
            one.world.deliver_notice(order, raw)
            one.world.clock.advance(days=1)
        assert (one.state(order), one.booked()) == (OrderState.COMPLETED, 1)


@query(6)
def our_own_questions_carry_their_time_and_an_old_one_is_refused() -> None:
    scene = Scene(KIND)
    slow = scene.adapter
    slow._gateway._clock = type(scene.clock)(scene.clock.now())  # type: ignore[attr-defined]
    scene.clock.advance(hours=1)
    with pytest.raises(ProviderUnavailable):
        slow.query(NUMBER)


@bill(6)
def a_bill_of_another_day_is_corrupt() -> None:
    corrupt(Scene(KIND), lambda table: table.replace("起始日期：[2026年03月02日", "起始日期：[2026年03月01日"))


@notice(7)
def an_honest_notice_of_another_account_is_refused() -> None:
    scene = Scene(KIND)
    for field in ("app_id", "seller_id"):
        refused(scene, resigned(scene, **{field: turned(honest(scene)[field])}))


@query(7)
def our_application_and_key_ask_and_another_gets_no_answer() -> None:
    scene = Scene(KIND)
    with pytest.raises(ProviderUnavailable):
        scene.through(account=scene.provider.channel["account"] | {"app_id": stranger_keys().app_id}).query(NUMBER)


@bill(7)
def a_bill_of_another_account_is_corrupt() -> None:
    corrupt(Scene(KIND), lambda table: table.replace("#账号：[2088", "#账号：[2087"))


@notice(8)
def money_for_an_order_of_nobody_pays_none() -> None:
    with shop(KIND, "page") as one:
        order = one.ordered()
        [raw] = one.provider.pay("payOfAnotherShop00000000000001", order.total.minor)
        one.world.deliver_notice(order, raw)
        assert one.state(order) is OrderState.PENDING_PAYMENT


@query(8)
def an_answer_about_another_order_says_nothing() -> None:
    scene = Scene(KIND)
    scene.says(out_trade_no="payOther")
    silent(scene)


@bill(8)
def a_line_of_another_system_has_no_number_of_ours() -> None:
    scene = Scene(KIND)
    scene.provider.pay("编号 1", 100)
    lines = scene.read(scene.fetched()[1])
    assert [line.out_trade_no for line in lines] == [NUMBER, ""]


@notice(9)
def another_amount_is_told_as_it_is_and_no_other_spelling_is_read() -> None:
    scene = Scene(KIND)
    assert scene.adapter.parse_notice(resigned(scene, total_amount="0.01")).amount.minor == 1
    for text in ("1e3", "-15.80", "15.801", "NaN", "１５.80", ""):
        refused(scene, resigned(scene, total_amount=text))
    with shop(KIND, "page") as one:
        order = one.ordered()
        [raw] = one.provider.pay(one.number(order), order.total.minor - 1)
        one.world.deliver_notice(order, raw)
        assert one.state(order) is OrderState.ON_HOLD


@query(9)
def an_answer_without_a_readable_amount_says_nothing() -> None:
    for text in ("1e3", "-15.80", "15.801", "", None):
        scene = Scene(KIND)
        scene.says(total_amount=text)
        silent(scene)


@bill(9)
def an_amount_of_another_spelling_sign_or_currency_is_corrupt() -> None:
    for text in ("1e3", "15.801", "-15.80", "￥15.80"):
        corrupt(Scene(KIND), lambda table, text=text: table.replace("15.80\t,15.80", f"{text}\t,{text}"))
    scene = Scene(KIND)
    assert scene.read(scene.fetched()[1])[0].currency is Currency.CNY


@notice(10)
@query(10)
@bill(10)
def two_payments_have_two_numbers_and_each_is_booked_once() -> None:
    with shop(KIND, "page") as one:
        order = one.ordered()
        one.provider.open(one.number(order), order.total.minor)
        first, second = one.provider.pay_twice(one.number(order))
        for raw in (first, second, first, second):
            one.world.deliver_notice(order, raw)
        assert (one.state(order), one.booked()) == (OrderState.COMPLETED, 2)


@notice(11)
def a_word_outside_the_list_pays_nobody() -> None:
    scene = Scene(KIND)
    for status in ("TRADE_PENDING", "SUCCESS", "TRADE_SUCCESS_X"):
        assert scene.adapter.parse_notice(scene.provider.notice(NUMBER, status)).state is EventState.UNKNOWN


@query(11)
def an_answer_with_a_word_outside_the_list_pays_nobody() -> None:
    scene = Scene(KIND)
    scene.says(trade_status="TRADE_WONDERFUL")
    event = scene.adapter.query(NUMBER)
    assert event is not None
    assert event.state is EventState.UNKNOWN


@bill(11)
def a_movement_of_another_kind_is_no_payment() -> None:
    scene = Scene(KIND)
    row = alipay_books._payment(scene.trade, scene.trade.payments[0])
    row[2] = "转账"
    table = alipay_books.table(scene.providers.keys.seller_id, DAY, [row], (0, 0), (0, 0))
    [line] = scene.read(alipay_books.packed({"2088_业务明细.csv": table}))
    assert (line.kind, line.status) == (BillKind.ADJUST, BillStatus.OTHER)


@query(12)
def an_old_word_after_the_payment_moves_nothing_back() -> None:
    with shop(KIND, "page") as one:
        order = one.ordered()
        [raw] = one.provider.pay(one.number(order), order.total.minor)
        one.world.deliver_notice(order, raw)
        one.world.deliver_notice(order, one.provider.notice(one.number(order), "WAIT_BUYER_PAY"))
        assert one.state(order) is OrderState.COMPLETED


@bill(12)
def what_comes_after_the_end_of_a_table_is_corrupt() -> None:
    corrupt(Scene(KIND), lambda table: table + "2026030222001\t,payX\t\r\n")
