"""Find a deployed shop: its stack names the tables, the usual AWS variables name account, region and keys.

On the local cloud `make run` prints the address of its AWS API; give that as AWS_ENDPOINT_URL, with any keys.
"""

import os

from faka.platform import aws
from faka.platform.table import TableName
from faka.wiring import Deps, ShopSettings


STACK = "faka"


def connect(stack: str = STACK) -> Deps:
    """The shop's own stores over the tables of a stack; FAKA_TABLE_… in the environment wins over the stack."""
    names = {variable(name): os.environ[variable(name)] for name in TableName if variable(name) in os.environ}
    if not names:
        names = tables_of(stack)
    return Deps(ShopSettings.from_env({**os.environ, **names}))


def tables_of(stack: str) -> dict[str, str]:
    found = {}
    for page in aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            name = resource["LogicalResourceId"].removesuffix("Table").lower()
            if resource["ResourceType"] == "AWS::DynamoDB::Table" and name in tuple(TableName):
                found[variable(TableName(name))] = resource["PhysicalResourceId"]
    return found


def variable(name: TableName) -> str:
    return f"FAKA_TABLE_{name.value.upper()}"
