"""Pieces that several flows share and that combine nouns: settling a payment, giving cards back."""
