"""Words on the picture: one font file that the browser's preview and the renderer share.

Text is drawn by Pillow into a transparent picture and laid over the film: nothing a person types is ever part of
a filter string. What the font lacks is known beforehand, and so is how wide a line will be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from PIL import Image, ImageDraw, ImageFont

from market.media.config import ROOT
from market.media.run import SILENT, Watch

FONT = ROOT / "static" / "fonts" / "noto-sans-sc.woff"
"""A part of Noto Sans CJK SC (OFL-1.1), made by `./vtask flask media-font`; pages load it as /static/fonts/…"""
SIMPLIFIED = 2  # the place of the mainland's forms in the collection of the wheel
LINE = 1.25
"""The height of a line in sizes of the font."""
STROKE = 0.07
"""The dark edge around the letters in sizes of the font."""
SIZES = {"small": 0.05, "medium": 0.07, "large": 0.1}
"""Size of the font as a part of the square's side."""
WIDEST = 0.96
"""No line may be wider than this part of the side."""
CAPTION_SIZE = "small"
CAPTION_AT = (0.5, 0.9)
"""Where the middle of a caption that is burnt in stands."""


@dataclass(frozen=True)
class Words:
    """Lines of text around a point (parts of the side, 0..1) from one moment to another (seconds of the film)."""

    text: str
    start_s: float
    end_s: float
    x: float
    y: float
    size: str

    def paint(self, sheet: Image.Image) -> None:
        """Lay them over a transparent square.

        The lines stand as CSS sets them (`line-height`, the font's own ascent and descent), so that a page shows the
        same.
        """
        side = sheet.width
        points = SIZES[self.size] * side
        font, edge = _font(points), max(1, round(STROKE * points))
        lines = self.text.split("\n")
        ascent, descent = font.getmetrics()
        high = LINE * points
        layer = Image.new("RGBA", sheet.size)
        pen = ImageDraw.Draw(layer)
        for at, line in enumerate(lines):
            top = self.y * side + (at - len(lines) / 2) * high
            base = top + (high - ascent - descent) / 2 + ascent
            pen.text(
                (self.x * side, base),
                line,
                "white",
                font,
                anchor="ms",
                stroke_width=edge,
                stroke_fill="#000000cc",
            )
        sheet.alpha_composite(layer)


class Mark(Protocol):
    """What lies over the film from one moment to another (seconds of the film)."""

    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...

    def paint(self, sheet: Image.Image) -> None: ...


def missing(text: str) -> str:
    """The characters of `text` that the font does not have, each once."""
    return "".join(dict.fromkeys(sign for sign in text if sign != "\n" and ord(sign) not in _known()))


def width(text: str, size: str) -> float:
    """The widest line as a part of the side."""
    font = _font(1000)
    return max((font.getlength(line) for line in text.split("\n")), default=0.0) / 1000 * SIZES[size]


def wrap(text: str, size: str) -> str:
    """Break lines that are too wide: at the last space that fits, else between two characters."""
    broken = []
    for line in text.split("\n"):
        rest = line
        while width(rest, size) > WIDEST:
            fits = max(n for n in range(1, len(rest)) if n == 1 or width(rest[:n], size) <= WIDEST)
            space = rest.rfind(" ", 1, fits + 1)
            cut = space if space > 0 else fits
            broken.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        broken.append(rest)
    return "\n".join(broken)


def lay(marks: Sequence[Mark], side: int, until_s: float, folder: Path, watch: Watch = SILENT) -> Path:
    """Draw every picture of marks there is before `until_s`; the list of them, for ffmpeg to read as one film.

    One list however many marks there are: a filter for each would not fit into the limits of memory.
    """
    moments = sorted({0.0, *(moment for each in marks for moment in (each.start_s, each.end_s))})
    lines, drawn = ["ffconcat version 1.0"], dict[tuple[int, ...], str]()
    for start, end in pairwise([*moments, moments[-1] + 1]):
        if start >= until_s:
            break
        there = tuple(at for at, each in enumerate(marks) if each.start_s <= start < each.end_s)
        if there not in drawn:
            drawn[there] = f"words{len(drawn)}.png"
            watch.alive()
            draw([marks[at] for at in there], side).save(folder / drawn[there], compress_level=1)
        # A thousand pictures a second, so that the list keeps milliseconds.
        lines += [f"file {drawn[there]}", "option framerate 1000", f"duration {end - start:.3f}"]
    target = folder / "words.ffconcat"
    target.write_text("\n".join(lines) + "\n", encoding="ascii")
    return target


def draw(marks: Sequence[Mark], side: int) -> Image.Image:
    """A transparent square with these, the later over the earlier."""
    sheet = Image.new("RGBA", (side, side))
    for each in marks:
        each.paint(sheet)
    return sheet


def make_font(target: Path = FONT) -> int:
    """Cut the font out of the wheel the documents use: GB 2312, Latin and the usual signs; its number of characters."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    whole = TTFont(str(files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc"), fontNumber=SIMPLIFIED)
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=False, notdef_outline=True)
    options.flavor = "woff"
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=_wanted())
    cutter.subset(whole)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(whole, str(target), options)
    return len(whole.getBestCmap())


def _wanted() -> set[int]:
    """Every character of GB 2312, Latin with its accents, punctuation, arrows, shapes and full-width forms."""
    wanted = {*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2040), *range(0x2190, 0x219A)}
    wanted |= {*range(0x2460, 0x2474), *range(0x3000, 0x3018), *range(0xFF01, 0xFF5F), *range(0x25A0, 0x2640)}
    wanted |= {ord(sign) for sign in "€℃№™℉√✓✔♥♡♪♫￥"}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            wanted |= {ord(sign) for sign in bytes((high, low)).decode("gb2312", "ignore")}
    return wanted


@cache
def _known() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(str(FONT), lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def _font(points: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), points, layout_engine=ImageFont.Layout.BASIC)
