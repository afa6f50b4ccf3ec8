"""The sum is the same at every moment; prove/bank.py holds the test, `./vtask prove bank` is its long form."""

from flask import Flask

from prove import bank


def test_the_sum_is_the_same_at_every_moment(app: Flask):
    assert bank.prove(app, seconds=3, seed=1)["bad_sums"] == 0
