"""The evaluator decides like the service: Deny before Allow, wildcards, ARNs, conditions, the key's own policy; what it does not
understand lets nothing pass."""

from typing import Any

import pytest

from infra.tools.arns import Unreadable
from infra.tools.duties import MACHINE, at_rest, duties, machine_duties
from infra.tools.expand import expand
from infra.tools.iam import Call, Policies, Right
from infra.tools.template import Template


pytestmark = pytest.mark.unit

TEXT = """
Resources:
  DataKey:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - {Sid: Delegates, Effect: Allow, Principal: {AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
             Action: "kms:*", Resource: "*"}
  SealKey:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - {Sid: Seals, Effect: Allow, Principal: {AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
             Action: kms:Decrypt, Resource: "*", Condition: {StringEquals: {kms:EncryptionContext:shop: faka},
             ArnLike: {aws:PrincipalArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${AWS::StackName}-OpenRole-*"}}}
          - {Sid: Services, Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: "kms:*", Resource: "*"}
  Rows:
    Type: AWS::DynamoDB::Table
    Properties: {SSESpecification: {KMSMasterKeyId: !GetAtt DataKey.Arn}}
  Ledger: {Type: AWS::DynamoDB::Table}
  Files:
    Type: AWS::S3::Bucket
    Properties: {BucketEncryption: {ServerSideEncryptionConfiguration: [
      {ServerSideEncryptionByDefault: {KMSMasterKeyID: !Ref DataKey}}]}}
  Work: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref DataKey}}
  Dead: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref DataKey}}
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - {Sid: AtRest, Effect: Allow, Action: [kms:Decrypt, kms:GenerateDataKey], Resource: !GetAtt DataKey.Arn,
             Condition: {StringEquals: {kms:ViaService: [!Sub "dynamodb.${AWS::Region}.amazonaws.com"]}}}
          - {Sid: NeverRewrites, Effect: Deny, Action: dynamodb:UpdateItem, Resource: !GetAtt Ledger.Arn}
  OpenRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns: [!Ref Shared]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement:
              - {Sid: Reads, Effect: Allow, Action: "dynamodb:Get*", Resource: !GetAtt Rows.Arn}
              - {Sid: Finds, Effect: Allow, Action: dynamodb:Query, Resource: !Sub "${Rows.Arn}/index/due"}
              - {Sid: Listens, Effect: Allow, Action: dynamodb:GetRecords, Resource: !Sub "${Rows.Arn}/stream/*"}
              - {Sid: Writes, Effect: Allow, Action: [dynamodb:PutItem, dynamodb:BatchGetItem], Resource: !GetAtt Rows.Arn,
                 Condition: {ForAllValues:StringLike: {dynamodb:LeadingKeys: ["ORDER#*", SHELF]}}}
              - {Sid: Together, Effect: Allow, Action: dynamodb:DeleteItem, Resource: !GetAtt Rows.Arn,
                 Condition: {ForAnyValue:StringEquals: {dynamodb:EnclosingOperation: TransactWriteItems}}}
              - {Sid: Anything, Effect: Allow, Action: "dynamodb:*", Resource: !GetAtt Ledger.Arn}
              - {Sid: Opens, Effect: Allow, Action: kms:Decrypt, Resource: !GetAtt SealKey.Arn}
              - {Sid: Odd, Effect: Allow, Action: dynamodb:Scan, Resource: !GetAtt Rows.Arn, Condition: {NumericLessThan: {x:y: "1"}}}
              - {Sid: Takes, Effect: Allow, Action: s3:GetObject, Resource: !Sub "${Files.Arn}/incoming/*"}
              - {Sid: Traces, Effect: Allow, Action: xray:PutTraceSegments, Resource: "*"}
  OtherRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement:
              - {Sid: Opens, Effect: Allow, Action: kms:Decrypt, Resource: !GetAtt SealKey.Arn}
              - {Sid: OddlyForbidden, Effect: Deny, Action: dynamodb:GetItem, Resource: "*", Condition: {NumericLessThan: {x:y: "1"}}}
              - {Sid: Reads, Effect: Allow, Action: dynamodb:GetItem, Resource: !GetAtt Rows.Arn}
  Open: {Type: AWS::Serverless::Function, Properties: {CodeUri: a/, Runtime: python3.13, Handler: a.b, Role: !GetAtt OpenRole.Arn}}
  Other:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: a/
      Runtime: python3.13
      Handler: a.b
      Role: !GetAtt OtherRole.Arn
      Tracing: Active
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
      Events: {Work: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn}}}
  Short:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: a/, Runtime: python3.13, Handler: a.b, Policies: [{DynamoDBReadPolicy: {TableName: !Ref Rows}}]}
"""
POLICIES = Policies(expand(Template(TEXT)))
HERE = "us-east-1:123456789012"
ROWS, LEDGER = f"arn:aws:dynamodb:{HERE}:table/Rows", f"arn:aws:dynamodb:{HERE}:table/Ledger"
SEAL, DATA = f"arn:aws:kms:{HERE}:key/SealKey", f"arn:aws:kms:{HERE}:key/DataKey"
SHOP = {"kms:encryptioncontext:shop": ("faka",)}
IN_TRANSACTION = {"dynamodb:enclosingoperation": ("TransactWriteItems",)}
VIA = {"kms:viaservice": ("dynamodb.us-east-1.amazonaws.com",)}


def keys(*leading: str) -> dict[str, tuple[str, ...]]:
    return {"dynamodb:leadingkeys": leading}


@pytest.mark.parametrize(
    ("action", "resource", "context", "allowed"),
    [
        ("dynamodb:GetItem", ROWS, {}, True),
        ("DYNAMODB:getitem", ROWS, {}, True),
        ("dynamodb:PutItems", ROWS, keys("ORDER#1"), False),
        ("dynamodb:GetItem", ROWS + "2", {}, False),
        ("dynamodb:GetItem", ROWS + "/index/due", {}, False),
        ("dynamodb:Query", ROWS + "/index/due", {}, True),
        ("dynamodb:Query", ROWS + "/index/other", {}, False),
        ("dynamodb:Query", ROWS, {}, False),
        ("dynamodb:GetRecords", ROWS + "/stream/now", {}, True),
        ("dynamodb:PutItem", ROWS, keys("ORDER#1"), True),
        ("dynamodb:PutItem", ROWS, keys("PAYMENT#1"), False),
        ("dynamodb:PutItem", ROWS, keys("XORDER#1"), False),
        ("dynamodb:BatchGetItem", ROWS, keys("ORDER#1", "SHELF"), True),
        ("dynamodb:BatchGetItem", ROWS, keys("ORDER#1", "PAYMENT#1"), False),
        ("dynamodb:DeleteItem", ROWS, IN_TRANSACTION, True),
        ("dynamodb:DeleteItem", ROWS, {}, False),
        ("dynamodb:PutItem", LEDGER, {}, True),
        ("dynamodb:UpdateItem", LEDGER, {}, False),
        ("dynamodb:Scan", ROWS, {"x:y": ("0",)}, False),
        ("s3:GetObject", "arn:aws:s3:::Files/incoming/a/b", {}, True),
        ("s3:GetObject", "arn:aws:s3:::Files/problems/a", {}, False),
        ("xray:PutTraceSegments", "*", {}, True),
        ("kms:Decrypt", SEAL, SHOP, True),
        ("kms:Decrypt", SEAL, {"kms:encryptioncontext:shop": ("other",)}, False),
        ("kms:Decrypt", SEAL, {}, False),
        ("kms:Decrypt", DATA, VIA, True),
        ("kms:Decrypt", DATA, {}, False),
        ("kms:Decrypt", DATA, {"kms:viaservice": ("s3.us-east-1.amazonaws.com",)}, False),
    ],
)
def test_a_call_passes_only_where_a_statement_lets_it(action: str, resource: str, context: Any, allowed: bool) -> None:
    assert POLICIES.judge("Open", Call(action, resource, context)).is_allowed == allowed


def test_a_deny_beats_an_allow_that_fits_as_well() -> None:
    verdict = POLICIES.judge("Open", Call("dynamodb:UpdateItem", LEDGER))
    assert (verdict.is_allowed, verdict.reason) == (False, "a statement of OpenRole forbids it")


def test_a_deny_under_a_condition_that_nobody_understands_holds() -> None:
    assert POLICIES.judge("Other", Call("dynamodb:GetItem", ROWS)).reason == "a statement of OtherRole forbids it"


def test_a_right_to_a_key_is_worth_nothing_where_the_key_names_another_role() -> None:
    assert POLICIES.judge("Other", Call("kms:Decrypt", SEAL, SHOP)).reason == "the key's own policy does not let it pass"


def test_a_verdict_names_the_rights_that_it_stands_on() -> None:
    assert POLICIES.judge("Open", Call("dynamodb:GetItem", ROWS)).rights == {Right("OpenRole", "Reads", "dynamodb:Get*", ROWS)}
    assert POLICIES.judge("Open", Call("kms:Decrypt", DATA, VIA)).rights == {Right("Shared", "AtRest", "kms:Decrypt", DATA)}


def test_a_policy_template_of_the_transform_counts_like_a_statement_of_ours() -> None:
    assert POLICIES.judge("Short", Call("dynamodb:Scan", ROWS)).is_allowed
    assert POLICIES.judge("Short", Call("dynamodb:Query", ROWS + "/index/due")).is_allowed
    assert not POLICIES.judge("Short", Call("dynamodb:PutItem", ROWS)).is_allowed


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("Sid: Reads, Effect: Allow, Action:", "Sid: Reads, Effect: Allow, NotAction:"),
        ("[!Ref Shared]", "[arn:aws:iam::aws:policy/AdministratorAccess]"),
        ('!Sub "${Rows.Arn}/index/due"', "!ImportValue elsewhere"),
        ("[kms:Decrypt, kms:GenerateDataKey], Resource: !GetAtt DataKey.Arn", "[kms:Decrypt], Resource: !GetAtt DataKey.KeyId"),
        ("Principal: {Service: s3.amazonaws.com}", 'Principal: {AWS: "arn:aws:iam::999999999999:root"}'),
    ],
)
def test_a_statement_that_nobody_understands_stops_everything(good: str, bad: str) -> None:
    assert good in TEXT
    with pytest.raises(Unreadable):
        Policies(expand(Template(TEXT.replace(good, bad))))


# -- what services do in a function's name ---------------------------------------------------------------------------------


def test_a_table_uses_its_key_in_the_callers_name_and_only_to_decrypt_when_it_is_read() -> None:
    assert [call.action for call in at_rest(POLICIES, Call("dynamodb:GetItem", ROWS))] == ["kms:Decrypt"]
    assert [call.action for call in at_rest(POLICIES, Call("dynamodb:PutItem", ROWS))] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert not list(at_rest(POLICIES, Call("dynamodb:GetItem", LEDGER))), "this table has no key of ours"


def test_a_file_uses_its_buckets_key_and_deleting_it_uses_none() -> None:
    (call,) = at_rest(POLICIES, Call("s3:GetObject", "arn:aws:s3:::Files/incoming/x"))
    assert call == Call("kms:Decrypt", DATA, {"kms:viaservice": ("s3.us-east-1.amazonaws.com",)})
    assert not list(at_rest(POLICIES, Call("s3:DeleteObject", "arn:aws:s3:::Files/incoming/x")))


def test_lambda_polls_gives_up_and_traces_in_the_functions_name() -> None:
    work, dead = f"arn:aws:sqs:{HERE}:Work", f"arn:aws:sqs:{HERE}:Dead"
    assert [(call.action, call.resource) for call in duties(POLICIES, "Other") if not call.action.startswith("kms:")] == [
        ("sqs:ReceiveMessage", work),
        ("sqs:DeleteMessage", work),
        ("sqs:GetQueueAttributes", work),
        ("sqs:SendMessage", dead),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    ]
    assert not list(duties(POLICIES, "Open"))


def test_a_machine_may_do_what_the_service_does_in_its_name_and_nothing_else() -> None:
    policies = Policies(expand(Template()))
    for machine in policies.of_type(MACHINE):
        assert_whole(policies, machine)


def assert_whole(policies: Policies, machine: str) -> None:
    calls = list(machine_duties(policies, machine))
    verdicts = [policies.judge(machine, call) for call in calls]
    assert [call.action for call, verdict in zip(calls, verdicts, strict=True) if not verdict.is_allowed] == []
    used = {right for verdict in verdicts for right in verdict.rights}
    assert {right for right in policies.rights() if right.owner == policies.role_of(machine)} == used
    assert not policies.judge(machine, Call("lambda:InvokeFunction", policies.arns.of("SweepFunction"))).is_allowed
