"""A film made of others by a list: order and length, what is seen and heard when, and what a machine says of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from market.media import checks, cut, letters, stickers, tracks
from market.media.probe import probe
from tests.media import clips
from tests.media.test_transcode import Diary, loudness

PLAIN: dict[str, Any] = {
    "texts": [], "captions": [], "burn_captions": False, "sound_level": 100, "music": None, "cover_ms": None,
}  # fmt: skip


def piece(source: Path, in_ms: int, out_ms: int, focus: tuple[int, int] = (5000, 5000)) -> dict[str, Any]:
    return {
        "source": str(source), "filename": source.name, "in_ms": in_ms, "out_ms": out_ms,
        "focus_x": focus[0], "focus_y": focus[1],
    }  # fmt: skip


def colour(target: Path, name: str, size: str = "240x160", *, tone: int | None = 440) -> Path:
    """Three seconds of one colour, with a tone or without sound."""
    sound = ["-f", "lavfi", "-i", f"sine=frequency={tone}:duration=3"] if tone else []
    return clips.make(
        target, "-f", "lavfi", "-i", f"color={name}:size={size}:rate=10:duration=3", *sound,
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
    )  # fmt: skip


def made(tmp_path: Path, name: str, edit: dict[str, Any]) -> tuple[Path, dict[str, Any], Diary]:
    """The folder of renditions of an edit list whose sources are paths."""
    wanted = cut.Cut.read(PLAIN | edit)
    desk, out, diary = tmp_path / f"{name}-desk", tmp_path / name, Diary()
    desk.mkdir()
    out.mkdir()
    sources = {clip.source: (Path(clip.source), probe(Path(clip.source))) for clip in wanted.clips}
    _film, renditions = cut.make(wanted, sources, desk, out, diary)
    return out, renditions, diary


def frame(film: Path, at_s: float) -> NDArray[np.uint8]:
    with av.open(str(film)) as container:
        for picture in container.decode(video=0):
            if picture.time is not None and picture.time >= at_s - 0.001:
                return picture.to_ndarray(format="rgb24")
    raise AssertionError(f"nothing at {at_s} s")


def mean(film: Path, at_s: float) -> tuple[int, ...]:
    return tuple(int(part) for part in frame(film, at_s).reshape(-1, 3).mean(axis=0))


def length(film: Path) -> tuple[float, float]:
    """Of the picture and of the sound, in seconds, from the packets."""
    with av.open(str(film)) as container:
        ends = {"video": 0.0, "audio": 0.0}
        for packet in container.demux():
            if packet.pts is not None and packet.duration:
                end = float((packet.pts + packet.duration) * packet.time_base)
                ends[packet.stream.type] = max(ends[packet.stream.type], end)
    return ends["video"], ends["audio"]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Red with sound, green without, blue upright with sound in another container."""
    shelf = tmp_path_factory.mktemp("three")
    return (
        colour(shelf / "red.mp4", "red"),
        colour(shelf / "green.mp4", "green", tone=None),
        colour(shelf / "blue.mkv", "blue", "160x240", tone=880),
    )


def test_clips_come_trimmed_and_in_order_with_words_and_cover_at_their_seconds(
    tmp_path: Path, three: tuple[Path, Path, Path]
):
    red, green, blue = three
    parts = [piece(green, 500, 1733), piece(red, 0, 1100), piece(blue, 1000, 2250)]
    words = {"text": "双十一 SALE", "start_ms": 1500, "end_ms": 2300, "x": 5000, "y": 5000, "size": "large"}
    caption = {"text": "第一句 <b>", "start_ms": 200, "end_ms": 900}
    edit = {
        "clips": parts, "texts": [words], "captions": [caption], "cover_ms": 3000,
        "music": {"track": "breeze", "level": 60, "duck": True},
    }  # fmt: skip

    out, renditions, diary = made(tmp_path, "whole", edit)

    film = out / renditions["mp4"]
    whole = (1733 - 500 + 1100 + 1250) / 1000
    picture_s, sound_s = length(film)
    assert picture_s == pytest.approx(whole, abs=0.1)
    assert sound_s == pytest.approx(whole, abs=0.1)
    with av.open(str(film)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 160, 160)
        assert audio.codec_context.name == "aac"
    assert renditions["ladder"] == [160]
    assert mean(film, 0.6)[1] > 100 > mean(film, 0.6)[0]  # green, from the second film
    assert mean(film, 1.4)[0] > 200
    assert mean(film, 3.0)[2] > 200
    before, during, after = (frame(film, at).astype(int) for at in (1.4, 1.8, 2.32))
    assert (during.min(axis=2) > 200).sum() > 50, "white letters"
    for other in (before, after):
        assert (other.min(axis=2) > 200).sum() == 0
    with av.open(str(out / "poster.jpg")) as still:
        cover = next(still.decode(video=0)).to_ndarray(format="rgb24").reshape(-1, 3).mean(axis=0)
    assert cover[2] > 200 > cover[0], "the poster is the chosen second, which is blue"
    assert loudness(film) == pytest.approx(-16, abs=1)
    assert (out / "captions.vtt").read_text() == (
        "WEBVTT\n\n00:00:00.200 --> 00:00:00.900\n第一句 &lt;b&gt;\n"
    )
    assert (frame(film, 0.5).min(axis=2) > 200).sum() == 0, "captions are a track of their own"
    steps = [name for name, _percent in diary.steps]
    assert [name for at, name in enumerate(steps) if name not in steps[:at]] == [
        "measure", "ladder", "finish",
    ]  # fmt: skip
    said = renditions["checks"]
    assert (said["width"], said["height"], said["black"], said["silent"]) == (160, 160, [], [])
    assert said["duration_s"] == pytest.approx(whole, abs=0.1)
    assert checks.is_loud_enough(said["loudness"])


def test_captions_are_burnt_in_when_asked_and_silent_clips_stay_silent(
    tmp_path: Path, three: tuple[Path, Path, Path]
):
    _red, green, _blue = three
    edit = {
        "clips": [piece(green, 0, 3000)], "burn_captions": True,
        "captions": [
            {"text": "看得见", "start_ms": 1000, "end_ms": 2000},
            *({"text": f"{n}", "start_ms": 2200 + n, "end_ms": 2201 + n} for n in range(199)),
        ],
    }  # fmt: skip

    out, renditions, _diary = made(tmp_path, "burnt", edit)

    film = out / renditions["mp4"]
    lit = np.argwhere(frame(film, 1.5).min(axis=2) > 100)
    assert len(lit) > 20
    assert 0.8 * 160 < lit[:, 0].mean() < 160, "at the bottom"
    assert (frame(film, 2.1).min(axis=2) > 100).sum() == 0
    assert length(film)[1] == pytest.approx(3, abs=0.1)
    assert renditions["checks"]["loudness"] is None
    assert renditions["checks"]["silent"] == [[0.0, pytest.approx(3, abs=0.1)]]


def test_the_focus_says_which_part_of_the_picture_stays(tmp_path: Path):
    halves = clips.make(
        tmp_path / "halves.mp4", "-f", "lavfi", "-i", "color=white:size=120x120:rate=5:duration=2",
        "-f", "lavfi", "-i", "color=black:size=120x120:rate=5:duration=2", "-filter_complex", "hstack", "-pix_fmt", "yuv420p",
    )  # fmt: skip

    out, renditions, _diary = made(
        tmp_path, "focus", {"clips": [piece(halves, 0, 1000, (0, 0)), piece(halves, 0, 1000, (10_000, 0))]}
    )

    film = out / renditions["mp4"]
    assert min(mean(film, 0.5)) > 200
    assert max(mean(film, 1.5)) < 50
    assert renditions["checks"]["black"] == [[pytest.approx(1, abs=0.2), pytest.approx(2, abs=0.2)]]


def test_many_short_clips_do_not_drift(three: tuple[Path, Path, Path]):
    red = three[0]
    wanted = cut.Cut.read(PLAIN | {"clips": [piece(red, 0, 1017)] * 20})
    film = replace(probe(red), fps=30.0)
    bench = cut.Bench(wanted, {str(red): (red, film)})

    assert sum(bench.seconds) == pytest.approx(wanted.duration_s, abs=0.02)


def test_what_the_font_lacks_is_known_and_long_lines_are_broken():
    assert letters.missing("双十一，全场 5 折 → ★ €9.9\n") == ""
    assert letters.missing("好😀龘") == "😀龘"
    assert letters.width("一" * 10, "large") == pytest.approx(1.0)
    broken = letters.wrap("这一句太长了" * 6, "small")
    assert "\n" in broken
    assert broken.replace("\n", "") == "这一句太长了" * 6
    assert letters.width(broken, "small") <= letters.WIDEST
    assert (
        letters.wrap("plain words stay whole when they are broken " * 2, "small")
        .split("\n")[0]
        .endswith(("plain", "words", "stay", "whole", "when", "they", "are", "broken"))
    )


@pytest.mark.parametrize("name", stickers.STICKERS)
def test_the_stickers_kept_are_those_the_numbers_draw(name: str):
    kept, drawn = (np.asarray(each, dtype=float) for each in (stickers.picture(name), stickers.draw(name)))

    assert kept.shape == drawn.shape == (stickers.SIDE, stickers.SIDE, 4)
    assert abs(kept[..., 3] - drawn[..., 3]).mean() < 3
    assert drawn[..., 3].min() == 0, "there is something to see through"


@pytest.mark.parametrize("name", tracks.TRACKS)
def test_every_track_of_music_is_there_and_repeats_without_a_seam(name: str):
    track = tracks.TRACKS[name]
    samples = tracks.compose(track)

    assert tracks.path_of(name).is_file()
    seam = np.abs(samples[0] - samples[-1]).max()
    assert seam < np.abs(np.diff(samples, axis=0)).max() * 2
