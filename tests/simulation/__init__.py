"""The whole shop in one process under a seeded scheduler: production handlers, a model of each service, time and chance in hand.

```
scenarios/*      what happens: buyers, notices, sweeps, operators …            registered once, gets all of the following
   │
explore ─► scheduler ─► actors (greenlets) ─► handlers ─► flows ─► Tables, KMS, bus, mail, providers
   │           ▲                                                     │ every call
   │           └────────────────────── gate ◄────────────────────────┘ parks here; is done, refused, lost, or the process dies
   │
   ├─ random walk · priorities · every schedule of a pair up to a bound     (explore, systematic)
   ├─ crash before and after each call, each fault of each service, twice   (crashes)
   └─ verdict: faka.steps.invariants + what buyers and providers saw        (oracle)
```
One call is one atomic step, as one request reaching a service is. A run is named by scenario and seed; the same name gives the same
trace, to the byte: `python -m tests.simulation replay <scenario> <seed>` prints it as a timeline.
"""
