"""How much of everything the everyday gate does; an environment value raises it for a night."""

import os


SCHEDULES = int(os.environ.get("FAKA_SCHEDULES", "2000"))
"""Runs of all scenarios together: a quick look by default, 54,000 in `make test`, of which 50,000 are different ones."""

SYSTEMATIC_MAX = int(os.environ.get("FAKA_SYSTEMATIC", "120"))
"""Schedules of each pair in the search that leaves none out; the bound of switches is met first for the small ones."""

PREEMPTIONS = 2
"""Switches away from somebody who could go on. Each more multiplies the schedules of a pair by its number of calls."""
