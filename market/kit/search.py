"""Word search that knows Chinese: rows by pairs of characters and whole Latin words, questions cut into words by jieba.

Traditional characters are read as the simplified ones, so that either finds the other. A row keeps its words in a tsvector column under a GIN index; a question matches when all its words are there, in any
order and apart, each by the pairs of its characters.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

_RUN = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")


@cache
def _simplified() -> dict[int, str]:
    """By code point: the simplified character of each traditional one."""
    # Imported when first needed, as the dictionary below.
    import opencc

    every = [chr(point) for point in range(0x3400, 0xA000)]
    made = (
        opencc.OpenCC("t2s").convert("\n".join(every)).split("\n")
    )  # apart, or neighbours are read as a word
    return {ord(a): b for a, b in zip(every, made, strict=True) if a != b}


def folded(text: str) -> str:
    """A text as it is compared: in lower case, in simplified characters."""
    return text.lower().translate(_simplified())


def pieces(text: str, *, singles: bool = False) -> Iterator[str]:
    """The lexemes of a text: each pair of neighbouring Chinese characters, each other word in lower case."""
    for run in _RUN.findall(folded(text)):
        if not "\u3400" <= run[0] <= "\u9fff":
            yield run[:64]
            continue
        if singles or len(run) == 1:
            yield from run
        for at in range(len(run) - 1):
            yield run[at : at + 2]


def cut(text: str) -> Iterator[str]:
    """The words of a text, in lower case: Chinese as jieba cuts it, Latin whole."""
    # Imported when first needed: the dictionary is 30 MB, and takes 0.2 s of every process's start.
    import rjieba

    for run in _RUN.findall(folded(text)):
        if "\u3400" <= run[0] <= "\u9fff":
            yield from rjieba.cut(run)
        else:
            yield run[:64]


def document(*texts: str | None) -> ColumnElement[Any]:
    """What to store: the words of all texts. Single characters count too, so that 茶 is found in 茶叶."""
    words = sorted({piece for text in texts if text for piece in pieces(text, singles=True)})
    return func.array_to_tsvector(cast(words, ARRAY(Text)))


def asked_pieces(question: str) -> list[str]:
    """The lexemes a row must hold to answer the question: its first 32."""
    return list(dict.fromkeys(piece for word in cut(question) for piece in pieces(word)))[:32]


def all_of(lexemes: Iterable[str]) -> ColumnElement[Any]:
    """The tsquery that wants every one of these lexemes, whatever characters they hold; of none, one that nothing meets."""
    quoted = (lexeme.replace("\\", "\\\\").replace("'", "''") for lexeme in lexemes)
    return cast(literal(" & ".join(f"'{lexeme}'" for lexeme in quoted)), TSQUERY)


def matches(column: Any, question: str) -> ColumnElement[bool] | None:
    """The condition that a row holds every word of the question; None when it has no words."""
    words = asked_pieces(question)
    if not words:
        return None
    condition: ColumnElement[bool] = column.op("@@")(all_of(words))
    return condition
