"""Objects with `name.$` fields: Parameters, ItemSelector, ResultSelector."""

from typing import Any

from infra.local.asl.intrinsics import PATH_FAILURE, evaluated, parsed
from infra.local.asl.paths import UnknownForm, needed, steps


def filled(template: Any, value: Any, context: Any) -> Any:
    """Raises: Fault States.ParameterPathFailure where a path names nothing, States.IntrinsicFailure where a function cannot."""
    if isinstance(template, list):
        return [filled(each, value, context) for each in template]
    if not isinstance(template, dict):
        return template
    made = {}
    for name, inner in template.items():
        if name.endswith(".$"):
            made[name[:-2]] = _looked_up(inner, value, context)
        else:
            made[name] = filled(inner, value, context)
    return made


def _looked_up(text: str, value: Any, context: Any) -> Any:
    return evaluated(text, value, context) if text.startswith("States.") else needed(text, value, context, PATH_FAILURE)


def check(template: Any) -> None:
    """Raises: UnknownForm for a path or function that is not known here."""
    if isinstance(template, list):
        for each in template:
            check(each)
    elif isinstance(template, dict):
        for name, inner in template.items():
            if not name.endswith(".$"):
                check(inner)
            elif not isinstance(inner, str):
                raise UnknownForm(f"{name} is no path")
            elif inner.startswith("States."):
                parsed(inner)
            else:
                steps(inner.removeprefix("$") if inner.startswith("$$") else inner)
