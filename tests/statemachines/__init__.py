"""State machines: lint of definitions, scenarios that take every path, and the same scenarios on the local cloud.

A definition in `statemachines/*.asl.yaml` is subject to all of it by lying there. Its scenarios stand in
`scenarios/<machine>/*.yaml`; `samples/` is a house of its own on which this ring proves itself.
"""
