"""Any order of movements keeps the books; prove/machine.py holds the machine, `./vtask prove machine` is its long form."""

import pytest

from prove import machine
from prove.machine import Business


@pytest.mark.usefixtures("ctx")
def test_any_order_of_movements_keeps_the_books():
    """Always the same games; they reach every kind of movement there is."""
    machine.forget()

    machine.play(12, steps=50, number=2)

    missed = [kind.value for kind in machine.P if not Business.reached[kind]]
    assert machine.share_reached(Business.reached) >= 0.95, missed
    assert Business.refused > 10
    assert Business.changes > 0


@pytest.fixture(autouse=True)
def sound() -> None:
    """The machine checks after each step, and may end with something in suspense."""
