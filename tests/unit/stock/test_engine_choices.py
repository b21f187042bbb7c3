"""What the in-process engine does by choice or by its clock, which no comparison with another engine can show."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from faka.platform.table import TableName, to_wire
from tests.kit.clock import FrozenClock
from tests.kit.engine import Engine, NotModelled
from tests.kit.tables import PHYSICAL


pytestmark = pytest.mark.unit

TRADE, GUARD = PHYSICAL[TableName.TRADE], PHYSICAL[TableName.GUARD]
A, B, C = ({"pk": {"S": "p"}, "sk": {"S": sk}} for sk in "abc")
ALWAYS = lambda pk: True  # noqa: E731 - a choice, not a function of ours


def put(engine: Engine, key: dict[str, Any], **more: Any) -> None:
    engine.put_item(TableName=TRADE, Item={**key, **to_wire(more)})


def error_of(act: Any) -> str:
    with pytest.raises(ClientError) as caught:
        act()
    return str(caught.value.response["Error"]["Code"])


def page(engine: Engine, **more: Any) -> list[str]:
    given = {"ExpressionAttributeNames": {"#p": "pk"}, "ExpressionAttributeValues": {":p": {"S": "p"}}}
    answer = engine.query(TableName=TRADE, KeyConditionExpression="#p = :p", **given, **more)
    return [row["sk"]["S"] for row in answer["Items"]]


def due(engine: Engine, pk: str) -> list[str]:
    given = {"ExpressionAttributeNames": {"#p": "due_pk"}, "ExpressionAttributeValues": {":p": {"S": pk}}}
    answer = engine.query(TableName=TRADE, IndexName="due", KeyConditionExpression="#p = :p", **given)
    return [row["sk"]["S"] for row in answer["Items"]]


# -- tokens -------------------------------------------------------------------------------------------------------------


def add_one(engine: Engine, token: str, by: int = 1) -> None:
    text = {"UpdateExpression": "ADD #n :by", "ExpressionAttributeNames": {"#n": "n"}, "ExpressionAttributeValues": {":by": {"N": str(by)}}}
    engine.transact_write_items(TransactItems=[{"Update": {"TableName": TRADE, "Key": A, **text}}], ClientRequestToken=token)


def count(engine: Engine) -> int:
    return int(engine.get_item(TableName=TRADE, Key=A, ConsistentRead=True)["Item"]["n"]["N"])


def test_a_token_lasts_ten_minutes_of_the_clock() -> None:
    clock = FrozenClock()
    engine = Engine(clock=clock)
    add_one(engine, "t")
    clock.advance(minutes=9, seconds=59)
    add_one(engine, "t")
    assert count(engine) == 1
    clock.advance(seconds=1)
    add_one(engine, "t")
    assert count(engine) == 2


def test_a_token_stands_for_one_request_and_a_refused_one_takes_none() -> None:
    engine = Engine()
    add_one(engine, "t")
    assert error_of(lambda: add_one(engine, "t", by=2)) == "IdempotentParameterMismatchException"
    put(engine, A, n="text")
    assert error_of(lambda: add_one(engine, "u")) == "TransactionCanceledException"
    put(engine, A, n=1)
    add_one(engine, "u")
    assert count(engine) == 2


# -- lagging copies -----------------------------------------------------------------------------------------------------


def test_a_read_that_is_not_consistent_may_see_the_row_before_its_last_write() -> None:
    clock = FrozenClock()
    engine = Engine(clock=clock, stale=ALWAYS)
    put(engine, A, n=1)
    clock.advance(minutes=1)
    put(engine, A, n=2)
    seen = [engine.get_item(TableName=TRADE, Key=A, ConsistentRead=strong)["Item"]["n"]["N"] for strong in (True, False)]
    assert seen == ["2", "1"]
    clock.advance(seconds=2)
    assert engine.get_item(TableName=TRADE, Key=A)["Item"]["n"]["N"] == "2"


def test_a_query_may_miss_what_came_and_show_what_went() -> None:
    clock = FrozenClock()
    engine = Engine(clock=clock, stale=ALWAYS)
    put(engine, A)
    clock.advance(minutes=1)
    engine.delete_item(TableName=TRADE, Key=A)
    put(engine, B)
    assert page(engine, ConsistentRead=True) == ["b"]
    assert page(engine) == ["a"]
    assert "Item" not in engine.get_item(TableName=TRADE, Key=B)


def test_the_index_may_be_behind_for_each_row_by_itself() -> None:
    clock = FrozenClock()
    engine = Engine(clock=clock, stale=lambda pk: next(choices))
    put(engine, A, due_pk="0", due_sk="1")
    put(engine, B, due_pk="0", due_sk="2")
    clock.advance(minutes=1)
    put(engine, A, due_pk="1", due_sk="1")
    put(engine, B, due_pk="1", due_sk="2")
    choices = iter([True, False])
    assert due(engine, "0") == ["a"]
    choices = iter([False, False])
    assert due(engine, "1") == ["a", "b"]


def test_twin_without_the_choice_every_read_sees_the_present() -> None:
    engine = Engine()
    put(engine, A, due_pk="0", due_sk="1")
    engine.delete_item(TableName=TRADE, Key=A)
    assert (page(engine), due(engine, "0")) == ([], [])


# -- what is not atomic -------------------------------------------------------------------------------------------------


def test_others_may_act_between_the_rows_of_a_page_and_of_a_batch() -> None:
    engine = Engine()
    for key in (A, C):
        put(engine, key)
    engine.between = lambda: put(engine, B) if len(page_seen) == 0 and not page_seen.append(1) else None  # type: ignore[func-returns-value]
    page_seen: list[int] = []
    assert page(engine) == ["a", "b", "c"]
    seen: list[int] = []
    engine.between = lambda: seen.append(len(engine.rows(TableName.TRADE)))
    keys = [{"pk": {"S": "q"}, "sk": {"S": sk}} for sk in "abc"]
    engine.batch_write_item(RequestItems={TRADE: [{"PutRequest": {"Item": key}} for key in keys]})
    assert seen == [4, 5]


def test_a_batch_may_leave_rows_over_but_not_all_of_them() -> None:
    engine = Engine()
    for key in (A, B):
        put(engine, key)
    choices = iter([True, False])
    engine.leaves = lambda pk: next(choices)
    answer = engine.batch_get_item(RequestItems={TRADE: {"Keys": [A, B], "ConsistentRead": True}})
    assert answer["Responses"][TRADE] == [B]
    assert answer["UnprocessedKeys"] == {TRADE: {"Keys": [A], "ConsistentRead": True}}
    engine.leaves = ALWAYS
    put_all = {TRADE: [{"PutRequest": {"Item": A}}]}
    assert error_of(lambda: engine.batch_write_item(RequestItems=put_all)) == "ProvisionedThroughputExceededException"


# -- leaving, streaming -------------------------------------------------------------------------------------------------


def test_rows_leave_by_ttl_only_when_told_and_only_from_the_table_that_has_one() -> None:
    clock = FrozenClock()
    engine, now = Engine(), int(clock.now().timestamp())
    ends = {"a": now - 1, "b": now, "c": now - 6 * 365 * 86_400}
    for table in (GUARD, TRADE):
        for sk, ttl in ends.items():
            engine.put_item(TableName=table, Item=to_wire({"pk": "p", "sk": sk, "ttl": ttl}))
    clock.advance(hours=1)
    assert len(engine.rows(TableName.GUARD)) == 3
    assert engine.expire(clock.now() - timedelta(hours=1)) == 1
    assert sorted(row["sk"]["S"] for row in engine.rows(TableName.GUARD)) == ["b", "c"]
    assert len(engine.rows(TableName.TRADE)) == 3
    assert engine.stream[-1][0] == GUARD
    assert engine.stream[-1][2] is None


def test_the_stream_has_both_images_and_no_record_of_a_write_that_changed_nothing() -> None:
    engine = Engine()
    put(engine, A, n=1)
    put(engine, A, n=1)
    put(engine, A, n=2)
    engine.delete_item(TableName=TRADE, Key=A)
    engine.delete_item(TableName=TRADE, Key=A)
    assert [(old and old["n"]["N"], new and new["n"]["N"]) for _, old, new in engine.stream] == [(None, "1"), ("1", "2"), ("2", None)]


# -- limits -------------------------------------------------------------------------------------------------------------


def test_a_page_ends_at_a_megabyte_and_a_transaction_at_four() -> None:
    engine = Engine()
    keys = [{"pk": {"S": "p"}, "sk": {"S": f"{n:02}"}} for n in range(12)]
    for key in keys[:4]:
        put(engine, key, text="x" * 300_000)
    assert page(engine) == ["00", "01", "02"]
    large = [{"Put": {"TableName": TRADE, "Item": {**key, **to_wire({"text": "x" * 390_000})}}} for key in keys]
    assert error_of(lambda: engine.transact_write_items(TransactItems=large)) == "ValidationException"
    engine.transact_write_items(TransactItems=large[:10])


def test_a_row_grows_to_400_kilobytes_and_no_further() -> None:
    engine = Engine()
    put(engine, A, text="x" * (400 * 1_024 - 10))
    more = {"UpdateExpression": "SET #n = :n", "ExpressionAttributeNames": {"#n": "n"}, "ExpressionAttributeValues": {":n": {"N": "1"}}}
    assert error_of(lambda: engine.update_item(TableName=TRADE, Key=A, **more)) == "ValidationException"
    assert error_of(lambda: put(engine, B, text="x" * (400 * 1_024 - 9))) == "ValidationException"


def test_numbers_are_kept_as_the_service_returns_them() -> None:
    engine = Engine()
    texts = {"007": "7", "1.50": "1.5", "-0": "0", "1E3": "1000", "+2": "2", ".25": "0.25", "1e-3": "0.001", "-12.0": "-12"}
    for text, kept in texts.items():
        engine.put_item(TableName=TRADE, Item={**A, "n": {"N": text}})
        assert engine.get_item(TableName=TRADE, Key=A)["Item"]["n"] == {"N": kept}


@pytest.mark.parametrize(
    "given",
    [
        {"ConditionExpression": "#a = #b", "ExpressionAttributeNames": {"#a": "a", "#b": "b"}},
        {"Expected": {}},
        {"ReturnConsumedCapacity": "TOTAL"},
    ],
)
def test_what_is_not_documented_or_not_modelled_is_loud(given: dict[str, Any]) -> None:
    with pytest.raises(NotModelled):
        Engine().put_item(TableName=TRADE, Item=A, **given)


def test_a_fork_goes_its_own_way_with_the_tokens_it_was_born_with() -> None:
    engine = Engine()
    add_one(engine, "t")
    other = engine.fork()
    add_one(other, "t")
    add_one(other, "u")
    assert (count(engine), count(other)) == (1, 2)
    assert not engine.fork().stream
