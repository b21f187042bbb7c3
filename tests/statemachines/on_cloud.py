"""Scenarios on the local cloud's own engine: definitions with their waits cut, and one Lambda function that answers for all tasks.

```
engine ── lambda:invoke ──► a real function in a process of its own ── HTTP on loopback ──► Desk, in the test: the scenario's reply
   ▲                                                                                          │
   └───────────────────────────── SendTaskSuccess, -Failure, -Heartbeat by token ◄────────────┘
```
The engine takes Wait states and retry delays times SFN_WAIT_SCALE, here 0. Time-outs it takes as they are: one of a few seconds is
waited for, a longer one is told to it by its name.
"""

import copy
import io
import json
import os
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from infra.local import deploy
from infra.local.asl.definition import Json, walk
from infra.local.children import start_cloud
from infra.local.home import Home, any_port
from infra.local.runtime import CALLS
from tests.statemachines.house import ROOT, Machine
from tests.statemachines.scenarios import LAMBDA, Scenario, Script


BY_TOKEN = f"{LAMBDA}.waitForTaskToken"
WAITED_FOR_S = 2
"""The longest time-out that a silent task really runs into."""
TIMEOUT_S = 600
PATIENCE_S = 120
"""For all scenarios together: they run at the same time, some 10 s on an idle machine."""
FUNCTION = "answerer"


OUTER = "_item"
"""The field that carries an item's index into a map inside its map, which knows its own index only."""


def cut(machine: Machine) -> Json:
    """The definition as the engine gets it: each call says where it comes from.

    Raises: NotImplementedError for a way to ask that nobody has taught this to answer.
    """
    definition = copy.deepcopy(machine.runnable)
    places = _places(definition)
    for state in walk(definition):
        task = state.fields
        if task["Type"] == "Task":
            if task["Resource"] not in (LAMBDA, BY_TOKEN):
                raise NotImplementedError(f"{state.name}: {task['Resource']}")
            own: Json = {"scenario.$": "$$.Execution.Name", "timeout_s": task.get("TimeoutSeconds"), **places[state.name]}
            if task["Resource"] == BY_TOKEN:
                own["token.$"] = "$$.Task.Token"
            if task.get("TimeoutSeconds", 0) > WAITED_FOR_S:
                task["TimeoutSeconds"] = TIMEOUT_S  # a busy machine must not run into a time that the scenario keeps
            task["Parameters"]["FunctionName"] = FUNCTION
            task["Parameters"]["Payload"]["_call"] = own
    return definition


def _places(machine: Json, around: str = "", depth: int = 0) -> dict[str, Json]:
    """State → the field of the payload that tells its place. An item's index is known to the engine only; `depth` counts the maps."""
    found: dict[str, Json] = {}
    indexes = (f"$.{OUTER}, " if depth > 1 else "") + "$$.Map.Item.Index"
    for name, fields in machine["States"].items():
        place = f"{around}{name}"
        found[name] = {"place.$": f"States.Format('{place}', {indexes})"} if depth else {"place": place}
        for index, branch in enumerate(fields.get("Branches", ())):
            found |= _places(branch, f"{place}[{index}] > ", depth)
        if "ItemProcessor" in fields:
            if depth > 1:
                raise NotImplementedError(f"{name}: a map in a map in a map")
            if "ItemSelector" in fields:
                fields["ItemSelector"][f"{OUTER}.$"] = f"$.{OUTER}" if depth else "$$.Map.Item.Index"
            found |= _places(fields["ItemProcessor"], f"{place}[{{}}] > ", depth + 1)
    return found


HANDLER = """
import json, os, urllib.request

def handler(event, context):
    with urllib.request.urlopen(os.environ["DESK"], json.dumps(event["_call"]).encode(), timeout=60) as answer:
        reply = json.load(answer)
    if "error" in reply:
        raise type(reply["error"], (Exception,), {})(reply.get("cause", ""))
    return reply.get("answer")
"""


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    """All scenarios ask at once; with the usual five a busy machine refuses connections."""


@dataclass
class Desk:
    """Answers the function's questions from the scripts, and the tokens at the engine."""

    scripts: dict[str, Script] = field(default_factory=dict)
    engine: Any = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, call: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            script = self.scripts[call["scenario"]]
            told = len(script.wrong)
            reply = script.next(call["place"])
            if len(script.wrong) > told:
                reply = {"error": "NotInTheScenario"}
        is_waited_for = (call["timeout_s"] or WAITED_FOR_S + 1) <= WAITED_FOR_S
        if reply.get("silent") and not is_waited_for:
            reply = {**reply, "error": "States.Timeout"}
        if "token" in call:
            self._by_token(call["token"], reply)
            return {"answer": None}
        if reply.get("silent") and is_waited_for:
            time.sleep(WAITED_FOR_S + 1)
        return reply

    def _by_token(self, token: str, reply: dict[str, Any]) -> None:
        for _ in reply.get("beats_s", ()):
            self.engine.send_task_heartbeat(taskToken=token)
        if "error" in reply:
            self.engine.send_task_failure(taskToken=token, error=reply["error"], cause=reply.get("cause", ""))
        elif not reply.get("silent"):
            self.engine.send_task_success(taskToken=token, output=json.dumps(reply.get("answer")))


@contextmanager
def _served(desk: Desk) -> Iterator[str]:
    class Counter(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps(desk.reply(call)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = Server(("127.0.0.1", 0), Counter)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def engine(folder: Path) -> Iterator[tuple[Any, Desk]]:
    """A client of an engine that waits for nothing, and the desk that answers its tasks."""
    home = Home(folder)
    home.take()
    port = any_port()
    environment = {name: value for name, value in os.environ.items() if name != CALLS}  # no function of the shop, so no calls to judge
    child = start_cloud(home, port, {**environment, "SFN_WAIT_SCALE": "0"}, services="iam,lambda,logs,states,sts", is_kept=False)
    desk = Desk()
    try:
        with _served(desk) as address:
            endpoint = f"http://127.0.0.1:{port}"
            desk.engine = deploy.client("stepfunctions", endpoint)
            _make_function(deploy.client("lambda", endpoint), folder, address)
            yield desk.engine, desk
    finally:
        child.stop()
        home.release()


def _make_function(client: Any, folder: Path, address: str) -> None:
    code = folder / "function"
    code.mkdir()
    (code / "answerer.py").write_text(HANDLER)
    runtime = ROOT / "infra" / "local" / "runtime.py"
    program = f"#!/bin/sh\nexport PYTHONPATH={code}\nexec {sys.executable} -S -P {runtime} >>{folder}/function.log 2>&1\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap", (2020, 1, 1, 0, 0, 0))
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, program)
    client.create_function(
        FunctionName=FUNCTION,
        Runtime="provided.al2023",
        Handler="answerer.handler",
        Role="arn:aws:iam::000000000000:role/answerer",
        Code={"ZipFile": packed.getvalue()},
        Timeout=60,
        Environment={"Variables": {"DESK": address}},
    )


@dataclass
class Run:
    """What the engine did."""

    status: str
    output: Any
    error: str
    cause: str
    path: list[str]
    """The outer states in the order in which they were entered; the engine's history knows no others."""
    script: Script


def run_all(client: Any, desk: Desk, plays: list[tuple[Machine, Scenario]]) -> dict[str, Run]:
    """All scenarios at the same time, by `machine-scenario`."""
    started = {}
    for machine, scenario in plays:
        name = f"{machine.name}-{scenario.name}"
        desk.scripts[name] = Script(scenario)
        definition = json.dumps(cut(machine))
        made = client.create_state_machine(name=name, definition=definition, roleArn="arn:aws:iam::000000000000:role/machine")
        given = json.dumps(scenario.given)
        started[name] = client.start_execution(stateMachineArn=made["stateMachineArn"], name=name, input=given)["executionArn"]
    end = time.monotonic() + PATIENCE_S
    return {name: _ended(client, arn, desk.scripts[name], end) for name, arn in started.items()}


def _ended(client: Any, arn: str, script: Script, end: float) -> Run:
    while (told := client.describe_execution(executionArn=arn))["status"] == "RUNNING" and time.monotonic() < end:
        time.sleep(0.1)
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    path = [event["stateEnteredEventDetails"]["name"] for event in events if event["type"].endswith("StateEntered")]
    output = json.loads(told["output"]) if told["status"] == "SUCCEEDED" else None
    return Run(told["status"], output, told.get("error", ""), told.get("cause", ""), path, script)
