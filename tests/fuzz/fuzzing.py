"""How a parser is fuzzed: a check that is told one input, a strategy that makes inputs, and a count that is kept.

```python
fuzz("money", check, st.text(), examples=4_000)       # FAKA_FUZZ=10 makes it 40,000
assert finds(check, st.text(), examples=500)          # in a twin, with a hole in the parser
```
A check answers how many inputs it judged (None is one) and raises when the parser did what it may not. Counts go to
`build/parsers.json`; `python -m tests.fuzz.fuzzing` prints them.
"""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st


TIMES = int(os.environ.get("FAKA_FUZZ", "1"))
"""Multiplies every count. One is about a minute of one core over all suites."""

BUILD = Path(__file__).resolve().parents[2] / "build"
Check = Callable[[Any], int | None]

tally: dict[str, dict[str, int]] = {}
"""By parser: inputs judged, inputs that the parser refused with its own error, faults found."""


def fuzz(parser: str, check: Check, strategy: st.SearchStrategy[Any], examples: int) -> None:
    """Raises: whatever the check raises, for the smallest input that hypothesis comes to."""
    counts = _counts(parser)

    def one(made: Any) -> None:
        counts["inputs"] += check(made) or 1

    try:
        _settings(examples * TIMES, Phase.generate, Phase.shrink)(given(strategy)(one))()
    except BaseException:
        counts["faults"] += 1
        raise


def finds(check: Check, strategy: st.SearchStrategy[Any], examples: int) -> bool:
    """Whether a check fails within that many examples. They do not count: the parser under test has a hole."""
    kept = {parser: dict(counts) for parser, counts in tally.items()}

    def one(made: Any) -> None:
        check(made)

    try:
        _settings(examples, Phase.generate)(given(strategy)(one))()
    except Exception:
        return True
    finally:
        tally.clear()
        tally.update(kept)
    return False


def refused(parser: str, count: int = 1) -> None:
    """Note that the parser said no in its own words."""
    _counts(parser)["refused"] += count


def _counts(parser: str) -> dict[str, int]:
    return tally.setdefault(parser, {"inputs": 0, "refused": 0, "faults": 0})


def _settings(examples: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=phases, suppress_health_check=list(HealthCheck)
    )


def keep() -> None:
    """Put this process's counts into the file; another process may do the same."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "parsers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = BUILD / "parsers.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(dict(sorted({**known, **tally}.items())), indent=1))


def main() -> None:
    """Print the table."""
    known = json.loads((BUILD / "parsers.json").read_text())
    print(f"{'parser':28} {'inputs':>9} {'refused':>9} {'faults':>7}")
    for parser, counts in known.items():
        print(f"{parser:28} {counts['inputs']:9,} {counts['refused']:9,} {counts['faults']:7,}")


if __name__ == "__main__":
    main()
