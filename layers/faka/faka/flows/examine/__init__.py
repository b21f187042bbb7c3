"""Examine the whole books of a running shop against the promises (`steps.invariants`), and put what is broken on somebody's list.

```
scan five tables ─► suspects ─► read again, strongly, all rows concerned, until two readings are the same ─► still wrong?
   │ too many rows, no time          │ too many, or never still           │ changed since the scan began          │
   ▼                                 ▼                                    ▼                                      ▼
AuditIncomplete, nothing concluded   AuditIncomplete                      looked at again next night             case, line, figure
```
A scan is no picture of one moment: an order that is paid between two pages looks wrong and is not. Hence the second look. What is
really broken does not mend itself, so what changes right now can wait for the next night.
"""

from faka.flows.examine.run import examine


__all__ = ["examine"]
