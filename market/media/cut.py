"""One film out of several, by an edit list: trimmed, in order, cut square, with words, stickers, music and captions.

One ffmpeg run goes from the originals to the same ladder an upload gets; before it the mixed sound is measured.
Every clip is a whole number of pictures of the film, counted from the beginning, so that lengths do not drift.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from market.media import checks, ffmpeg, letters, transcode
from market.media.config import config
from market.media.letters import Mark, Words
from market.media.probe import Probe
from market.media.reasons import Rejected
from market.media.run import Watch
from market.media.stickers import Sticker
from market.media.tracks import path_of
from market.media.transcode import GUARD, MAX_OUT_FPS, SILENCE, Heard, Plan

FADE_S = 1.5
DUCKING = {"threshold": 0.03, "ratio": 8, "attack": 20, "release": 400, "knee": 2.82843}
"""How a voice pushes the music down: of ffmpeg's filter, and of `static/js/duck.js`, which does the same in the preview."""
DUCK = "sidechaincompress=" + ":".join(f"{name}={value}" for name, value in DUCKING.items())
LOOP_SAMPLES = 4_000_000
"""More than any track of ours has: the whole track is repeated."""
SOUND = "aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo"
SHORTAGE_S = 0.5
"""A film may end this much before what is cut from it, by rounding of its container; its last picture then stays."""


@dataclass(frozen=True)
class Clip:
    """A part of a stored film. `source` is its key in the storage, the focus (0..1) is that of the square."""

    source: str
    filename: str
    in_s: float
    out_s: float
    focus_x: float
    focus_y: float


@dataclass(frozen=True)
class Music:
    """A track of ours under the film; `level` 0..100, `duck` lets voices push it down."""

    track: str
    level: int
    duck: bool


@dataclass(frozen=True)
class Cut:
    """The whole edit list, in seconds of the film and parts of its side."""

    clips: list[Clip]
    stickers: list[Sticker]
    words: list[Words]
    captions: list[Words]
    burn_captions: bool
    sound: int
    music: Music | None
    cover_s: float | None

    @classmethod
    def read(cls, edit: Mapping[str, Any]) -> "Cut":
        """From the plain values kept with the asset: milliseconds, and ten-thousandths for places."""
        clips = [
            Clip(
                each["source"], each["filename"], each["in_ms"] / 1000, each["out_ms"] / 1000,
                each["focus_x"] / 10_000, each["focus_y"] / 10_000,
            )
            for each in edit["clips"]
        ]  # fmt: skip
        stickers = [
            Sticker(
                each["sticker"], each["start_ms"] / 1000, each["end_ms"] / 1000,
                each["x"] / 10_000, each["y"] / 10_000, each["width"] / 100, each["turn"],
            )
            for each in edit.get("stickers", [])  # a film queued before there were any
        ]  # fmt: skip
        words = [
            Words(
                each["text"], each["start_ms"] / 1000, each["end_ms"] / 1000,
                each["x"] / 10_000, each["y"] / 10_000, each["size"],
            )
            for each in edit["texts"]
        ]  # fmt: skip
        captions = [
            Words(
                each["text"],
                each["start_ms"] / 1000,
                each["end_ms"] / 1000,
                *letters.CAPTION_AT,
                letters.CAPTION_SIZE,
            )
            for each in edit["captions"]
        ]
        music = Music(**edit["music"]) if edit["music"] else None
        cover = edit["cover_ms"]
        return cls(
            clips,
            stickers,
            words,
            captions,
            edit["burn_captions"],
            edit["sound_level"],
            music,
            None if cover is None else cover / 1000,
        )

    @property
    def duration_s(self) -> float:
        return sum(clip.out_s - clip.in_s for clip in self.clips)

    @property
    def shown(self) -> list[Mark]:
        """What becomes part of the picture, the later over the earlier."""
        burnt = self.captions if self.burn_captions else []
        return [
            *self.stickers,
            *self.words,
            *(replace(each, text=letters.wrap(each.text, each.size)) for each in burnt),
        ]


@dataclass(frozen=True)
class Bench:
    """A cut with its sources found: what the commands are made of."""

    cut: Cut
    sources: Mapping[str, tuple[Path, Probe]]

    @property
    def films(self) -> list[Probe]:
        return [self.sources[clip.source][1] for clip in self.cut.clips]

    @property
    def fps(self) -> int:
        """That of the liveliest source, at most what we publish."""
        return max(1, min(MAX_OUT_FPS, round(max(film.fps for film in self.films))))

    @property
    def pictures(self) -> list[int]:
        """How many pictures each clip has."""
        ends, long = [0], 0.0
        for clip in self.cut.clips:
            long += clip.out_s - clip.in_s
            ends.append(round(long * self.fps))
        return [later - earlier for earlier, later in pairwise(ends)]

    @property
    def seconds(self) -> list[float]:
        """How long each clip is, exactly as long as its pictures."""
        return [count / self.fps for count in self.pictures]

    @property
    def has_sound(self) -> bool:
        return self.cut.music is not None or any(film.audio_codec for film in self.films)

    @property
    def plan(self) -> Plan:
        """The film as it will be; no larger than its largest source."""
        side = max(film.side for film in self.films)
        film = Probe("video/mp4", "h264", "aac", side, side, 0, float(self.fps), sum(self.seconds), 0.0)
        return Plan(film, poster_s=self.cut.cover_s)


def inputs(bench: Bench, *, pictures: bool) -> list[str]:
    """The clips in their order, then the music, then the words."""
    command: list[str] = []
    guard = [*GUARD, "-max_pixels", str(config().max_pixels)]
    for clip, film in zip(bench.cut.clips, bench.films, strict=True):
        path = bench.sources[clip.source][0]
        skipped = [] if pictures and film.audio_codec else ["-an" if pictures else "-vn"]
        # Each clip has decoders of its own: a few threads each, or twenty clips are too many for the limits.
        threads = ["-threads", str(max(1, min(ffmpeg.threads(), 16 // len(bench.cut.clips))))]
        span = ["-ss", f"{clip.in_s:.3f}", "-t", f"{clip.out_s - clip.in_s:.3f}"]
        command += [*guard, *skipped, "-sn", "-dn", *threads, *span, "-i", str(path)]
    if bench.cut.music:
        command += ["-i", str(path_of(bench.cut.music.track))]
    if pictures and bench.cut.shown:
        # Ours, and read from the folder the command is started in: not of the files that are under guard.
        command += ["-f", "concat", "-safe", "0", "-i", "words.ffconcat"]
    return command


def sound(bench: Bench, heard: Heard) -> str:
    """The filters of the mix, its last without a name; silence where a clip has none."""
    cut, parts, names = bench.cut, [], ""
    for at, (film, long) in enumerate(zip(bench.films, bench.seconds, strict=True)):
        own = (
            f"[{at}:a:0]{SOUND},volume={cut.sound / 100:.2f},apad"
            if film.audio_codec
            else "anullsrc=r=48000:cl=stereo"
        )
        parts.append(f"{own},atrim=duration={long:.6f},asetpts=PTS-STARTPTS[c{at}]")
        names += f"[c{at}]"
    voice = f"{names}concat=n={len(cut.clips)}:v=0:a=1"
    if cut.music is None:
        return ";".join([*parts, ",".join([voice, *transcode.levelled(heard)])])
    whole = sum(bench.seconds)
    fade = min(FADE_S, whole / 2)
    parts.append(
        f"[{len(cut.clips)}:a:0]{SOUND},aloop=loop=-1:size={LOOP_SAMPLES},atrim=duration={whole:.6f},"
        f"volume={cut.music.level / 100:.2f},afade=t=out:st={whole - fade:.3f}:d={fade:.3f}[music]"
    )
    if cut.music.duck:
        parts += [f"{voice},asplit=2[voice][key]", f"[music][key]{DUCK}[under]"]
    else:
        parts += [f"{voice}[voice]", "[music]anull[under]"]
    mixed = "[voice][under]amix=inputs=2:duration=first:normalize=0"
    return ";".join([*parts, ",".join([mixed, *transcode.levelled(heard)])])


def picture(bench: Bench, side: int) -> str:
    """The filters of the picture, its last without a name."""
    cut, parts, names = bench.cut, [], ""
    for at, (clip, film, count) in enumerate(zip(cut.clips, bench.films, bench.pictures, strict=True)):
        chain = transcode.square(film, side, clip.focus_x, clip.focus_y, rate=f"fps={bench.fps}:start_time=0")
        chain += [
            f"tpad=stop_mode=clone:stop_duration={SHORTAGE_S + 1}",
            f"trim=end_frame={count}",
            "setpts=PTS-STARTPTS",
        ]
        parts.append(f"[{at}:V:0]{','.join(chain)}[p{at}]")
        names += f"[p{at}]"
    film_alone = f"{names}concat=n={len(cut.clips)}:v=1:a=0,fps={bench.fps}"
    if not cut.shown:
        return ";".join([*parts, film_alone])
    words = len(cut.clips) + (cut.music is not None)
    laid_over = f"[film][{words}:v:0]overlay,trim=end_frame={sum(bench.pictures)},format=yuv420p"
    return ";".join([*parts, f"{film_alone}[film]", laid_over])


def measure_command(bench: Bench) -> list[str]:
    """The loudness of the mix, printed at the end of stderr."""
    return [
        ffmpeg.binary(), "-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1", *inputs(bench, pictures=False),
        "-filter_complex", f"{sound(bench, SILENCE)},{checks.HEARD}[mix]", "-map", "[mix]", "-f", "null", "-",
    ]  # fmt: skip


def ladder_command(
    bench: Bench, folder: Path, *, heard: Heard = SILENCE, all_of_it: bool = False
) -> list[str]:
    """The one run; `all_of_it` as in `transcode.ladder_command`. It reads `words.ffconcat` from the folder it is started in when there are words to show."""
    plan = bench.plan
    shown, mixed = picture(bench, plan.sides[0]), sound(bench, heard)
    whole = transcode.fan_out(shown, mixed, plan, heard, stills=all_of_it)
    return [
        ffmpeg.binary(), "-nostdin", "-hide_banner", "-nostats", "-y", "-loglevel", "info" if all_of_it else "warning",
        "-filter_complex_threads", str(ffmpeg.threads()), *inputs(bench, pictures=True), "-filter_complex", whole,
        *transcode.outputs(folder, plan, all_of_it),
    ]  # fmt: skip


def make(
    cut: Cut, sources: Mapping[str, tuple[Path, Probe]], desk: Path, folder: Path, watch: Watch
) -> tuple[Probe, dict[str, Any]]:
    """Write everything into `folder`, with `desk` for what is only needed meanwhile; the film and its renditions.

    Raises Rejected when a source is at fault and Interrupted when the machine is.
    """
    bench = Bench(cut, sources)
    for clip, film in zip(cut.clips, bench.films, strict=True):
        if clip.out_s > film.duration_s + SHORTAGE_S:
            raise Rejected("too_short", seconds=round(film.duration_s, 1), limit=f"{clip.out_s:g}")
    plan = bench.plan
    limits = transcode.limits_for(plan.film.duration_s)
    heard = SILENCE
    if bench.has_sound:
        heard = transcode.measure(measure_command(bench), plan, limits, cwd=desk, watch=watch)
    if cut.shown:
        letters.lay(cut.shown, plan.sides[0], plan.film.duration_s - 1 / bench.fps, desk, watch)
    command = ladder_command(bench, folder, heard=heard, all_of_it=True)
    renditions = transcode.climb(command, folder, plan, heard, limits, watch, cwd=desk)
    if cut.captions:
        (folder / "captions.vtt").write_text(captions_vtt(cut, plan.film.duration_s), encoding="utf-8")
        renditions["captions"] = "captions.vtt"
    return plan.film, renditions


def captions_vtt(cut: Cut, long: float) -> str:
    """The captions that begin within the film, in their order, as WebVTT."""
    blocks = ["WEBVTT"]
    for each in sorted(cut.captions, key=lambda words: words.start_s):
        if each.start_s < long:
            text = each.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            times = f"{transcode.clock(each.start_s)} --> {transcode.clock(min(each.end_s, long))}"
            blocks.append(f"{times}\n{text}")
    return "\n\n".join(blocks) + "\n"
