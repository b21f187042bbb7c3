"""Verbs: one module per use case. A flow reads nouns, gathers their writes and commits once."""
