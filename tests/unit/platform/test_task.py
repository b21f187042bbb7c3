"""A machine's tasks: known ones of the known version, read strictly, answered with plain values."""

from datetime import date

import pytest

from faka.kernel.errors import InvalidRequest
from faka.kernel.model import Frozen
from faka.platform.task import TaskUnknown, answer, task


class Day(Frozen):
    day: date


TASKS = {"echo": task(Day, lambda asked: asked)}


def test_a_task_is_read_done_and_answered_with_plain_values() -> None:
    assert answer({"schema_version": 1, "task": "echo", "day": "2026-11-24"}, TASKS) == {"day": "2026-11-24"}


@pytest.mark.parametrize("event", [{"schema_version": 1, "task": "other"}, {"task": "echo"}, {"schema_version": 2, "task": "echo"}, {}])
def test_an_unknown_task_and_another_version_of_payloads_are_refused(event: dict[str, object]) -> None:
    with pytest.raises(TaskUnknown):
        answer({**event, "day": "2026-11-24"}, TASKS)


@pytest.mark.parametrize("given", [{}, {"day": "tomorrow"}, {"day": "2026-11-24", "card": "K-1"}])
def test_what_does_not_fit_is_refused_by_the_names_of_its_fields(given: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        answer({"schema_version": 1, "task": "echo", **given}, TASKS)
    assert "tomorrow" not in str(refused.value)
    assert "K-1" not in str(refused.value)
