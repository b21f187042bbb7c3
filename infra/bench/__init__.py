"""What this shop costs and carries, counted and measured: `make bench` runs all of it, `python -m infra.bench --help` parts of it.

| part | says |
|---|---|
| calls | requests, write and read units and key calls of one order, counted at the SDK's border |
| claims | requests of one claim, and attempts with a thousand buyers at once, on the engine of the tests |
| import | 100,000 card lines: key calls, processor seconds, memory, and that a killed worker's job goes on |
| statements | a provider's bill of 1,000,000 lines held against our books: seconds, processor, peak memory of each step |
| throughput | delivered orders a second and their times on the local cloud, with small, large and long-sold stock |

Counts are the same on every machine. Times and rates are this machine's, beside an emulator that is no AWS: they show our own
processor time, our number of calls and our contention, and whether a figure grows with stock or history.
"""
