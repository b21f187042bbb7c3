"""Random requests, and requests with one thing wrong.

A request carries the name of what is wrong with it, so that a disagreement can be explained by it and by nothing else.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.differential.answers import Answer
from tests.differential.draw import DUE_PARTITIONS, DUE_SORTS, PARTITIONS, SORTS, Draw, Expression
from tests.differential.spoilers import SPOILERS, WHOLE


WRONG_SHARE = 0.12


@dataclass
class Request:
    verb: str
    given: dict[str, Any]
    wrong: str = ""
    """Empty where nothing is."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    """The rows that it may change."""


class Requests:
    """An endless story over one table. `table` is the physical name."""

    def __init__(self, seed: int, table: str, *, leaves_out: frozenset[str] = frozenset()) -> None:
        self.draw = Draw(seed)
        self._table = table
        self._leaves_out = leaves_out
        self.cursor: dict[str, Any] | None = None
        """Where the last page of a query ended."""
        self._done: Request | None = None
        """The last transaction that was done."""
        self._last_query: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Request]:
        rows = (self.put, self.update, self.delete, self.get, self.query, self.more, self.transaction, self.again)
        batches = (self.batch_get, self.batch_write, self.batch_insert)
        while True:
            kind = self.draw.chance.choices((*rows, *batches), (14, 26, 7, 9, 14, 6, 8, 1, 4, 4, 4))[0]
            request = kind()
            if not request.wrong and self.draw.likely(WRONG_SHARE):
                request = self._spoilt(request)
            yield request

    # -- single rows ----------------------------------------------------------------------------------------------

    def put(self) -> Request:
        item = self.draw.item()
        given = self._conditional({"TableName": self._table, "Item": item}, 0.6)
        return Request("put_item", self._returning(given, ("NONE", "ALL_OLD")), keys=[_key(item)])

    def update(self) -> Request:
        expression = Expression(self.draw)
        given = {"TableName": self._table, "Key": self.draw.key(), "UpdateExpression": expression.update()}
        answers = ("NONE", "ALL_OLD", "ALL_NEW", "ALL_NEW")
        if not any(sign in given["UpdateExpression"] for sign in (".#", "[")):
            answers += ("UPDATED_OLD", "UPDATED_NEW")
        return Request("update_item", self._returning(self._conditional(given, 0.5, expression), answers), keys=[given["Key"]])

    def delete(self) -> Request:
        given = self._conditional({"TableName": self._table, "Key": self.draw.key()}, 0.6)
        return Request("delete_item", self._returning(given, ("NONE", "ALL_OLD")), keys=[given["Key"]])

    def get(self) -> Request:
        return Request("get_item", {"TableName": self._table, "Key": self.draw.key(), "ConsistentRead": self.draw.likely(0.5)})

    def _conditional(self, given: dict[str, Any], share: float, expression: Expression | None = None) -> dict[str, Any]:
        expression = expression or Expression(self.draw)
        if self.draw.likely(share):
            given["ConditionExpression"] = expression.condition()
            if self.draw.likely(0.7):
                given["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return expression.into(given)

    def _returning(self, given: dict[str, Any], answers: tuple[str, ...]) -> dict[str, Any]:
        return given | ({"ReturnValues": self.draw.one(answers)} if self.draw.likely(0.6) else {})

    # -- queries --------------------------------------------------------------------------------------------------

    def query(self) -> Request:
        draw, expression = self.draw, Expression(self.draw)
        is_index = draw.likely(0.35)
        pk, sk = ("due_pk", "due_sk") if is_index else ("pk", "sk")
        text = f"{expression.name(pk)} = {expression.put({'S': draw.one(DUE_PARTITIONS if is_index else PARTITIONS)})}"
        sorts = DUE_SORTS if is_index else SORTS
        if draw.likely(0.6):
            text = draw.one((f"{text} AND {self._range(expression, sk, sorts)}", f"{self._range(expression, sk, sorts)} AND {text}"))
        given = {"TableName": self._table, "KeyConditionExpression": text, "ScanIndexForward": draw.likely(0.5)}
        given |= {"IndexName": "due"} if is_index else {"ConsistentRead": draw.likely(0.5)}
        given |= {"Limit": draw.chance.randint(1, 5)} if draw.likely(0.7) else {}
        self._last_query, self.cursor = expression.into(given), None
        return Request("query", self._last_query)

    def hear(self, request: Request, answer: Answer) -> None:
        """What came back; the next requests may go on from it."""
        if request.verb == "query" and not answer.error:
            self.cursor = {name: {kind: text} for name, (kind, text) in answer.cursor.items()} if answer.cursor else None
        if request.verb == "transact_write_items" and not answer.error and not request.wrong:
            self._done = request

    def _range(self, expression: Expression, sk: str, sorts: tuple[str, ...]) -> str:
        draw, name = self.draw, expression.name(sk)
        fate = draw.chance.random()
        if fate < 0.3:
            return f"begins_with({name}, {expression.put({'S': draw.one(sorts)[: draw.chance.randint(1, 4)]})})"
        if fate < 0.6:
            low, high = sorted((draw.one(sorts), draw.one(sorts)))
            return f"{name} BETWEEN {expression.put({'S': low})} AND {expression.put({'S': high})}"
        return f"{name} {draw.one(('=', '<', '<=', '>', '>='))} {expression.put({'S': draw.one(sorts)})}"

    def more(self) -> Request:
        """The page after the last one, where there is one."""
        if not self._last_query or self.cursor is None:
            return self.query()
        return Request("query", {**self._last_query, "ExclusiveStartKey": self.cursor})

    # -- several rows ---------------------------------------------------------------------------------------------

    def keys(self, most: int) -> list[dict[str, Any]]:
        every = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk in PARTITIONS for sk in SORTS]
        return self.draw.chance.sample(every, self.draw.chance.randint(1, most))

    def transaction(self) -> Request:
        keys = self.keys(4)
        token = f"token-{self.draw.chance.getrandbits(60):x}"
        given = {"TransactItems": [self._action(key) for key in keys], "ClientRequestToken": token}
        return Request("transact_write_items", given, keys=keys)

    def again(self) -> Request:
        """The last transaction once more under its token, or another one under it."""
        done = self._done
        if done is None:
            return self.transaction()
        if self.draw.likely(0.5):
            return Request(done.verb, deepcopy(done.given), "token: again", done.keys)
        other = self.transaction()
        given = {**other.given, "ClientRequestToken": done.given["ClientRequestToken"]}
        return Request(done.verb, given, "token: other request", other.keys)

    def _action(self, key: dict[str, Any]) -> dict[str, Any]:
        draw, expression = self.draw, Expression(self.draw)
        verb = draw.chance.choices(("Put", "Update", "Delete", "ConditionCheck"), (3, 4, 1, 2))[0]
        given: dict[str, Any] = {"TableName": self._table}
        if verb == "Put":
            given["Item"] = {**draw.item(), **key}
        else:
            given["Key"] = key
        if verb == "Update":
            given["UpdateExpression"] = expression.update()
        return {verb: self._conditional(given, 1.0 if verb == "ConditionCheck" else 0.3, expression)}

    def batch_get(self) -> Request:
        return Request("batch_get_item", {"RequestItems": {self._table: {"Keys": self.keys(6), "ConsistentRead": self.draw.likely(0.5)}}})

    def batch_write(self) -> Request:
        keys = self.keys(4)
        return Request("batch_write_item", {"RequestItems": {self._table: [self._written(key) for key in keys]}}, keys=keys)

    def _written(self, key: dict[str, Any]) -> dict[str, Any]:
        return {"DeleteRequest": {"Key": key}} if self.draw.likely(0.2) else {"PutRequest": {"Item": {**self.draw.item(), **key}}}

    def batch_insert(self) -> Request:
        keys = self.keys(4)
        return Request("batch_execute_statement", {"Statements": [self._insert({**self.draw.item(), **key}) for key in keys]}, keys=keys)

    def _insert(self, item: dict[str, Any]) -> dict[str, Any]:
        fields = ", ".join(f"'{name}': ?" for name in item)
        return {"Statement": f'INSERT INTO "{self._table}" VALUE {{{fields}}}', "Parameters": list(item.values())}

    # -- one thing wrong ------------------------------------------------------------------------------------------

    def _spoilt(self, request: Request) -> Request:
        spoilers = SPOILERS.get(request.verb, ())
        if not spoilers:
            return request
        name, spoil = self.draw.one(spoilers)
        if name in self._leaves_out:
            return request
        given = deepcopy(request.given)
        target = given
        if request.verb == "transact_write_items":
            target = next(iter(self.draw.one(given["TransactItems"]).values()))
        if spoil(self.draw, given if name in WHOLE else target) is False:
            return request
        return Request(request.verb, given, name, request.keys)


def _key(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("pk", "sk")}
