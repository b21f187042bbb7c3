"""The template as MiniStack gets it, changed in memory only, and the code that it names, staged in the emulator's S3.

What changes: `python3.13` becomes `provided.al2023` with a bootstrap that runs the sources where they stand, layers become entries of
the Python path, calls to providers on loopback are allowed, and a machine's definition stands where its file is named. The included
part goes to S3 by itself, as `sam package` sends it, and the emulator puts it back in its place.
"""

import copy
import hashlib
import io
import json
import os
import shlex
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.policies import judgeable
from infra.local.template import FUNCTION, LAYER, MACHINE, Template


ARTIFACTS = "local-artifacts"
CONCURRENCY_MAX = 2
"""Processes of one queue worker: fifty of them would fight for the few processors of a workplace."""
RUNTIME = Path(__file__).resolve().parent / "runtime.py"


def overlay(template: Template, logs: Path, s3: Any, settings: Mapping[str, str]) -> dict[str, Any]:
    """The template as MiniStack gets it; stages the code in its S3."""
    document = copy.deepcopy(template.document)
    defaults = document.get("Globals", {}).get("Function", {})
    for name in ("Runtime", "Layers"):
        defaults.pop(name, None)
    for name, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        resource.pop("Metadata", None)
        if resource["Type"] == FUNCTION:
            properties.pop("Layers", None)
            properties["Runtime"] = "provided.al2023"
            properties["CodeUri"] = _stage(s3, name, {"bootstrap": bootstrap(template, name, logs)})
            variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
            variables |= {"FAKA_OUTBOUND_LOOPBACK": "1"} | {name: value for name, value in settings.items() if name in variables}
            for event in properties.get("Events", {}).values():
                scaling = event["Properties"].get("ScalingConfig")
                if scaling:
                    scaling["MaximumConcurrency"] = min(scaling["MaximumConcurrency"], CONCURRENCY_MAX)
        elif resource["Type"] == LAYER:
            properties["ContentUri"] = _stage(s3, name, {"README": "Local functions find this layer on their Python path.\n"})
        elif resource["Type"] == MACHINE:
            properties["Definition"] = template.definition(name)
            del properties["DefinitionUri"]
    judgeable(document["Resources"])
    _include_again(document["Resources"], template.included, s3)
    return document


def _include_again(resources: dict[str, Any], included: frozenset[str], s3: Any) -> None:
    """Take the included resources out and name the place where they lie instead."""
    if included:
        part = json.dumps({name: resources.pop(name) for name in sorted(included)})
        location = _put(s3, "included", "json", part.encode())
        resources["Fn::Transform"] = {"Name": "AWS::Include", "Parameters": {"Location": location}}


def bootstrap(template: Template, name: str, logs: Path) -> str:
    """The program that Lambda's custom runtime starts: our runtime client, in the function's folder, logging to a file."""
    path = os.pathsep.join(str(place) for place in template.import_path(name))
    folder = template.folder(name)
    quoted = {key: shlex.quote(str(value)) for key, value in {"path": path, "folder": folder, "log": log_file(logs, name)}.items()}
    return (
        "#!/bin/sh\n"
        f"export PYTHONPATH={quoted['path']} PYTHONUNBUFFERED=1 LAMBDA_TASK_ROOT={quoted['folder']}\n"
        f"cd {quoted['folder']} && exec {shlex.quote(sys.executable)} -P {shlex.quote(str(RUNTIME))} >>{quoted['log']} 2>&1\n"
    )


def log_file(logs: Path, function: str) -> Path:
    """`StorefrontFunction` logs to `storefront.log`."""
    return logs / f"{function.removesuffix('Function').lower()}.log"


def _stage(s3: Any, name: str, files: dict[str, str]) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return _put(s3, name, "zip", packed.getvalue())


def _put(s3: Any, name: str, ending: str, content: bytes) -> str:
    """The key names the content, so that CloudFormation sees a change of code as a change of the template."""
    key = f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
    s3.put_object(Bucket=ARTIFACTS, Key=key, Body=content)
    return f"s3://{ARTIFACTS}/{key}"
