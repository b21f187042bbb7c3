"""What a state machine asks of a function: `{"schema_version": 1, "task": "fetch", …}` in, a small object of ids and counts out.

Errors leave by their class names, which the machine's Retry and Catch name.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from faka.kernel.errors import Broken, InvalidRequest
from faka.kernel.model import Frozen


SCHEMA_VERSION = 1
"""Of the payloads. Another number comes from an execution that began before a deployment which changed them."""

Asked = TypeVar("Asked", bound=Frozen)
Work = Callable[[Mapping[str, Any]], Frozen]


class TaskUnknown(Broken):
    """The machine asks for what this function does not do, or in another version: template and code have parted."""


def task(request: type[Asked], flow: Callable[[Asked], Frozen]) -> Work:
    """Work of one kind: read what is asked, do it. Raises: InvalidRequest, whose text names fields and no value."""

    def work(given: Mapping[str, Any]) -> Frozen:
        try:
            asked = request.model_validate(given)
        except ValidationError as error:
            wrong = sorted({str(part["loc"][0]) if part["loc"] else "" for part in error.errors(include_input=False, include_url=False)})
            raise InvalidRequest(f"task: {', '.join(wrong)}") from None
        return flow(asked)

    return work


def answer(event: Mapping[str, Any], tasks: Mapping[str, Work]) -> dict[str, Any]:
    """Do the one task that an event asks for. Raises: TaskUnknown, InvalidRequest, and whatever the flow raises."""
    work = tasks.get(str(event.get("task")))
    if work is None or event.get("schema_version") != SCHEMA_VERSION:
        raise TaskUnknown("task" if work is None else "schema_version")
    given = {name: value for name, value in event.items() if name not in ("task", "schema_version")}
    return work(given).model_dump(mode="json")
