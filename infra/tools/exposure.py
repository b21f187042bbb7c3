"""What must hold of doors, files, logs and alarms, where linters are silent. Rules like those of `infra.tools.rules`, in a file of their
own for its size.
"""

from collections.abc import Callable, Iterator
from typing import Any

from infra.tools.template import ALARM, TABLE, Template, listed, names


Rule = Callable[[Template], Iterator[str]]

RECOVERY_DAYS = 35
"""The longest that the service offers: a mistake may be found a month late."""

LOG_DAYS_MAX = 400
"""A little over a year, for those who must compare with last year's; what is kept for ever is read by somebody one day."""

RINGS = {
    "StuckOrders": "a paid order without an end",
    "NoticesForged": "payment notices that nobody signed",
    "OldestCaseMinutes": "a case that nobody works on",
    "IteratorAge": "events that come late",
    "ApproximateAgeOfOldestMessage": "paid orders that wait for their cards",
    "ApproximateNumberOfMessagesVisible": "work that was given up",
    "Errors": "a function that fails",
    "Throttles": "a function that is turned away",
    "5XXError": "a door that fails",
    "Invocations": "a sweep that does not come",
    "AlertsRefused": "a way to staff that refuses what it is told",
}
"""Metric → what would go unnoticed without an alarm on it."""

KEY_TOUCHES = frozenset({"ScheduleKeyDeletion", "PutKeyPolicy", "DisableKey"})
"""Calls on our keys that end everything or let somebody else in; nobody makes them in the everyday life of a shop."""


def rows_can_be_brought_back_for_a_month(template: Template) -> Iterator[str]:
    for name in template.of_type(TABLE):
        recovery = template.properties(name).get("PointInTimeRecoverySpecification", {})
        if recovery.get("RecoveryPeriodInDays") != RECOVERY_DAYS:
            yield f"{name} cannot be restored to any moment of the last {RECOVERY_DAYS} days"


def streams_tell_before_and_after(template: Template) -> Iterator[str]:
    for name in template.of_type(TABLE):
        stream = template.properties(name).get("StreamSpecification")
        if stream is not None and stream.get("StreamViewType") != "NEW_AND_OLD_IMAGES":
            yield f"{name}: who reads the stream cannot tell what changed"


def logs_end_and_are_sealed(template: Template) -> Iterator[str]:
    for name in template.of_type("AWS::Logs::LogGroup"):
        own = template.properties(name)
        if not 0 < own.get("RetentionInDays", 0) <= LOG_DAYS_MAX:
            yield f"{name} keeps its lines for ever"
        if "KmsKeyId" not in own:
            yield f"{name} is not encrypted under our key"


def functions_have_no_address(template: Template) -> Iterator[str]:
    """The APIs throttle, log and route; an address of a function's own does none of it."""
    for name in template.functions():
        if "FunctionUrlConfig" in template.properties(name):
            yield f"{name} has an address beside the APIs"
    yield from (f"{name} is an address beside the APIs" for name in template.of_type("AWS::Lambda::Url"))


def nobody_at_large_is_let_in(template: Template) -> Iterator[str]:
    """No policy of a resource allows anything to everybody; a Deny may speak to all."""
    for name, resource in template.resources.items():
        own = resource.get("Properties", {})
        for raw in (statement for field in POLICIES for statement in listed(own.get(field, {}).get("Statement", []))):
            if raw.get("Effect") == "Allow" and "Principal" in raw and any("*" in who for who in _principals(raw["Principal"])):
                yield f"{name}: {raw.get('Sid', 'a statement')} lets everybody in"


POLICIES = ("KeyPolicy", "PolicyDocument", "AssumeRolePolicyDocument", "ResourcePolicy")


def _principals(principal: Any) -> list[str]:
    given = [principal] if isinstance(principal, str) else [one for kind in principal.values() for one in listed(kind)]
    return [one for one in given if isinstance(one, str)]


def files_are_private_and_leave(template: Template) -> Iterator[str]:
    for name in template.of_type("AWS::S3::Bucket"):
        own = template.properties(name)
        blocks = own.get("PublicAccessBlockConfiguration", {})
        for block in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"):
            if not blocks.get(block):
                yield f"{name}: {block} is off"
        rules = own.get("LifecycleConfiguration", {}).get("Rules", [])
        ends = any("ExpirationInDays" in rule and rule.get("Status") == "Enabled" for rule in rules)
        if not ends and own.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{name} neither lets its files go nor keeps what was overwritten"


def doors_are_throttled_and_seen(template: Template) -> Iterator[str]:
    general = template.document.get("Globals", {}).get("Api", {})
    for name in template.of_type("AWS::Serverless::Api"):
        own = {**general, **template.properties(name)}
        for_all = [each for each in own.get("MethodSettings", []) if (each["HttpMethod"], each["ResourcePath"]) == ("*", "/*")]
        if not any(each.get("ThrottlingRateLimit") and each.get("ThrottlingBurstLimit") for each in for_all):
            yield f"{name} lets a flood through"
        if any(each.get("DataTraceEnabled") for each in own.get("MethodSettings", [])):
            yield f"{name} writes down what people send"
        if not own.get("TracingEnabled") or "DestinationArn" not in own.get("AccessLogSetting", {}):
            yield f"{name} leaves no trace of who came"
    for name in template.functions():
        if {**template.defaults, **template.properties(name)}.get("Tracing") != "Active":
            yield f"{name} leaves no trace of what took how long"


def what_must_ring_does(template: Template) -> Iterator[str]:
    there = {template.properties(alarm).get("MetricName") for alarm in template.of_type(ALARM)}
    yield from (f"nothing rings for {what}: {metric}" for metric, what in RINGS.items() if metric not in there)


def keys_cannot_be_touched_unnoticed(template: Template) -> Iterator[str]:
    """The account's trail tells each management call; a rule sends those on keys to whoever listens to alarms."""
    watched: set[str] = set()
    for name in template.of_type("AWS::Events::Rule"):
        own = template.properties(name)
        pattern = own.get("EventPattern", {})
        to_topic = any("AlarmTopic" in names(target["Arn"]) for target in own.get("Targets", []))
        if to_topic and pattern.get("source") == ["aws.kms"] and own.get("State", "ENABLED") == "ENABLED":
            watched |= set(pattern.get("detail", {}).get("eventName", []))
    yield from (f"nobody hears of {call} on a key" for call in sorted(KEY_TOUCHES - watched))
    lets = [raw for name in template.of_type("AWS::SNS::TopicPolicy") for raw in template.properties(name)["PolicyDocument"]["Statement"]]
    if not any("events.amazonaws.com" in _principals(raw["Principal"]) and raw["Action"] == "sns:Publish" for raw in lets):
        yield "the alarm topic does not take events"


EXPOSURE: tuple[Rule, ...] = (
    rows_can_be_brought_back_for_a_month,
    streams_tell_before_and_after,
    logs_end_and_are_sealed,
    functions_have_no_address,
    nobody_at_large_is_let_in,
    files_are_private_and_leave,
    doors_are_throttled_and_seen,
    what_must_ring_does,
    keys_cannot_be_touched_unnoticed,
)
