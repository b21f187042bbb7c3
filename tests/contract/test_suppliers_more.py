"""What else every kind of supplier does: cards, notices, goods, money left."""

from collections.abc import Callable
from datetime import date

import pytest

from faka.contexts.suppliers.base import CheckVerdict, NoStatement, SupplierUnavailable, SupplyRefused, SupplyState
from faka.kernel.money import Currency, Money
from infra.local.actors.suppliers import DESKS
from tests.contract.supplier_scene import MOBILE, NUMBER, WEAK, Scene
from tests.kit.suppliers import Cut


pytestmark = pytest.mark.contract

WITHOUT_BOOKS = {"md5_form", "signed_json"}


@pytest.fixture(params=tuple(DESKS))
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


class TestCards:
    def test_as_many_as_were_paid_for(self, scene: Scene) -> None:
        quantity = min(3, scene.supplier.desk.cards_max)
        scene.adapter.buy_cards(scene.cards(quantity))
        told = scene.asked(is_card=True)
        assert told.state is SupplyState.SUCCEEDED
        given = [(card.number.reveal(), card.secret.reveal()) for card in told.cards]
        assert given == scene.warehouse.orders[NUMBER].cards
        assert len(given) == quantity
        assert not any(secret in repr(told) for _, secret in given)

    @pytest.mark.parametrize("way", ["fewer", "twice"])
    def test_fewer_or_the_same_one_twice_is_handed_on_as_he_gave_it(self, scene: Scene, way: str) -> None:
        """Counting and comparing is the shop's, in one place for all suppliers."""
        scene.warehouse.way = way
        scene.adapter.buy_cards(scene.cards(min(2, scene.supplier.desk.cards_max)))
        given = [(card.number.reveal(), card.secret.reveal()) for card in scene.asked(is_card=True).cards]
        assert given == scene.warehouse.orders[NUMBER].cards

    def test_more_than_he_sells_at_once_are_never_asked_for(self, scene: Scene) -> None:
        with pytest.raises(SupplyRefused):
            scene.adapter.buy_cards(scene.cards(scene.supplier.desk.cards_max + 1))
        assert scene.warehouse.orders == {}


class TestNotices:
    def test_a_notice_and_a_question_never_disagree(self, scene: Scene) -> None:
        scene.adapter.submit(scene.order())
        told = scene.adapter.parse_notice(scene.supplier.notice(NUMBER))
        assert told.number == NUMBER
        assert told.state is (SupplyState.UNKNOWN if scene.supplier.desk.name in WEAK else SupplyState.SUCCEEDED)

    def test_no_forgery_says_how_anything_ended(self, scene: Scene) -> None:
        scene.warehouse.way = "later"
        scene.adapter.submit(scene.order())
        forgeries = scene.supplier.forgeries(NUMBER)
        assert len(forgeries) >= 3
        believed = [told for raw in forgeries if (told := scene.believed(raw)) is not None]
        assert all((told.state, told.cards, told.cost) == (SupplyState.UNKNOWN, (), None) for told in believed)
        assert bool(believed) == (scene.supplier.desk.name in WEAK)

    def test_the_acknowledgement_ends_the_repeats_and_nothing_else_does(self, scene: Scene) -> None:
        scene.adapter.submit(scene.order())
        notice = scene.supplier.desk.notice(scene.warehouse.orders[NUMBER])
        yes, no = scene.adapter.acknowledge(True), scene.adapter.acknowledge(False)
        assert notice.is_acknowledged(yes.status, yes.body.decode())
        assert not notice.is_acknowledged(no.status, no.body.decode())


class TestGoods:
    def test_the_price_list_is_what_he_has(self, scene: Scene) -> None:
        found = {one.goods_id: (one.cost.minor, one.is_card) for one in scene.adapter.catalogue()}
        assert found == {one.id: (one.cost_minor, one.is_card) for one in scene.warehouse.goods.values()}

    def test_an_account_is_asked_for_by_the_names_that_an_order_takes(self, scene: Scene) -> None:
        [goods] = [one for one in scene.adapter.catalogue() if one.goods_id == "5010"]
        assert goods.fields == (scene.supplier.desk.target,)

    def test_what_he_does_not_sell_has_no_quote(self, scene: Scene) -> None:
        quote = scene.adapter.quote("5010")
        assert quote is not None
        assert (quote.cost.minor, quote.is_on_sale) == (2850, True)
        assert scene.adapter.quote("9999") is None

    def test_what_is_off_the_shelf_is_not_on_sale(self, scene: Scene) -> None:
        scene.warehouse.goods["5010"].is_on_sale = False
        quote = scene.adapter.quote("5010")
        assert quote is None or not quote.is_on_sale

    def test_the_balance_is_what_is_left(self, scene: Scene) -> None:
        scene.adapter.submit(scene.order())
        assert scene.adapter.balance() == Money(minor=1_000_000 - 2850, currency=Currency.CNY)

    def test_his_books_of_a_day_are_what_he_charged_or_he_says_that_he_has_none(self, scene: Scene) -> None:
        numbers = [f"rch01JABCDEFGHJKMNPQRSTVW{count:05d}" for count in range(120)]
        for number in numbers:
            scene.adapter.submit(scene.order(number=number))
        scene.clock.advance(days=1)
        scene.adapter.submit(scene.order(number=NUMBER))
        if scene.supplier.desk.name in WITHOUT_BOOKS:
            with pytest.raises(NoStatement):
                scene.adapter.statement(date(2026, 3, 2))
            return
        lines = list(scene.adapter.statement(date(2026, 3, 2)))
        assert [line.number for line in lines] == numbers
        assert sum(line.cost.minor for line in lines) == 120 * 2850

    def test_a_look_up_refuses_only_what_he_is_sure_of(self, scene: Scene) -> None:
        target = scene.supplier.desk.target
        verdicts = [scene.adapter.check_account("5010", {target: mobile}).verdict for mobile in (MOBILE, "13000130000")]
        is_offered = target == "mobile"
        assert verdicts == ([CheckVerdict.GOOD, CheckVerdict.BAD] if is_offered else [CheckVerdict.NOT_OFFERED] * 2)

    @pytest.mark.parametrize("cut", Cut)
    @pytest.mark.parametrize("call", ["goods", "quote", "balance"])
    def test_an_answer_that_cannot_be_read_is_no_answer(self, scene: Scene, call: str, cut: Cut) -> None:
        scene.supplier.cut = {call: cut}
        ask: dict[str, Callable[[], object]] = {
            "goods": lambda: list(scene.adapter.catalogue()),
            "quote": lambda: scene.adapter.quote("5010"),
            "balance": scene.adapter.balance,
        }
        with pytest.raises(SupplierUnavailable):
            ask[call]()
