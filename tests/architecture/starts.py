"""Each function, started as Lambda would: its own folder, its layers, and exactly the environment that the template gives it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

from infra.tools.template import ROOT, Template


@dataclass(frozen=True)
class Started:
    routes: frozenset[tuple[str, str]]
    required: frozenset[str]
    numbers: frozenset[str]
    known: frozenset[str]
    loaded: frozenset[str]
    passport: str


def variables(template: Template, function: str) -> dict[str, str]:
    """The template's environment with a plausible text for what the service fills in."""
    given = template.environment(function)
    return {name: value if isinstance(value, str) else f"https://{name.lower().replace('_', '-')}.example" for name, value in given.items()}


@cache
def started(function: str) -> Started:
    template = Template()
    folder = template.folder(function)
    layers = [ROOT / str(template.properties(layer)["ContentUri"]) for layer in template.layers_of(function)]
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "architecture" / "probe.py")],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, [folder, *layers])),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": function,
            **variables(template, function),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{function} does not start with the template's environment:\n{ran.stderr[-2000:]}"
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return Started(
        routes=frozenset((method, path) for method, path in told["routes"]),
        required=frozenset(told["required"]),
        numbers=frozenset(told["numbers"]),
        known=frozenset(told["known"]),
        loaded=frozenset(told["loaded"]),
        passport=told["passport"],
    )
