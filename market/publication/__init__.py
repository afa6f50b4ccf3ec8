"""Approved work on its shelf, with its rights; and the public pages where the shelves are looked at."""
