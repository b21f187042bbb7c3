"""Values of an expanded template as the texts that they become in one account, where the name of each resource is its logical id.

```
!GetAtt TradeTable.Arn               arn:aws:dynamodb:us-east-1:123456789012:table/TradeTable
!Sub "${TradeTable.Arn}/index/due"   arn:aws:dynamodb:us-east-1:123456789012:table/TradeTable/index/due
!GetAtt TradeTable.StreamArn         arn:aws:dynamodb:us-east-1:123456789012:table/TradeTable/stream/now
```
"""

import re
from typing import Any

from infra.tools.expand import PARAMETERS


STACK, ACCOUNT, PARTITION, REGION = "faka", "123456789012", PARAMETERS["AWS::Partition"], PARAMETERS["AWS::Region"]
PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::StackName": STACK, "AWS::URLSuffix": "amazonaws.com", **PARAMETERS}
ROOT_USER = f"arn:{PARTITION}:iam::{ACCOUNT}:root"

_HERE = f"{REGION}:{ACCOUNT}"
FORMS = {
    "AWS::DynamoDB::Table": f"dynamodb:{_HERE}:table/{{}}",
    "AWS::Events::EventBus": f"events:{_HERE}:event-bus/{{}}",
    "AWS::Events::Rule": f"events:{_HERE}:rule/{{}}",
    "AWS::IAM::ManagedPolicy": f"iam::{ACCOUNT}:policy/{STACK}-{{}}-0000",
    "AWS::IAM::Role": f"iam::{ACCOUNT}:role/{STACK}-{{}}-0000",
    "AWS::KMS::Key": f"kms:{_HERE}:key/{{}}",
    "AWS::Lambda::Function": f"lambda:{_HERE}:function:{{}}",
    "AWS::Logs::LogGroup": f"logs:{_HERE}:log-group:{{}}",
    "AWS::S3::Bucket": "s3:::{}",
    "AWS::SNS::Topic": f"sns:{_HERE}:{{}}",
    "AWS::SQS::Queue": f"sqs:{_HERE}:{{}}",
    "AWS::StepFunctions::StateMachine": f"states:{_HERE}:stateMachine:{{}}",
}
"""What follows `arn:<partition>:` for a resource of each kind. CloudFormation names roles <stack>-<logical id>-<random>."""

SPELT_OUT = {"AWS::Logs::LogGroup": "LogGroupName", "AWS::StepFunctions::StateMachine": "StateMachineName"}
"""Kind → the property that names one."""

BY_ARN = ("AWS::IAM::ManagedPolicy", "AWS::SNS::Topic", "AWS::StepFunctions::StateMachine")
"""Kinds whose Ref is their ARN."""


class Unreadable(Exception):
    """A value or a statement that nobody here understands; guessing could allow what the service refuses."""


class Arns:
    def __init__(self, document: dict[str, Any]) -> None:
        self._resources: dict[str, dict[str, Any]] = document["Resources"]
        given = document.get("Parameters", {})
        self._known = {name: str(parameter.get("Default", name)) for name, parameter in given.items()} | PSEUDO

    def of(self, name: str) -> str:
        """The ARN of a resource. Raises: Unreadable."""
        kind = self._resources[name]["Type"]
        if kind not in FORMS:
            raise Unreadable(f"{name}: no ARN is known for {kind}")
        return f"arn:{PARTITION}:" + FORMS[kind].format(self._named(name, kind))

    def _named(self, name: str, kind: str) -> str:
        """What policies spell out is found by its own name; everything else by its logical id."""
        own = self._resources[name].get("Properties", {}).get(SPELT_OUT[kind]) if kind in SPELT_OUT else None
        return name if own is None else self.text(own)

    def texts(self, values: Any) -> tuple[str, ...]:
        return tuple(self.text(value) for value in (values if isinstance(values, list) else [values]))

    def text(self, value: Any) -> str:
        """Raises: Unreadable for a function that is not known here."""
        if not isinstance(value, dict):
            return str(value)
        ((kind, inner),) = value.items()
        if kind == "Ref":
            return self._ref(inner)
        if kind == "Fn::GetAtt":
            return self._attribute(*(inner if isinstance(inner, list) else inner.split(".", 1)))
        if kind == "Fn::Sub":
            text, more = inner if isinstance(inner, list) else (inner, {})
            return re.sub(r"\$\{([\w:.]+)\}", lambda found: self._inside(found.group(1), more), text)
        if kind == "Fn::Join":
            return str(inner[0]).join(self.texts(inner[1]))
        if kind == "Fn::Select":
            return self._parts(inner[1])[int(inner[0])]
        raise Unreadable(f"{kind} is not known here")

    def _inside(self, name: str, more: dict[str, Any]) -> str:
        if name in more:
            return self.text(more[name])
        return self._attribute(*name.split(".", 1)) if "." in name else self._ref(name)

    def _ref(self, name: str) -> str:
        if name in self._known:
            return self._known[name]
        if name not in self._resources:
            raise Unreadable(f"{name} is neither a parameter nor a resource")
        kind = self._resources[name]["Type"]
        return self.of(name) if kind in BY_ARN else self._named(name, kind)

    def _attribute(self, name: str, attribute: str) -> str:
        if attribute == "StreamArn":
            return self.of(name) + "/stream/now"
        if attribute == "Arn":
            return self.of(name)
        raise Unreadable(f"{name}.{attribute} is not known here")

    def _parts(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, dict) and "Fn::Split" in value:
            separator, text = value["Fn::Split"]
            return tuple(self.text(text).split(separator))
        return self.texts(value)
