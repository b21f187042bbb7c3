"""`pytest --rights`: after a run of the whole suite, every right that a role has must have been used by some test, or be waived with a
reason in `unused_rights.yaml`; a waiver that nothing needs any more is as wrong as a right.

```
worker 1 ─► what its functions asked ─┐
worker 2 ─► what its functions asked ─┼─► controller: all rights of the expanded template − used − waived ─► red, if anything is left
services ─► what they do for functions┘                          └─► build/rights.json
```
A part of the suite uses a part of the rights, so then it says "not judged" and nothing else.
"""

import json
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.tools.duties import MACHINE, duties, machine_duties
from infra.tools.iam import Policies, Right
from infra.tools.template import ROOT
from tests.kit import roles
from tests.kit.rights import Book, short


WAIVERS = Path(__file__).with_name("unused_rights.yaml")
REPORT = ROOT / "build" / "rights.json"
WHOLE = ("", "not load")
"""Selections by ring that leave nothing out but what only runs on demand."""


@dataclass(frozen=True)
class Waiver:
    right: str
    """Owner, statement, action and resource, each of them a pattern, with spaces between."""
    reason: str

    def covers(self, right: Right) -> bool:
        return fnmatchcase(written(right), self.right)


def written(right: Right) -> str:
    return f"{right.owner} {right.sid} {right.action} {short(right.resource)}"


def waivers(path: Path = WAIVERS) -> list[Waiver]:
    return [Waiver(row["right"], " ".join(row["reason"].split())) for row in yaml.safe_load(path.read_text()) or []]


def verdict(unused: set[Right], given: list[Waiver]) -> list[str]:
    """What is wrong: rights that nobody used or waived, and waivers without such a right."""
    wrong = [f"no test used: {written(right)}" for right in sorted(unused) if not any(waiver.covers(right) for waiver in given)]
    return wrong + [f"idle waiver: {each.right}" for each in given if not any(each.covers(right) for right in unused)]


def service_rights(policies: Policies) -> tuple[set[Right], list[str]]:
    """By which rights services do their part for all functions, and where a role lacks one."""
    used: set[Right] = set()
    denied = []
    calls = [(function, call) for function in policies.of_type("AWS::Lambda::Function") for call in duties(policies, function)]
    calls += [(machine, call) for machine in policies.of_type(MACHINE) for call in machine_duties(policies, machine)]
    for owner, call in calls:
        judged = policies.judge(owner, call)
        used |= judged.rights
        if not judged.is_allowed:
            denied.append(f"a service needs for {owner}: {call.action} on {short(call.resource)}: {judged.reason}")
    return used, denied


@dataclass(frozen=True)
class Judgement:
    wrong: list[str]
    lines: tuple[str, ...]
    report: dict[str, Any]


def judge(total: "Heard", policies: Policies, given: list[Waiver], *, is_whole: bool) -> Judgement:
    """What was denied is wrong in any run; what was not used only after a run that left nothing out."""
    of_services, lacking = service_rights(policies)
    denied = sorted({*total.denied, *lacking})
    unused = policies.rights() - total.used - of_services
    is_judged = is_whole and not total.left_out
    wrong = denied + (verdict(unused, given) if is_judged else [])
    state = (
        f"{len(unused)} of {len(policies.rights())} rights unused, {len(given)} waivers" if is_judged else "not judged: not every test ran"
    )
    used = [{"function": key[0], "action": key[1], "resource": key[2], "calls": count} for key, count in sorted(total.calls.items())]
    rows = (f"{row['function']:<20} {row['action']:<28} {row['resource']:<34} {row['calls']:>9}" for row in used)
    report = {"is_judged": is_judged, "denied": denied, "used": used, "unused": [written(right) for right in sorted(unused)]}
    return Judgement(wrong, (*rows, state, *wrong), {**report, "waived": [{"right": each.right, "reason": each.reason} for each in given]})


# -- one process -----------------------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """What a process, or all of them together, heard."""

    calls: "Counter[tuple[str, str, str]]"
    used: set[Right]
    denied: list[str]
    left_out: int = 0
    """Tests that were deselected or skipped, those that only run on demand aside."""

    def add(self, other: "Heard") -> None:
        self.calls += other.calls
        self.used |= other.used
        self.denied += other.denied
        self.left_out += other.left_out

    def dump(self, path: Path) -> None:
        rows = [[*key, count] for key, count in self.calls.items()]
        used = [[right.owner, right.sid, right.action, right.resource] for right in self.used]
        path.write_text(json.dumps({"calls": rows, "used": used, "denied": self.denied, "left_out": self.left_out}))

    @classmethod
    def load(cls, path: Path) -> "Heard":
        told = json.loads(path.read_text())
        calls = Counter({(function, action, resource): count for function, action, resource, count in told["calls"]})
        return cls(calls, {Right(*row) for row in told["used"]}, told["denied"], told["left_out"])


def heard(book: Book, left_out: int) -> Heard:
    found = Heard(Counter(), set(), [], left_out)
    for entry in book.seen.values():
        for call in entry.calls_judged if entry.calls else ():
            found.calls[entry.function, call.action, short(call.resource)] += entry.calls
        found.used |= entry.rights if entry.calls else set()
        found.denied += [entry.refusal] if entry.refusal else []
    return found


# -- the session -----------------------------------------------------------------------------------------------------------


@dataclass
class Session:
    folder: Path
    left_out: int = 0
    failed: int = 0
    lines: tuple[str, ...] = ()


SESSION = pytest.StashKey[Session]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rights", action="store_true", help="judge, after a run of everything, whether each right of each role was used")


def pytest_configure(config: pytest.Config) -> None:
    folder = Path(getattr(config, "workerinput", {}).get("rights") or tempfile.mkdtemp(prefix="faka-rights-"))
    config.stash[SESSION] = Session(folder)
    calls = folder / f"calls-{os.getpid()}"
    calls.mkdir()
    os.environ[roles.CALLS] = str(calls)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["rights"] = str(node.config.stash[SESSION].folder)


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        item.config.stash[SESSION].left_out += item.get_closest_marker("load") is None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if call.excinfo is not None:
        if call.excinfo.errisinstance(pytest.skip.Exception):
            item.config.stash[SESSION].left_out += 1
        else:
            item.config.stash[SESSION].failed += 1


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config, own = session.config, session.config.stash[SESSION]
    if not config.getoption("rights"):
        return
    roles.take_in(Path(os.environ[roles.CALLS]))
    heard(roles.book, own.left_out + own.failed).dump(own.folder / f"heard-{os.getpid()}.json")
    if not hasattr(config, "workerinput"):
        total = Heard(Counter(), set(), [])
        for path in own.folder.glob("heard-*.json"):
            total.add(Heard.load(path))
        judgement = judge(total, roles.book.policies, waivers(), is_whole=_is_whole(config))
        own.lines = judgement.lines
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(json.dumps(judgement.report, indent=1))
        if judgement.wrong:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def _is_whole(config: pytest.Config) -> bool:
    is_all = config.args_source is not pytest.Config.ArgsSource.ARGS
    return is_all and not config.getoption("keyword") and config.getoption("markexpr") in WHOLE


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.stash[SESSION].lines:
        terminalreporter.section("rights: function, action, resource, calls")
        for line in config.stash[SESSION].lines:
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and SESSION in config.stash:
        shutil.rmtree(config.stash[SESSION].folder, ignore_errors=True)
