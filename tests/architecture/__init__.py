"""The rules of this house, as tests. Each rule has a twin: the same rule, fed a sample that breaks it, must find it."""
