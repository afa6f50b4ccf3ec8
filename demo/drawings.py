"""What the demo's products look like: flat paper-cut scenes, one motif per category, three colourings of each."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
FINE = 2
"""Drawn twice as large and scaled down: edges come out smooth."""

INK, PAPER = (34, 38, 54), (252, 248, 238)
PALETTES: dict[str, tuple[Colour, Colour, Colour]] = {
    # ground, shade, accent
    "beauty": ((244, 214, 206), (203, 112, 104), (255, 246, 240)),
    "fashion": ((222, 208, 234), (104, 72, 138), (247, 229, 180)),
    "food": ((250, 222, 170), (190, 88, 40), (120, 146, 62)),
    "home": ((214, 226, 240), (62, 92, 148), (240, 236, 226)),
    "digital": ((206, 226, 230), (32, 74, 92), (255, 196, 92)),
    "outdoor": ((196, 226, 218), (24, 98, 96), (232, 120, 62)),
    "baby": ((255, 230, 190), (226, 138, 84), (124, 178, 206)),
    "pets": ((232, 220, 200), (132, 96, 62), (242, 168, 92)),
}
LIGHTS: tuple[Colour | None, ...] = (None, (168, 204, 236), (250, 200, 150))
"""Day, dusk and lamp: what the ground of a colouring is mixed with."""
PAN = 0.4
"""How much wider than a square the scene of a film is: the way its picture moves."""


def mixed(colour: Colour, light: Colour | None) -> Colour:
    if light is None:
        return colour
    red, green, blue = (round(c * 0.5 + other * 0.5) for c, other in zip(colour, light, strict=True))
    return red, green, blue


class Brush:
    """Draws in a square from (0, 0) to (1, 1) that stands at `left` squares from the edge."""

    def __init__(self, draw: ImageDraw.ImageDraw, side: int, left: float, scale: float) -> None:
        self.draw, self.side, self.left, self.scale = draw, side, left, scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Smaller things keep their feet on the same line."""
        return (self.left + 0.5 + (x - 0.5) * self.scale) * self.side, (
            0.86 + (y - 0.86) * self.scale
        ) * self.side

    def shape(self, points: Sequence[tuple[float, float]], fill: Colour) -> None:
        self.draw.polygon([self.at(x, y) for x, y in points], fill=fill)

    def oval(self, x: float, y: float, width: float, height: float, fill: Colour) -> None:
        self.draw.ellipse(
            [self.at(x - width / 2, y - height / 2), self.at(x + width / 2, y + height / 2)], fill=fill
        )

    def box(
        self, x: float, y: float, width: float, height: float, fill: Colour, round_: float = 0.03
    ) -> None:
        self.draw.rounded_rectangle(
            [self.at(x, y), self.at(x + width, y + height)], radius=round_ * self.side * self.scale, fill=fill
        )

    def line(self, points: Sequence[tuple[float, float]], fill: Colour, width: float = 0.02) -> None:
        thick = max(1, round(width * self.side * self.scale))
        self.draw.line([self.at(x, y) for x, y in points], fill=fill, width=thick, joint="curve")


def beauty(b: Brush, shade: Colour, accent: Colour) -> None:
    b.box(0.36, 0.40, 0.28, 0.46, shade, 0.06)
    b.box(0.44, 0.28, 0.12, 0.13, INK, 0.02)
    b.oval(0.50, 0.22, 0.14, 0.14, INK)
    b.box(0.41, 0.54, 0.18, 0.18, accent, 0.02)
    b.shape([(0.50, 0.57), (0.55, 0.65), (0.50, 0.69), (0.45, 0.65)], shade)


def fashion(b: Brush, shade: Colour, accent: Colour) -> None:
    b.line([(0.50, 0.24), (0.50, 0.18), (0.54, 0.15)], INK, 0.018)
    b.shape([(0.50, 0.24), (0.74, 0.36), (0.26, 0.36)], INK)
    b.shape(
        [
            (0.28, 0.34),
            (0.72, 0.34),
            (0.84, 0.62),
            (0.74, 0.66),
            (0.72, 0.86),
            (0.28, 0.86),
            (0.26, 0.66),
            (0.16, 0.62),
        ],
        shade,
    )
    b.shape([(0.40, 0.34), (0.60, 0.34), (0.50, 0.50)], accent)
    b.line([(0.50, 0.50), (0.50, 0.86)], accent, 0.014)


def food(b: Brush, shade: Colour, accent: Colour) -> None:
    for x, y in ((0.38, 0.52), (0.50, 0.46), (0.62, 0.52)):
        b.oval(x, y, 0.20, 0.20, accent)
    b.draw.pieslice([b.at(0.20, 0.24), b.at(0.80, 0.86)], 0, 180, fill=shade)
    b.box(0.40, 0.83, 0.20, 0.04, INK, 0.01)
    b.line([(0.70, 0.50), (0.88, 0.22)], INK, 0.016)
    b.line([(0.64, 0.48), (0.82, 0.20)], INK, 0.016)


def home(b: Brush, shade: Colour, accent: Colour) -> None:
    b.box(0.14, 0.46, 0.72, 0.30, shade, 0.05)
    b.box(0.18, 0.36, 0.30, 0.20, accent, 0.07)
    b.box(0.52, 0.36, 0.30, 0.20, accent, 0.07)
    b.box(0.10, 0.60, 0.80, 0.20, PAPER, 0.05)
    b.box(0.16, 0.79, 0.05, 0.08, INK, 0.01)
    b.box(0.79, 0.79, 0.05, 0.08, INK, 0.01)


def digital(b: Brush, shade: Colour, accent: Colour) -> None:
    b.box(0.34, 0.22, 0.32, 0.64, INK, 0.06)
    b.box(0.37, 0.26, 0.26, 0.54, shade, 0.03)
    b.oval(0.50, 0.46, 0.16, 0.16, accent)
    for at, width in enumerate((0.18, 0.12, 0.15)):
        b.box(0.40, 0.60 + 0.055 * at, width, 0.025, PAPER, 0.01)


def outdoor(b: Brush, shade: Colour, accent: Colour) -> None:
    b.shape([(0.02, 0.86), (0.30, 0.46), (0.50, 0.70), (0.66, 0.52), (0.98, 0.86)], shade)
    b.line([(0.20, 0.84), (0.46, 0.30), (0.84, 0.16)], INK, 0.016)
    b.line([(0.84, 0.16), (0.84, 0.66)], INK, 0.006)
    b.oval(0.84, 0.70, 0.07, 0.10, accent)
    b.oval(0.84, 0.68, 0.07, 0.05, PAPER)


def baby(b: Brush, shade: Colour, accent: Colour) -> None:
    b.box(0.24, 0.62, 0.24, 0.24, shade, 0.03)
    b.box(0.50, 0.62, 0.24, 0.24, accent, 0.03)
    b.box(0.37, 0.37, 0.24, 0.24, INK, 0.03)
    b.oval(0.36, 0.74, 0.10, 0.10, PAPER)
    b.shape([(0.62, 0.68), (0.68, 0.79), (0.56, 0.79)], PAPER)
    b.box(0.445, 0.445, 0.09, 0.09, PAPER, 0.01)


def pets(b: Brush, shade: Colour, accent: Colour) -> None:
    b.line([(0.70, 0.80), (0.84, 0.74), (0.86, 0.58)], shade, 0.05)
    b.oval(0.50, 0.72, 0.44, 0.34, shade)
    b.oval(0.42, 0.46, 0.32, 0.30, shade)
    b.shape([(0.28, 0.44), (0.29, 0.24), (0.42, 0.34)], shade)
    b.shape([(0.56, 0.44), (0.55, 0.24), (0.42, 0.34)], shade)
    b.oval(0.36, 0.46, 0.04, 0.05, INK)
    b.oval(0.48, 0.46, 0.04, 0.05, INK)
    b.shape([(0.40, 0.52), (0.44, 0.52), (0.42, 0.55)], accent)
    b.box(0.30, 0.58, 0.24, 0.035, accent, 0.015)


MOTIFS = {
    "beauty": beauty,
    "fashion": fashion,
    "food": food,
    "home": home,
    "digital": digital,
    "outdoor": outdoor,
    "baby": baby,
    "pets": pets,
}


def scene(category: str, tint: int, side: int, *, wide: bool = False) -> Image.Image:
    """A still life of the category on a square, or on a scene wide enough to move along."""
    ground, shade, accent = PALETTES[category]
    ground = mixed(ground, LIGHTS[tint % len(LIGHTS)])
    fine, room = side * FINE, PAN if wide else 0.0
    picture = Image.new("RGB", (round(fine * (1 + room)), fine), ground)
    draw = ImageDraw.Draw(picture)
    pale = tuple(round(c + (255 - c) * 0.55) for c in ground)
    draw.ellipse([fine * (room + 0.38), fine * 0.06, fine * (room + 0.94), fine * 0.62], fill=pale)
    draw.rectangle([0, fine * 0.86, picture.width, fine], fill=tuple(round(c * 0.9) for c in ground))
    MOTIFS[category](Brush(draw, fine, room / 2, 0.95), shade, accent)
    return picture.reduce(FINE)
