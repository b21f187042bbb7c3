"""What must hold in any template of this house. Each rule takes a template and answers what is wrong with it.

Linters know the service's rules; these are ours: who may open a card, what may be forgotten, what must ring.
"""

import re
from collections.abc import Iterator
from typing import Any

from infra.tools.exposure import EXPOSURE, Rule
from infra.tools.template import ALARM, KEY, QUEUE, TABLE, Statement, Template, listed, names


NO_RESOURCE = frozenset({"xray:PutTraceSegments", "xray:PutTelemetryRecords"})
"""Actions that the service lets nobody bind to a resource."""

VISIBILITY_FACTOR = 6
"""A message stays invisible six times as long as its worker may take, so that throttled polls do not count as failures."""


def only_reveal_opens(template: Template) -> Iterator[str]:
    """One role and one statement of the key's own policy may Decrypt under the card key."""
    for function in template.functions():
        opens = any("CardKey" in each.targets and each.allows("kms:Decrypt") for each in template.role(function))
        if opens != (function == "RevealFunction"):
            yield f"{function} {'opens' if opens else 'does not open'} cards"
    for raw in _key_statements(template, "CardKey"):
        allows_decrypt = _allows(raw, "kms:Decrypt")
        principal = str(raw.get("Condition", {}).get("ArnLike", {}).get("aws:PrincipalArn", ""))
        if allows_decrypt and "-RevealRole-" not in principal:
            yield f"CardKey: {raw.get('Sid')} lets others decrypt"


def keys_are_not_used_by_administrators(template: Template) -> Iterator[str]:
    """Whoever administers the account manages the keys of cards and hashes; using them takes a role by name."""
    uses = ("kms:Decrypt", "kms:Encrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:GenerateMac", "kms:CreateGrant")
    for key in ("CardKey", "FingerprintKey", "IndexKey"):
        for raw in _key_statements(template, key):
            if any(_allows(raw, action) for action in uses) and "aws:PrincipalArn" not in str(raw.get("Condition", {})):
                yield f"{key}: {raw.get('Sid')} lets the whole account use it"


def _key_statements(template: Template, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = template.properties(key)["KeyPolicy"]["Statement"] if key in template.resources else []
    return found


def _allows(raw: dict[str, Any], action: str) -> bool:
    return Statement("", raw["Effect"], tuple(listed(raw["Action"])), (), {}).allows(action)


def the_journal_only_grows(template: Template) -> Iterator[str]:
    forbidden = (
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:PartiQLUpdate",
        "dynamodb:PartiQLDelete",
    )
    for function in template.functions():
        for each in template.role(function):
            if "JournalTable" in each.targets:
                yield from (f"{function}: {each.sid} allows {action} on the journal" for action in forbidden if each.allows(action))


def rights_are_named(template: Template) -> Iterator[str]:
    """No wildcard for an action, no wildcard for a resource where the service knows one."""
    for function in template.functions():
        for each in template.role(function):
            yield from (f"{function}: {each.sid} allows {action}" for action in each.actions if "*" in action)
            if "*" in each.targets and not set(each.actions) <= NO_RESOURCE:
                yield f"{function}: {each.sid} names no resource"


SECRETS = {
    "RechargeFunction": ("suppliers",),
    "RestockFunction": ("suppliers",),
    "SupplyFunction": ("suppliers",),
    "CallbacksFunction": ("channels", "suppliers"),
    "AlertsFunction": ("alerts",),
}
"""Whose secrets a function may read; all others those of payment channels."""


def secrets_are_those_of_its_parties(template: Template) -> Iterator[str]:
    for function in template.functions():
        known = tuple(f":secret:faka/{whose}/*" for whose in SECRETS.get(function, ("channels",)))
        for each in template.role(function):
            if each.allows("secretsmanager:GetSecretValue") and not all(text.endswith(known) for text in each.targets):
                yield f"{function}: {each.sid} reads other secrets"


def data_outlives_mistakes(template: Template) -> Iterator[str]:
    for name, resource in {**template.of_type(TABLE), **template.of_type(KEY)}.items():
        if resource.get("DeletionPolicy") != "Retain" or resource.get("UpdateReplacePolicy") != "Retain":
            yield f"{name} is deleted with the stack"
    for name in template.of_type(TABLE):
        own = template.properties(name)
        if not own.get("DeletionProtectionEnabled"):
            yield f"{name} can be deleted"
        if not own.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name} cannot be restored to a moment"
        if own.get("SSESpecification", {}).get("SSEType") != "KMS" or "KMSMasterKeyId" not in own.get("SSESpecification", {}):
            yield f"{name} is not encrypted under our key"
        if ("TimeToLiveSpecification" in own) != (name == "GuardTable"):
            yield f"{name}: rows leave by time on the guard table only"
        if ("StreamSpecification" in own) != (name == "TradeTable"):
            yield f"{name}: the trade table alone has a stream"
        if "TableName" in own:
            yield f"{name} has a fixed name, so it could never be replaced beside the old one"


def dead_queues(template: Template) -> set[str]:
    """Queues that hold what others gave up."""
    found = set()
    for name in template.of_type(QUEUE):
        found |= set(names(template.properties(name).get("RedrivePolicy", {}).get("deadLetterTargetArn", [])))
    for function in template.functions():
        own = template.properties(function)
        found |= set(names(own.get("DeadLetterQueue", {}).get("TargetArn", [])))
        for event in own.get("Events", {}).values():
            found |= set(names(event["Properties"].get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", [])))
    return found


def nothing_is_lost_in_silence(template: Template) -> Iterator[str]:
    """Every queue has a dead-letter queue, every dead-letter queue an alarm, every asynchronous trigger a place for failures."""
    dead = dead_queues(template)
    for name in template.of_type(QUEUE):
        if name not in dead and "RedrivePolicy" not in template.properties(name):
            yield f"{name} has no dead-letter queue"
    for name in dead:
        if not any(_watches(template.properties(alarm), name) for alarm in template.of_type(ALARM)):
            yield f"{name} has no alarm"
    for function in template.functions():
        for event in template.properties(function).get("Events", {}).values():
            if event["Type"] == "DynamoDB" and "DestinationConfig" not in event["Properties"]:
                yield f"{function}: lost stream records go nowhere"
            if event["Type"] == "Schedule" and "DeadLetterQueue" not in template.properties(function):
                yield f"{function}: failed runs go nowhere"


def _watches(alarm: dict[str, Any], queue: str) -> bool:
    sizes = alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    return sizes and any(queue in names(dimension["Value"]) for dimension in alarm.get("Dimensions", []))


def queues_wait_for_their_workers(template: Template) -> Iterator[str]:
    for function in template.functions():
        for event in template.properties(function).get("Events", {}).values():
            if event["Type"] == "SQS":
                (queue,) = names(event["Properties"]["Queue"])
                if template.properties(queue)["VisibilityTimeout"] < VISIBILITY_FACTOR * template.timeout(function):
                    yield f"{queue} shows a message again before {function} can have finished"
                if event["Properties"].get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
                    yield f"{function}: one bad message brings the whole batch back"


def alarms_ring(template: Template) -> Iterator[str]:
    for alarm in template.of_type(ALARM):
        own = template.properties(alarm)
        if own.get("AlarmActions") != [{"Ref": "AlarmTopic"}]:
            yield f"{alarm} tells nobody"
        page = re.sub(r"(?<!^)([A-Z])", r"-\1", alarm.removesuffix("Alarm")).lower()
        if own.get("AlarmDescription") != f"infra/runbooks/{page}.md":
            yield f"{alarm} does not name its runbook {page}.md"


def functions_are_bounded_and_logged(template: Template) -> Iterator[str]:
    for function in template.functions():
        own = template.properties(function)
        if not isinstance(own.get("ReservedConcurrentExecutions"), int):
            yield f"{function} can take the concurrency of the others"
        (log,) = list(names(own.get("LoggingConfig", {}).get("LogGroup", {}))) or [""]
        kept = template.properties(log) if log in template.resources else {}
        if not kept.get("RetentionInDays") or not kept.get("KmsKeyId"):
            yield f"{function} has no log group with an end and a key"
        for name, value in template.environment(function).items():
            if re.search(r"SECRET|PASSWORD|TOKEN|PRIVATE", name) or (isinstance(value, str) and len(value) > 40):
                yield f"{function}: {name} looks like a secret"


RULES: tuple[Rule, ...] = (
    *EXPOSURE,
    only_reveal_opens,
    keys_are_not_used_by_administrators,
    the_journal_only_grows,
    rights_are_named,
    secrets_are_those_of_its_parties,
    data_outlives_mistakes,
    nothing_is_lost_in_silence,
    queues_wait_for_their_workers,
    alarms_ring,
    functions_are_bounded_and_logged,
)
