"""The shop's own code against a model of DynamoDB's partitions, in simulated time: `make bench-scale`.

```
buyers (greenlets) ──► checkout · take_notice · reveal · sweep · StockStore      the product, as it is shipped
                            │ get, put, update, query, batch, transact, PartiQL
                            ▼
   client       each call parks ──► travels (latency) ──► is served ──► travels back
   service      held by a transaction? conflict · partition empty? throttled · else done on the tests' engine, at one moment
   partitions   key ──hash──► partition: 1,000 write and 3,000 read units a second, little saved up, split for heat after minutes
   timeline     the next moment at which anything happens; a second of a flash sale costs as many seconds as it has work
```

It measures our algorithm, our calls and our contention, not AWS: the service below is a model, and each number in it stands in
`parameters.py` with its public source or the word "assumed". Not in the model: lost networks and crashes (the simulation's work),
API Gateway, the start of a Lambda instance, processor time.

| file | holds |
|---|---|
| `parameters.py` | every number of the model |
| `timeline.py` | simulated time |
| `partitions.py` | capacity: buckets, hashing, split for heat |
| `footprint.py` | the rows of a request and what it will cost |
| `client.py` | latency, and the client that the product holds |
| `service.py` `tally.py` | admission, conflicts, units, index lag over the tests' engine; the counts |
| `neighbours.py` | KMS with its quota, secrets, payment providers, event bus |
| `truth.py` | how many cards were really for sale at any moment |
| `shop.py` | a shop with stock, and instances that serve its doors |
| `journey.py` `relay.py` | buyers who go through the doors; the stream's reader |
| `claims.py` `orders.py` `returns.py` | the scenes |
| `result.py` | fates of buyers, quantiles |
| `measure.py` | which scenes, how large; the targets |
| `money.py` | US$ from counted units and `infra/bench/prices.yaml` |
| `report.py` `words.py` | tables, in English and Chinese |
"""
