"""The template keeps our rules (infra.tools.rules), each with a twin that breaks it; alarms have pages and something to listen to."""

import re
from pathlib import Path

import pytest

from infra.tools import exposure, rules
from infra.tools.rules import RULES, Rule
from infra.tools.scan import Finding, Waiver, verdict, waivers
from infra.tools.template import ALARM, ROOT, Template
from tests.architecture.sources import shipped


pytestmark = pytest.mark.architecture

TEMPLATE = Template()
RUNBOOKS = ROOT / "infra" / "runbooks"
HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: Rule) -> None:
    wrong = list(rule(TEMPLATE))
    assert not wrong, "\n".join(wrong)


BREAKS: list[tuple[Rule, str, str]] = [
    (
        rules.only_reveal_opens,
        "Action: kms:GenerateDataKey, Resource: !GetAtt CardKey.Arn",
        "Action: kms:Decrypt, Resource: !GetAtt CardKey.Arn",
    ),
    (
        rules.only_reveal_opens,
        "Action: kms:GenerateDataKey, Resource: !GetAtt CardKey.Arn",
        'Action: "kms:*", Resource: !GetAtt CardKey.Arn',
    ),
    (rules.only_reveal_opens, "Sid: OpensCards, Effect: Allow", "Sid: OpensCards, Effect: Deny"),
    (rules.only_reveal_opens, "${AWS::StackName}-RevealRole-*", "${AWS::StackName}-*"),
    (rules.keys_are_not_used_by_administrators, "[kms:Describe*, kms:Get*,", "[kms:Describe*, kms:*,"),
    (
        rules.the_journal_only_grows,
        "Action: dynamodb:PutItem, Resource: !GetAtt JournalTable.Arn",
        'Action: "dynamodb:*", Resource: !GetAtt JournalTable.Arn',
    ),
    (rules.rights_are_named, "Action: dynamodb:GetItem, Resource: !GetAtt GuardTable.Arn", 'Action: dynamodb:GetItem, Resource: "*"'),
    (rules.rights_are_named, "Action: events:PutEvents", 'Action: "events:*"'),
    (rules.secrets_are_those_of_its_parties, ":secret:faka/channels/*", ":secret:*"),
    (rules.data_outlives_mistakes, "DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false"),
    (rules.data_outlives_mistakes, "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
    (rules.data_outlives_mistakes, "    DeletionPolicy: Retain\n", ""),
    (rules.data_outlives_mistakes, "StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}", "TableName: trade"),
    (rules.nothing_is_lost_in_silence, "RedrivePolicy", "Metadata"),
    (rules.nothing_is_lost_in_silence, "Value: {Fn::GetAtt: [FulfilDead, QueueName]}", "Value: {Fn::GetAtt: [FulfilQueue, QueueName]}"),
    (rules.nothing_is_lost_in_silence, "      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt SweepDead.Arn}\n", ""),
    (rules.queues_wait_for_their_workers, "VisibilityTimeout: 180", "VisibilityTimeout: 60"),
    (rules.queues_wait_for_their_workers, "FunctionResponseTypes: [ReportBatchItemFailures],", ""),
    (rules.alarms_ring, "AlarmActions: [{Ref: AlarmTopic}]", "AlarmActions: []"),
    (rules.alarms_ring, "infra/runbooks/stuck-orders.md", "infra/runbooks/other.md"),
    (rules.functions_are_bounded_and_logged, "      ReservedConcurrentExecutions: 50\n", ""),
    (rules.functions_are_bounded_and_logged, "RetentionInDays: 90, ", ""),
    (rules.functions_are_bounded_and_logged, "FAKA_HOLDS_MAX:", "FAKA_SECRET:"),
    (exposure.rows_can_be_brought_back_for_a_month, "RecoveryPeriodInDays: 35", "RecoveryPeriodInDays: 7"),
    (exposure.rows_can_be_brought_back_for_a_month, ", RecoveryPeriodInDays: 35", ""),
    (exposure.streams_tell_before_and_after, "NEW_AND_OLD_IMAGES", "NEW_IMAGE"),
    (exposure.logs_end_and_are_sealed, "RetentionInDays: 90, ", ""),
    (exposure.logs_end_and_are_sealed, "RetentionInDays: 90, ", "RetentionInDays: 3653, "),
    (exposure.logs_end_and_are_sealed, "RetentionInDays: 90, KmsKeyId: {Fn::GetAtt: [TableKey, Arn]}", "RetentionInDays: 90"),
    (
        exposure.functions_have_no_address,
        "CodeUri: functions/relay/",
        "CodeUri: functions/relay/\n      FunctionUrlConfig: {AuthType: NONE}",
    ),
    (exposure.functions_have_no_address, "Type: AWS::SNS::Topic\n", "Type: AWS::Lambda::Url\n"),
    (
        exposure.nobody_at_large_is_let_in,
        "Principal: {Service: events.amazonaws.com}, Action: sqs:SendMessage",
        'Principal: "*", Action: sqs:SendMessage',
    ),
    (
        exposure.nobody_at_large_is_let_in,
        'Effect: Deny, Principal: "*", Action: s3:*',
        'Effect: Allow, Principal: {AWS: "*"}, Action: s3:*',
    ),
    (
        exposure.nobody_at_large_is_let_in,
        'Sid: IntakeSeals, Effect: Allow, Principal: {AWS: {Fn::Sub: "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}',
        'Sid: IntakeSeals, Effect: Allow, Principal: {AWS: "*"}',
    ),
    (exposure.files_are_private_and_leave, "BlockPublicPolicy: true", "BlockPublicPolicy: false"),
    (exposure.files_are_private_and_leave, "ExpirationInDays:", "NoncurrentDays:"),
    (exposure.doors_are_throttled_and_seen, "ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400", "CachingEnabled: false"),
    (exposure.doors_are_throttled_and_seen, "DataTraceEnabled: false", "DataTraceEnabled: true"),
    (exposure.doors_are_throttled_and_seen, "TracingEnabled: true", "TracingEnabled: false"),
    (exposure.doors_are_throttled_and_seen, "DestinationArn: !GetAtt ApiAccessLog.Arn", "Name: x"),
    (exposure.doors_are_throttled_and_seen, "Tracing: Active", "Tracing: PassThrough"),
    *((exposure.what_must_ring_does, f"MetricName: {metric},", "MetricName: Duration,") for metric in exposure.RINGS),
    (exposure.keys_cannot_be_touched_unnoticed, "[ScheduleKeyDeletion, PutKeyPolicy, DisableKey]", "[ScheduleKeyDeletion, DisableKey]"),
    (exposure.keys_cannot_be_touched_unnoticed, "Targets: [{Id: alarm, Arn: {Ref: AlarmTopic}}]", "Targets: []"),
    (exposure.keys_cannot_be_touched_unnoticed, "Description: infra/runbooks/key-touched.md", "State: DISABLED"),
    (exposure.keys_cannot_be_touched_unnoticed, "[cloudwatch.amazonaws.com, events.amazonaws.com]}", "[cloudwatch.amazonaws.com]}"),
]


@pytest.mark.parametrize(("rule", "good", "bad"), BREAKS, ids=[f"{rule.__name__}-{bad[:24]}" for rule, _, bad in BREAKS])
def test_a_template_that_breaks_the_rule_is_found(rule: Rule, good: str, bad: str) -> None:
    assert good in TEMPLATE.text, "the sample no longer fits the template"
    assert list(rule(Template(TEMPLATE.text.replace(good, bad))))


def test_each_rule_has_a_twin_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BREAKS} == set(RULES)


# -- alarms ----------------------------------------------------------------------------------------------------------------


def runbook_faults(pages: dict[str, str], wanted: set[str]) -> list[str]:
    wrong = [f"{page}: no alarm has this page" for page in sorted(set(pages) - wanted)]
    wrong += [f"{page}: the page is missing" for page in sorted(wanted - set(pages))]
    for page, text in sorted(pages.items()):
        if re.findall(r"^## (.+)$", text, re.MULTILINE) != HEADINGS:
            wrong.append(f"{page}: its headings are not {', '.join(HEADINGS)}")
    return wrong


def test_each_alarm_has_a_runbook_and_each_runbook_an_alarm() -> None:
    wanted = {Path(TEMPLATE.properties(alarm)["AlarmDescription"]).name for alarm in TEMPLATE.of_type(ALARM)}
    wanted |= {Path(page).name for page in pages_of_rules(TEMPLATE)}
    pages = {path.name: path.read_text() for path in RUNBOOKS.glob("*.md")}
    wrong = runbook_faults(pages, wanted)
    assert not wrong, "\n".join(wrong)


def test_a_missing_an_idle_and_a_thin_runbook_are_found() -> None:
    assert len(runbook_faults({"b.md": "## Meaning\n"}, {"a.md"})) == 3


def pages_of_rules(template: Template) -> list[str]:
    """Rules that ring at once name their page as alarms do."""
    described = [template.properties(rule).get("Description", "") for rule in template.of_type("AWS::Events::Rule")]
    return [page for page in described if page.startswith("infra/runbooks/")]


def silent_alarms(template: Template, sources: dict[str, str]) -> list[str]:
    """Alarms on figures of our own that no code counts."""
    wrong = []
    for alarm in template.of_type(ALARM):
        own = template.properties(alarm)
        if own.get("Namespace") == "faka" and not any(f'"{own["MetricName"]}"' in text for text in sources.values()):
            wrong.append(f"{alarm}: nothing counts {own['MetricName']}")
    return wrong


def test_figures_that_alarms_listen_to_are_counted() -> None:
    wrong = silent_alarms(TEMPLATE, {source.path: source.text for source in shipped()})
    assert not wrong, "\n".join(wrong)


def test_an_alarm_that_listens_to_nothing_is_found() -> None:
    assert silent_alarms(TEMPLATE, {"a.py": 'count("OrdersPaid")'})


# -- waivers ---------------------------------------------------------------------------------------------------------------


def test_each_waiver_says_why() -> None:
    assert all(len(waiver.reason.split()) >= 8 for waiver in waivers())


def test_a_finding_without_waiver_and_a_waiver_without_finding_are_errors() -> None:
    found = [Finding("CKV_1", "AWS::X.A", "first"), Finding("CKV_2", "AWS::X.A", "second")]
    given = [Waiver("CKV_1", ("AWS::X.*",), "because"), Waiver("CKV_3", ("AWS::X.A",), "because")]
    assert [line.split()[0].rstrip(":") for line in verdict(found, given)] == ["CKV_2", "CKV_3"]
