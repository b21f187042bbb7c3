"""An interpreter of Amazon States Language (JSONPath) with a clock of its own: a ladder of 24 hours runs in milliseconds.

```
definition.py   reads a definition and refuses every state type and field that is not known here
paths.py        reference paths and the JSONPath that the language uses
intrinsics.py   States.Format and its kin
templates.py    Parameters, ItemSelector, ResultSelector
choices.py      the comparisons of a Choice
faults.py       errors by name, what ErrorEquals fits, Retry with its delays
calls.py        what a task is asked and what it may answer: at once, late, never, by token, with heartbeats
execution.py    one run: states one after the other, Retry and Catch around those that work
plain.py        the states that ask nobody
tasks.py        waiting for a task's answer, heartbeat or time-out
fan.py          several runs at the same time, in the order of the clock
transitions.py  what a scenario can prove: each step taken, and all that a definition has
clock.py        time that moves only when nothing else can happen
```
A run is a generator of pauses, so whoever drives it decides what happens in between; each transition is told to a hook before
the next state begins. Tasks are answered by a callable. What the language says and this does not know fails before it runs.
"""

from infra.local.asl.calls import Answer, Call, Failure, Pending, Reply
from infra.local.asl.clock import VirtualClock
from infra.local.asl.definition import UnknownForm, load
from infra.local.asl.execution import Execution, Result
from infra.local.asl.faults import Fault
from infra.local.asl.transitions import Kind, Transition


__all__ = [
    "Answer",
    "Call",
    "Execution",
    "Failure",
    "Fault",
    "Kind",
    "Pending",
    "Reply",
    "Result",
    "Transition",
    "UnknownForm",
    "VirtualClock",
    "load",
]
