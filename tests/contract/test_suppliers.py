"""One suite for every kind of supplier: whatever is cut, forged or late, an order is charged once at most and its end is the truth."""

from dataclasses import replace
from itertools import product

import pytest

from faka.contexts.suppliers.base import Progress, SupplierUnavailable, SupplyRefused, SupplyState
from faka.kernel.money import Currency, Money
from infra.local.actors.suppliers import DESKS
from tests.contract.supplier_scene import MOBILE, NUMBER, Scene
from tests.kit.suppliers import Cut


pytestmark = pytest.mark.contract


@pytest.fixture(params=tuple(DESKS))
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


class TestOneOrder:
    def test_taken_is_not_done_and_done_is_charged_once(self, scene: Scene) -> None:
        scene.warehouse.way = "later"
        told = scene.adapter.submit(scene.order())
        assert told.state is SupplyState.PROCESSING
        assert told.supplier_no == scene.warehouse.orders[NUMBER].supplier_no
        assert scene.asked().state is SupplyState.PROCESSING
        scene.warehouse.finish(NUMBER)
        assert (scene.asked().state, scene.asked().cost) == (SupplyState.SUCCEEDED, Money(minor=2850, currency=Currency.CNY))
        assert scene.charged == 1

    def test_it_arrives_at_the_account_that_was_given(self, scene: Scene) -> None:
        scene.adapter.submit(scene.order())
        assert [value.removeprefix("+86") for value in scene.warehouse.orders[NUMBER].account.values()] == [MOBILE]

    def test_a_failure_is_told(self, scene: Scene) -> None:
        scene.warehouse.way = "refuse"
        scene.adapter.submit(scene.order())
        assert (scene.asked().state, scene.asked().reason) == (SupplyState.FAILED, "refused")

    def test_a_success_that_is_taken_back_is_no_success_any_more(self, scene: Scene) -> None:
        scene.adapter.submit(scene.order())
        assert scene.asked().state is SupplyState.SUCCEEDED
        scene.warehouse.reverse(NUMBER)
        assert scene.asked().state in (SupplyState.REVERSED, SupplyState.FAILED)

    def test_a_status_that_no_document_names_decides_nothing(self, scene: Scene) -> None:
        scene.warehouse.way = "odd"
        scene.adapter.submit(scene.order())
        assert scene.asked().state is SupplyState.UNKNOWN

    def test_a_dearer_price_is_refused_and_never_charged(self, scene: Scene) -> None:
        scene.warehouse.goods["5010"].cost_minor = 2851
        with pytest.raises(SupplyRefused) as refused:
            scene.adapter.submit(scene.order())
        assert (refused.value.reason, scene.charged) == ("price", 0)

    def test_without_the_bound_it_would_be_charged(self, scene: Scene) -> None:
        scene.warehouse.goods["5010"].cost_minor = 2851
        scene.adapter.submit(scene.order(unit_cost_max=None))
        assert scene.charged == 1

    def test_what_he_does_not_take_ends_as_a_failure_without_a_charge(self, scene: Scene) -> None:
        for change in ({"goods_id": "9999"}, {"account": {}}):
            assert scene.end(lambda change=change: scene.adapter.submit(scene.order(**change))) is SupplyState.FAILED  # type: ignore[misc]
        scene.warehouse.balance_minor = 2849
        assert scene.end(lambda: scene.adapter.submit(scene.order())) is SupplyState.FAILED
        assert scene.charged == 0

    def test_another_customers_key_orders_nothing(self, scene: Scene) -> None:
        scene.supplier.desk.secret = scene.supplier.desk.new_secret()
        with pytest.raises((SupplierUnavailable, SupplyRefused)):
            scene.adapter.submit(scene.order())
        assert scene.warehouse.orders == {}

    def test_the_same_number_twice_is_one_order_exactly_where_that_is_claimed(self, scene: Scene) -> None:
        """Where it is not, a second sending is a second charge: why a number is sent once and asked about from then on."""
        scene.adapter.submit(scene.order())
        scene.adapter.submit(scene.order())
        assert scene.charged == (1 if scene.adapter.is_idempotent else 2)


def cuts() -> list[tuple[str, str, Cut]]:
    return [(kind, call, cut) for kind, desk in DESKS.items() for call, cut in product(desk.dialogue, Cut)]


class TestCutLines:
    @pytest.mark.parametrize(("kind", "call", "cut"), cuts())
    @pytest.mark.parametrize("question", [None, *Cut])
    @pytest.mark.parametrize("way", ["done", "refuse", "hidden"])
    def test_whatever_is_cut_the_end_is_the_truth_and_one_charge_at_most(
        self, kind: str, call: str, cut: Cut, question: Cut | None, way: str
    ) -> None:
        scene = Scene(kind)
        scene.warehouse.way = way
        scene.supplier.cut = {call: cut} | ({"query": question} if question else {})
        state = scene.end(lambda: scene.adapter.submit(scene.order()))
        order = scene.warehouse.orders.get(NUMBER)
        assert scene.charged <= 1
        assert state is (SupplyState.SUCCEEDED if order is not None and order.state == "SUCCEEDED" else SupplyState.FAILED)
        assert order is None or order.state != "CREATED", "nothing is left that somebody could still confirm"

    @pytest.mark.parametrize("kind", tuple(DESKS))
    def test_taken_for_a_failure_at_once_a_hidden_order_would_be_paid_back_and_charged(self, kind: str) -> None:
        """The twin of the grace: the first *no such order* comes while the charge is done."""
        scene = Scene(kind)
        scene.warehouse.way = "hidden"
        scene.supplier.cut = {scene.supplier.desk.dialogue[-1]: Cut.AFTER}
        with pytest.raises(SupplierUnavailable):
            scene.adapter.submit(scene.order())
        assert scene.adapter.query(NUMBER) is None
        assert scene.charged == 1

    @pytest.mark.parametrize(("kind", "call", "cut"), cuts())
    def test_no_error_names_an_account_a_key_or_an_answer(self, kind: str, call: str, cut: Cut) -> None:
        scene = Scene(kind)
        scene.supplier.cut = {call: cut}
        with pytest.raises((SupplierUnavailable, SupplyRefused)) as error:
            scene.adapter.submit(scene.order())
        assert error.value.__cause__ is None
        secrets = [MOBILE, "busy", *scene.supplier.desk.secret.values()]
        assert not [text for text in secrets if text in str(error.value)]


class TestBothStepsTogether:
    """Who creates and who asks are two processes; the supplier's own rule decides between them."""

    def test_a_question_before_the_confirmation_ends_it_for_both(self) -> None:
        scene = Scene("two_step")
        heard: list[Progress] = []
        scene.supplier.meanwhile["confirm"] = lambda: heard.append(scene.asked())
        told = scene.adapter.submit(scene.order())
        assert [told.state, heard[0].state] == [SupplyState.FAILED] * 2
        assert scene.charged == 0

    def test_a_confirmation_before_the_cancelling_wins_for_both(self) -> None:
        scene = Scene("two_step")
        scene.supplier.cut["confirm"] = Cut.BEFORE
        with pytest.raises(SupplierUnavailable):
            scene.adapter.submit(scene.order())
        scene.supplier.meanwhile["cancel"] = lambda: scene.adapter.submit(scene.order())
        assert scene.asked().state is SupplyState.SUCCEEDED
        assert scene.charged == 1

    def test_a_question_that_confirmed_would_charge_what_its_creator_refused(self) -> None:
        """The twin: dearer than allowed, the cancelling is lost, and somebody asks."""
        scene = Scene("two_step")
        scene.warehouse.goods["5010"].cost_minor = 9900
        scene.supplier.cut["cancel"] = Cut.BEFORE
        with pytest.raises(SupplierUnavailable):
            scene.adapter.submit(scene.order())
        assert scene.asked().state is SupplyState.FAILED
        assert scene.charged == 0
        again = Scene("two_step")
        again.warehouse.goods["5010"].cost_minor = 9900
        again.supplier.cut["cancel"] = Cut.BEFORE
        with pytest.raises(SupplierUnavailable):
            again.adapter.submit(again.order())
        again.adapter.submit(again.order(unit_cost_max=None))  # what a question would do, which knows no bound
        assert again.charged == 1


def test_a_desk_that_took_any_signature_would_be_seen() -> None:
    """The twin of all signatures above: the player refuses what is signed with another key."""
    for kind in DESKS:
        scene = Scene(kind)
        account = replace(
            scene.supplier.account(), secrets=(dict.fromkeys(scene.supplier.secret, next(iter(Scene(kind).supplier.secret.values()))),)
        )
        stranger = type(scene.adapter)(account, scene.transport, scene.clock)  # type: ignore[call-arg]
        with pytest.raises(SupplierUnavailable):
            stranger.balance()
