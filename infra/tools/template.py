"""The template as plain Python, for tools and tests: what is there, and who may do what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

from infra.tools import whole


ROOT = whole.ROOT
FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
MACHINE = "AWS::Serverless::StateMachine"
QUEUE = "AWS::SQS::Queue"
ALARM = "AWS::CloudWatch::Alarm"
TABLE = "AWS::DynamoDB::Table"
KEY = "AWS::KMS::Key"
ROLE = "AWS::IAM::Role"

Resources = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Statement:
    """One statement of a role: what it may do, to what, under which condition."""

    sid: str
    effect: str
    actions: tuple[str, ...]
    targets: tuple[str, ...]
    """Logical ids that the resource names, with what follows one (`IntakeBucket/incoming/*`), or the text of a pattern."""
    condition: dict[str, Any]

    def allows(self, action: str) -> bool:
        return self.effect == "Allow" and any(matches(pattern, action) for pattern in self.actions)


class _Loader(yaml.CSafeLoader):
    """YAML with the short forms of CloudFormation as the transform reads them, by a parser that takes a sixth of its time."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


class Template:
    def __init__(self, text: str | None = None) -> None:
        self.text = whole.whole(ROOT / "template.yaml") if text is None else text
        self.document: dict[str, Any] = yaml.load(self.text, _Loader)
        self.resources: Resources = self.document.get("Resources", {})

    def of_type(self, kind: str) -> Resources:
        return {name: resource for name, resource in self.resources.items() if resource["Type"] == kind}

    def properties(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[name].get("Properties", {})
        return found

    @cached_property
    def defaults(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document.get("Globals", {}).get("Function", {})
        return found

    def functions(self) -> Resources:
        return self.of_type(FUNCTION)

    def layers(self) -> Resources:
        return self.of_type(LAYER)

    def layers_of(self, function: str) -> list[str]:
        return [layer["Ref"] for layer in (*self.defaults.get("Layers", []), *self.properties(function).get("Layers", []))]

    def folder(self, function: str) -> Path:
        return ROOT / str(self.properties(function)["CodeUri"])

    def environment(self, function: str) -> dict[str, Any]:
        common = self.defaults.get("Environment", {}).get("Variables", {})
        own = self.properties(function).get("Environment", {}).get("Variables", {})
        return {**common, **own}

    def timeout(self, function: str) -> int:
        return int(self.properties(function).get("Timeout", self.defaults.get("Timeout", 3)))

    def routes(self, function: str) -> set[tuple[str, str]]:
        events = self.properties(function).get("Events", {}).values()
        return {(event["Properties"]["Method"], event["Properties"]["Path"]) for event in events if event["Type"] == "Api"}

    def role(self, function: str) -> list[Statement]:
        """All statements of a function's role, the shared ones included."""
        role = self.properties(function)["Role"]["Fn::GetAtt"][0]
        documents = [policy["PolicyDocument"] for policy in self.properties(role)["Policies"]]
        documents += [self.properties(shared["Ref"])["PolicyDocument"] for shared in self.properties(role).get("ManagedPolicyArns", [])]
        return [statement(raw) for document in documents for raw in document["Statement"]]


def statement(raw: dict[str, Any]) -> Statement:
    return Statement(
        sid=raw.get("Sid", ""),
        effect=raw["Effect"],
        actions=tuple(listed(raw["Action"])),
        targets=tuple(name for value in listed(raw["Resource"]) for name in names(value)),
        condition=raw.get("Condition", {}),
    )


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def names(value: Any) -> Iterator[str]:
    """The logical ids that a value of the template refers to; plain text as it is."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from names(part)
    elif isinstance(value, dict):
        for kind, inner in value.items():
            if kind == "Ref":
                yield inner
            elif kind == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.split(".")[0]
            elif kind == "Fn::Sub":
                text = inner[0] if isinstance(inner, list) else inner
                whole = re.fullmatch(r"\$\{(\w+)(?:\.Arn)?\}(.*)", text)
                yield whole.group(1) + whole.group(2) if whole else text
            else:
                yield from names(inner)


def matches(pattern: str, text: str) -> bool:
    """IAM's wildcard: `*` is any run of symbols, `?` one; case does not count in actions."""
    parts = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(parts, text, re.IGNORECASE) is not None
