"""Which error names exist, and which of them may be tried again: read from the sources of the shop."""

import ast
from functools import cache

from tests.architecture.sources import Source, shipped


SERVICE_TRANSIENT = frozenset(
    {
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    }
)
"""What the service itself raises before or instead of our code and asks to be tried again. A time-out is not among them: what it
left behind is unknown, so it is caught and asked about."""

SERVICE_ERRORS = SERVICE_TRANSIENT | {
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "States.ALL",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.IntrinsicFailure",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.ResultPathMatchFailure",
    "States.TaskFailed",
    "States.Timeout",
}
"""Names that a Catch may hold beside ours."""


def classes(sources: list[Source]) -> dict[str, tuple[tuple[str, ...], str]]:
    """Class name → its bases, and what it says about retrying itself (empty: nothing)."""
    found = {}
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                bases = tuple(ast.unparse(base).rpartition(".")[2] for base in node.bases)
                said = [ast.unparse(each) for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign)]
                retry = next((line.rpartition(".")[2] for line in said if line.startswith(("retry ", "retry:"))), "")
                found[node.name] = (bases, retry)
    return found


def errors(known: dict[str, tuple[tuple[str, ...], str]]) -> dict[str, bool]:
    """Error name → whether it may be tried again."""

    def line(name: str) -> list[str]:
        bases = known[name][0] if name in known else ()
        return [name, *(step for base in bases for step in line(base))]

    found = {}
    for name in known:
        ancestors = line(name)
        if "FakaError" in ancestors:
            said = [known[each][1] for each in ancestors if each in known and known[each][1]]
            found[name] = bool(said) and said[0] == "LATER"
    return found


@cache
def taxonomy() -> dict[str, bool]:
    return errors(classes(shipped()))
