"""What anybody may run to see that the money is right: each proof tries to break the ledger on a database of its own.

The suite runs the same code in a short form (tests/ledger). Not part of the product: nothing of `market` imports it.
"""
