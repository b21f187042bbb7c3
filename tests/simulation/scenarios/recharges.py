"""Top-ups: suppliers who answer late, twice, wrongly or not at all, beside notices, persons, sweeps and deaths."""

from collections.abc import Callable
from typing import Any

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.recharges import Heard, RechargeState, Word
from faka.contexts.suppliers.standing import EVENTS_MIN, Outcome
from faka.contexts.suppliers.standings import StandingStore
from faka.contexts.suppliers.store import Offer
from faka.kernel.ids import RechargeId, SupplierId
from faka.kernel.money import Money
from faka.platform.table import TableName, Tables
from faka.steps.offers import offered
from faka.steps.recharge import hear
from infra.local.actors.suppliers.warehouse import Filled
from pages.visitor import codes_value
from tests.kit.sinks import Canaries
from tests.kit.suppliers import FakeSupplier, FakeSuppliers
from tests.kit.tables import PHYSICAL
from tests.kit.world import World
from tests.simulation import topping
from tests.simulation.people import Browser
from tests.simulation.play import Habits, Notice, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import money, orders
from tests.unit.catalog.given import sku


COST_MINOR = 2_850
WRONG = "13800138000"
"""The account of the first order."""

COUNTRY = "+86"
"""Some suppliers are told the country with the number."""

FORM_TRIES, SERVER_ERROR = 2, 500
FORM = {"fields": [{"name": "mobile", "label": {"zh": "手机号码", "en": "Mobile number"}, "kind": "PHONE"}]}
TOP_UP = {"kind": "DIRECT_RECHARGE", "account_form": FORM, "skus": (sku("video-vip-month", 3_000, per_order_max=1),)}


def ordered(*kinds: str, count: int = 1) -> Callable[[World, Canaries], list[Order]]:
    """Orders that wait for their money, in a shop with these suppliers; the first one is the cheapest."""

    def given(world: World, marks: Canaries) -> list[Order]:
        del marks
        suppliers = FakeSuppliers(world.clock, kinds)
        for rank, kind in enumerate(kinds):
            row = suppliers.by_kind(kind).row()
            cost = Money(minor=COST_MINOR + rank, currency="CNY")
            fields = {"mobile": suppliers.by_kind(kind).desk.target}
            offer = Offer(sku=world.sku.id, supplier_id=row.id, goods_id="5010", cost=cost, fields=fields)
            world.deps.tables.commit([world.deps.suppliers.save(row), *offered(world.deps, offer)])
        return [world.buy(account={"mobile": str(13_800_138_000 + number)}) for number in range(count)]

    return given


def suppliers_of(play: Play) -> list[FakeSupplier]:
    return [play.cloud.suppliers.by_kind(kind) for kind in play.cloud.stage.suppliers]


def pays(play: Play) -> None:
    for order in play.facts:
        play.notify(order.channel_id, money(play, order))
    _finish_what_is_left(play)


def _finish_what_is_left(play: Play) -> None:
    """Whatever a supplier has under way arrives when the storm is over."""

    def finished() -> None:
        for supplier in suppliers_of(play):
            for number, order in supplier.warehouse.orders.items():
                if order.state == "PROCESSING":
                    supplier.warehouse.finish(number)
            supplier.warehouse.way = "done"

    play.left_over.append(finished)


def recharges(play: Play) -> dict[str, dict[str, Any]]:
    return {row["order_id"]: row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "RECHARGE"}


def standing(play: Play, order: str) -> list[Filled]:
    """What suppliers have charged for an order and not given back."""
    number = f"rch{order[4:]}"
    filled = [one for supplier in suppliers_of(play) for one in supplier.warehouse.orders.values() if one.number.startswith(number)]
    return [one for one in filled if one.state == "SUCCEEDED"]


def once(play: Play) -> list[str]:
    """Each paid order has one top-up that stands, or its money back and none; no number was charged twice."""
    wrong = []
    for supplier in suppliers_of(play):
        wrong += [f"{number} was charged {count} times" for number, count in supplier.warehouse.charges.items() if count > 1]
    known = recharges(play)
    for row in orders(play):
        if row.get("paid_at") is None:
            continue
        charged, state = len(standing(play, row["id"])), row["state"]
        recharge = known.get(row["id"], {"state": "MISSING", "is_with_a_person": False})
        wanted = {OrderState.COMPLETED: 1, OrderState.FAILED: 0}.get(state, -1)
        if recharge["state"] == RechargeState.REVERSED:
            wanted = 0
        if charged != wanted and not recharge["is_with_a_person"]:
            wrong.append(f"{row['id']} is {state} ({recharge['state']}) and {charged} charges stand")
    return wrong


def _told(play: Play, supplier: FakeSupplier, times: int = 2) -> None:
    for number in list(supplier.warehouse.orders):
        raw = supplier.notice(number)
        play.notices += [Notice("supplier", raw) for _ in range(times)]


@scenario(ordered("md5_form", "signed_json"), then=once, product=TOP_UP, habits=Habits(minutes=1), share=1.0)
def a_top_up_is_paid_and_arrives(play: Play) -> None:
    """Money comes, a supplier is asked, the top-up arrives; whatever is lost on the way, one of them charges once."""
    pays(play)


@scenario(ordered("md5_form", "two_step"), then=once, product=TOP_UP, habits=Habits(minutes=1), share=1.0)
def the_first_supplier_charges_and_denies_it(play: Play) -> None:
    """He charges, answers nothing, and knows no such order for two questions."""
    first = suppliers_of(play)[0]
    first.warehouse.way = "hidden"
    pays(play)


@scenario(ordered("two_step", "md5_form"), then=once, product=TOP_UP, habits=Habits(minutes=1), share=0.65)
def a_supplier_of_two_steps_is_left_between_them(play: Play) -> None:
    """Create and confirm: whoever dies in between leaves something that is not charged, and that nobody may confirm any more."""
    pays(play)


@scenario(ordered("signed_json", "md5_form"), then=once, product=TOP_UP, habits=Habits(minutes=1), share=1.0)
def he_tells_while_he_is_asked(play: Play) -> None:
    """The order is under way; it arrives, and his notice comes twice while the machine asks."""
    first = suppliers_of(play)[0]
    first.warehouse.way = "later"

    def arrives(play: Play) -> None:
        for number in list(first.warehouse.orders):
            if first.warehouse.orders[number].state == "PROCESSING":
                first.warehouse.finish(number)
        _told(play, first)

    pays(play)
    _with_machine(play, {"ask": arrives})


@scenario(ordered("signed_json", "md5_form"), then=once, product=TOP_UP, habits=Habits(minutes=1), share=0.65)
def he_fails_and_says_so_in_both_ways(play: Play) -> None:
    """The order is under way and fails; his notice and his answer meet, and the next supplier is asked once. He has failed others since it
    was ordered, so whoever hears of this one opens his breaker."""
    first = suppliers_of(play)[0]
    first.warehouse.way = "later"
    standings = StandingStore(Tables(play.cloud.engine, PHYSICAL, lambda _seconds: None))

    def fails(play: Play) -> None:
        for _ in range(EVENTS_MIN):
            standings.count(SupplierId(first.facts["id"]), play.cloud.world.sku.id, Outcome.BAD, 1, play.cloud.clock.now())
        for number in list(first.warehouse.orders):
            if first.warehouse.orders[number].state == "PROCESSING":
                first.warehouse.fail(number)
        _told(play, first)

    pays(play)
    _with_machine(play, {"ask": fails})


def _case_of_reversal(play: Play) -> list[str]:
    cases = [row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "CASE" and row["kind"] == "RECHARGE"]
    reversed_ = [one for supplier in suppliers_of(play) for one in supplier.warehouse.orders.values() if one.state == "REVERSED"]
    return [*once(play), *([] if not reversed_ or cases else ["he took it back and nobody knows"])]


@scenario(ordered("signed_json", "md5_form"), then=_case_of_reversal, product=TOP_UP, habits=Habits(minutes=1), share=0.65)
def he_takes_back_what_had_arrived(play: Play) -> None:
    """It arrives, and he takes it back; his notices about both come in any order, and more than once."""
    first = suppliers_of(play)[0]
    first.warehouse.way = "later"

    def takes_back(play: Play) -> None:
        for number in list(first.warehouse.orders):
            if first.warehouse.orders[number].state == "PROCESSING":
                first.warehouse.finish(number)
                play.notices.append(Notice("supplier", first.notice(number)))
                play.left_over.append(lambda n=number: _reversed(play, first, n))  # type: ignore[misc]

    pays(play)
    _with_machine(play, {"ask": takes_back})


def _reversed(play: Play, supplier: FakeSupplier, number: str) -> None:
    """After the top-up counts as arrived: what never counted cannot be taken back from the shop."""
    topped = recharges(play).get(f"ord_{number[3:29]}")
    if topped is not None and topped["state"] == RechargeState.SUCCEEDED and supplier.warehouse.orders[number].state == "SUCCEEDED":
        supplier.warehouse.reverse(number)
        play.notices.append(Notice("supplier", supplier.notice(number)))


@scenario(ordered("md5_form", "signed_json"), then=once, product=TOP_UP, habits=Habits(minutes=1), share=0.65)
def nobody_sells_it_any_more(play: Play) -> None:
    """Both refuse: the money goes back, and nobody was charged."""
    for supplier in suppliers_of(play):
        supplier.warehouse.balance_minor = 0
    pays(play)
    play.left_over.clear()


@scenario(ordered("md5_form", "signed_json"), then=once, product=TOP_UP, habits=Habits(minutes=1), share=1.0)
def two_machines_of_one_top_up(play: Play) -> None:
    """The sweep takes the machine for dead while it lives: two of them order and ask beside each other."""

    def another(play: Play) -> None:
        for row in recharges(play).values():
            play.cast("another machine", lambda play, r=row["id"]: topping.TopUp(play, "another", r, tasks=topping.ASKED_MAX).run())  # type: ignore[misc]

    pays(play)
    _with_machine(play, {"submit": another})


@scenario(ordered("md5_form", "signed_json"), then=once, product=TOP_UP, habits=Habits(minutes=1), share=0.65)
def a_person_tells_while_he_answers(play: Play) -> None:
    """It has arrived; a person saw it at the supplier's pages and says so while the machine asks."""
    first = suppliers_of(play)[0]
    first.warehouse.way = "later"

    def tells(play: Play) -> None:
        for number in list(first.warehouse.orders):
            if first.warehouse.orders[number].state != "PROCESSING":
                continue
            first.warehouse.finish(number)
            heard = Heard(number, Word.SUCCEEDED, "mei", status="seen", is_answer=False)
            name = RechargeId(f"rch_{number[3:29]}")
            play.cast("mei", lambda play, n=name, h=heard: play.cloud.run_flow("mei", lambda deps: hear(deps, n, h)))  # type: ignore[misc]

    pays(play)
    _with_machine(play, {"ask": tells})


@scenario(ordered("md5_form", "signed_json", count=2), then=once, product=TOP_UP, habits=Habits(minutes=1), share=0.25)
def two_buyers_at_one_supplier(play: Play) -> None:
    """Two top-ups at once, of which the first supplier can pay for one only."""
    suppliers_of(play)[0].warehouse.balance_minor = COST_MINOR
    pays(play)
    play.left_over.clear()


def at_its_account(play: Play) -> list[str]:
    """As `once`; and what arrived did so where the order says that it goes."""
    wrong = once(play)
    for row in orders(play):
        places = {value.removeprefix(COUNTRY) for one in standing(play, row["id"]) for value in one.account.values()}
        if not places <= set(row["account"].values()):
            wrong.append(f"{row['id']} arrived elsewhere")
    return wrong


def _corrects(play: Play, tab: str, number: str) -> None:
    """The buyer of the first order, in a tab of his, sends the form for another account; twice where there was no answer."""
    [order] = play.facts

    def script(play: Play) -> None:
        browser = Browser(play, tab)
        browser.cookies["__Host-orders"] = codes_value({}, order.id, play.cloud.world.proof(order).code)
        for _ in range(FORM_TRIES):
            if browser.post(f"/o/{order.id}/input", {"account_mobile": number}).status < SERVER_ERROR:
                return

    play.meanwhile(tab, script)


@scenario(ordered("signed_json"), then=at_its_account, product=TOP_UP, habits=Habits(minutes=1), share=1.5)
def a_wrong_account_is_corrected_in_two_tabs(play: Play) -> None:
    """Nobody knows the account; the buyer is asked for another, and names two of them at once. Where neither comes through, nobody ever
    does, and a day later his money goes back."""
    for supplier in suppliers_of(play):
        supplier.warehouse.unknown = {WRONG, COUNTRY + WRONG}

    def answers(play: Play) -> None:
        for tab, number in (("tab", "13900139001"), ("other tab", "13900139002")):
            _corrects(play, tab, number)

    pays(play)
    play.after_machines = {"send_back": answers}


@scenario(ordered("signed_json", "two_step"), then=at_its_account, product=TOP_UP, habits=Habits(minutes=1), share=1)
def a_correction_that_nobody_asked_for(play: Play) -> None:
    """The order is under way; its buyer sends a form that he has kept, with another account."""
    first = suppliers_of(play)[0]
    first.warehouse.way = "later"

    def meddles(play: Play) -> None:
        _corrects(play, "old tab", "13900139001")

    pays(play)
    _with_machine(play, {"ask": meddles})


def _with_machine(play: Play, meanwhile: topping.Meanwhile) -> None:
    """What is to happen beside a task of the first machine that runs."""
    play.beside_machines = dict(meanwhile)
