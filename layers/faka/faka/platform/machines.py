"""State machines: begin an execution under a name, once."""

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.errors import Unavailable
from faka.platform.task import SCHEMA_VERSION


class MachineUnavailable(Unavailable):
    """The state machine cannot be started now."""


class Machine:
    def __init__(self, client: Any, arn: str) -> None:
        self._client = client
        self._arn = arn

    def begin(self, name: str, **given: str) -> bool:
        """Whether this call began it: an execution of that name may run, or have run in the last ninety days.

        Raises: MachineUnavailable.
        """
        payload = json.dumps({"schema_version": SCHEMA_VERSION, **given})
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input=payload)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionAlreadyExists":
                return False
            raise MachineUnavailable("start") from error
        except BotoCoreError as error:
            raise MachineUnavailable("start") from error
        return True
