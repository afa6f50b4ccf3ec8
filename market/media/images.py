"""Pictures: re-encoded in a limited child, in the sizes pages ask for."""

import json
from pathlib import Path
from typing import Any

from market.media.config import MIB, config
from market.media.reasons import Rejected
from market.media.run import SILENT, Limits, Watch, run
from market.media.sniff import identify

SCRIPT = Path(__file__).parent / "confined" / "image.py"


def convert(
    source: Path, filename: str, folder: Path, watch: Watch = SILENT
) -> tuple[str, int, int, dict[str, Any]]:
    """Write the sizes into `folder`; content type, width, height and renditions. Raises Rejected."""
    found = identify(source, filename, "image")
    rules = config()
    outcome = run(
        [SCRIPT, source, folder, str(rules.max_image_pixels)],
        Limits(wall_s=60, cpu_s=40, memory=768 * MIB, file_bytes=64 * MIB, nice=rules.niceness),
        cwd=folder,
        watch=watch,
    )
    if outcome.late:
        raise Rejected("timeout")
    if outcome.starved:
        raise Rejected("too_heavy")
    if outcome.code:
        raise Rejected("unreadable")
    facts = json.loads(outcome.out)
    if facts.get("error") == "too_many_pixels":
        raise Rejected("image_pixels", limit=rules.max_image_pixels // 1_000_000)
    if "error" in facts:
        raise Rejected(facts["error"])
    return (
        found.content_type,
        facts["width"],
        facts["height"],
        {"image": facts["sizes"], "plain": "plain.jpg"},
    )
