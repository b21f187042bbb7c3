"""Processes that live as long as the local cloud does, and not longer.

Each child holds one end of a pipe as its standard input and stops when the other end closes. So nothing outlives a parent that
was killed, and a Ctrl-C of the terminal reaches the parent only.
"""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from infra.local.deploy import REGION
from infra.local.home import ROOT, Home, Refused


SERVICES = (
    "apigateway,cloudformation,dynamodb,dynamodbstreams,events,iam,kms,lambda,logs,monitoring,"
    "s3,scheduler,secretsmanager,ses,sns,sqs,ssm,states,sts"
)
START_S_MAX = 60
STOP_S_MAX = 60
"""The emulator writes its whole state when it stops: about a second per 100 MB."""


class Child:
    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path, folder: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, env=dict(environment), cwd=folder, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True
            )

    def wait_for(self, address: str) -> None:
        """Wait until the child answers.

        Raises: Refused with the end of its log when it does not.
        """
        end = time.monotonic() + START_S_MAX
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(address, timeout=2):
                    return
            except OSError:
                time.sleep(0.02)
        self.stop()
        lines = self.log.read_text(errors="replace").splitlines()[-8:]
        raise Refused("\n".join([f"{self.name} did not start:", *lines]))

    def stop(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_cloud(
    home: Home, port: int, environment: Mapping[str, str], *, services: str = SERVICES, is_kept: bool = True, is_enforcing: bool = False
) -> Child:
    """MiniStack on loopback, its files under the state folder."""
    own = {
        "AUTH": "true" if is_enforcing else "false",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "BIND_HOST": "127.0.0.1",
        "FAKA_LOCAL_DIRTY": str(home.dirty),
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1" if is_kept else "0",
        "S3_DATA_DIR": str(home.objects),
        "S3_PERSIST": "1" if is_kept else "0",
        "SERVICES": services,
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(home.state),
        "TMPDIR": str(home.temporary),
    }
    command = [sys.executable, "-m", "infra.local.cloud"]
    child = Child("The local cloud", command, {**environment, **own}, home.logs / "cloud.log", ROOT)
    child.wait_for(f"http://127.0.0.1:{port}/_ministack/health")
    return child
