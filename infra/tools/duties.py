"""Calls that a service makes in a function's name: nobody's code makes them, and a role that lacks them fails on AWS only.

| who | does what |
|---|---|
| Lambda | polls queues and streams, sends what was given up to a queue, writes the log, sends traces |
| Step Functions | invokes a machine's functions, runs distributed maps as executions, writes the log, sends traces |
| tables, queues, bucket | use the key that their rows, messages and files are encrypted under |
"""

from collections.abc import Iterator
from typing import Any

from infra.tools.arns import REGION
from infra.tools.iam import NOTHING, Call, Policies


POLLS_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
READS_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
WRITES_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
SENDS_TRACES = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
"""What the service's documentation asks of a function's role for each of these, no less and no more."""

DELIVERS_LOG = (
    *(f"logs:{action}LogDelivery" for action in ("Create", "Get", "Update", "Delete")),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
)
TRACES_MACHINES = (*SENDS_TRACES, "xray:GetSamplingRules", "xray:GetSamplingTargets")
FOLLOWS_PARTS = ("states:DescribeExecution", "states:StopExecution")
MACHINE = "AWS::StepFunctions::StateMachine"

AT_REST = {
    "dynamodb": ("kms:Decrypt", "kms:GenerateDataKey"),
    "sqs": ("kms:Decrypt", "kms:GenerateDataKey"),
    "s3": ("kms:Decrypt", "kms:GenerateDataKey"),
}
READS = {
    "dynamodb": ("GetItem", "BatchGetItem", "Query", "Scan", "ConditionCheckItem", *(action.partition(":")[2] for action in READS_STREAM)),
    "sqs": ("ReceiveMessage",),
    "s3": ("GetObject",),
}
"""Actions for which the service only decrypts; for others that touch content it may also ask for a data key."""
UNTOUCHED = {"sqs": ("DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"), "s3": ("DeleteObject", "ListBucket")}
"""Actions that touch no content, so no key."""


def duties(policies: Policies, function: str) -> Iterator[Call]:
    """All that Lambda does in this function's name, and what that asks of keys."""
    for call in _lambda(policies, function):
        yield call
        yield from at_rest(policies, call)


def _lambda(policies: Policies, function: str) -> Iterator[Call]:
    own = policies.resources[function]["Properties"]
    arns = policies.arns
    for mapping in policies.of_type("AWS::Lambda::EventSourceMapping").values():
        given = mapping["Properties"]
        if given["FunctionName"] == {"Ref": function}:
            source = arns.text(given["EventSourceArn"])
            yield from (Call(action, source) for action in (POLLS_QUEUE if ":sqs:" in source else READS_STREAM))
            yield from _given_up(policies, given.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"))
    yield from _given_up(policies, own.get("DeadLetterConfig", {}).get("TargetArn"))
    if "LogGroup" in own.get("LoggingConfig", {}):
        log = arns.of(own["LoggingConfig"]["LogGroup"]["Ref"])
        yield from (Call(action, f"{log}:log-stream:x") for action in WRITES_LOG)
    if own.get("TracingConfig", {}).get("Mode") == "Active":
        yield from (Call(action, NOTHING) for action in SENDS_TRACES)


def machine_duties(policies: Policies, machine: str) -> Iterator[Call]:
    """All that Step Functions does in a machine's name."""
    own, arns = policies.resources[machine]["Properties"], policies.arns
    arn = arns.of(machine)
    for value in own.get("DefinitionSubstitutions", {}).values():
        if ":function:" in arns.text(value):
            yield Call("lambda:InvokeFunction", arns.text(value))
    if '"DISTRIBUTED"' in arns.text(own.get("DefinitionString", "")):
        yield Call("states:StartExecution", arn)
        yield from (Call(action, arn.replace(":stateMachine:", ":execution:") + "/label:x") for action in FOLLOWS_PARTS)
    if own.get("LoggingConfiguration", {}).get("Level", "OFF") != "OFF":
        yield from (Call(action, NOTHING) for action in DELIVERS_LOG)
    if own.get("TracingConfiguration", {}).get("Enabled"):
        yield from (Call(action, NOTHING) for action in TRACES_MACHINES)


def _given_up(policies: Policies, target: Any) -> Iterator[Call]:
    if target is not None:
        yield Call("sqs:SendMessage", policies.arns.text(target))


def at_rest(policies: Policies, call: Call) -> Iterator[Call]:
    """What the service asks of the key that the call's resource is encrypted under."""
    service, _, action = call.action.partition(":")
    if service not in AT_REST or action in UNTOUCHED.get(service, ()):
        return
    key = _key_of(policies, call.resource)
    if key:
        via = {"kms:viaservice": (f"{service}.{REGION}.amazonaws.com",)}
        yield from (Call(each, key, via) for each in AT_REST[service][: 1 if action in READS[service] else 2])


def _key_of(policies: Policies, resource: str) -> str:
    """The ARN of the key that a table, a queue or a bucket is encrypted under, or nothing."""
    for kind, path in KEY_PATHS.items():
        for name, found in policies.of_type(kind).items():
            arn = policies.arns.of(name)
            if resource == arn or resource.startswith(arn + "/"):
                inner: Any = found.get("Properties", {})
                for step in path:
                    inner = inner[step] if isinstance(step, int) else inner.get(step, {})
                return _as_arn(policies, inner) if inner else ""
    return ""


def _as_arn(policies: Policies, key: Any) -> str:
    return policies.arns.of(key["Ref"]) if "Ref" in key else policies.arns.text(key)


KEY_PATHS: dict[str, tuple[str | int, ...]] = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::S3::Bucket": ("BucketEncryption", "ServerSideEncryptionConfiguration", 0, "ServerSideEncryptionByDefault", "KMSMasterKeyID"),
}
