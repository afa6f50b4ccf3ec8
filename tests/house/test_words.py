"""Chinese is the source text of the pages; English is complete."""

import io
import re

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.conftest import ROOT

KEYWORDS = {"_": None, "N_": None, "lazy": None, "say": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("market/**.py", "python"), ("templates/**.html", "jinja2")]


def extracted() -> set[str]:
    found = extract_from_dir(str(ROOT), METHODS, {"**": {}}, keywords=KEYWORDS)
    return {text for _file, _line, text, _comments, _context in found if isinstance(text, str) and text}


def test_every_text_is_in_the_english_catalogue():
    catalogue = read_po(io.BytesIO((ROOT / "translations/en/LC_MESSAGES/messages.po").read_bytes()))
    said = {message.id: message for message in catalogue if message.id}

    missing = sorted(text for text in extracted() if text not in said or not said[text].string)
    assert missing == []


def test_no_translation_is_a_guess_or_still_chinese():
    catalogue = read_po(io.BytesIO((ROOT / "translations/en/LC_MESSAGES/messages.po").read_bytes()))
    names = {"中文"}

    wrong = [
        message.id
        for message in catalogue
        if message.id
        and message.id not in names
        and (message.fuzzy or re.search(r"[\u4e00-\u9fff]", str(message.string)))
    ]
    assert wrong == []


def test_placeholders_survive_translation():
    catalogue = read_po(io.BytesIO((ROOT / "translations/en/LC_MESSAGES/messages.po").read_bytes()))

    wrong = [
        message.id
        for message in catalogue
        if message.id
        and message.string
        and not set(re.findall(r"%\((\w+)\)s|\{(\w+)\}", str(message.string)))
        <= set(re.findall(r"%\((\w+)\)s|\{(\w+)\}", str(message.id))) | {("thousands", ""), ("millions", "")}
    ]
    assert wrong == []


def test_no_page_text_stands_outside_the_catalogue():
    """Chinese in a template must be inside _()."""
    wrong = []
    for path in (ROOT / "templates").rglob("*.html"):
        if path.name == "styleguide.html":
            continue
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        text = re.sub(r"n?_\(\s*(\"[^\"]*\"|'[^']*')", "", text)
        text = re.sub(r"gettext\(\s*(\"[^\"]*\"|'[^']*')", "", text)
        text = text.replace(">中文<", "")
        wrong += [
            f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
            for line in text.splitlines()
            if re.search(r"[\u4e00-\u9fff]", line)
        ]
    assert wrong == []
