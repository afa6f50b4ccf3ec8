"""Identifiers of the shapes that Stripe gives out."""

import secrets
import string

_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """`new_id("pi_3")` is pi_3 and 23 letters; shapes differ per kind, see `_LENGTHS`."""
    return prefix + random_text(_LENGTHS.get(prefix, 23))


def random_text(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


_LENGTHS = {"acct_1": 15, "cus_": 14, "cs_test_a1": 57, "req_": 14, "prod_": 14, "whsec_": 32}
