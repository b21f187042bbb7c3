"""One module for each protocol that suppliers speak."""
