"""The English catalogue: compiled from its .po when that is newer, so that no binary stands in the repository."""

import os
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

FOLDER = Path(__file__).parents[2] / "translations"


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language; the source language has none and gives each text back."""
    return Translations.load(str(FOLDER), [language])


def compile_catalogues(folder: Path) -> None:
    """Make each stale `messages.mo` under `folder`. Safe when several processes start at once."""
    for source in folder.glob("*/LC_MESSAGES/messages.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3])
        fresh = target.with_suffix(f".{os.getpid()}.tmp")
        with fresh.open("wb") as file:
            write_mo(file, catalogue)
        fresh.replace(target)
