"""Begin the night: one execution of the machine a day, by a name that says which."""

from datetime import date, timedelta

from faka.flows.reconcile.messages import PlanRequest
from faka.kernel.clock import business_day
from faka.kernel.model import Frozen
from faka.platform.telemetry import note
from faka.wiring import Deps


class Begun(Frozen):
    day: date
    is_new: bool
    """False where the day's execution exists: the schedule may ring twice, and a second run is a person's decision."""


def begin(deps: Deps, asked: PlanRequest) -> Begun:
    """Start the machine for a day, by default for yesterday in Shanghai.

    Raises: MachineUnavailable.
    """
    day = asked.day or business_day(deps.clock.now()) - timedelta(days=1)
    is_new = deps.reconciliation.begin(execution_name(day), day=day.isoformat())
    note("reconciliation_begun", flow="reconcile", outcome="NEW" if is_new else "THERE")
    return Begun(day=day, is_new=is_new)


def execution_name(day: date) -> str:
    return f"recon-{day.isoformat()}"
