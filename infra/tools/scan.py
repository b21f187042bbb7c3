"""`python -m infra.tools.scan`: checkov on the expanded template. Clean, or waived with a reason in waivers.yaml; a waiver that
nothing needs any more is an error too."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase

import yaml

from infra.tools.expand import write
from infra.tools.template import ROOT


WAIVERS = ROOT / "infra" / "tools" / "waivers.yaml"
CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"


@dataclass(frozen=True)
class Finding:
    check: str
    resource: str
    title: str


@dataclass(frozen=True)
class Waiver:
    check: str
    resources: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        return finding.check == self.check and any(fnmatchcase(finding.resource, pattern) for pattern in self.resources)


def waivers() -> list[Waiver]:
    return [Waiver(row["check"], tuple(row["resources"]), row["reason"].strip()) for row in yaml.safe_load(WAIVERS.read_text())]


def findings() -> tuple[list[Finding], int]:
    """What checkov has against the template, and how many checks it passed."""
    path = write()
    command = [str(CHECKOV), "--file", str(path), "--framework", "cloudformation", "secrets", "--output", "json", "--quiet", "--compact"]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "LOG_LEVEL": "ERROR", "BC_SKIP_MAPPING": "TRUE"}
    )
    try:
        answer = json.loads(ran.stdout)
    except ValueError:
        sys.exit(f"checkov did not answer: {ran.stderr.strip()[-500:]}")
    reports = answer if isinstance(answer, list) else [answer]
    found = [
        Finding(row["check_id"], row["resource"], row["check_name"])
        for report in reports
        for row in report.get("results", {}).get("failed_checks", [])
    ]
    return found, sum(int(report.get("summary", report).get("passed", 0)) for report in reports)


def verdict(found: list[Finding], given: list[Waiver]) -> list[str]:
    """What is wrong: findings that nobody waived, and waivers without a finding."""
    open_findings = [finding for finding in found if not any(waiver.covers(finding) for waiver in given)]
    idle = [waiver for waiver in given if not any(waiver.covers(finding) for finding in found)]
    return [f"{finding.check} {finding.resource}: {finding.title}" for finding in open_findings] + [
        f"{waiver.check}: waived for {', '.join(waiver.resources)}, but nothing there needs it" for waiver in idle
    ]


def main() -> int:
    found, passed = findings()
    wrong = verdict(found, waivers())
    print("\n".join(wrong) or f"checkov: {passed} checks passed, {len(found)} findings waived with a reason")
    return 1 if wrong or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
