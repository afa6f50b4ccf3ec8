"""The operators' desk: what waits, what is stuck, and whether the money adds up."""
