"""Every test of the ledger ends with the self-check; test_check.py, which breaks the ledger, says otherwise."""

from collections.abc import Iterator

import pytest

from market.kit.db import transaction
from market.ledger.checks import check


@pytest.fixture(autouse=True)
def sound(ctx: None) -> Iterator[None]:
    yield
    with transaction():
        assert check() == []
