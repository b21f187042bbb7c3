"""The Lambda runtime of the local cloud: take an event, call the handler, give back its answer or its error.

One program, two ways to get events, so that a function behaves the same in both:

    MiniStack ── Lambda Runtime API over HTTP ──┐
                                                ├── handler(event, context)      one process, one event at a time
    front.py ─── a socket that we inherit ──────┘

Runs with nothing but the standard library, and with `python -P`, which keeps this folder off the path: a function sees its own
code and its layers only. An error keeps the name of its exception class, as on AWS.
"""

import http.client
import importlib
import importlib.util
import json
import os
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


Handler = Callable[[Any, "Context"], Any]
ASK = struct.Struct("!I16sQ")
"""Front to worker: length of the event that follows, request id, deadline in milliseconds."""
ANSWER = struct.Struct("!BI")
"""Worker to front: 0 for an answer, 1 for an error, then the length of the JSON that follows."""
WARM = b'{"local": "warm"}'
"""An event that only asks for the handler to be loaded."""
RUNTIME_API = "/2018-06-01/runtime/"
CALLS = "FAKA_LOCAL_CALLS"
"""Where this is set it names a folder, and the function's calls are written down there (`asked.py`)."""


@dataclass
class Context:
    """The second argument of a handler, as far as AWS fills it for us."""

    aws_request_id: str
    deadline_ms: int
    invoked_function_arn: str = ""
    function_name: str = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"))
    log_group_name: str = "/aws/lambda/" + os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    log_stream_name: str = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self.deadline_ms - int(time.time() * 1000))


def load(name: str) -> Handler:
    """The handler that the template names, such as `app.handler`."""
    module, _, function = name.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    if CALLS in os.environ:
        _write_calls_down(Path(os.environ[CALLS]))
    return handler


def _write_calls_down(folder: Path) -> None:
    """By its file, because nothing of ours is on a function's path."""
    spec = importlib.util.spec_from_file_location("faka_local_asked", Path(__file__).with_name("asked.py"))
    if spec is None or spec.loader is None:
        raise ImportError("asked.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write_down(folder, os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""), os.environ)


def run(handler: Handler, event: bytes, context: Context) -> tuple[bool, bytes]:
    """Call the handler; whether it succeeded, and its answer or error as JSON."""
    try:
        return True, json.dumps(handler(json.loads(event), context), ensure_ascii=False).encode()
    except Exception as error:
        traceback.print_exc()
        return False, failure(error)


def failure(error: BaseException) -> bytes:
    """What AWS tells about an error: the class by its bare name, so that retry rules can name it."""
    lines = traceback.format_tb(error.__traceback__)
    return json.dumps({"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": lines}).encode()


def serve_runtime_api(name: str) -> None:
    """Events from MiniStack, until it tears the environment down."""
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(method: str, path: str, body: bytes | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        api.request(method, RUNTIME_API + path, body, {"Content-Type": "application/json"})
        response = api.getresponse()
        content = response.read()
        if response.status >= 500:
            raise ConnectionError("the execution environment was stopped")
        return response, content

    try:
        handler = load(name)
    except BaseException as error:
        call("POST", "init/error", failure(error))
        raise
    while True:
        response, event = call("GET", "invocation/next")
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        deadline_ms = int(response.headers["Lambda-Runtime-Deadline-Ms"])
        os.environ["_X_AMZN_TRACE_ID"] = response.headers.get("Lambda-Runtime-Trace-Id", "")
        arn = response.headers.get("Lambda-Runtime-Invoked-Function-Arn", "")
        is_done, content = (True, b"null") if event == WARM else run(handler, event, Context(request_id, deadline_ms, arn))
        call("POST", f"invocation/{request_id}/{'response' if is_done else 'error'}", content)


def serve_socket(name: str, channel: socket.socket) -> None:
    """Events from the front, until it closes the socket. The first frame says that the handler is loaded."""
    try:
        handler = load(name)
    except BaseException as error:
        channel.sendall(_framed(False, failure(error)))
        raise
    channel.sendall(_framed(True, b"null"))
    arn = os.environ.get("FAKA_LOCAL_FUNCTION_ARN", "")
    while True:
        length, request_id, deadline_ms = ASK.unpack(_exactly(channel, ASK.size))
        event = _exactly(channel, length)
        context = Context(_uuid(request_id.hex()), deadline_ms, arn)
        channel.sendall(_framed(*run(handler, event, context)))


def _framed(is_done: bool, content: bytes) -> bytes:
    return ANSWER.pack(0 if is_done else 1, len(content)) + content


def _exactly(channel: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = channel.recv(min(length - len(parts), 1 << 18))
        if not part:
            raise ConnectionError("the front is gone")
        parts += part
    return bytes(parts)


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def main() -> None:
    descriptor = os.environ.pop("FAKA_LOCAL_SOCKET", "")
    try:
        if descriptor:
            serve_socket(os.environ["_HANDLER"], socket.socket(fileno=int(descriptor)))
        else:
            serve_runtime_api(os.environ["_HANDLER"])
    except (ConnectionError, http.client.HTTPException):
        sys.exit(0)


if __name__ == "__main__":
    main()
