"""Races: storms of buyers in random order of calls, and real threads and processes on the local cloud's engine."""
