"""Do the intervals of expected plays hold, and are they narrow? Against gradient-boosted quantiles on the same made-up works.

The works are drawn, not real: heavy tails, creators with levels of their own that drift, prices that know a little of
what will come. Both sides fit on the older works and are judged on the newest fifth. `inside` should be .80; the ratio
is of widths (log of high over low bound), the reference's over ours: above 1 ours is narrower.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import expm1

import numpy as np
from numpy.typing import NDArray

from bench.rounds import Result
from market.accounts.vocabulary import CATEGORIES, Format
from market.effect.intervals import CALIBRATED, FITTED, INSIDE, fit, log_counts, own_levels, table

REFERENCE = "HistGradientBoostingRegressor, quantile loss, conformalised"
SIZES = (300, 1000, 4000)


@dataclass(frozen=True)
class Work:
    creator_id: int
    at: datetime
    category: str
    format: Format
    price_fen: int | None
    fans: int
    level: int
    plays: int
    interactions: int


def world(n: int, seed: int) -> list[Work]:
    """`n` works of n / 8 creators over a year, in the order of their dates."""
    draw = np.random.default_rng(seed)
    creators = max(10, n // 8)
    fans = np.exp(draw.normal(10.5, 1.4, creators))
    gift = draw.normal(0, 0.6, creators)
    categories, formats = list(CATEGORIES), list(Format)
    pull = dict(zip(categories, draw.normal(0, 0.3, len(categories)), strict=True))
    home = draw.integers(len(categories), size=creators)
    made = []
    for number in range(n):
        who = int(draw.integers(creators))
        gift[who] += draw.normal(0, 0.08)
        category = (
            categories[home[who]] if draw.random() < 0.8 else categories[draw.integers(len(categories))]
        )
        format = formats[draw.choice(3, p=[0.25, 0.6, 0.15])]
        luck = draw.standard_t(4) * (0.45 if format is Format.VIDEO else 0.7)
        log_plays = 0.8 * np.log(fans[who]) + 1.0 + gift[who] + pull[category] + luck
        plays = int(expm1(log_plays))
        price = int(100 * np.exp(0.7 * np.log(fans[who]) + 0.4 * gift[who] + draw.normal(0, 0.3)))
        made.append(
            Work(
                who,
                datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number * 8760 / n),
                category,
                format,
                price if draw.random() < 0.9 else None,
                int(fans[who]),
                int(np.clip(np.log10(fans[who]) - 2, 0, 6)),
                plays,
                int(plays * draw.beta(2, 60)),
            )
        )
    return made


def ours(works: list[Work]) -> tuple[float, float]:
    """Share inside, and the mean log width, on the newest fifth."""
    start = int(len(works) * CALIBRATED)
    made = fit(works[:start], "plays", int(len(works) * FITTED))
    x, y = table(works), log_counts(works, "plays")
    level, n = own_levels(works, y - x @ made.base)
    error, scale = (y - made.middle(x, level))[start:], made.scale(n[start:])
    held = (error >= -made.lower * scale) & (error <= made.upper * scale)
    return float(held.mean()), float(((made.lower + made.upper) * scale).mean())


def theirs(works: list[Work]) -> tuple[float, float]:
    """Quantile boosting on the same features, the creator's earlier works among them, conformalised as CQR does."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    fitted, start = int(len(works) * FITTED), int(len(works) * CALIBRATED)
    x, y = table(works), log_counts(works, "plays")
    base = np.linalg.lstsq(x[:fitted], y[:fitted], rcond=None)[0]
    level, n = own_levels(works, y - x @ base)
    x = np.column_stack([x, x @ base, level, n])
    tail = (1 - INSIDE) / 2
    bounds: list[NDArray[np.float64]] = []
    for quantile in (tail, 1 - tail):
        model = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=quantile,
            max_iter=120,
            learning_rate=0.05,
            min_samples_leaf=30,
            random_state=7,
        )
        with threadpool_limits(1):  # threads that wait for each other on busy cores take minutes
            bounds.append(model.fit(x[:fitted], y[:fitted]).predict(x))
    low, high = bounds
    off = np.sort(np.maximum(low - y, y - high)[fitted:start])
    more = off[min(len(off) - 1, int(np.ceil(INSIDE * (len(off) + 1))) - 1)]
    low, high = low[start:] - more, high[start:] + more
    return float(((y[start:] >= low) & (y[start:] <= high)).mean()), float((high - low).mean())


def run(rounds: int) -> list[Result]:
    results = []
    for size in SIZES:
        mine, other = [], []
        for seed in range(max(5, rounds)):
            works = world(size, seed)
            mine.append(ours(works))
            other.append(theirs(works))
        held = [inside for inside, _width in mine]
        results.append(
            Result(
                f"effect_{size}_works",
                REFERENCE,
                "1 / log width; share inside: "
                f"ours {np.mean(held):.3f} (each world {min(held):.2f}–{max(held):.2f}), "
                f"theirs {np.mean([inside for inside, _w in other]):.3f}",
                [1 / width for _inside, width in mine],
                [1 / width for _inside, width in other],
                {"inside": float(np.mean(held)), "seeds": len(held)},
            )
        )
    return results
