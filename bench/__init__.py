"""Measured ratios: what the product does against a plain reference, in one run on one machine, taking turns."""
