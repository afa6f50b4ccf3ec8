"""The first look at a film: what it holds, and whether it may go on to the transcoder at all."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from market.media.config import MIB, MediaConfig, config
from market.media.reasons import Rejected
from market.media.run import SILENT, Limits, Watch, run
from market.media.sniff import identify, outline

SCRIPT = Path(__file__).parent / "confined" / "probe.py"
VIDEO_CODECS = {"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "prores", "mjpeg"}
AUDIO_CODECS = {"aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "flac", "alac", "ac3", "eac3"}
PLAYED_PIXELS = {"yuv420p", "yuvj420p"}
SCRUBBED_PIXELS, SCRUBBED_KBITS = 150e6, 24_000
"""What a browser can still be moved about in: so much to decode from one key frame to the next (half a second's work),
and so many kilobits in a second."""
HDR_TRANSFERS = {16: "smpte2084", 18: "arib-std-b67"}


@dataclass(frozen=True)
class Probe:
    """Facts about a film. Width and height are as shown, rotation applied; `side` is that of the square."""

    content_type: str
    video_codec: str
    audio_codec: str | None
    width: int
    height: int
    rotation: int
    fps: float
    duration_s: float
    max_gap_s: float
    hdr: str | None = None
    pixels: str | None = None
    key_gap_s: float = 0.0
    kbits: float = 0.0
    """Of the picture, in a second."""
    is_pixel_square: bool = True

    @property
    def side(self) -> int:
        return min(self.width, self.height)

    @property
    def is_square(self) -> bool:
        """So nearly that nothing is worth choosing."""
        return abs(self.width - self.height) <= 0.02 * self.side

    @property
    def is_for_browsers(self) -> bool:
        """Its picture plays in every browser as it is, and may be moved about in."""
        plays = self.video_codec == "h264" and self.pixels in PLAYED_PIXELS and self.is_pixel_square
        far = self.key_gap_s * self.fps * self.width * self.height
        return plays and far <= SCRUBBED_PIXELS and self.kbits <= SCRUBBED_KBITS


def probe(path: Path, filename: str = "", watch: Watch = SILENT) -> Probe:
    """Look at `path` in a limited child. Raises Rejected with the first reason that speaks against it."""
    rules = config()
    found = identify(path, filename, "video")
    rotation = outline(path, found.content_type).rotation
    seen = _look(path, rules, watch)
    if "error" in seen:
        raise Rejected("unreadable")
    if seen["videos"] != 1:
        raise Rejected("many_videos", count=seen["videos"]) if seen["videos"] else Rejected("no_video")
    picture, sound = seen["video"], seen["audio"]
    width, height = round(picture["width"] * _square(picture["sar"])), picture["height"]
    if rotation in (90, 270):
        width, height = height, width
    film = Probe(
        content_type=found.content_type,
        video_codec=picture["codec"],
        audio_codec=sound["codec"] if sound else None,
        width=width,
        height=height,
        rotation=rotation,
        fps=max(picture["fps"] if picture["fps"] < 1000 else 0.0, seen["rate"]),
        duration_s=seen["video_duration"],
        max_gap_s=seen["max_gap"],
        hdr=HDR_TRANSFERS.get(picture["transfer"]),
        pixels=picture["pix_fmt"],
        key_gap_s=seen["key_gap"],
        kbits=seen["bytes"] * 8 / 1000 / max(seen["video_duration"], 0.001),
        is_pixel_square=picture["sar"] in (0, 1),
    )
    check(film, rules, packets=seen["packets"], corrupt=seen["corrupt"], longest_s=seen["duration"])
    return film


def check(film: Probe, rules: MediaConfig, *, packets: int, corrupt: int, longest_s: float) -> None:
    """The rules a film must keep, the cheapest to explain first."""
    if film.width * film.height > rules.max_pixels:
        raise Rejected("too_many_pixels", width=film.width, height=film.height)
    if film.video_codec not in VIDEO_CODECS:
        raise Rejected("video_codec", codec=film.video_codec)
    if film.audio_codec and film.audio_codec not in AUDIO_CODECS and not film.audio_codec.startswith("pcm_"):
        raise Rejected("audio_codec", codec=film.audio_codec)
    if not film.side:  # not one picture could be decoded to learn its size
        raise Rejected("unreadable")
    if film.side < rules.min_side:
        raise Rejected("too_small", width=film.width, height=film.height, limit=rules.min_side)
    if not packets:
        raise Rejected("no_video")
    if film.max_gap_s > rules.max_gap_s:
        raise Rejected("gap", seconds=round(film.max_gap_s, 1), limit=f"{rules.max_gap_s:g}")
    if longest_s > rules.max_video_s + 0.5:
        raise Rejected("too_long", limit=f"{rules.max_video_s:g}")
    if film.duration_s < rules.min_video_s - 0.05:
        raise Rejected("too_short", seconds=round(film.duration_s, 1), limit=f"{rules.min_video_s:g}")
    if film.fps > rules.max_fps + 0.5:
        raise Rejected("fps", fps=round(film.fps), limit=f"{rules.max_fps:g}")
    if corrupt:
        raise Rejected("truncated")


def _look(path: Path, rules: MediaConfig, watch: Watch) -> dict[str, Any]:
    """The raw facts from the child. A child that dies on its limits was given something built to do that."""
    outcome = run(
        [SCRIPT, path, str(rules.max_video_s), str(rules.max_fps)],
        Limits(wall_s=30, cpu_s=20, memory=1024 * MIB, file_bytes=MIB),
        cwd=path.parent,
        watch=watch,
    )
    if outcome.late:
        raise Rejected("timeout")
    if outcome.starved:
        raise Rejected("too_heavy")
    if outcome.code:
        raise Rejected("unreadable")
    facts: dict[str, Any] = json.loads(outcome.out)
    return facts


def _square(ratio: float) -> float:
    """A believable pixel ratio, else 1: a forged one must not blow the picture up."""
    return ratio if 0.5 <= ratio <= 2 else 1.0
