"""Many at once, over real connections: exactly what there is money for, exactly once."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask

from market.ledger.movements import Leg, PostingKind
from prove.acts import crowd, funded, holds, pending, put, stage, uid
from prove.ground import hold, sound

RELEASE = PostingKind.RELEASE


def over_release(app: Flask) -> None:
    """40 releases of 1 yuan race for money worth 10: exactly 10 are paid."""
    milestone, lin = funded(10_00), uid()
    leg = Leg(stage(milestone), pending(lin), 1_00)

    ended = crowd(app, [partial(put, RELEASE, f"release:{milestone}:{n}", leg) for n in range(40)])

    hold(ended == {"done": 10, "insufficient-funds": 30}, ended)
    left, paid = holds(stage(milestone)), holds(pending(lin))
    hold((left, paid) == (0, 10_00), f"{left} left, {paid} paid")


def same_key(app: Flask) -> None:
    """The same movement under the same key from 8 threads: paid once, and all 8 are told of the same posting."""
    milestone, lin = funded(10_00), uid()
    leg, told = Leg(stage(milestone), pending(lin), 1_00), []

    ended = crowd(app, [lambda: told.append(put(RELEASE, f"release:{milestone}", leg))] * 8)

    hold(ended == {"done": 8} and len(set(told)) == 1, f"{ended}, {len(set(told))} postings")
    left, paid = holds(stage(milestone)), holds(pending(lin))
    hold((left, paid) == (9_00, 1_00), f"{left} left, {paid} paid")


def prove_release(app: Flask, seconds: float, seed: int) -> dict[str, Any]:
    return {"races": again(over_release, app, seconds), "releases_each": 40, "paid_each": 10}


def prove_same_key(app: Flask, seconds: float, seed: int) -> dict[str, Any]:
    return {"races": again(same_key, app, seconds), "threads_each": 8, "paid_each": 1}


def again(race: Callable[[Flask], None], app: Flask, seconds: float) -> int:
    """Race until the time is over; how often."""
    end, count = time.monotonic() + seconds, 0
    while count == 0 or time.monotonic() < end:
        race(app)
        count += 1
    sound()
    return count
