"""Portraits: whom a creator's fans and a merchant's buyers are, in shares that name nobody."""
