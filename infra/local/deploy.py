"""Put the real `template.yaml` on the local cloud, changed in memory only (`overlay.py` says how).

MiniStack's CloudFormation drops time-to-live settings; they are put back afterwards.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.home import Refused
from infra.local.overlay import ARTIFACTS, overlay
from infra.local.template import FUNCTION, MACHINE, Template


STACK = "faka"
REGION = "us-east-1"
DEPLOY_S_MAX = 120
REASON_MAX = 1000


def client(service: str, endpoint: str) -> Any:
    """A client of the local cloud, with keys that open nothing anywhere else."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 3, "mode": "standard"}, max_pool_connections=50),
    )


def deploy(template: Template, endpoint: str, logs: Path, parameters: dict[str, str], settings: Mapping[str, str]) -> None:
    """Create the stack, or bring it up to date. `settings` are variables of functions with another value than the template's.

    Raises: Refused with the reasons that the emulator gives.
    """
    s3, cloudformation = client("s3", endpoint), client("cloudformation", endpoint)
    if ARTIFACTS not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=ARTIFACTS)
    # By address: CloudFormation takes 51,200 bytes in the request itself.
    s3.put_object(Bucket=ARTIFACTS, Key="template.json", Body=json.dumps(overlay(template, logs, s3, settings)).encode())
    known = template.document.get("Parameters", {})
    request = {
        "StackName": STACK,
        "TemplateURL": f"{endpoint}/{ARTIFACTS}/template.json",
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items() if name in known],
    }
    try:
        if _status(cloudformation) is None:
            cloudformation.create_stack(**request)
        else:
            cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise Refused(f"The template was refused: {str(error)[:REASON_MAX]}") from error
    _settle(cloudformation)
    _repair_time_to_live(template, endpoint)


def resources(endpoint: str) -> dict[str, str]:
    """Logical id → physical id of what is deployed."""
    found = {}
    pages = client("cloudformation", endpoint).get_paginator("list_stack_resources").paginate(StackName=STACK)
    for page in pages:
        for resource in page["StackResourceSummaries"]:
            found[resource["LogicalResourceId"]] = resource.get("PhysicalResourceId", "")
    return found


def outputs(endpoint: str) -> dict[str, str]:
    stack = client("cloudformation", endpoint).describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def environment(endpoint: str, physical: str) -> dict[str, Any]:
    """A deployed function's configuration: name, ARN, handler, memory, time-out, role and variables."""
    configuration: dict[str, Any] = client("lambda", endpoint).get_function_configuration(FunctionName=physical)
    return configuration


def fingerprint(template: Template, parameters: dict[str, str]) -> str:
    """Changes when the stack has to be brought up to date."""
    machines = [template.definition(name) for name in template.of_type(MACHINE)]
    return hashlib.sha256(json.dumps([template.text, machines, parameters, sys.executable, str(template.root)]).encode()).hexdigest()


def _status(cloudformation: Any) -> str | None:
    try:
        return str(cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])
    except ClientError:
        return None


def _settle(cloudformation: Any) -> None:
    end = time.monotonic() + DEPLOY_S_MAX
    while (status := _status(cloudformation) or "").endswith("_IN_PROGRESS") and time.monotonic() < end:
        time.sleep(0.05)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        failed = [event for event in events if "FAILED" in event["ResourceStatus"]]
        reasons = [f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]
        raise Refused(
            "\n".join(
                [
                    f"The template could not be deployed ({status}):",
                    *reasons[:20],
                    "Where an earlier run left another template, `make reset` starts new.",
                ]
            )
        )


def _repair_time_to_live(template: Template, endpoint: str) -> None:
    wanted = template.time_to_live()
    if not wanted:
        return
    dynamodb, physical = client("dynamodb", endpoint), resources(endpoint)
    for name, specification in wanted.items():
        table = physical[name]
        is_on = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
        if not is_on:
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def functions(template: Template, endpoint: str) -> dict[str, dict[str, Any]]:
    """Logical id → deployed configuration of each function."""
    physical = resources(endpoint)
    return {name: environment(endpoint, physical[name]) for name in template.of_type(FUNCTION)}


def credentials(endpoint: str, configuration: dict[str, Any]) -> dict[str, str]:
    """Keys of the function's own role, as Lambda gives them."""
    session = client("sts", endpoint).assume_role(RoleArn=configuration["Role"], RoleSessionName=configuration["FunctionName"][:64])
    keys = session["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def tool_environment(template: Template, endpoint: str, deployed: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The settings of all functions together, for seeds and tests that use the shop's code from outside."""
    places = {str(place): None for name in deployed for place in template.import_path(name)[1:]}
    together = {"PYTHONPATH": os.pathsep.join(places), "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    together |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for configuration in deployed.values():
        together |= configuration.get("Environment", {}).get("Variables", {})
    return together


def verify_sender(endpoint: str, deployed: dict[str, dict[str, Any]]) -> None:
    """SES sends in the name of verified addresses only; here nobody has to click a link for that."""
    senders = {c.get("Environment", {}).get("Variables", {}).get("FAKA_MAIL_FROM", "") for c in deployed.values()} - {""}
    for sender in senders:
        client("ses", endpoint).verify_email_identity(EmailAddress=sender.rpartition("<")[2].rstrip(">"))
