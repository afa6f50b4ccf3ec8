"""Re-encode a picture into a few sizes: `python -I image.py SOURCE FOLDER MAX_PIXELS`.

Only decoded pixels go out: no EXIF, no profile tricks, nothing hidden behind the picture. Prints JSON.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

WIDTHS = (320, 640, 1280, 1920)
FORMATS = ("JPEG", "PNG", "WEBP")


def convert(source: Path, folder: Path) -> dict[str, Any]:
    with Image.open(source, formats=FORMATS) as opened:
        shown = opened.size
        opened.draft("RGB", (WIDTHS[-1] * 2, WIDTHS[-1] * 2))
        opened.load()
        turned = ImageOps.exif_transpose(opened)
        width, height = shown if turned.size == opened.size or opened.size == shown[::-1] else shown[::-1]
        plain = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    sizes = [each for each in WIDTHS if each < plain.width][: len(WIDTHS) - 1]
    sizes.append(min(plain.width, WIDTHS[-1]))
    for each in sizes:
        scaled = plain.resize(
            (each, max(1, round(plain.height * each / plain.width))), Image.Resampling.LANCZOS
        )
        scaled.save(folder / f"{each}.webp", "WEBP", quality=82, method=4)
    flat = Image.new("RGB", plain.size, "white")
    flat.paste(plain, mask=plain.getchannel("A") if plain.mode == "RGBA" else None)
    flat.thumbnail((WIDTHS[-2], WIDTHS[-2] * 4), Image.Resampling.LANCZOS)
    flat.save(folder / "plain.jpg", "JPEG", quality=85, optimize=True)
    return {"width": width, "height": height, "sizes": sizes}


def main() -> None:
    source, folder, most = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    Image.MAX_IMAGE_PIXELS = most
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(source, formats=FORMATS) as opened:
            size = opened.size
        if size[0] * size[1] > most:
            raise Image.DecompressionBombError
        facts = convert(source, folder)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        facts = {"error": "too_many_pixels"}
    except MemoryError:
        facts = {"error": "too_heavy"}
    except Exception as wrong:  # a decoder's failure on a hostile file can be any class
        facts = {"error": "unreadable", "text": f"{type(wrong).__name__}: {wrong}"[:200]}
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
