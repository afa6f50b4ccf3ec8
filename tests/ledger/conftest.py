"""Every test of the ledger ends with the self-check; test_check.py, which breaks the ledger, says otherwise."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from market.kit.db import transaction
from market.ledger.checks import check

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def sound(ctx: None) -> Iterator[None]:
    yield
    with transaction():
        assert check() == []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long forms run when asked for (--slow)."""
    if not config.getoption("--slow", default=False):
        for item in items:
            if item.path.is_relative_to(HERE) and item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="a long form: --slow"))
