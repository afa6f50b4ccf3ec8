"""Any order of movements keeps the books; prove/machine.py holds the machine, `./vtask prove machine` is its long form."""

import pytest

from prove import machine
from prove.machine import Business


@pytest.mark.usefixtures("ctx")
def test_any_order_of_movements_keeps_the_books():
    """Always the same games; they reach every kind of movement there is."""
    machine.forget()

    for number in range(2, 10):
        machine.play(12, steps=50, number=number)
        if machine.share_reached(Business.reached) >= machine.ENOUGH:
            break

    missed = [kind.value for kind in machine.P if not Business.reached[kind]]
    assert machine.share_reached(Business.reached) >= machine.ENOUGH, missed
    assert Business.refused > 10


@pytest.fixture(autouse=True)
def sound() -> None:
    """The machine checks after each step, and may end with something in suspense."""
