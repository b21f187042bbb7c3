"""Policies of the template as the emulator can judge them. Actions, resources and principals stay as they are, and are enforced.

What it cannot judge, it refuses; so these parts are taken out or put in its words:

* conditions on keys of single services (`kms:EncryptionContext:…`, `dynamodb:LeadingKeys`): it does not know them;
* the demand for TLS, which loopback has not;
* a batch of PartiQL inserts: one action of its own here, on no table;
* sending mail: it does not look whose address sends;
* `aws:PrincipalArn` of a role's session: the role on AWS, the session here.
"""

from typing import Any


def judgeable(node: Any) -> None:
    """Change all policy statements below this part of a template, in place."""
    if isinstance(node, list):
        node[:] = [one for one in node if not _demands_tls(one)]
        if any(isinstance(one, dict) and "Effect" in one and "dynamodb:PartiQLInsert" in one.get("Action", "") for one in node):
            node.append({"Effect": "Allow", "Action": "dynamodb:BatchExecuteStatement", "Resource": "*"})
    for child in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
        if isinstance(child, dict) and "Effect" in child and "Condition" in child:
            child["Condition"] = _conditions(child["Condition"])
        if isinstance(child, dict) and child.get("Action") == "ses:SendEmail":
            child["Resource"] = "*"
        judgeable(child)


def _demands_tls(node: Any) -> bool:
    return isinstance(node, dict) and node.get("Effect") == "Deny" and "aws:SecureTransport" in str(node.get("Condition", {}))


def _conditions(given: dict[str, Any]) -> dict[str, Any]:
    kept = {}
    for comparison, keys in given.items():
        known = {key: _session(value) if key == "aws:PrincipalArn" else value for key, value in keys.items() if key.startswith("aws:")}
        if known:
            kept[comparison] = known
    return kept


def _session(value: Any) -> Any:
    """The role's pattern as a pattern of its sessions, inside whatever function of CloudFormation builds it."""
    if isinstance(value, str):
        return value.replace(":iam::", ":sts::").replace(":role/", ":assumed-role/")
    if isinstance(value, list):
        return [_session(one) for one in value]
    return {name: _session(one) for name, one in value.items()}
