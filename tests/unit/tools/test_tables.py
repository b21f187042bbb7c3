"""The tables of the tests are those of the template: same keys, same indexes, same time to live."""

from typing import Any

import pytest

from faka.platform.table import TableName
from infra.tools.template import Template
from tests.kit.engine import schema
from tests.kit.tables import PHYSICAL


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


@pytest.mark.parametrize("name", TableName)
def test_a_table_of_the_tests_has_the_keys_and_indexes_of_the_template(dynamodb: Any, template: Template, name: TableName) -> None:
    given = template.properties(f"{name.capitalize()}Table")
    made = dynamodb.describe_table(TableName=PHYSICAL[name])["Table"]
    assert made["KeySchema"] == given["KeySchema"]
    assert made["AttributeDefinitions"] == given["AttributeDefinitions"]
    assert [_index(index) for index in made.get("GlobalSecondaryIndexes", [])] == given.get("GlobalSecondaryIndexes", [])


@pytest.mark.parametrize("name", TableName)
def test_a_table_of_the_engine_has_the_indexes_and_the_time_to_live_of_the_template(template: Template, name: TableName) -> None:
    given = template.properties(f"{name.capitalize()}Table")
    indexes = given.get("GlobalSecondaryIndexes", [])
    assert schema.TABLES[PHYSICAL[name]] == {
        index["IndexName"]: tuple(key["AttributeName"] for key in index["KeySchema"]) for index in indexes
    }
    assert all(index["Projection"] == {"ProjectionType": "KEYS_ONLY"} for index in indexes)
    assert (PHYSICAL[name] in schema.LEAVES_BY_TTL) == ("TimeToLiveSpecification" in given)


def _index(made: dict[str, Any]) -> dict[str, Any]:
    return {name: made[name] for name in ("IndexName", "KeySchema", "Projection")}
