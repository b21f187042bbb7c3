"""Find a deployed shop: its stack names the tables, the bucket and the queue, the usual AWS variables name account, region and keys.

On the local cloud `make run` prints the address of its AWS API; give that as AWS_ENDPOINT_URL, with any keys.
"""

import os

from faka.platform import aws
from faka.platform.table import TableName
from faka.wiring import Deps, ShopSettings


STACK = "faka"


def variable(name: TableName) -> str:
    return f"FAKA_TABLE_{name.value.upper()}"


_TABLES = {f"{name.value.capitalize()}Table": variable(name) for name in TableName}
_NAMED = {
    **_TABLES,
    "IntakeBucket": "FAKA_BUCKET_INTAKE",
    "IntakeQueue": "FAKA_QUEUE_INTAKE",
    "BooksBucket": "FAKA_BUCKET_BOOKS",
    "NightlyReconciliation": "FAKA_MACHINE_RECONCILIATION",
    "DirectRecharge": "FAKA_MACHINE_RECHARGE",
}
"""Logical id in the template → the setting that its physical name belongs to."""
_TOLD = {"MailFrom": "FAKA_MAIL_FROM"}
"""Parameter of the stack → the setting that its value is."""


def connect(stack: str = STACK) -> Deps:
    """The shop's own stores over what a stack is made of; FAKA_TABLE_… in the environment wins over the stack."""
    given = any(name in os.environ for name in _TABLES.values())
    names = {} if given else names_of(stack)
    return Deps(ShopSettings.from_env({**os.environ, **names}))


def names_of(stack: str) -> dict[str, str]:
    found = {}
    for page in aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["LogicalResourceId"] in _NAMED:
                found[_NAMED[resource["LogicalResourceId"]]] = resource["PhysicalResourceId"]
    (described,) = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    told = {one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", ())}
    return found | {setting: told[name] for name, setting in _TOLD.items() if name in told}
