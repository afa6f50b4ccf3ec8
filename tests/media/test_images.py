"""Pictures are re-encoded: nothing but pixels goes out, and bombs go off in a child."""

from pathlib import Path

import pytest
from PIL import Image

from market.media import images
from market.media.reasons import Rejected
from tests.media import clips


def convert(source: Path, tmp_path: Path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder, images.convert(source, source.name, folder)


def test_a_photo_comes_in_sizes_without_its_place_and_time(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x0110] = "Secret Phone 9"
    source = tmp_path / "照片.jpg"
    Image.new("RGB", (1600, 1200), "red").save(source, exif=exif)

    folder, (content_type, width, height, renditions) = convert(source, tmp_path)

    assert (content_type, width, height) == ("image/jpeg", 1200, 1600)
    assert renditions == {"image": [320, 640, 1200], "plain": "plain.jpg"}
    for path in folder.iterdir():
        assert b"Secret Phone" not in path.read_bytes()
        with Image.open(path) as picture:
            assert not picture.getexif()
            assert picture.height > picture.width


def test_transparency_stays_in_webp_and_turns_white_in_jpeg(tmp_path: Path):
    source = tmp_path / "seal.png"
    Image.new("RGBA", (400, 400), (255, 0, 0, 0)).save(source)

    folder, _ = convert(source, tmp_path)

    with Image.open(folder / "320.webp") as picture:
        assert picture.mode == "RGBA"
    with Image.open(folder / "plain.jpg") as picture:
        assert picture.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bomb.png", "image_pixels"),
        ("cut.jpg", "unreadable"),
        ("words.svg", "wrong_type"),
        ("page.jpg", "wrong_type"),
        ("polyglot.jpg", None),
        ("film.png", "other_kind"),
    ],
)
def test_what_is_no_sound_picture_is_refused(name: str, code: str | None, tmp_path: Path, film: Path):
    source = tmp_path / name
    if name == "bomb.png":
        clips.huge_picture(source)
    elif name == "cut.jpg":
        Image.effect_noise((800, 800), 90).save(tmp_path / "whole.jpg")
        clips.cut(source, tmp_path / "whole.jpg")
    elif name == "words.svg":
        source.write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    elif name == "page.jpg":
        source.write_text("<!doctype html><script>alert(1)</script>")
    elif name == "polyglot.jpg":
        Image.new("RGB", (64, 64)).save(source)
        source.write_bytes(source.read_bytes() + b"<script>alert(1)</script>")
    else:
        source.write_bytes(film.read_bytes())

    if code is None:
        folder, _ = convert(source, tmp_path)
        assert all(b"<script>" not in path.read_bytes() for path in folder.iterdir())
        return
    with pytest.raises(Rejected) as refused:
        convert(source, tmp_path)
    assert refused.value.code == code


def test_forty_million_pixels_fit_into_the_limits(tmp_path: Path):
    source = tmp_path / "large.png"
    Image.new("RGB", (7000, 5700), "teal").save(source, compress_level=1)

    _, (_, width, _, renditions) = convert(source, tmp_path)

    assert width == 7000
    assert renditions["image"] == [320, 640, 1280, 1920]
