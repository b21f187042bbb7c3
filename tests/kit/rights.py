"""What calls needed which rights: each kind of call is judged once and counted from then on."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.local.asked import Asked
from infra.tools.arns import ACCOUNT, PARTITION, REGION
from infra.tools.duties import at_rest
from infra.tools.expand import PARAMETERS, expand
from infra.tools.iam import Call, Policies, Right
from infra.tools.template import Template


KINDS = {
    "table": "AWS::DynamoDB::Table",
    "bucket": "AWS::S3::Bucket",
    "key": "AWS::KMS::Key",
    "queue": "AWS::SQS::Queue",
    "bus": "AWS::Events::EventBus",
    "machine": "AWS::StepFunctions::StateMachine",
}
USES = {
    "GENERATE_VERIFY_MAC": ("kms:GenerateMac", "kms:VerifyMac"),
    "SIGN_VERIFY": ("kms:Sign", "kms:Verify", "kms:GetPublicKey"),
}
"""What a key of each usage is asked for; keys of no stated usage are for everything else. Keys of tests have no names of the template."""

UNKNOWN = "nothing that the template knows"


@dataclass
class Entry:
    """One kind of call, and how often it was made."""

    function: str
    calls_judged: list[Call]
    """The call itself, then what its resource's key is asked for."""
    rights: frozenset[Right]
    refusal: str = ""
    calls: int = 0


@dataclass
class Book:
    document: dict[str, Any] | None = None
    """An expanded template; the repository's own when none is given."""
    seen: dict[tuple[str, Asked], Entry] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @cached_property
    def policies(self) -> Policies:
        return Policies(self.document or expand(Template()))

    def judged(self, function: str, asked: Asked) -> Entry:
        known = self.seen.get((function, asked))
        if known is None:
            known = self.seen[function, asked] = self._judge(function, asked)
        return known

    def function_named(self, name: str) -> str:
        """`faka-StorefrontFunction-199C5C` is the storefront; nothing for a function of a template that only a test has."""
        return next((function for function in self.policies.of_type("AWS::Lambda::Function") if function in name), "")

    def _judge(self, function: str, asked: Asked) -> Entry:
        action, kind, _, _, keys, told = asked
        context = dict(told)
        if keys:
            context["dynamodb:leadingkeys"] = keys
        if kind == "identity":
            context["ses:fromaddress"] = (PARAMETERS["MailFrom"],)
        call = Call(action, self._resource(function, asked), context)
        entry = Entry(function, [call, *at_rest(self.policies, call)], frozenset())
        for each in entry.calls_judged:
            verdict = self.policies.judge(function, each)
            entry.rights |= verdict.rights
            if not verdict.is_allowed:
                about = f" for {', '.join(keys)}" if keys else f" with {dict(each.context)}" if each.context else ""
                entry.refusal = f"{function} may not {each.action} on {short(each.resource)}{about}: {verdict.reason}"
                break
        return entry

    # -- names ---------------------------------------------------------------------------------------------------

    def _resource(self, function: str, asked: Asked) -> str:
        action, kind, name, rest, _, _ = asked
        arns = self.policies.arns
        if kind == "secret":
            return f"arn:{PARTITION}:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-000000"
        if kind == "identity":
            return f"arn:{PARTITION}:ses:{REGION}:{ACCOUNT}:identity/{PARAMETERS['MailFrom']}"
        logical = self._logical(function, action, kind, name)
        return arns.of(logical) + rest if logical else UNKNOWN

    def _logical(self, function: str, action: str, kind: str, name: str) -> str:
        """The resource that a call means: by the setting that named it, by its own name, or because the function knows no other."""
        there = self.policies.of_type(KINDS.get(kind, ""))
        settings = self._settings(function)
        if name in settings:
            return settings[name]
        for logical in there:
            if logical in name or (kind == "table" and logical.removesuffix("Table").lower() in name):
                return logical
        told = {logical for logical in settings.values() if logical in there and (kind != "key" or self._serves(logical, action))}
        return told.pop() if len(told) == 1 else ""

    def _serves(self, key: str, action: str) -> bool:
        usage = self.policies.resources[key]["Properties"].get("KeyUsage", "")
        if usage in USES:
            return action in USES[usage]
        return not any(action in actions for actions in USES.values())

    def _settings(self, function: str) -> dict[str, str]:
        """Environment variable → the resource whose name the template puts into it."""
        values = self.policies.resources[function]["Properties"].get("Environment", {}).get("Variables", {})
        found = {}
        for name, value in values.items():
            if isinstance(value, dict) and "Ref" in value:
                found[name] = value["Ref"]
            elif isinstance(value, dict) and "Fn::GetAtt" in value:
                found[name] = value["Fn::GetAtt"][0]
            elif isinstance(value, dict) and "Fn::Sub" in value:  # a machine by its name, because its reference would wait for the function
                arns, arn = self.policies.arns, self.policies.arns.text(value)
                found.update((name, machine) for machine in self.policies.of_type(KINDS["machine"]) if arns.of(machine) == arn)
        return found


def short(arn: str) -> str:
    """An ARN without what is the same in all of them."""
    return arn.rsplit(f":{ACCOUNT}:", 1)[-1].removeprefix("table/").removeprefix("key/").removeprefix(f"arn:{PARTITION}:s3:::")
