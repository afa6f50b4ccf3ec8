"""Marking and translating the words a person reads. Chinese is the source text, English the catalogue."""

from collections.abc import Iterable
from typing import Any

from flask_babel import get_locale, lazy_gettext

from market.kit.catalogue import catalogue

lazy = lazy_gettext
JOINTS = {"、": ", ", "，": ", ", "；": "; ", "：": ": "}
"""What stands between the parts of a list or a sentence in Chinese, and the same in English."""


def _(text: str, **values: Any) -> str:
    """Translate a text into the reader's language now."""
    said = catalogue(language()).gettext(text)
    return said % values if values else said


def N_(text: str) -> str:
    """Mark `text` for extraction where it cannot be translated yet (class bodies, tables)."""
    return text


def say(text: str, **values: Any) -> str:
    """Translate a text marked by `N_` into the reader's language and fill in `%(name)s` values."""
    said = catalogue(language()).gettext(text)
    return said % values if values else said


def language() -> str:
    """The reader's language: `zh` or `en`; where nobody reads, `zh`."""
    locale = get_locale()
    return str(locale.language) if locale else "zh"


def joined(parts: Iterable[str], joint: str = "、") -> str:
    """The parts with a joint of Chinese between them, or with that of the reader's language in its place."""
    return (joint if language() == "zh" else JOINTS[joint]).join(parts)
