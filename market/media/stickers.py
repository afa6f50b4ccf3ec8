"""The stickers there are: small pictures of our own, drawn by `./vtask flask media-stickers` from the shapes below.

They are made of polygons and circles by the numbers here and by nothing else; whoever may use this program may use
them. The page shows the same files that the renderer lays over the film.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, pi, sin
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from market.kit.words import N_
from market.media.config import ROOT

FOLDER = ROOT / "static" / "stickers"
LICENCE = N_("本平台自制，可用于平台内外的商业用途")
SIDE = 384
OVER = 4
"""Drawn this much larger and brought down, so that edges are smooth."""
RIM = 0.035
"""The white edge around a shape, as a part of the side: it stands out on every picture."""
RED, GOLD, BLUE, GREEN, INK, WHITE = "#d8321f", "#f5b301", "#2142a6", "#138a55", "#1a1c26", "#ffffff"
Point = tuple[float, float]

STICKERS = {
    "star": N_("星星"),
    "heart": N_("爱心"),
    "arrow": N_("箭头"),
    "ring": N_("圆圈"),
    "burst": N_("爆炸框"),
    "check": N_("对勾"),
    "cross": N_("叉"),
    "tag": N_("价签"),
    "bubble": N_("气泡"),
    "bar": N_("底条"),
}


@dataclass(frozen=True)
class Sticker:
    """One of ours around a point (parts of the side, 0..1), `width` of the side wide and turned clockwise by degrees."""

    name: str
    start_s: float
    end_s: float
    x: float
    y: float
    width: float
    turn: int

    def paint(self, sheet: Image.Image) -> None:
        """Lay it over a transparent square."""
        side = sheet.width
        wide = max(1, round(self.width * side))
        drawn = picture(self.name).resize((wide, wide), Image.Resampling.LANCZOS)
        if self.turn:
            drawn = drawn.rotate(-self.turn, Image.Resampling.BICUBIC, expand=True)
        layer = Image.new("RGBA", sheet.size)
        place = (round(self.x * side - drawn.width / 2), round(self.y * side - drawn.height / 2))
        layer.paste(drawn, place)
        sheet.alpha_composite(layer)


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.png"


@cache
def picture(name: str) -> Image.Image:
    with Image.open(path_of(name)) as file:
        return file.convert("RGBA")


def make_all() -> list[str]:
    """Draw every one of them anew; their names."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in STICKERS:
        draw(name).quantize(128, Image.Quantize.FASTOCTREE).save(path_of(name), optimize=True)
    return list(STICKERS)


def draw(name: str) -> Image.Image:
    """A sticker with its white edge, transparent around it."""
    big = SIDE * OVER
    shape = Image.new("RGBA", (big, big))
    pen = ImageDraw.Draw(shape)
    SHAPES[name](Pen(pen, big))
    # What a blur still sees of the shape is the shape grown, with round corners.
    blurred = shape.getchannel("A").resize((SIDE, SIDE), Image.Resampling.BOX)
    blurred = blurred.filter(ImageFilter.GaussianBlur(RIM * SIDE / 1.5))
    edge = blurred.point([255 if seen > 17 else 0 for seen in range(256)]).filter(ImageFilter.GaussianBlur(1))
    whole = Image.new("RGBA", (SIDE, SIDE))
    whole.paste(Image.new("RGBA", (SIDE, SIDE), WHITE), mask=edge)
    whole.alpha_composite(shape.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    return whole


@dataclass(frozen=True)
class Pen:
    """Draws in parts of the side."""

    pen: ImageDraw.ImageDraw
    big: int

    def polygon(self, points: Sequence[Point], colour: str) -> None:
        self.pen.polygon([(x * self.big, y * self.big) for x, y in points], colour)

    def circle(self, x: float, y: float, radius: float, colour: str) -> None:
        box = [
            (x - radius) * self.big,
            (y - radius) * self.big,
            (x + radius) * self.big,
            (y + radius) * self.big,
        ]
        self.pen.ellipse(box, colour)

    def round_box(
        self, left: float, top: float, right: float, bottom: float, radius: float, colour: str
    ) -> None:
        box = [left * self.big, top * self.big, right * self.big, bottom * self.big]
        self.pen.rounded_rectangle(box, radius * self.big, colour)

    def line(self, points: Sequence[Point], thick: float, colour: str) -> None:
        """With round ends and corners."""
        self.pen.line([(x * self.big, y * self.big) for x, y in points], colour, round(thick * self.big))
        for x, y in points:
            self.circle(x, y, thick / 2, colour)


def spikes(count: int, outer: float, inner: float) -> list[Point]:
    """A star of `count` points around the middle, the first one up."""
    return [
        (0.5 + radius * sin(pi * at / count), 0.5 - radius * cos(pi * at / count))
        for at in range(2 * count)
        for radius in (inner if at % 2 else outer,)
    ]


def _star(pen: Pen) -> None:
    pen.polygon(spikes(5, 0.44, 0.19), GOLD)


def _heart(pen: Pen) -> None:
    turns = [2 * pi * at / 240 for at in range(240)]
    curve = [(16 * sin(t) ** 3, 13 * cos(t) - 5 * cos(2 * t) - 2 * cos(3 * t) - cos(4 * t)) for t in turns]
    pen.polygon([(0.5 + x * 0.026, 0.48 - y * 0.026) for x, y in curve], RED)


def _arrow(pen: Pen) -> None:
    pen.line([(0.14, 0.5), (0.8, 0.5)], 0.13, RED)
    pen.line([(0.58, 0.26), (0.84, 0.5), (0.58, 0.74)], 0.13, RED)


def _ring(pen: Pen) -> None:
    pen.circle(0.5, 0.5, 0.44, RED)
    pen.circle(0.5, 0.5, 0.36, "#00000000")


def _burst(pen: Pen) -> None:
    pen.polygon(spikes(16, 0.46, 0.36), GOLD)
    pen.circle(0.5, 0.5, 0.31, RED)


def _check(pen: Pen) -> None:
    pen.circle(0.5, 0.5, 0.42, GREEN)
    pen.line([(0.31, 0.52), (0.45, 0.66), (0.7, 0.36)], 0.09, WHITE)


def _cross(pen: Pen) -> None:
    pen.circle(0.5, 0.5, 0.42, INK)
    pen.line([(0.35, 0.35), (0.65, 0.65)], 0.09, WHITE)
    pen.line([(0.65, 0.35), (0.35, 0.65)], 0.09, WHITE)


def _tag(pen: Pen) -> None:
    pen.polygon([(0.06, 0.5), (0.28, 0.26), (0.94, 0.26), (0.94, 0.74), (0.28, 0.74)], RED)
    pen.circle(0.27, 0.5, 0.055, WHITE)


def _bubble(pen: Pen) -> None:
    pen.polygon([(0.24, 0.62), (0.2, 0.88), (0.48, 0.68)], BLUE)
    pen.round_box(0.06, 0.16, 0.94, 0.7, 0.16, BLUE)


def _bar(pen: Pen) -> None:
    pen.round_box(0.05, 0.36, 0.95, 0.64, 0.06, INK)


SHAPES = {
    "star": _star, "heart": _heart, "arrow": _arrow, "ring": _ring, "burst": _burst, "check": _check,
    "cross": _cross, "tag": _tag, "bubble": _bubble, "bar": _bar,
}  # fmt: skip
