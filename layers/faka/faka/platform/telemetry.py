"""Logs and figures. One JSON line per outcome, verb in the past tense, fields from one list.

```
note("order_paid", order_id=…, amount_minor=…)   a line      an unknown field is left out and its *name* is reported
count("OrdersPaid")                              a figure    dimension `service` only
@observed                                        a handler   context in each line, figures flushed, no foreign text in a failure
```
A card's secret, a contact or a key never has a field here. What an exception *says* is foreign text (pydantic, botocore
and drivers quote their input), so only its class and the places that it passed are written; the text of our own errors
holds ids only and may stand.
"""

import functools
import logging
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

from faka.kernel.errors import Broken, FakaError, Unavailable


NAMESPACE = "faka"
FRAMES_MAX = 12
"""Places of a failure that a log line names, innermost last; our deepest path has nine."""

FIELDS = frozenset(
    (
        *("flow", "step", "outcome", "error_code", "order_id", "line_id", "payment_id", "card_id", "sku_id", "batch_id"),
        *("partner_id", "agent_id", "supplier_id", "provider", "channel_id", "case_id", "notice_id", "refund_id", "amount_minor"),
        *("currency", "execution_arn", "request_id", "correlation_id", "attempt", "latency_ms", "count"),
    )
)
"""The fields that a line may carry. Ids, counts, codes and times; nothing that a person typed."""

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_CONTEXT = frozenset(("cold_start", "function_name", "function_memory_size", "function_arn", "function_request_id", "tenant_id", "refused"))

Handler = Callable[[Any, Any], Any]


class WorkFailed(Broken):
    """A handler failed; the line before this one says where. Raised in place of the foreign error, whose text may quote its input."""


class KnownFields(logging.Filter):
    """Drops every field outside the list and reports the names, so that a slip shows in the log without showing its value."""

    def filter(self, record: logging.LogRecord) -> bool:
        unknown = sorted(name for name in record.__dict__ if name not in _OWN and name not in FIELDS and name not in _CONTEXT)
        for name in unknown:
            del record.__dict__[name]
        if unknown:
            record.refused = ",".join(unknown)
        return True


class SafeFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON line, with the class and path of an exception but never its text, unless the error is ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "serialize_stacktrace": False, "use_rfc3339": True, "utc": True})

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        return where(ei[1], ei[2])

    def _extract_log_exception(self, log_record: logging.LogRecord) -> Any:
        info = log_record.exc_info
        if not isinstance(info, tuple) or info[0] is None:
            return None, None, None
        return self.formatException(info), info[0].__name__, None


def where(error: BaseException | None, tb: TracebackType | None) -> str:
    """The chain of exception classes and the places they passed; texts only of our own errors."""
    lines = []
    while error is not None:
        lines.append(f"{type(error).__name__}: {error}" if isinstance(error, FakaError) else type(error).__name__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(tb)[-FRAMES_MAX:]]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        tb = error.__traceback__ if error else None
    return "\n".join(lines)


@cache
def logger() -> Logger:
    """The process's logger; its service name is POWERTOOLS_SERVICE_NAME, its level LOG_LEVEL."""
    made = Logger(logger_formatter=SafeFormatter(), use_rfc3339=True)
    for handler in logging.getLogger(made.service).handlers:  # on the handler, because a filter there sees the lines of libraries too
        handler.addFilter(KnownFields())
    logging.getLogger("botocore").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    return made


@cache
def metrics() -> Metrics:
    warnings.filterwarnings("ignore", message="No application metrics to publish")
    return Metrics(namespace=NAMESPACE)


def note(message: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any) -> None:
    """Write one line. `message` is a verb in the past tense and never holds a value from outside."""
    if isinstance(error, FakaError):
        fields.setdefault("error_code", error.code())
    info = (type(error), error, error.__traceback__) if error is not None and level >= logging.ERROR else None
    logging.getLogger(logger().service).log(level, message, extra=fields, exc_info=info, stacklevel=2)


def failed(message: str, error: BaseException, **fields: Any) -> None:
    """Write the line of an outcome that is not success, at the level that its family deserves.

    A refused request is everyday (INFO), an unavailable part is a WARNING, a broken invariant or a foreign error wakes somebody.
    """
    level = logging.INFO
    if isinstance(error, Unavailable):
        level = logging.WARNING
    elif isinstance(error, Broken) or not isinstance(error, FakaError):
        level = logging.ERROR
    note(message, level=level, error=error, **fields)


def count(name: str, value: int = 1) -> None:
    """Add to a business figure of this invocation."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=value)


@contextmanager
def contained() -> Iterator[None]:
    """Around the work on one message or row of many: a foreign error becomes one of ours, which the loop around it can write down
    before it goes on with the next. Without it such an error would end the round, or vanish in the library that handles batches.

    Raises: WorkFailed in place of anything that is not ours.
    """
    try:
        yield
    except FakaError:
        raise
    except Exception as error:
        raise WorkFailed(type(error).__name__) from error


def observed(handler: Handler) -> Handler:
    """Wrap a Lambda handler: context in each line, figures flushed, and no foreign text in what the runtime prints.

    Raises: WorkFailed in place of anything that is not ours.
    """

    @functools.wraps(handler)
    def guarded(event: Any, context: Any) -> Any:
        try:
            return handler(event, context)
        except FakaError as error:
            failed("work_failed", error)
            raise
        except Exception as error:
            failed("work_failed", error)
            raise WorkFailed(type(error).__name__) from None

    wrapped: Handler = logger().inject_lambda_context(guarded, log_event=False, clear_state=True)
    return metrics().log_metrics(wrapped, capture_cold_start_metric=True)
