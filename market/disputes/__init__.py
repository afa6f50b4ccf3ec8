"""Disputes about the money of one stage: claim, answer, offers, ruling, one appeal; every step has its time."""
