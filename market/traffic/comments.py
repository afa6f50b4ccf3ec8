"""What of a day's comments is kept: how many could be compared, and which stood there more than once."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

LEAST_WIDTH = 12
"""In letters; a Chinese character says as much as two. “好看”, “first!” and a row of hearts repeat by themselves."""
MOST_PHRASES = 20
MOST_CHARACTERS = 80
NOT_LETTERS = re.compile(r"[\W\d_]+")
DRAWN_OUT = re.compile(r"(.)\1{2,}")


def bare(words: str) -> str:
    """A comment without what is varied to look different: signs, digits, emoji, spaces, drawn-out letters, case."""
    return DRAWN_OUT.sub(r"\1\1", NOT_LETTERS.sub("", unicodedata.normalize("NFKC", words).lower()))


def width(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)


def compare(comments: Iterable[str]) -> tuple[int, dict[str, int]]:
    """How many were long enough to compare, and the most frequent of the repeated ones, bare: how often."""
    compared = (key for words in comments if width(key := bare(words)) >= LEAST_WIDTH)
    times = Counter(key[:MOST_CHARACTERS] for key in compared)
    return times.total(), {key: n for key, n in times.most_common(MOST_PHRASES) if n > 1}
