"""The few marks an article's plain text may carry, cut into blocks that a template renders (and escapes) itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
_ITEM = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)])\s+")


@dataclass
class Block:
    """`kind` is heading, list, quote or paragraph; `lines` are plain text."""

    kind: str
    lines: list[str] = field(default_factory=list)


def paragraphs(text: str) -> list[Block]:
    """Empty lines part blocks; `#` begins a heading, `- ` or `1. ` an item, `>` a quote. Nothing is markup."""
    blocks: list[Block] = []
    for chunk in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        for line in chunk.split("\n"):
            kind, said = _kind(line)
            if not said:
                continue
            # Lines of the same kind stand together; each heading is its own.
            if blocks and blocks[-1].kind == kind and kind != "heading" and blocks[-1].lines:
                blocks[-1].lines.append(said)
            else:
                blocks.append(Block(kind, [said]))
        blocks.append(Block(""))
    return [block for block in blocks if block.lines]


def _kind(line: str) -> tuple[str, str]:
    line = line.strip()
    if re.match(r"^#{1,4}\s", line):
        return "heading", line.lstrip("#").strip()
    if line.startswith((">", "＞")):
        return "quote", line[1:].strip()
    if _ITEM.match(line):
        return "list", _ITEM.sub("", line)
    return "paragraph", line


def illustrated(blocks: list[Block], pictures: Sequence[T]) -> list[tuple[Block, T | None]]:
    """The blocks with pictures spread between them: one after every second paragraph, the rest after the last block."""
    waiting = list(pictures)
    laid: list[tuple[Block, T | None]] = []
    told = 0
    for block in blocks:
        told += block.kind == "paragraph"
        due = block.kind == "paragraph" and told % 2 == 0 and waiting
        laid.append((block, waiting.pop(0) if due else None))
    return laid + [(Block(""), picture) for picture in waiting]
