"""Ground floor: money, ids, time, errors, limits. Standard library and pydantic only; no I/O, no environment, no clock of its own."""
