"""The shop's code in the model: the same each time, linear with shards, flat with stock, nothing sold twice, nobody refused falsely;
and twins in which a guard is off."""

from dataclasses import replace
from typing import Any

import pytest

from faka.contexts.stock import OutOfStock
from faka.contexts.stock.head import head_key, read_head
from faka.contexts.stock.model import Run
from faka.platform.table import TableName, Tables, put
from infra.bench.scale.claims import Contest, Door, contested, played, scaled, set_up
from infra.bench.scale.journey import Sale
from infra.bench.scale.orders import sold
from infra.bench.scale.parameters import Parameters
from infra.bench.scale.result import Fate
from infra.bench.scale.returns import Beside, expired, returned_beside
from infra.bench.scale.shop import SKU, Shop
from infra.bench.scale.timeline import arrivals


pytestmark = pytest.mark.unit

GIVEN = Parameters()
SEED = 5
CROWD = Contest("crowd", buyers=300, cards=10_000, within_s=0.06)


def test_the_same_seed_gives_the_same_row_and_another_seed_another_one() -> None:
    few = replace(CROWD, buyers=100, cards=40, quantity=3)
    assert contested(few, GIVEN, SEED) == contested(few, GIVEN, SEED)
    assert contested(few, GIVEN, SEED)["ms"] != contested(few, GIVEN, SEED + 1)["ms"]


def test_pauses_of_throttled_buyers_are_the_seeds_too() -> None:
    tight = replace(GIVEN, saved_s=0.1, partition_write_s=200.0)
    rows = [contested(replace(CROWD, buyers=120, cards=cards, shards=1), tight, SEED) for cards in (1_000, 1_000, 10**7)]
    assert rows[0]["throttles"] > 100
    assert rows[0] == rows[1]
    assert (rows[0]["ms"], rows[0]["busy"]) == (rows[2]["ms"], rows[2]["busy"])


def test_whole_orders_are_the_same_each_time_and_each_buyer_reads_his_own_cards() -> None:
    sale = Sale("few", buyers=30, within_s=0.01, cards=20)
    row = sold(sale, GIVEN, SEED)
    assert (row["served"], row["refused"], row["busy"], row["later"]) == (20, 10, 0, 0)
    assert (row["false"], row["twice"], row["wrong_cards"], row["left"]) == (0, 0, 0, 0)
    assert row == sold(sale, GIVEN, SEED)


def test_a_cold_instance_asks_for_keys_and_secrets_and_a_warm_one_does_not() -> None:
    cold, warm = (sold(Sale("one", 5, 0.01, is_cold=is_cold), GIVEN, SEED) for is_cold in (True, False))
    assert (cold["calls"]["kms"], cold["calls"]["secrets"]) == (2, 2)
    assert {"kms", "secrets"}.isdisjoint(warm["calls"])
    assert cold["steps"]["checkout"]["request"] == warm["steps"]["checkout"]["request"] + 1


def test_a_notice_that_comes_again_costs_one_request() -> None:
    once, twice = (sold(Sale("one", 5, 0.01, repeats=repeats), GIVEN, SEED) for repeats in (0, 1))
    assert twice["steps"]["notice"]["request"] - once["steps"]["notice"]["request"] == pytest.approx(1)
    assert twice["served"] == 5


def test_claims_are_linear_with_shards_after_hot_partitions_were_split() -> None:
    one, four = (scaled(shards, 800, 0.25, GIVEN, SEED, is_at_once_too=False)["after"] for shards in (1, 4))
    assert four["per_s"] / one["per_s"] > 3.7
    assert four["attempts"] == one["attempts"] == 1
    assert four["ms"][1] < 20


def test_a_claim_costs_and_lasts_the_same_from_a_thousand_cards_and_from_ten_million_and_after_many_were_sold() -> None:
    rows = [
        contested(replace(CROWD, buyers=100, cards=cards, sold=gone), GIVEN, SEED)
        for cards, gone in ((1_000, 0), (10**7, 0), (1_000, 50_000))
    ]
    assert len({(row["per_s"], row["requests"], row["write"], row["read"], *row["ms"]) for row in rows}) == 1


def test_one_shard_saturates_where_eight_do_not() -> None:
    rush = replace(CROWD, buyers=1_200, within_s=0.2)
    lean = replace(GIVEN, saved_s=0.1)
    one, eight = (contested(replace(rush, shards=shards), lean, SEED) for shards in (1, 8))
    assert one["throttles"] > 1_000
    assert one["meanwhile_per_s"] < 1_600 < 4_000 < eight["meanwhile_per_s"]


def test_without_throttling_the_model_would_promise_more_than_a_partition_takes() -> None:
    rush = replace(CROWD, buyers=600, within_s=0.2, shards=1)
    limited, unlimited = (contested(rush, replace(GIVEN, saved_s=0.1, partition_write_s=rate), SEED) for rate in (1_000.0, 1e9))
    assert unlimited["meanwhile_per_s"] > 1.8 * limited["meanwhile_per_s"]
    assert (unlimited["throttles"], unlimited["busy"]) == (0, 0)


@pytest.mark.parametrize("contest", [replace(CROWD, cards=60), replace(CROWD, cards=10, shards=1), replace(CROWD, cards=200, quantity=5)])
def test_the_last_cards_are_sold_to_the_last_one_and_nobody_is_refused_falsely(contest: Contest) -> None:
    row = contested(contest, GIVEN, SEED)
    assert (row["served"], row["left"], row["twice"], row["false"]) == (contest.cards // contest.quantity, 0, 0, 0)
    assert row["served"] + row["refused"] == contest.buyers


def test_remembering_sold_out_spares_requests_and_says_nothing_false() -> None:
    storm = Contest("storm", 800, 20, 0.2, shards=4, instances=30)
    row, forgetful = (contested(replace(storm, remembers=remembers), GIVEN, SEED) for remembers in (True, False))
    assert row["requests_a_buyer"] < forgetful["requests_a_buyer"] / 5
    assert row["false"] == forgetful["false"] == 0


def test_returns_beside_claims_never_make_a_claim_meet_a_transaction() -> None:
    row = returned_beside(Beside(400, 100, 0.5), GIVEN, SEED)
    assert (row["head_conflicts"], row["attempts"], row["lost"], row["served"]) == (0, 1, 0, 200)
    assert row["returned"] + row["left_to_sweep"] == 50


def test_holds_that_expire_all_come_back() -> None:
    row = expired(20, GIVEN, SEED)
    assert (row["back"], row["rounds"], row["provider"]) == (20, 1, 2)


# -- twins ----------------------------------------------------------------------------------------------------------------


class _Naive(Door):
    """A storefront that looks first and writes afterwards, without a condition: what the claim must not be."""

    def _claimed(self, deps: Any, number: Any) -> tuple[Fate, tuple[Run, ...]]:
        tables: Tables = deps.tables
        key = head_key(SKU, 0)
        row = tables.get(key)
        assert row is not None
        head = read_head(row)
        tables.apply(put(TableName.TRADE, {**row, "c": row["c"] + 1, "a": row["a"] - 1}))
        return Fate.SERVED, (Run(shard=0, serial=head.serial, start=head.running.start, count=1, batch=head.running.batch),)


def crowd_at(door: Door, shop: Shop, count: int) -> None:
    for moment in arrivals(SEED, count, 0.05):
        shop.timeline.at(moment, door.buy)
    shop.timeline.run()


def test_a_claim_that_looks_and_then_writes_without_a_condition_sells_a_card_twice() -> None:
    one = replace(CROWD, shards=1)
    for door, is_sound in ((Door, True), (_Naive, False)):
        shop = set_up(one, GIVEN, SEED)
        crowd = door(shop, one)
        crowd_at(crowd, shop, 100)
        assert crowd.ledger.fates[Fate.SERVED] == 100
        assert (crowd.ledger.sold_twice == 0) is is_sound


def test_whoever_asks_only_one_of_the_shards_says_sold_out_falsely_and_it_shows() -> None:
    few = replace(CROWD, cards=40, buyers=40)
    shop = set_up(few, GIVEN, SEED)
    shop.shards = 1
    row = played(shop, few, SEED)
    assert row["false"] > 0
    assert row["left"] == 30


def test_a_card_that_goes_back_is_for_sale_from_the_moment_at_which_it_is_in_the_log() -> None:
    shop = set_up(replace(CROWD, cards=3, shards=1), GIVEN, SEED)
    stock = shop.office.stock
    runs = stock.claim(SKU, "ord_a", 3, 1)
    assert shop.truth.left == 0
    shop.timeline.now = 5.0
    shop.office.tables.commit(stock.returned(SKU, runs))
    assert (shop.truth.left, shop.truth.fewest(0.0, 4.0), shop.truth.fewest(5.1, 6.0)) == (3, 0, 3)
    stock.settle_log(SKU, [0])
    assert shop.truth.left == 3
    with pytest.raises(OutOfStock):
        stock.claim(SKU, "ord_b", 4, 1)
