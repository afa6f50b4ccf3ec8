"""What the player is given: a square ladder, sound at one loudness, poster, sprite, preview and a download."""

import itertools
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from market.media import ffmpeg, transcode
from market.media.probe import Probe, probe
from market.media.transcode import Plan
from tests.media import clips

LANDSCAPE = Probe("video/mp4", "h264", "aac", 1920, 1080, 0, 30.0, 12.0, 0.04)


class Diary:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int]] = []

    def step(self, name: str, percent: int) -> None:
        self.steps.append((name, percent))

    def alive(self) -> None:
        pass


def made(source: Path, folder: Path, **choices: Any) -> tuple[Plan, dict[str, Any], Diary]:
    folder.mkdir()
    plan, diary = Plan(probe(source), **choices), Diary()
    return plan, transcode.make(source, folder, plan, diary), diary


def loudness(path: Path) -> float:
    said = subprocess.run(
        [ffmpeg.binary(), "-nostdin", "-hide_banner", "-i", path, "-af", "ebur128=framelog=quiet", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said.stderr)[-1])


def corner(path: Path, box: tuple[int, int, int, int]) -> float:
    """Mean brightness of a part of a picture."""
    with Image.open(path) as picture:
        part = picture.convert("L").crop(box).resize((1, 1), Image.Resampling.BOX)
        return float(part.getpixel((0, 0)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("width", "height", "sides"),
    [
        (1920, 1080, [1080, 720, 480]),
        (1080, 1920, [1080, 720, 480]),
        (1280, 720, [720, 480]),
        (854, 481, [480]),
        (639, 361, [360]),
        (3840, 2160, [1080, 720, 480]),
    ],
)
def test_no_rung_is_larger_than_the_source(width: int, height: int, sides: list[int]):
    plan = Plan(replace(LANDSCAPE, width=width, height=height))

    assert plan.sides == sides
    assert plan.download == (720 if 720 in sides else sides[0])


def test_a_film_becomes_everything_the_player_needs(tmp_path: Path, film: Path):
    out = tmp_path / "out"
    _plan, renditions, diary = made(film, out)

    master = (out / "master.m3u8").read_text()
    assert "RESOLUTION=320x320" in master
    assert re.search(r'CODECS="avc1\.\w+,mp4a\.40\.2"', master)
    playlist = (out / "320" / "index.m3u8").read_text()
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in playlist
    assert all((out / "320" / name).is_file() for name in re.findall(r"^\w+\.m4s$|init\.mp4", playlist, re.M))
    assert renditions["ladder"] == [320]
    assert renditions["mp4"] == "320.mp4"
    with av.open(str(out / "320.mp4")) as single:
        picture, sound = single.streams.video[0], single.streams.audio[0]
        assert (picture.codec_context.name, picture.width, picture.height) == ("h264", 320, 320)
        assert picture.codec_context.pix_fmt == "yuv420p"
        assert (sound.codec_context.name, sound.rate) == ("aac", 48_000)
        assert single.duration / av.time_base == pytest.approx(3, abs=0.15)
        assert not {"location", "com.apple.quicktime.location.ISO6709"} & set(single.metadata)
    assert loudness(out / "320.mp4") == pytest.approx(-16, abs=1)
    with Image.open(out / "poster.jpg") as poster, Image.open(out / "sprite.jpg") as sprite:
        assert poster.size == (320, 320)
        assert sprite.size == (1600, 160)
    cues = (out / "sprite.vtt").read_text().split("\n\n")
    assert cues[1] == "00:00:00.000 --> 00:00:01.000\nsprite.jpg#xywh=0,0,160,160"
    assert (out / "preview.mp4").stat().st_size < 200_000
    assert not list(out.glob("*.joined.mp4"))
    assert [step for step, percent in diary.steps if percent == 0] == ["measure", "ladder", "finish"]
    assert all(earlier <= later for earlier, later in _pairs(diary, "ladder"))


def test_a_large_film_becomes_a_ladder_that_plays_on_every_rung(tmp_path: Path):
    source = clips.clip(tmp_path / "large.mp4", size="1280x720", seconds=2)

    _, renditions, _ = made(source, tmp_path / "out")

    assert renditions["ladder"] == [720, 480]
    assert renditions["mp4"] == "720.mp4"
    master = (tmp_path / "out" / "master.m3u8").read_text()
    assert re.findall(r"^(\d+)/index.m3u8$", master, re.MULTILINE) == ["720", "480"]
    for side in (720, 480):
        rung = tmp_path / "out" / str(side)
        named = re.findall(r'URI="([\w.]+)"|^([\w.]+\.m4s)$', (rung / "index.m3u8").read_text(), re.MULTILINE)
        whole = b"".join((rung / (header or piece)).read_bytes() for header, piece in named)
        (tmp_path / f"{side}.mp4").write_bytes(whole)
        with av.open(str(tmp_path / f"{side}.mp4")) as film:
            frames = [(frame.width, frame.height) for frame in film.decode(video=0)]
        assert set(frames) == {(side, side)}
        assert len(frames) == pytest.approx(30, abs=1)


def _pairs(diary: Diary, step: str) -> list[tuple[int, int]]:
    seen = [percent for name, percent in diary.steps if name == step]
    return list(itertools.pairwise(seen))


def packets(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(**{kind: 0}) if packet.size]


def test_the_uncut_picture_is_the_source_s_own_where_browsers_play_it(tmp_path: Path, film: Path):
    """A phone's film keeps its packets and stays turned; what it says of places and devices goes."""
    source = clips.turned(tmp_path / "phone.mov", film)

    _, renditions, _ = made(source, tmp_path / "out")

    whole = tmp_path / "out" / renditions["whole"]
    assert packets(whole, "video") == packets(source, "video")
    assert packets(whole, "audio") == packets(source, "audio")
    with av.open(str(whole)) as kept, av.open(str(source)) as was:
        assert next(kept.decode(video=0)).rotation == next(was.decode(video=0)).rotation != 0
    with (tmp_path / "out" / "whole.mp4").open("rb") as file:
        assert b"moov" in file.read(4096), "it plays before all of it has come"


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"),
        ("-c:v", "libvpx-vp9", "-deadline", "realtime"),
        ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p"),
        ("-c:v", "libx264", "-preset", "ultrafast", "-g", "9999", "-sc_threshold", "0", "-vf", "scale=1920:1080", "-r", "60"),
        ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "40M", "-crf", "0", "-vf", "scale=1280:720,noise=alls=90:allf=t"),
    ],
    ids=["hevc", "vp9", "444", "few key frames", "many bits"],
)  # fmt: skip
def test_the_uncut_picture_is_made_small_where_they_would_not(tmp_path: Path, arguments: tuple[str, ...]):
    source = clips.make(
        tmp_path / "film.mkv", "-f", "lavfi", "-i", "testsrc2=size=480x320:rate=15:duration=2", "-pix_fmt", "yuv420p",
        *arguments,
    )  # fmt: skip

    _, renditions, _ = made(source, tmp_path / "out")

    with av.open(str(tmp_path / "out" / renditions["whole"])) as whole:
        picture = whole.streams.video[0].codec_context
        assert (picture.name, picture.pix_fmt) == ("h264", "yuv420p")
        assert min(picture.width, picture.height) <= transcode.WHOLE_SIDE
        assert picture.width > picture.height
        assert whole.duration / av.time_base == pytest.approx(2, abs=0.15)


def test_what_is_black_or_silent_in_an_upload_is_said_by_the_one_run(tmp_path: Path):
    """A second of black in the middle, two and a half seconds without sound at the end."""
    source = clips.make(
        tmp_path / "odd.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=6",
        "-f", "lavfi", "-i", "sine=frequency=440:duration=6",
        "-vf", "drawbox=color=black:t=fill:enable='between(t,2,2.95)'", "-af", "volume=0:enable='gt(t,3.5)'",
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
    )  # fmt: skip

    _, renditions, _ = made(source, tmp_path / "out")

    said = renditions["checks"]
    assert said["duration_s"] == pytest.approx(6, abs=0.1)
    assert (said["width"], said["height"]) == (240, 240)
    assert said["black"] == [[pytest.approx(2, abs=0.15), pytest.approx(3, abs=0.15)]]
    assert said["silent"] == [[pytest.approx(3.5, abs=0.2), pytest.approx(6, abs=0.1)]]
    assert said["loudness"] == pytest.approx(-16, abs=1)


def test_the_poster_is_the_chosen_moment(tmp_path: Path):
    """Red, then blue from the second second on: the poster overwrites the first picture, also at the very start."""
    source = clips.make(
        tmp_path / "two.mp4", "-f", "lavfi", "-i", "color=red:size=240x240:rate=10:duration=2",
        "-f", "lavfi", "-i", "color=blue:size=240x240:rate=10:duration=2", "-filter_complex", "concat", "-pix_fmt", "yuv420p",
    )  # fmt: skip

    for at, colour in ((0.0, 0), (1.8, 0), (2.1, 2), (3.9, 2)):
        made(source, tmp_path / f"at-{at}", poster_s=at)
        with Image.open(tmp_path / f"at-{at}" / "poster.jpg") as poster:
            seen = poster.convert("RGB").getpixel((120, 120))
            assert isinstance(seen, tuple)
            assert seen.index(max(seen)) == colour, at


def test_a_silent_film_gets_a_silent_track(tmp_path: Path, silent: Path):
    _, renditions, diary = made(silent, tmp_path / "out")

    with av.open(str(tmp_path / "out" / "320.mp4")) as single:
        assert len(single.streams.audio) == 1
    assert renditions["loudness_in"] is None
    assert "measure" not in {step for step, _ in diary.steps}


def test_the_square_is_cut_where_the_uploader_points(tmp_path: Path):
    """White on the left, black on the right: the focus decides which remains."""
    source = clips.make(
        tmp_path / "halves.mp4", "-f", "lavfi", "-i", "color=white:size=240x240:rate=5:duration=2",
        "-f", "lavfi", "-i", "color=black:size=240x240:rate=5:duration=2", "-filter_complex", "hstack", "-pix_fmt", "yuv420p",
    )  # fmt: skip

    made(source, tmp_path / "left", focus_x=0.0)
    made(source, tmp_path / "right", focus_x=1.0)

    assert corner(tmp_path / "left" / "poster.jpg", (0, 0, 240, 240)) > 200
    assert corner(tmp_path / "right" / "poster.jpg", (0, 0, 240, 240)) < 50


def test_words_in_the_picture_stay_readable_in_the_middle(tmp_path: Path):
    made(clips.clip_with_words(tmp_path / "words.mp4"), tmp_path / "out")

    assert corner(tmp_path / "out" / "poster.jpg", (40, 130, 280, 190)) > 40
    assert corner(tmp_path / "out" / "poster.jpg", (0, 0, 320, 60)) < 20


def test_a_phone_held_upright_gives_an_upright_square(tmp_path: Path, film: Path):
    """The turned film's square has the same side; nothing is stretched or lies on its side."""
    plan, renditions, _ = made(clips.turned(tmp_path / "phone.mov", film), tmp_path / "out")

    assert plan.film.rotation in (90, 270)
    assert renditions["ladder"] == [320]
    with av.open(str(tmp_path / "out" / "320.mp4")) as single:
        frame = next(single.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (320, 320, 0)


def test_high_dynamic_range_is_brought_down(tmp_path: Path):
    source = clips.make(
        tmp_path / "hdr.mp4", "-f", "lavfi", "-i", "testsrc2=size=256x256:rate=10:duration=1.5", "-pix_fmt", "yuv420p10le",
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:transfer=arib-std-b67:colorprim=bt2020:colormatrix=bt2020nc",
        "-color_trc", "arib-std-b67", "-color_primaries", "bt2020", "-colorspace", "bt2020nc", "-tag:v", "hvc1",
    )  # fmt: skip

    plan, _, _ = made(source, tmp_path / "out")

    assert plan.film.hdr == "arib-std-b67"
    with av.open(str(tmp_path / "out" / "256.mp4")) as single:
        context = single.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert context.color_trc != 18


def test_films_of_all_sorts_become_what_every_browser_plays(samples: list[Path], tmp_path: Path):
    """A picture that is square and of the usual kind, with a sound track, as long as what was brought."""
    for at, source in enumerate(samples):
        plan, renditions, _ = made(source, tmp_path / str(at))

        with av.open(str(tmp_path / str(at) / renditions["mp4"])) as single:
            context = single.streams.video[0].codec_context
            assert (context.name, context.pix_fmt) == ("h264", "yuv420p"), source.name
            assert context.width == context.height == plan.download, source.name
            assert single.streams.audio[0].codec_context.name == "aac", source.name
            assert single.duration / av.time_base == pytest.approx(plan.film.duration_s, abs=0.25), (
                source.name
            )


def test_a_broken_middle_does_not_pass_for_a_film(tmp_path: Path, film: Path):
    whole = bytearray(film.read_bytes())
    start = whole.index(b"mdat") + 4
    whole[start:] = bytes(len(whole) - start)
    (tmp_path / "zeros.mp4").write_bytes(whole)
    out = tmp_path / "out"
    out.mkdir()

    with pytest.raises(transcode.Rejected):
        transcode.make(tmp_path / "zeros.mp4", out, Plan(probe(film)), Diary())
