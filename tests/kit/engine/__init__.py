"""DynamoDB in process for simulation: atomic where the service is, some 20 µs a call where moto takes 2 ms, with a stream and a meter.

```
Engine ── verbs, tokens, stream, meter        engine.py       a request asks …                what it is refused for
  ├─ Action ── one write, read and judged      action.py        grammar, names, values          IllFormed: ValidationException
  │    ├─ condition, key_condition             conditions.py    what this row does not bear     DoesNotFit: in a transaction a reason
  │    └─ update                               updates.py       what nobody documented          NotModelled: an AssertionError
  ├─ Query, Page                               reads.py
  └─ Shelf ── partitions, index, lagging copy  shelf.py
```
A test instrument for crashes at each call, interleavings and storms, where thousands of runs count. It speaks the client's wire
form, so the code under test is the code of production. `tests/differential` holds it to moto and to the local cloud's engine on
random operations. What it does not know it refuses, so that nothing passes by accident.
"""

from tests.kit.engine.engine import Engine, Image
from tests.kit.engine.faults import NotModelled
from tests.kit.engine.values import size


__all__ = ["Engine", "Image", "NotModelled", "size"]
