"""Operator commands. Each says what it will touch, does it through the shop's own flows, and answers with what is now true."""
