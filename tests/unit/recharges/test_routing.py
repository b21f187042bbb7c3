"""Which supplier is asked (rows F02, F05, A12): one that gets worse loses orders within minutes, and has them back when he is well."""

import logging
import random
import re
import sys
from collections import Counter

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.recharges import Heard, RechargeState, Word
from faka.contexts.suppliers.base import SupplyState
from faka.contexts.suppliers.standing import Breaker, Outcome
from faka.kernel.ids import SkuId
from faka.kernel.money import Money
from faka.platform.table import TableName, put
from faka.steps.offers import offered
from faka.steps.recharge import hear, route
from infra.ops import recharges as ops
from tests.unit.recharges.given import ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.unit

DONE, FAILED = SupplyState.SUCCEEDED, SupplyState.FAILED
EVERY_S = 15


class Moody(ScriptedSupplier):
    """Succeeds with a share that changes."""

    def __init__(self, name: str, share: float = 1.0, cost_minor: int = 0) -> None:
        super().__init__(name, DONE)
        self.cost_minor = cost_minor
        self.share = share
        self.luck = random.Random(name)

    def _next(self) -> object:
        return DONE if self.luck.random() < self.share else FAILED


def minutes(shop: TopUps, count: int) -> list[float]:
    """One order every quarter of a minute: the first supplier's share of the first tries, minute by minute."""
    shares = []
    for _ in range(count):
        first = 0
        for _ in range(60 // EVERY_S):
            recharge = shop.begun()
            shop.play(recharge)
            first += shop.recharge(shop.order(recharge)).attempts[0].supplier_id == "first"
            shop.world.clock.advance(seconds=EVERY_S)
        shares.append(first / (60 // EVERY_S))
    return shares


def print_shares(**phases: list[float]) -> None:
    """A line for each phase: what part of each minute's orders he was asked first."""
    for phase, shares in phases.items():
        print(f"{phase:<6}", *(f"{one:>4.0%}" for one in shares), f"  mean {mean(shares):.0%}")


def mean(shares: list[float]) -> float:
    return sum(shares) / len(shares)


@pytest.mark.parametrize(("cost_minor", "share_max"), [(1_450, 0.2), (700, 0.6)], ids=["a cent cheaper", "half the price"])
def test_at_sixty_percent_he_loses_his_orders_and_has_them_back_when_he_is_well(
    cost_minor: int, share_max: float, caplog: pytest.LogCaptureFixture
) -> None:
    """One who is a cent cheaper loses them by the price of his failures, one at half the price by his breaker."""
    first, second = Moody("first", cost_minor=cost_minor), Moody("second")
    with top_ups(first, second) as shop, caplog.at_level(logging.INFO):
        well = minutes(shop, 4)
        first.share = 0.6
        ill = minutes(shop, 10)
        first.share = 1.0
        again = minutes(shop, 14)
        print_shares(well=well, ill=ill, again=again)
    assert mean(well) == 1.0, "he is the cheaper one"
    assert mean(ill[3:]) < share_max
    assert mean(again[-3:]) == 1.0
    said = Counter(record.message for record in caplog.records if record.message.startswith("supplier_"))
    assert said["supplier_passed_over"] >= 20
    if cost_minor < 1_000:
        assert said["supplier_rested"] >= 1
        assert said["supplier_returned"] >= 1
    why = [record.outcome for record in caplog.records if record.message in ("supplier_rested", "supplier_passed_over")]  # type: ignore[attr-defined]
    told = r"(errors|probe): \d+ of \d+|(OPEN|PROBE) \((errors|probe)\): \d+ of \d+ failed|DEARER: \d+ of \d+ failed, \d+ s each"
    assert all(re.fullmatch(told, one) for one in why), set(why)
    assert all(record.supplier_id == "first" for record in caplog.records if record.message == "supplier_passed_over")  # type: ignore[attr-defined]


def test_twin_by_price_alone_he_keeps_every_order_however_many_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def cheapest(deps: object, recharge: object) -> list[object]:
        return sorted(route.fitting(deps, recharge), key=lambda one: one.cost.minor)  # type: ignore[arg-type]

    steps = sys.modules["faka.steps.recharge.submit"]
    monkeypatch.setattr(steps, "ranked", cheapest)
    monkeypatch.setattr(steps, "admitted", lambda _deps, _offer: True)
    first = Moody("first", 0.6)
    with top_ups(first, Moody("second")) as shop:
        ill = minutes(shop, 6)
    print_shares(ill=ill)
    assert mean(ill) == 1.0


def test_a_supplier_who_says_that_our_deposit_is_used_up_is_out_at_once(caplog: pytest.LogCaptureFixture) -> None:
    first = ScriptedSupplier("first", "refused, balance")
    with top_ups(first, ScriptedSupplier("second", DONE)) as shop, caplog.at_level(logging.INFO):
        for _ in range(4):
            shop.play(shop.begun())
        assert len(first.sent) == 1
    assert [record.outcome for record in caplog.records if record.message == "supplier_rested"] == ["balance: 1 of 1"]  # type: ignore[attr-defined]


def test_a_wrong_number_of_the_buyers_says_nothing_about_the_supplier() -> None:
    first = ScriptedSupplier("first", "refused, account")
    with top_ups(first) as shop:
        for _ in range(12):
            shop.play(shop.begun())
        assert shop.world.deps.standings.find(first.name, shop.world.clock.now()).window.total == 0


def test_a_product_that_he_does_not_bring_goes_elsewhere_and_all_his_others_stay() -> None:
    first = ScriptedSupplier("first", FAILED)
    with top_ups(first, ScriptedSupplier("second", DONE)) as shop:
        for _ in range(100):
            shop.world.deps.standings.count(first.name, SkuId("another"), Outcome.GOOD, 1, shop.world.clock.now())
        shop.play(shop.begun())
        shop.play(shop.begun())
        assert len(first.sent) == 1, "one failure of this product outweighs a cent"
        assert shop.world.deps.standings.find(first.name, shop.world.clock.now()).breaker.until is None


def counted_of_two_silences_and_an_end() -> tuple[int, int]:
    first = ScriptedSupplier("first", "silent", "silent", DONE)
    with top_ups(first) as shop:
        recharge = shop.begun()
        assert shop.play(recharge) == ["submit", "ask", "ask", "end"]
        number = shop.recharge(shop.order(recharge)).last.number
        for word in (Word.SUCCEEDED, Word.UNKNOWN, Word.SUCCEEDED):
            hear(shop.world.deps, recharge.id, Heard(number, word, "notice"))
        window = shop.world.deps.standings.find(first.name, shop.world.clock.now()).window
    return window.good, window.errors


def test_a_word_that_is_said_again_counts_once_and_one_after_the_end_not_at_all() -> None:
    assert counted_of_two_silences_and_an_end() == (1, 1), "one silence, one arrival"


def test_twin_whatever_is_said_counted_one_order_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = route.outcome_of
    monkeypatch.setattr(route, "outcome_of", lambda _before, attempt: judge(RechargeState.SUBMITTING, attempt))
    assert counted_of_two_silences_and_an_end() == (1, 2)


def test_silence_counts_for_the_supplier_and_not_for_the_order() -> None:
    first = ScriptedSupplier("first", "silent")
    with top_ups(first, ScriptedSupplier("second", DONE)) as shop:
        recharge = shop.begun()
        shop.step(recharge, "submit")
        assert shop.world.deps.standings.find(first.name, shop.world.clock.now()).window.errors == 1
        assert shop.recharge(shop.order(recharge)).state is RechargeState.UNKNOWN
        assert shop.suppliers["second"].sent == []  # type: ignore[index]


def test_a_row_that_nobody_can_read_keeps_no_buyer_waiting() -> None:
    with top_ups(ScriptedSupplier("first", FAILED), ScriptedSupplier("second", DONE)) as shop:
        row = {"pk": "STANDING#first", "sk": "Z#BREAKER", "since": "of a later version"}
        shop.world.deps.tables.apply(put(TableName.GUARD, row))
        recharge = shop.begun()
        assert shop.play(recharge)[-1] == "end"
        assert shop.order(recharge).state is OrderState.COMPLETED


# -- our deposit there ----------------------------------------------------------------------------------------------


def test_one_whose_deposit_does_not_reach_is_passed_over_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    first = ScriptedSupplier("first", DONE)
    first.balance_minor = 1_449
    with top_ups(first, ScriptedSupplier("second", DONE)) as shop, caplog.at_level(logging.INFO):
        for _ in range(3):
            shop.play(shop.begun())
        assert len(first.sent) == 1, "his answer to the first order is followed by the question"
        first.balance_minor = 50_000
        shop.world.clock.advance(minutes=11)
        shop.play(shop.begun())
        assert len(first.sent) == 2, "what he told is forgotten after a while"
    why = [record.outcome for record in caplog.records if record.message == "supplier_passed_over"]  # type: ignore[attr-defined]
    assert why == ["SHORT: his deposit does not reach"] * 2


def test_he_is_asked_for_it_once_in_three_minutes_and_not_while_he_is_silent() -> None:
    first = ScriptedSupplier("first", DONE)
    first.balance_minor = 50_000
    silent = ScriptedSupplier("silent", "silent")
    silent.balance_minor = 50_000
    with top_ups(first) as shop:
        for _ in range(5):
            shop.play(shop.begun())
        assert first.balances_told == 1
        shop.world.clock.advance(minutes=3)
        shop.play(shop.begun())
        assert first.balances_told == 2
    with top_ups(silent) as shop:
        shop.step(shop.begun(), "submit")
        assert silent.balances_told == 0


def test_a_supplier_who_does_not_tell_it_is_asked_for_top_ups_all_the_same() -> None:
    with top_ups(ScriptedSupplier("first", DONE), ScriptedSupplier("second", DONE)) as shop:
        assert shop.play(shop.begun()) == ["submit", "end"]
        assert shop.play(shop.begun()) == ["submit", "end"]


# -- the trickle ----------------------------------------------------------------------------------------------------


def test_with_every_breaker_open_the_least_bad_one_is_asked_all_the_same() -> None:
    first, second = Moody("first", 0.0), Moody("second", 0.0)
    with top_ups(first, second) as shop:
        for _ in range(14):
            shop.play(shop.begun())
        sent = len(first.sent)
        shop.play(shop.begun())
        assert len(first.sent) == sent + 1


def where_three_go_after_the_pause() -> list[str]:
    first = Moody("first", 0.0, cost_minor=100)
    with top_ups(first, ScriptedSupplier("second", DONE)) as shop:
        for _ in range(12):
            shop.play(shop.begun())
        shop.world.clock.advance(minutes=11)
        first._next = lambda: SupplyState.PROCESSING  # type: ignore[method-assign]
        went = []
        for _ in range(3):
            recharge = shop.begun()
            shop.step(recharge, "submit")
            went.append(str(shop.recharge(shop.order(recharge)).last.supplier_id))
    return went


def test_while_one_order_probes_the_next_one_goes_elsewhere() -> None:
    assert where_three_go_after_the_pause() == ["first", "second", "second"]


def test_twin_a_place_that_is_not_taken_lets_every_order_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Breaker, "leased", lambda breaker, _at: breaker)
    assert where_three_go_after_the_pause() == ["first", "first", "first"]


def test_a_choice_that_is_only_looked_at_takes_no_probe() -> None:
    first = Moody("first", 0.0, cost_minor=100)
    with top_ups(first, ScriptedSupplier("second", DONE)) as shop:
        for _ in range(12):
            shop.play(shop.begun())
        shop.world.clock.advance(minutes=11)
        recharge = shop.begun()
        before = shop.world.deps.standings.find(first.name, shop.world.clock.now()).breaker
        assert submit_looks(shop, recharge.id)
        assert shop.world.deps.standings.find(first.name, shop.world.clock.now()).breaker == before


def submit_looks(shop: TopUps, name: object) -> bool:
    from faka.steps.recharge.submit import is_any_left

    return is_any_left(shop.world.deps, shop.world.deps.recharges.get(name))  # type: ignore[arg-type]


# -- carriers -------------------------------------------------------------------------------------------------------

LABELLED = {
    "13800138000": "China Mobile",
    "18600000001": "China Unicom",
    "13300000002": "China Telecom",
    "13800000003": "China Unicom",  # ported: its prefix was China Mobile's
    "18600000004": "China Mobile",  # ported: its prefix was China Unicom's
}


def by_carrier(shop: TopUps) -> None:
    """Each supplier sells for one carrier."""
    for offer in shop.world.deps.suppliers.offers(shop.world.sku.id):
        changed = offer.model_copy(update={"carriers": (offer.supplier_id.replace("-", " ").title(),)})
        shop.world.deps.tables.commit(offered(shop.world.deps, changed))


def suppliers() -> list[ScriptedSupplier]:
    return [ScriptedSupplier(name, DONE) for name in ("china-mobile", "china-unicom", "china-telecom")]


@pytest.mark.parametrize(("number", "carrier"), LABELLED.items())
def test_a_number_goes_to_the_supplier_of_the_carrier_that_a_look_up_told_ported_or_not(number: str, carrier: str) -> None:
    with top_ups(*suppliers()) as shop:
        by_carrier(shop)
        recharge = shop.begun(number, carrier=carrier)
        assert shop.play(recharge) == ["submit", "end"]
        assert shop.recharge(shop.order(recharge)).last.supplier_id == carrier.lower().replace(" ", "-")


def test_a_number_of_which_nobody_knows_the_carrier_goes_to_a_person_and_on_when_he_has_named_it() -> None:
    with top_ups(*suppliers()) as shop:
        by_carrier(shop)
        recharge = shop.begun()
        assert shop.play(recharge) == ["submit", "give_up", "leave"]
        assert [case["reason"] for case in shop.cases()] == ["who serves this account? name its carrier to the shop"]
        assert shop.refunded_minor() == 0
        assert shop.play(recharge) == ["submit", "leave"]
        ops.main(["--by", "mei", "carrier", recharge.id, "China Unicom", "--reason", "looked it up"], shop.world.deps)
        assert shop.cases() == []
        assert shop.play(recharge) == ["submit", "end"]
        assert shop.recharge(shop.order(recharge)).last.supplier_id == "china-unicom"


def test_where_nobody_names_it_the_money_goes_back_three_days_after_the_limit() -> None:
    with top_ups(*suppliers()) as shop:
        by_carrier(shop)
        recharge = shop.begun()
        shop.play(recharge)
        shop.world.clock.advance(days=3, minutes=31)
        assert shop.play(recharge) == ["submit", "give_up", "end"]
        assert shop.recharge(shop.order(recharge)).state is RechargeState.GIVEN_UP
        assert shop.cases() == []


def test_twin_a_guess_by_prefix_sends_a_ported_number_to_the_wrong_carrier() -> None:
    guessed = {"138": "China Mobile", "186": "China Unicom", "133": "China Telecom"}
    wrong = [number for number, carrier in LABELLED.items() if guessed[number[:3]] != carrier]
    with top_ups(*suppliers()) as shop:
        by_carrier(shop)
        recharge = shop.begun(wrong[0], carrier=guessed[wrong[0][:3]])
        shop.play(recharge)
        assert shop.recharge(shop.order(recharge)).last.supplier_id != LABELLED[wrong[0]].lower().replace(" ", "-")


def test_the_command_shows_how_each_supplier_does_and_why_one_is_out(capsys: pytest.CaptureFixture[str]) -> None:
    with top_ups(Moody("first", 0.0, cost_minor=100), Moody("second")) as shop:
        for _ in range(12):
            shop.play(shop.begun())
        shop.world.deps.standings.note_balance(shop.suppliers["second"].name, Money(minor=12_345, currency="CNY"), shop.world.clock.now())  # type: ignore[index]
        assert ops.main(["suppliers"], shop.world.deps) == 0
    told = capsys.readouterr().out
    assert "first            OPEN (errors): 0 of 10 arrived, 0 s each, counts as 50 %, 45 % of all" in told
    assert "balance 123.45 CNY" in told
