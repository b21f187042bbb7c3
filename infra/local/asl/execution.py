"""One run of a definition."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from infra.local.asl import plain
from infra.local.asl.calls import Answer, Call, Failure, Pause, Reply
from infra.local.asl.clock import Clock, VirtualClock, stamp
from infra.local.asl.definition import is_distributed
from infra.local.asl.fan import apart, together
from infra.local.asl.faults import RUNTIME, TIMEOUT, Fault, Retries, catching
from infra.local.asl.paths import narrowed, needed, placed
from infra.local.asl.tasks import Letters, awaited
from infra.local.asl.templates import filled
from infra.local.asl.transitions import Kind, Mark, Transition


Json = dict[str, Any]
Run = Generator[Pause, None, Any]
TRANSITIONS_MAX = 25_000
"""The service ends an execution whose history holds 25,000 events; each step here is at least one of them."""


@dataclass
class Result:
    """How a run ended."""

    status: str
    """SUCCEEDED, FAILED or TIMED_OUT."""
    output: Any = None
    error: str = ""
    cause: str = ""
    transitions: list[Transition] = field(default_factory=list)
    waits_s: list[tuple[str, float]] = field(default_factory=list)
    """Place and seconds of each Wait state and of each delay before a retry."""
    took_s: float = 0.0


@dataclass(frozen=True)
class Scope:
    """Where a state stands: the items and branches around it."""

    place: str = ""
    more: Json = field(default_factory=dict)
    """What the context object holds beside what it always holds."""


class Execution:
    """`answer` is asked for each attempt of each task; `hook` is told each step before the next one is taken."""

    def __init__(
        self,
        definition: Json,
        answer: Callable[[Call], Reply],
        *,
        clock: Clock | None = None,
        hook: Callable[[Transition], None] | None = None,
        name: str = "run",
        machine: str = "machine",
    ) -> None:
        self._definition = definition
        self._answer = answer
        self._clock: Clock = clock or VirtualClock()
        self._hook = hook
        self._names = {"Name": name, "Machine": machine}
        self._letters = Letters(self._clock)
        self._attempts = 0
        self.result = Result("RUNNING")

    # -- driving --------------------------------------------------------------------------------------------------------

    def run(self, given: Any) -> Result:
        """To the end, on the virtual clock."""
        assert isinstance(self._clock, VirtualClock), "with another clock, drive steps()"
        for pause in self.steps(given):
            self._clock.move_to(pause.until)
        return self.result

    def steps(self, given: Any) -> Iterator[Pause]:
        """Pause by pause. Whoever drives moves the clock to `until`, or answers one of the tokens, and asks for the next."""
        began = self._clock.now()
        end = began + timedelta(seconds=self._definition["TimeoutSeconds"]) if "TimeoutSeconds" in self._definition else None
        context = {
            "Execution": {"Id": f"arn:{self._names['Name']}", "Input": given, "Name": self._names["Name"], "StartTime": stamp(began)},
            "StateMachine": {"Id": f"arn:{self._names['Machine']}", "Name": self._names["Machine"]},
        }
        run = self._states(self._definition, given, Scope("", context))
        result = self.result
        try:
            while True:
                pause = next(run)
                if end is not None and end <= self._clock.now():
                    raise Fault(TIMEOUT, "the execution took too long")
                yield pause if end is None else replace(pause, until=min(pause.until, end))
        except StopIteration as last:
            result.status, result.output = "SUCCEEDED", last.value
        except Fault as fault:
            is_late = end is not None and self._clock.now() >= end and fault.error == TIMEOUT
            result.status, result.error, result.cause = "TIMED_OUT" if is_late else "FAILED", fault.error, fault.cause
        finally:
            run.close()
            result.took_s = (self._clock.now() - began).total_seconds()

    def succeed(self, token: str, value: Any) -> None:
        """Raises: TokenIsDead."""
        self._letters.send(token, Answer(value))

    def fail(self, token: str, error: str, cause: str = "") -> None:
        """Raises: TokenIsDead."""
        self._letters.send(token, Failure(error, cause))

    def beat(self, token: str) -> None:
        """Raises: TokenIsDead."""
        self._letters.send(token, None)

    # -- states ---------------------------------------------------------------------------------------------------------

    def _states(self, machine: Json, value: Any, scope: Scope) -> Run:
        name: str | None = machine["StartAt"]
        while name is not None:
            state = machine["States"][name]
            self._tell(Mark(Kind.ENTERED, name), scope)
            value, name = yield from self._one(name, state, value, scope)
        return value

    def _one(self, name: str, state: Json, value: Any, scope: Scope) -> Generator[Pause, None, tuple[Any, str | None]]:
        """The state's output and the next state's name."""
        kind = state["Type"]
        if kind in ("Task", "Parallel", "Map"):
            return (yield from self._guarded(name, state, value, scope))
        context = self._context(name, scope)
        if kind == "Fail":
            fault = plain.failure(state, value, context)
            self._tell(Mark(Kind.FAILED, name), scope, fault.error)
            raise fault
        inner = narrowed(state, "InputPath", value, context)
        if kind == "Choice":
            which, target = plain.chosen(name, state, inner, context)
            self._tell(Mark(Kind.CHOSE, name, which, target), scope)
            return narrowed(state, "OutputPath", inner, context), target
        if kind == "Wait":
            yield from self._pause(self._place(name, scope), plain.wait_end(state, inner, context, self._clock.now()))
        if kind == "Pass":
            inner = plain.passed(state, value, inner, context)
        output = narrowed(state, "OutputPath", inner, context)
        self._tell(Mark(Kind.WENT, name, "", state.get("Next", "")), scope)
        return output, state.get("Next")

    def _pause(self, place: str, until: datetime) -> Run:
        self.result.waits_s.append((place, max(0.0, (until - self._clock.now()).total_seconds())))
        while self._clock.now() < until:
            yield Pause(until)

    # -- work that can fail ---------------------------------------------------------------------------------------------

    def _guarded(self, name: str, state: Json, value: Any, scope: Scope) -> Generator[Pause, None, tuple[Any, str | None]]:
        """Retry and Catch around one attempt after the other."""
        retries = Retries(state.get("Retry", ()))
        while True:
            try:
                output = yield from self._attempt(name, state, value, scope, retries.count)
            except Fault as fault:
                index = retries.fitting(fault.error)
                delay_s = None if index is None else retries.spend(index)
                if delay_s is not None:
                    self._tell(Mark(Kind.RETRIED, name, str(index)), scope, fault.error)
                    yield from self._pause(self._place(name, scope), self._clock.now() + timedelta(seconds=delay_s))
                    continue
                if index is not None:
                    self._tell(Mark(Kind.EXHAUSTED, name, str(index)), scope, fault.error)
                return self._caught(name, state, value, scope, fault)
            self._tell(Mark(Kind.WENT, name, "", state.get("Next", "")), scope)
            return output, state.get("Next")

    def _caught(self, name: str, state: Json, value: Any, scope: Scope, fault: Fault) -> tuple[Any, str]:
        """Raises: the fault, where no rule catches it."""
        index = catching(state.get("Catch", ()), fault.error)
        if index is None:
            self._tell(Mark(Kind.FAILED, name), scope, fault.error)
            raise fault
        rule = state["Catch"][index]
        self._tell(Mark(Kind.CAUGHT, name, str(index), rule["Next"]), scope, fault.error)
        return placed(rule.get("ResultPath", "$"), value, {"Error": fault.error, "Cause": fault.cause}), rule["Next"]

    def _attempt(self, name: str, state: Json, value: Any, scope: Scope, attempt: int) -> Run:
        self._attempts += 1
        token = f"{self._names['Name']}-{self._attempts}"
        context = self._context(name, scope, attempt, token if state.get("Resource", "").endswith(".waitForTaskToken") else "")
        inner = narrowed(state, "InputPath", value, context)
        if state["Type"] == "Map":
            result = yield from self._items(name, state, inner, scope, context)
        else:
            given = filled(state["Parameters"], inner, context) if "Parameters" in state else inner
            if state["Type"] == "Parallel":
                branches = enumerate(state["Branches"])
                around = self._place(name, scope)
                runs = [self._states(branch, given, Scope(f"{around}[{index}] > ", scope.more)) for index, branch in branches]
                result = yield from together(runs, 0, self._is_ready)
            else:
                result = yield from self._task(name, state, inner, given, scope, context, token)
        selected = filled(state["ResultSelector"], result, context) if "ResultSelector" in state else result
        return narrowed(state, "OutputPath", placed(state.get("ResultPath", "$"), value, selected), context)

    def _task(self, name: str, state: Json, inner: Any, given: Any, scope: Scope, context: Json, token: str) -> Run:
        place = self._place(name, scope)
        call = Call(name, place, state["Resource"], given, context["State"]["RetryCount"], token, self._clock.now())
        try:
            self._letters.open(token, self._answer(call))
            return (yield from awaited(state, token, inner, context, self._letters, self._clock))
        finally:
            self._letters.close(token)

    def _items(self, name: str, state: Json, inner: Any, scope: Scope, context: Json) -> Run:
        items = needed(state.get("ItemsPath", "$"), inner, context)
        if not isinstance(items, list):
            raise Fault(RUNTIME, f"{name}: not a list")
        is_apart = is_distributed(state)
        runs = []
        for index, item in enumerate(items):
            around = {"Map": {"Item": {"Index": index, "Value": item}}}
            given = filled(state["ItemSelector"], inner, context | around) if "ItemSelector" in state else item
            known = {} if is_apart else scope.more | around  # an execution of its own knows nothing of the one around it
            runs.append(self._states(state["ItemProcessor"], given, Scope(f"{self._place(name, scope)}[{index}] > ", known)))
        all_of_them = together(runs, state.get("MaxConcurrency", 0), self._is_ready)
        return (yield from apart(all_of_them) if is_apart else all_of_them)

    # -- inside ---------------------------------------------------------------------------------------------------------

    def _place(self, name: str, scope: Scope) -> str:
        return f"{scope.place}{name}"

    def _context(self, name: str, scope: Scope, attempt: int = 0, token: str = "") -> Json:
        state = {"Name": name, "EnteredTime": stamp(self._clock.now()), "RetryCount": attempt}
        return {**scope.more, "State": state, **({"Task": {"Token": token}} if token else {})}

    def _is_ready(self, pause: Pause) -> bool:
        return pause.until <= self._clock.now() or any(self._letters.has_come(token) for token in pause.tokens)

    def _tell(self, mark: Mark, scope: Scope, error: str = "") -> None:
        transition = Transition(mark, self._place(mark.state, scope), self._clock.now(), error)
        self.result.transitions.append(transition)
        if len(self.result.transitions) > TRANSITIONS_MAX:
            raise Fault(RUNTIME, f"more than {TRANSITIONS_MAX} steps")
        if self._hook is not None:
            self._hook(transition)
