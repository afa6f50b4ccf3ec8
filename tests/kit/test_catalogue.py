"""A newer .po is compiled, an older one is left alone."""

import gettext
import os
from pathlib import Path

from market.kit.catalogue import compile_catalogues

SOURCE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "好"\nmsgstr "%s"\n'


def test_a_newer_source_is_compiled_once(tmp_path: Path):
    source = tmp_path / "en" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE % "good", encoding="utf-8")

    compile_catalogues(tmp_path)
    made = source.with_suffix(".mo").stat().st_mtime_ns
    compile_catalogues(tmp_path)
    assert source.with_suffix(".mo").stat().st_mtime_ns == made

    source.write_text(SOURCE % "fine", encoding="utf-8")
    os.utime(source, ns=(made + 10**9, made + 10**9))
    compile_catalogues(tmp_path)

    words = gettext.translation("messages", str(tmp_path), ["en"])
    assert words.gettext("好") == "fine"
    assert [path.name for path in source.parent.iterdir() if path.suffix == ".tmp"] == []
