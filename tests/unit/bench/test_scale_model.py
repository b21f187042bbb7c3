"""The model's own arithmetic: units, buckets, hashing and splits, latencies, conflicts, the index."""

import random
from dataclasses import fields, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from faka.kernel.errors import Conflict
from faka.platform.table import Key, TableName, Tables, insert, put, update
from infra.bench.scale.client import Client, Direct, Latency
from infra.bench.scale.footprint import read_units, write_units
from infra.bench.scale.neighbours import Neighbours
from infra.bench.scale.parameters import SOURCES, Parameters
from infra.bench.scale.partitions import Bucket, Partitions, place
from infra.bench.scale.result import quantile
from infra.bench.scale.service import PHYSICAL, Service
from infra.bench.scale.timeline import SimulatedClock, Timeline, arrivals


pytestmark = pytest.mark.unit

GIVEN = Parameters()
EVEN = replace(GIVEN, sigma=0.0, tail_share=0.0)
"""Each call takes exactly its median."""
ROW = Key(TableName.TRADE, "ORDER#1", "ORDER")


class Model:
    """A service with an order row in it, and clients."""

    def __init__(self, parameters: Parameters = EVEN) -> None:
        self.timeline = Timeline()
        self.service = Service(self.timeline, parameters)
        self._latency = Latency(parameters, 1)
        Tables(Direct(self.service), PHYSICAL, self.timeline.wait).apply(put(TableName.TRADE, {"pk": ROW.pk, "sk": ROW.sk, "n": 0}))

    def client(self) -> Any:
        return Client(self.service, self._latency, "test")

    def tables(self) -> Tables:
        return Tables(self.client(), PHYSICAL, self.timeline.wait)

    def played(self, *works: tuple[float, Any]) -> list[Any]:
        """Let works begin at their moments; what each answers or raises, and when."""
        ends: list[Any] = [None] * len(works)

        def one(i: int, work: Any) -> None:
            try:
                found = work()
            except (ClientError, Conflict) as error:
                found = error
            ends[i] = found, round(self.timeline.now * 1000, 3)

        for i, (moment, work) in enumerate(works):
            self.timeline.at(moment, lambda i=i, work=work: one(i, work))
        self.timeline.run()
        return ends


def plus_one(client: Any) -> Any:
    """A plain write of the row, past the retries of `Tables`."""
    key = {"pk": {"S": ROW.pk}, "sk": {"S": ROW.sk}}
    change = {
        "UpdateExpression": "SET #n = #n + :one",
        "ExpressionAttributeNames": {"#n": "n"},
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    return client.update_item(TableName=PHYSICAL[TableName.TRADE], Key=key, ReturnValues="ALL_NEW", **change)


def transaction(client: Any) -> Any:
    other = {"pk": {"S": "PAYMENT#1"}, "sk": {"S": "PAYMENT"}}
    order = {"pk": {"S": ROW.pk}, "sk": {"S": ROW.sk}, "n": {"N": "5"}}
    items = [{"Put": {"TableName": PHYSICAL[TableName.TRADE], "Item": item}} for item in (order, other)]
    return client.transact_write_items(TransactItems=items, ClientRequestToken=str(id(items)))


# -- units and capacity -------------------------------------------------------------------------------------------------


def test_every_number_of_the_model_has_a_source() -> None:
    assert {field.name for field in fields(Parameters)} == set(SOURCES)
    assert all("https://" in source or "assumed" in source for source in SOURCES.values())


@pytest.mark.parametrize(("length", "units"), [(1, 1), (1_024, 1), (1_025, 2), (4_097, 5)])
def test_a_write_costs_a_unit_for_each_started_kilobyte(length: int, units: int) -> None:
    assert write_units(length) == units


@pytest.mark.parametrize(
    ("length", "strong", "units"), [(0, True, 1), (4_096, True, 1), (4_097, True, 2), (4_097, False, 1), (1, False, 0.5)]
)
def test_a_read_costs_a_unit_for_each_started_four_kilobytes_and_half_where_it_may_be_old(length: int, strong: bool, units: float) -> None:
    assert read_units(length, is_strong=strong) == units


def test_a_bucket_fills_with_its_rate_and_not_above_its_depth() -> None:
    bucket = Bucket(1_000, 2_000, 0)
    assert not bucket.has(1, 0.0)
    assert bucket.left(0.5) == 500
    bucket.take(500, 0.5)
    assert bucket.left(0.5) == 0
    assert bucket.left(10.0) == 2_000
    assert bucket.has(5_000, 10.0), "larger than the bucket: passes when it is full"


def test_what_was_saved_up_is_spent_at_once_and_no_more_of_it_than_the_burst() -> None:
    for burst_s, admitted in ((1.0, 1_000), (300.0, 300_000)):
        given = replace(GIVEN, burst_s=burst_s, saved_s=burst_s)
        bucket = Partitions(given).of("a").write
        assert bucket.left(0.0) == admitted


def test_a_new_table_has_four_partitions_and_a_warm_one_as_many_as_it_needs() -> None:
    assert [len(Partitions(GIVEN, *warm)) for warm in ((0, 0), (4_000, 12_000), (40_000, 12_000), (4_000, 60_000))] == [4, 4, 40, 20]


def test_a_row_that_moves_in_the_index_costs_two_units_there_and_one_that_stays_none() -> None:
    model = Model()
    tables = model.tables()

    def due(at: str) -> dict[str, Any]:
        return {"pk": "PAYMENT#1", "sk": "PAYMENT", "due_pk": "3", "due_sk": at}

    spent = []
    for row in (due("a"), due("a"), due("b"), {"pk": "PAYMENT#1", "sk": "PAYMENT"}):
        before = model.service.tally.sum("index")
        tables.apply(put(TableName.TRADE, row))
        spent.append(model.service.tally.sum("index") - before)
    assert spent == [1, 0, 2, 1]


def test_a_transaction_costs_double_and_a_refused_condition_costs_too() -> None:
    model = Model()
    tables, tally = model.tables(), model.service.tally
    rows = [{"pk": f"ORDER#{n}", "sk": "ORDER"} for n in (2, 3)]
    tables.commit([insert(TableName.TRADE, row) for row in rows])
    assert tally.sum("write") == 4
    with pytest.raises(Conflict):
        tables.apply(insert(TableName.TRADE, rows[0]))
    assert tally.sum("write") == 5


# -- splits -----------------------------------------------------------------------------------------------------------------


def neighbours_on_one_partition(partitions: Partitions, count: int) -> list[str]:
    first = partitions.of("k0")
    return [key for key in (f"k{n}" for n in range(1_000)) if partitions.of(key) is first][:count]


def test_two_hot_keys_of_one_partition_part_after_minutes() -> None:
    partitions = Partitions(GIVEN)
    one, other = neighbours_on_one_partition(partitions, 2)
    partitions.heated({one: 600.0, other: 600.0}, GIVEN.split_after_s - 1, 0.0)
    assert partitions.of(one) is partitions.of(other)
    partitions.heated({one: 600.0, other: 600.0}, GIVEN.split_after_s, 0.0)
    assert partitions.of(one) is not partitions.of(other)
    assert len(partitions) == 5


def test_a_single_hot_key_is_not_divided_and_a_cool_partition_is_left_alone() -> None:
    partitions = Partitions(GIVEN)
    one, other = neighbours_on_one_partition(partitions, 2)
    partitions.heated({one: 5_000.0, other: 1.0}, 3_600, 0.0)
    partitions.heated({one: 300.0, other: 300.0}, 3_600, 0.0)
    assert len(partitions) == 4


def test_keys_lie_evenly_on_the_ring() -> None:
    partitions = Partitions(GIVEN, 10_000)
    counts = [0] * 10
    for n in range(5_000):
        counts[place(f"ORDER#{n}") * 10 >> 64] += 1
    assert len(partitions) == 10
    assert all(400 < count < 600 for count in counts)


# -- time -------------------------------------------------------------------------------------------------------------------


def test_latencies_have_the_quantiles_of_their_parameters() -> None:
    latency = Latency(replace(GIVEN, tail_share=0.0), 7)
    drawn = [latency.call("put_item", 1) * 1000 for _ in range(20_000)]
    assert quantile(drawn, 0.5) == pytest.approx(4.5, rel=0.02)
    assert quantile(drawn, 0.99) == pytest.approx(4.5 * 2.01, rel=0.05)
    tail = Latency(replace(GIVEN, tail_share=1.0), 7)
    assert all(15 <= tail.call("get_item", 1) * 1000 <= 60 for _ in range(1_000))


def test_quantiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in random.Random(1).sample(range(1, 1_001), 1_000)]
    assert [quantile(values, share) for share in (0.5, 0.99, 0.999)] == [500, 990, 999]
    assert quantile([], 0.5) == 0


def test_works_go_on_in_the_order_of_their_moments() -> None:
    timeline, seen = Timeline(), list[str]()

    def work(name: str, pause: float) -> None:
        timeline.wait(pause)
        seen.append(f"{name} {timeline.now:g}")

    for name, pause in (("slow", 3.0), ("quick", 1.0)):
        timeline.at(1.0, lambda name=name, pause=pause: work(name, pause))
    timeline.run()
    assert seen == ["quick 2", "slow 4"]
    assert arrivals(1, 5, 2.0) == sorted(arrivals(1, 5, 2.0))
    assert SimulatedClock(timeline).now().isoformat() == "2026-03-02T04:00:04+00:00"


def test_kms_refuses_what_is_above_its_quota() -> None:
    timeline = Timeline()
    near = Neighbours(timeline, replace(EVEN, kms_quota_s=3, kms_ms=0.0), Latency(EVEN, 1), SimulatedClock(timeline))
    for _ in range(3):
        near.generate_mac()
    with pytest.raises(ClientError):
        near.generate_mac()
    assert near.calls == {"kms": 4, "kms throttle": 1}


# -- conflicts and refusals -------------------------------------------------------------------------------------------------


def test_a_plain_write_on_an_item_of_a_running_transaction_is_refused_and_before_and_after_it_is_done() -> None:
    model = Model()
    client = model.client()
    before, within, after, _ = model.played(
        (0.0, lambda: plus_one(client)),
        (0.008, lambda: plus_one(client)),
        (0.020, lambda: plus_one(client)),
        (0.004, lambda: transaction(client)),
    )
    assert before[0]["Attributes"]["n"] == {"N": "1"}
    assert within[0].response["Error"]["Code"] == "TransactionConflictException"
    assert after[0]["Attributes"]["n"] == {"N": "6"}


def test_of_two_transactions_on_one_item_the_second_is_cancelled_and_comes_through_when_tables_tries_again() -> None:
    model = Model()
    first, second = model.played((0.0, lambda: transaction(model.client())), (0.003, lambda: transaction(model.client())))
    assert first == ({}, 12.24)
    assert [reason["Code"] for reason in second[0].response["CancellationReasons"]] == ["TransactionConflict", "TransactionConflict"]
    model = Model()
    when, values = "#n < :many", {"one": 1, "many": 9}
    writes = [update(ROW, "SET #n = #n + :one", when=when, **values), put(TableName.TRADE, {"pk": "PAYMENT#9", "sk": "PAYMENT"})]
    model.played(*((0.001 * n, lambda: model.tables().commit(writes)) for n in range(4)))
    assert model.service.tally.sum("conflict") > 0
    row = model.tables().get(ROW)
    assert row is not None
    assert row["n"] == 4


def test_a_partition_without_units_throttles_and_another_one_does_not() -> None:
    model = Model(replace(EVEN, partition_write_s=2.0))
    answers = model.played(*((0.0001 * n, lambda: plus_one(model.client())) for n in range(4)))
    codes = [answer.response["Error"]["Code"] if isinstance(answer, ClientError) else "done" for answer, _ in answers]
    assert codes == ["done", "done", *["ProvisionedThroughputExceededException"] * 2]
    elsewhere = next(f"k{n}" for n in range(99) if model.service.tables[PHYSICAL[TableName.TRADE]].of(f"k{n}").write.left(0.01) > 1)
    model.tables().apply(put(TableName.TRADE, {"pk": elsewhere, "sk": "x"}))


def test_a_batch_read_leaves_over_what_its_partition_cannot_give_and_tables_asks_again() -> None:
    model = Model(replace(EVEN, partition_read_s=3.0))
    keys = [Key(TableName.TRADE, f"k{n}", "x") for n in range(20)]
    office = Tables(Direct(model.service), PHYSICAL, model.timeline.wait)
    for key in keys:
        office.apply(put(TableName.TRADE, {"pk": key.pk, "sk": key.sk}))
    [(found, _)] = model.played((0.0, lambda: model.tables().batch_get(keys)))
    assert set(found) == set(keys)
    assert model.service.tally.sum("request") > 1


def test_the_index_does_not_show_yet_what_was_written_a_moment_ago() -> None:
    model = Model()
    tables = model.tables()
    row = {"pk": "PAYMENT#1", "sk": "PAYMENT", "due_pk": "3", "due_sk": "2026"}

    def looked() -> int:
        return len(tables.query(TableName.TRADE, "3", index="due", between=("0", "9"), limit=10)[0])

    lag_s = EVEN.index_lag_ms / 1000
    _, soon, later = model.played((0.0, lambda: tables.apply(put(TableName.TRADE, row))), (0.006, looked), (0.006 + lag_s, looked))
    assert soon[0] == 0
    assert later[0] == 1


def test_a_full_index_partition_throttles_the_table_behind_it() -> None:
    model = Model(replace(EVEN, partition_write_s=1_000.0))
    bucket = model.service.index.of("3").write
    bucket.take(bucket.left(0.0), 0.0)
    row = {"pk": {"S": "PAYMENT#1"}, "sk": {"S": "PAYMENT"}, "due_pk": {"S": "3"}, "due_sk": {"S": "2026"}}
    table = PHYSICAL[TableName.TRADE]
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        model.service.serve("test", "put_item", {"TableName": table, "Item": row})
    model.service.serve("test", "put_item", {"TableName": table, "Item": {name: row[name] for name in ("pk", "sk")}})
