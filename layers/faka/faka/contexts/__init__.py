"""Nouns. Each is a stranger to the others and refers to them by id; flows and steps bring them together."""
