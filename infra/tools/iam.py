"""Whether a call may be made, as the service decides it: the roles and key policies of the expanded template against one call.

```
call ─► does any Deny fit? ─ yes ─► refused
          │ no
        does an Allow of the role fit: action, resource, every condition? ─ no ─► refused
          │ yes                    a call to a key must fit the key's own policy as well
        allowed, by these rights
```
No emulator decides like that: they know no leading keys, no encryption contexts, and little of ARNs. What is not understood lets
nothing pass: an operator that is not known fails an Allow and holds a Deny.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from infra.tools.arns import ROOT_USER, Arns, Unreadable
from infra.tools.template import Statement, listed


Context = Mapping[str, tuple[str, ...]]
"""Condition key, in small letters → what the call says of it."""

POLICY_FIELDS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
PUBLISHED = {
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole": {
        "Effect": "Allow",
        "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": "*",
    }
}
"""Policies of the service that the transform attaches to each role it makes."""

NOTHING = "*"
"""The resource of a call whose action knows none."""


@dataclass(frozen=True)
class Call:
    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Right:
    """One action on one resource, as one statement gives it."""

    owner: str
    """The role or the shared policy that the statement stands in."""
    sid: str
    action: str
    resource: str


@dataclass(frozen=True)
class Verdict:
    rights: frozenset[Right]
    """By which the call is allowed; none when it is refused."""
    reason: str = ""

    @property
    def is_allowed(self) -> bool:
        return not self.reason


class Policies:
    """All roles and key policies of an expanded template."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.resources: dict[str, dict[str, Any]] = document["Resources"]
        self.arns = Arns(document)
        self.roles = {name: self._role(name) for name in self.of_type("AWS::IAM::Role")}
        self._keys = {self.arns.of(name): self._key_policy(name) for name in self.of_type("AWS::KMS::Key")}

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: resource for name, resource in self.resources.items() if resource["Type"] == kind}

    def role_of(self, function: str) -> str:
        """Of a function or a state machine. Raises: KeyError for one that the template does not have."""
        own = self.resources[function]["Properties"]
        role: str = own["Role" if "Role" in own else "RoleArn"]["Fn::GetAtt"][0]
        return role

    def rights(self) -> set[Right]:
        """All that is allowed to anybody."""
        return {
            Right(owner, each.sid, action, resource)
            for statements in self.roles.values()
            for owner, each in statements
            if each.effect == "Allow"
            for action in each.actions
            for resource in each.targets
        }

    def judge(self, function: str, call: Call) -> Verdict:
        role = self.role_of(function)
        context = {**call.context, "aws:principalarn": (self.arns.of(role),), "aws:securetransport": ("true",)}
        call = Call(call.action, call.resource, context)
        if any(each.effect == "Deny" and _fits(each, call) for _, each in self.roles[role]):
            return Verdict(frozenset(), f"a statement of {role} forbids it")
        rights = frozenset(right for owner, each in self.roles[role] if each.effect == "Allow" for right in _rights(owner, each, call))
        if not rights:
            return Verdict(rights, f"no statement of {role} allows it")
        if call.action.startswith("kms:") and not _key_lets(self._keys.get(call.resource, []), call):
            return Verdict(frozenset(), "the key's own policy does not let it pass")
        return Verdict(rights)

    def _role(self, name: str) -> list[tuple[str, Statement]]:
        own = self.resources[name]["Properties"]
        found = [(name, raw) for policy in own.get("Policies", []) for raw in listed(policy["PolicyDocument"]["Statement"])]
        for shared in own.get("ManagedPolicyArns", []):
            if isinstance(shared, str) and shared in PUBLISHED:
                found.append((shared, PUBLISHED[shared]))
                continue
            if not isinstance(shared, dict) or shared.get("Ref") not in self.resources:
                raise Unreadable(f"{name}: nobody here knows what {shared} allows")
            found += [(shared["Ref"], raw) for raw in listed(self.resources[shared["Ref"]]["Properties"]["PolicyDocument"]["Statement"])]
        return [(owner, self._statement(raw)) for owner, raw in found]

    def _key_policy(self, name: str) -> list[Statement]:
        statements = self.resources[name]["Properties"]["KeyPolicy"]["Statement"]
        return [self._statement(raw) for raw in statements if self._is_for_roles(raw)]

    def _statement(self, raw: dict[str, Any]) -> Statement:
        if set(raw) - POLICY_FIELDS:
            raise Unreadable(f"{raw.get('Sid', 'a statement')}: {', '.join(sorted(set(raw) - POLICY_FIELDS))}")
        condition = {
            operator: {key.lower(): self.arns.texts(values) for key, values in keys.items()}
            for operator, keys in raw.get("Condition", {}).items()
        }
        return Statement(raw.get("Sid", ""), raw["Effect"], tuple(listed(raw["Action"])), self.arns.texts(raw["Resource"]), condition)

    def _is_for_roles(self, raw: dict[str, Any]) -> bool:
        """Whether a key policy's statement speaks of the account's roles: its principal is the account, which means whoever a role
        lets, and conditions name the role. Services come by themselves and are not judged here. Raises: Unreadable.
        """
        principal = raw["Principal"]
        if isinstance(principal, dict) and set(principal) == {"Service"}:
            return False
        if principal == "*" or (set(principal) == {"AWS"} and set(self.arns.texts(principal["AWS"])) <= {ROOT_USER, "*"}):
            return True
        raise Unreadable(f"{raw.get('Sid', 'a statement')}: {principal}")


def _key_lets(statements: list[Statement], call: Call) -> bool:
    on_this_key = Call(call.action, NOTHING, call.context)
    is_denied = any(each.effect == "Deny" and _fits(each, on_this_key) for each in statements)
    return not is_denied and any(each.effect == "Allow" and _fits(each, on_this_key) for each in statements)


def _rights(owner: str, statement: Statement, call: Call) -> list[Right]:
    if _holds(statement.condition, call.context) is not True:
        return []
    return [
        Right(owner, statement.sid, action, resource)
        for action in statement.actions
        if _like(action.lower(), call.action.lower())
        for resource in statement.targets
        if _like(resource, call.resource)
    ]


def _fits(statement: Statement, call: Call) -> bool:
    is_meant = any(_like(action.lower(), call.action.lower()) for action in statement.actions)
    is_meant = is_meant and any(_like(resource, call.resource) for resource in statement.targets)
    held = _holds(statement.condition, call.context)
    return is_meant and (held if held is not None else statement.effect == "Deny")


def _holds(condition: dict[str, Any], context: Context) -> bool | None:
    """Whether every line of a condition holds; None when one of them is not understood."""
    answers: list[bool | None] = []
    for operator, keys in condition.items():
        sets, _, comparison = operator.rpartition(":")
        compare = COMPARISONS.get(comparison) if sets in QUANTIFIERS else None
        for key, patterns in keys.items():
            given = context.get(key, ())
            if compare is None:
                answers.append(None)
            elif sets == "ForAllValues":  # without any value this holds: the service's own trap
                answers.append(all(any(compare(pattern, value) for pattern in patterns) for value in given))
            else:
                answers.append(any(compare(pattern, value) for pattern in patterns for value in given))
    return False if False in answers else None if None in answers else True


@cache
def _pattern(text: str) -> re.Pattern[str]:
    if "${" in text:
        raise Unreadable(f"a policy variable: {text}")
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _like(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


def _equals(pattern: str, text: str) -> bool:
    return pattern == text


QUANTIFIERS = ("", "ForAllValues", "ForAnyValue")
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _equals,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda pattern, text: pattern.lower() == text.lower(),
}
