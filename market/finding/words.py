"""What a text is found by: jieba's words, the pairs and single characters under them, and English stems.

A question is cut into words too, so they may stand in any order and apart; where the cut of a long word differs between
question and text, the pairs of its characters find it all the same. Pairs weigh least: real words rank first.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, cast, func, literal
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from market.kit.search import cut, folded, pieces

_HAN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[^\W_\u3400-\u9fff]+")
MOST_WORDS = 32
MOST_LEXEMES = 4000
ENGLISH = cast(literal("english"), REGCONFIG)


def document(texts: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The words of a row as a tsvector's text (`words`), and the Latin ones apart (`a`, `b`, `c`) for their stems.

    `texts` are by weight: A says most, then B, then C.
    """
    # As in kit.search: not before it is needed.
    import rjieba

    best: dict[str, str] = {}
    latin: dict[str, list[str]] = {}
    for weight in sorted(texts):
        for text in texts[weight]:
            said = folded(text)
            latin.setdefault(weight, []).extend(word[:64] for word in _LATIN.findall(said))
            for run in _HAN.findall(said):
                for word in rjieba.cut_for_search(run):  # long words and the short ones in them
                    best.setdefault(word[:64], weight)
    for texts_ in texts.values():
        for text in texts_:
            for piece in pieces(text, singles=True):
                best.setdefault(piece, "D")
    for weight, words in latin.items():
        for word in words:
            best[word] = min(best.get(word, "D"), weight)
    kept = list(best.items())[:MOST_LEXEMES]
    stored = " ".join(f"'{word}':{at}{weight}" for at, (word, weight) in enumerate(kept, start=1))
    return {"words": stored} | {weight.lower(): " ".join(latin.get(weight, [])) for weight in "ABC"}


STORED = """CAST(:words AS tsvector) || setweight(to_tsvector('english', :a), 'A')
    || setweight(to_tsvector('english', :b), 'B') || setweight(to_tsvector('english', :c), 'C')"""
"""The value of a row's words, of what `document` returned."""


def question(said: str) -> ColumnElement[Any] | None:
    """The tsquery of what a person typed: every word must be there; None when it holds none."""
    words = list(dict.fromkeys(cut(said)))
    chinese = [word for word in words if _HAN.match(word)]
    latin = [word for word in words if not _HAN.match(word)]
    asked: ColumnElement[Any] | None = None
    if chinese:
        terms = " & ".join(_term(word) for word in chinese[:MOST_WORDS])
        asked = cast(literal(terms), TSQUERY)
    for word in latin[:MOST_WORDS]:
        # As typed, or by its stem; a word English says nothing by ("the") has no stem, but may be a name.
        either = cast(literal(f"'{word}'"), TSQUERY).op("||")(func.plainto_tsquery(ENGLISH, word))
        asked = either if asked is None else asked.op("&&")(either)
    return asked


def _term(word: str) -> str:
    if len(word) < 3:
        return f"'{word}'"
    pairs = " & ".join(f"'{word[at : at + 2]}'" for at in range(len(word) - 1))
    return f"('{word}' | ({pairs}))"
