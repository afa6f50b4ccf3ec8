"""Whom the made-up people reach and sell to: counts per cell as an importer would tell them, the same for the same seed."""

import random
from collections.abc import Mapping, Sequence

from market.accounts.vocabulary import CATEGORIES
from market.portraits.models import INTERESTS, PARTS

AGES = {
    "outdoor": (1, 9, 30, 36, 24),
    "beauty": (5, 37, 39, 15, 4),
    "fashion": (6, 35, 36, 17, 6),
    "food": (4, 22, 35, 25, 14),
    "home": (1, 12, 41, 31, 15),
    "digital": (6, 31, 37, 19, 7),
    "baby": (0, 8, 62, 27, 3),
    "pets": (4, 34, 41, 15, 6),
}
"""Percent by age of those who care for a category, in the order of the vocabulary."""
PRICES = {
    "outdoor": (22, 41, 29, 8),
    "beauty": (31, 44, 21, 4),
    "home": (25, 40, 28, 7),
    "digital": (17, 35, 33, 15),
    "pets": (35, 45, 17, 3),
}
CITIES = {
    "tier1": (34, 31, 19, 16),
    "new1": (21, 38, 22, 19),
    "tier2": (15, 26, 34, 25),
    "tier3": (10, 20, 27, 43),
}
FEMALE = {"outdoor": 19, "beauty": 87, "home": 68, "digital": 31, "pets": 64}
"""Percent of a merchant's buyers."""
KIN = {"outdoor": "digital", "beauty": "fashion", "home": "baby", "digital": "outdoor", "pets": "home"}


def counts(
    draw: random.Random, persons: int, categories: Sequence[str], female: int, tier: str
) -> dict[str, dict[str, int]]:
    """Cells of so many persons; a few in a hundred are in no cell of a part, as in life."""
    main = categories[0]
    shares: dict[str, Sequence[float]] = {
        "gender": (female, 100 - female),
        "age": AGES[main],
        "city": CITIES.get(tier, CITIES["new1"]),
        "price": PRICES.get(main, (28, 42, 24, 6)),
    }
    cells = {
        part: _cells(draw, int(persons * draw.uniform(0.94, 0.99)), list(PARTS[part]), weights)
        for part, weights in shares.items()
    }
    liked = {code: draw.uniform(0.02, 0.18) for code in CATEGORIES}
    for code in (*categories, KIN.get(main, main)):
        liked[code] = draw.uniform(0.35, 0.85 if code == main else 0.6)
    cells[INTERESTS] = {code: int(persons * share) for code, share in liked.items()}
    return cells


def _cells(
    draw: random.Random, persons: int, keys: Sequence[str], weights: Sequence[float]
) -> Mapping[str, int]:
    tilted = [weight * draw.uniform(0.85, 1.18) for weight in weights]
    return {key: int(persons * each / sum(tilted)) for key, each in zip(keys, tilted, strict=True)}
