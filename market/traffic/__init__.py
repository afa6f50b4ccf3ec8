"""Signs that a creator's numbers were bought: what was seen, told to the creator first, open to appeal."""
