"""One film in, everything the player needs out: square HLS ladder, poster, sprite, preview, download.

One ffmpeg run decodes the film once, for all rungs, poster, sprite, preview, download, checks and the uncut picture;
loudness is measured before it. The commands are plain lists, so that a benchmark can run exactly the same ladder bare.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from market.media import checks, ffmpeg
from market.media.config import MIB, config
from market.media.probe import Probe
from market.media.reasons import Rejected
from market.media.run import SILENT, Limits, Outcome, Watch, run

RUNGS = {1080: (4500, 160), 720: (2400, 128), 480: (1100, 96)}
"""Side of the square → ceiling of the picture and the sound in kbit/s."""
SEGMENT_S = 4
KEY_FRAME_S = 2
MAX_OUT_FPS = 30
MOST_GAIN_DB = 20.0
PEAK, PEAK_DB = 0.84, -1.6
"""−1.5 dBFS, and what is surely below it. A measured gain and a limiter land within 0.3 LU of the target. (loudnorm's own second pass turns
dynamic when the range or the peaks exceed its targets, as in most films: −17.5 LUFS on a cartoon, measured.)"""
WHOLE = "whole.mp4"
"""The film of an upload that is not square, before it is cut: what its owner moves the crop over. Its packets as they
came when browsers play those, else small."""
WHOLE_SIDE, WHOLE_FPS = 480, 15
SPRITE_SIDE, SPRITE_COLUMNS, SPRITE_MOST = 160, 10, 100
SPRITE_PIXELS = "sprite.rgb"
PREVIEW_S = 3
GUARD = ["-protocol_whitelist", "file,pipe", "-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"]


class Interrupted(Exception):
    """The transcoder was ended from outside: nothing is said about the file, trying again is right."""


@dataclass(frozen=True)
class Heard:
    """How loud the sound is before it is brought to the target: LUFS, None for silence, and its peak in dBFS."""

    loudness: float | None = None
    peak: float = 0.0

    @property
    def gain(self) -> float | None:
        """In dB; None where there is nothing to bring up."""
        if self.loudness is None:
            return None
        return max(-MOST_GAIN_DB, min(MOST_GAIN_DB, round(checks.TARGET_LUFS - self.loudness, 2)))

    @property
    def is_limited(self) -> bool:
        """Whether the peaks meet the limiter. Below it the sound is as loud as it was and the gain more, exactly."""
        return self.gain is not None and self.peak + self.gain > PEAK_DB

    def checks(self, said: str) -> dict[str, float | None]:
        """The loudness of what was made, as `checks.read` gives it; `said` by the run that made it."""
        if self.is_limited:
            return {"loudness": checks.loudness_of(said)}
        return {"loudness": None if self.gain is None else round((self.loudness or 0.0) + self.gain, 1)}


SILENCE = Heard()


@dataclass(frozen=True)
class Plan:
    """What to make of a film."""

    film: Probe
    focus_x: float = 0.5
    focus_y: float = 0.5
    poster_s: float | None = None

    @property
    def sides(self) -> list[int]:
        """The rungs, largest first; none above the source, at least one."""
        fitting = [side for side in RUNGS if side <= self.film.side]
        return fitting or [self.film.side // 2 * 2]

    @property
    def download(self) -> int:
        """The rung offered as one MP4: 720, or the largest below it."""
        return next(side for side in self.sides if side <= 720)

    @property
    def poster_at(self) -> float:
        wanted = self.film.duration_s / 3 if self.poster_s is None else self.poster_s
        return round(max(0.0, min(wanted, self.film.duration_s - 0.2)), 3)

    @property
    def preview_at(self) -> float:
        """Where the preview begins: at the poster, or as much before the end as it is long."""
        return round(max(0.0, min(self.poster_at, self.film.duration_s - PREVIEW_S)), 3)

    @property
    def sprite_every(self) -> int:
        """Seconds between two sprite pictures."""
        return max(1, math.ceil(self.film.duration_s / SPRITE_MOST))

    @property
    def sprite_count(self) -> int:
        return max(1, math.ceil(self.film.duration_s / self.sprite_every))


def measure_command(source: Path) -> list[str]:
    """Loudness (EBU R128) and peak of the sound as it will be, in stereo, printed at the end of stderr."""
    return [
        ffmpeg.binary(), "-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1", *GUARD,
        "-vn", "-sn", "-dn", "-t", _s(config().max_video_s + 1), "-i", str(source),
        "-map", "0:a:0", "-af", f"aresample=48000,aformat=channel_layouts=stereo,{checks.HEARD}", "-f", "null", "-",
    ]  # fmt: skip


def ladder_command(
    source: Path, folder: Path, plan: Plan, *, heard: Heard = SILENCE, all_of_it: bool = False
) -> list[str]:
    """The one run: the HLS ladder into `folder`, where a folder for each rung must exist.

    With `all_of_it` also what else can be made of the same decoded pictures and encoded packets: poster, those of the
    sprite, preview, download, what `checks` reads, and the uncut picture of a film that is not square.
    """
    whole = all_of_it and not plan.film.is_square
    small = whole and not plan.film.is_for_browsers
    return [
        ffmpeg.binary(), "-nostdin", "-hide_banner", "-nostats", "-y", "-loglevel", "info" if all_of_it else "warning",
        "-filter_complex_threads", str(ffmpeg.threads()), *GUARD, "-max_pixels", str(config().max_pixels),
        "-threads", str(ffmpeg.threads()), "-t", _s(config().max_video_s + 1), "-i", str(source),
        "-filter_complex", graph(plan, heard, stills=all_of_it, whole=small), *outputs(folder, plan, all_of_it),
        *(whole_output(folder, plan.film) if whole else []),
    ]  # fmt: skip


def outputs(folder: Path, plan: Plan, all_of_it: bool) -> list[str]:
    """What ffmpeg writes of the streams that `fan_out` names."""
    return [*ladder_outputs(folder, plan, download=all_of_it), *(still_outputs(folder) if all_of_it else [])]


def ladder_outputs(folder: Path, plan: Plan, *, download: bool) -> list[str]:
    """An HLS rung of each `[v0]`, `[a0]`, …; with `download` the packets of that rung also as one file."""
    sides = plan.sides
    kbits = [RUNGS.get(side, RUNGS[480]) for side in sides]
    command = ["-map_metadata", "-1", "-map_chapters", "-1"]
    for at in range(len(sides)):
        command += ["-map", f"[v{at}]", "-map", f"[a{at}]"]
    command += [
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-profile:v", "high", "-pix_fmt", "yuv420p",
        "-threads", str(ffmpeg.threads()), "-sc_threshold", "0",
        "-force_key_frames", f"expr:gte(t,n_forced*{KEY_FRAME_S})", "-c:a", "aac", "-ac", "2", "-ar", "48000",
    ]  # fmt: skip
    for at, (picture, sound) in enumerate(kbits):
        command += [f"-maxrate:v:{at}", f"{picture}k", f"-bufsize:v:{at}", f"{picture * 2}k"]
        command += [f"-b:a:{at}", f"{sound}k"]
    hls = {
        "hls_time": str(SEGMENT_S),
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        "hls_flags": "independent_segments",
        "master_pl_name": "master.m3u8",
        "var_stream_map": " ".join(f"v:{at},a:{at},name:{side}" for at, side in enumerate(sides)),
        "hls_fmp4_init_filename": "init.mp4",
        "hls_segment_filename": str(folder / "%v" / "%03d.m4s"),
    }
    playlists = str(folder / "%v" / "index.m3u8")
    if not download:
        named = [word for name, value in hls.items() for word in (f"-{name}", value)]
        return [*command, "-f", "hls", *named, playlists]
    at = sides.index(plan.download)
    single = {"select": f"v:{at},a:{at}", "movflags": "+faststart"}
    both = _branch("hls", playlists, hls), _branch("mp4", str(folder / f"{plan.download}.mp4"), single)
    return [*command, "-flags", "+global_header", "-f", "tee", "|".join(both)]


def _branch(form: str, target: str, options: Mapping[str, str]) -> str:
    """One output of ffmpeg's `tee`, which takes the list apart first, then the options."""
    said = ":".join(f"{name}={_escaped(value, ':]')}" for name, value in {"f": form, **options}.items())
    return _escaped(f"[{said}]{target}", "|")


def _escaped(text: str, special: str) -> str:
    return re.sub(rf"([{re.escape(special)}'\\])", r"\\\1", text)


def still_outputs(folder: Path) -> list[str]:
    """The poster, the preview, and the pictures of the sprite, one after the other as bare pixels.

    The sprite's pictures are what progress is told by: ffmpeg's own report waits until each of its outputs has had a
    first picture.
    """
    return [
        "-map", "[poster]", "-fps_mode", "passthrough", "-map_metadata", "-1", "-f", "image2", "-update", "1", "-q:v", "3",
        str(folder / "poster.jpg"),
        "-map", "[preview]", "-map_metadata", "-1", "-c:v", "libx264", "-preset", "superfast", "-crf", "32",
        "-pix_fmt", "yuv420p", "-threads", "1", "-movflags", "+faststart", str(folder / "preview.mp4"),
        "-map", "[sprite]", "-f", "rawvideo", "-pix_fmt", "rgb24", "-stats_enc_post:v:0", "pipe:1",
        "-stats_enc_post_fmt:v:0", "shots={n}", str(folder / SPRITE_PIXELS),
    ]  # fmt: skip


def whole_output(folder: Path, film: Probe) -> list[str]:
    """The uncut picture, with the clock and the sound of the source. Quick rather than small: one person sees it."""
    picture = ["-map", "0:V:0", "-c:v", "copy"]
    if not film.is_for_browsers:
        picture = [
            "-map",
            "[whole]",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-crf",
            "27",
            "-g",
            str(WHOLE_FPS // 2),
        ]
    plays = film.audio_codec == "aac"
    sound = ["-c:a", "copy"] if plays else ["-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", "96k"]
    return [
        *picture, "-map", "0:a:0?", *sound, "-map_metadata", "-1", "-map_chapters", "-1",
        "-threads", str(ffmpeg.threads()), "-movflags", "+faststart", str(folder / WHOLE),
    ]  # fmt: skip


def graph(plan: Plan, heard: Heard, *, stills: bool = False, whole: bool = False) -> str:
    """The filter graph; every picture is cut from the square of the largest rung, but for the uncut one."""
    film, sides = plan.film, plan.sides
    rate = f"fps={MAX_OUT_FPS}" if film.fps > MAX_OUT_FPS + 1 else ""
    chain = square(film, sides[0], plan.focus_x, plan.focus_y, rate=rate)
    parts, decoded = [], "[0:V:0]"
    if whole:
        parts.append("[0:V:0]split=2[square][uncut]")
        parts.append(f"[uncut]{','.join(uncut(film))}[whole]")
        decoded = "[square]"
    parts.append(fan_out(f"{decoded}{','.join(chain)}", _sound(film, heard), plan, heard, stills=stills))
    return ";".join(parts)


def uncut(film: Probe) -> list[str]:
    """The filters that make the whole picture small."""
    rate = [f"fps={WHOLE_FPS}"] if film.fps > WHOLE_FPS + 1 else []
    side = min(WHOLE_SIDE, film.side // 2 * 2)
    small = f"scale='if(gt(iw,ih),-2,{side})':'if(gt(iw,ih),{side},-2)':flags=fast_bilinear"
    return [*rate, *upright(), small, *_tone(film), "format=yuv420p"]


def square(film: Probe, side: int, focus_x: float, focus_y: float, *, rate: str = "") -> list[str]:
    """The filters that cut the square around the focus (0..1) out of a film and bring it to `side`."""
    crop = f"crop='min(iw,ih)':'min(iw,ih)':'(iw-ow)*{focus_x:.4f}':'(ih-oh)*{focus_y:.4f}'"
    chain = [*upright(), crop]
    if rate:
        chain.append(rate)
    return [*chain, *_tone(film), f"scale={side}:{side}:out_range=tv", "format=yuv420p", "setsar=1"]


def upright() -> list[str]:
    """The filters that make every pixel a square one."""
    return ["scale='if(between(sar,0.5,2),trunc(iw*sar/2)*2,iw)':ih", "setsar=1"]


def fan_out(picture: str, sound: str, plan: Plan, heard: Heard, *, stills: bool = False) -> str:
    """One chain of pictures and one of sound, each without a name at its end, as `[v0]`, `[a0]`, … of the rungs.

    With `stills` also `[poster]`, of the rung that is downloaded, and of the smallest `[sprite]`, small pictures, and
    `[preview]`; and what `checks` reads is printed on the way.
    """
    sides = plan.sides
    names = [f"[s{at}]" for at in range(len(sides))]
    parts = [f"{picture},split={len(names)}{''.join(names)}"]
    last = len(sides) - 1
    for at, side in enumerate(sides):
        rung, out = f"[s{at}]{'null' if not at else f'scale={side}:{side}'}", [f"[v{at}]"]
        if stills and at == last:
            rung += f",{checks.PICTURE}"
            out += ["[still]", "[loop]"]
        if stills and side == plan.download:
            out.append("[cover]")
        parts.append(f"{rung},split={len(out)}{''.join(out)}" if len(out) > 1 else f"{rung}{out[0]}")
    if stills:
        parts.append(f"[still]fps=1/{plan.sprite_every},scale={SPRITE_SIDE}:{SPRITE_SIDE}[sprite]")
        loop, small = f"trim=start={_s(plan.preview_at)}:duration={PREVIEW_S}", min(plan.download, 320)
        parts.append(f"[loop]{loop},setpts=PTS-STARTPTS,fps=15,scale={small}:{small}[preview]")
        moment = _s(plan.poster_at)
        parts.append(
            f"[cover]select='isnan(prev_selected_t)+gte(t,{moment})*lt(prev_selected_t,{moment})'[poster]"
        )
        # A limiter at work changes the loudness by what only measuring again can tell.
        sound += f",{checks.SILENCE},{checks.LOUDNESS}" if heard.is_limited else f",{checks.SILENCE}"
    copies = "".join(f"[a{at}]" for at in range(len(sides)))
    parts.append(f"{sound},asplit={len(sides)}{copies}")
    return ";".join(parts)


def _sound(film: Probe, heard: Heard) -> str:
    """The sound as long as the picture; silence when there is none (players expect a track)."""
    long = _s(film.duration_s)
    if film.audio_codec is None:
        return f"anullsrc=r=48000:cl=stereo,atrim=duration={long}"
    chain = ["aresample=48000:async=1:first_pts=0", "aformat=channel_layouts=stereo", *levelled(heard)]
    return f"[0:a:0]{','.join(chain)},apad,atrim=duration={long}"


def levelled(heard: Heard) -> list[str]:
    """The filters that bring what was heard to the target; none for silence."""
    if heard.gain is None:
        return []
    limiter = [f"alimiter=limit={PEAK}:level=false:attack=5:release=50"] if heard.is_limited else []
    return [f"volume={heard.gain:.2f}dB", *limiter]


def _tone(film: Probe) -> list[str]:
    """High dynamic range, as many phones record it, brought down to what every screen shows."""
    if film.hdr is None or not ffmpeg.has_filter("zscale", ffmpeg.binary()):
        return []
    return [
        f"zscale=tin={film.hdr}:t=linear:npl=100", "format=gbrpf32le", "zscale=p=bt709",
        "tonemap=hable:desat=0", "zscale=t=bt709:m=bt709:r=tv", "format=yuv420p",
    ]  # fmt: skip


def _s(seconds: float) -> str:
    return f"{seconds:.3f}"


def make(source: Path, folder: Path, plan: Plan, watch: Watch = SILENT) -> dict[str, Any]:
    """Write everything into `folder`; the answer is the table of renditions kept with the asset.

    Raises Rejected when the film is at fault and Interrupted when the machine is.
    """
    limits = limits_for(plan.film.duration_s)
    heard = SILENCE
    if plan.film.audio_codec is not None:
        heard = measure(measure_command(source), plan, limits, cwd=folder, watch=watch)
    command = ladder_command(source, folder, plan, heard=heard, all_of_it=True)
    made = climb(command, folder, plan, heard, limits, watch)
    if not plan.film.is_square:
        made["whole"] = WHOLE
    return made


def limits_for(seconds: float) -> Limits:
    """What ffmpeg may use to make a film of this length."""
    return Limits(
        wall_s=120 + 20 * seconds,
        cpu_s=int(60 + 15 * seconds),
        memory=3072 * MIB,
        file_bytes=600 * MIB,
        nice=config().niceness,
    )


def measure(command: list[str], plan: Plan, limits: Limits, *, cwd: Path, watch: Watch) -> Heard:
    """Run a measuring command; what it heard."""
    watch.step("measure", 0)
    follow = _progress("measure", "out_time_us", plan.film.duration_s * 1e6, watch)
    said = run(command, limits, cwd=cwd, watch=watch, on_line=follow)
    judge(said)
    return Heard(checks.loudness_of(said.err), checks.peak_of(said.err))


def climb(
    command: list[str],
    folder: Path,
    plan: Plan,
    heard: Heard,
    limits: Limits,
    watch: Watch,
    *,
    cwd: Path | None = None,
) -> dict[str, Any]:
    """Run a command that writes all but the sprite, and put that together from its pictures. Returns the renditions."""
    watch.step("ladder", 0)
    for side in plan.sides:
        (folder / str(side)).mkdir()
    follow = _progress("ladder", "shots", plan.sprite_count, watch)
    done = run(command, limits, cwd=cwd or folder, watch=watch, on_line=follow)
    judge(done)
    watch.step("finish", 0)
    _tile(folder, plan)
    (folder / "sprite.vtt").write_text(sprite_vtt(plan), encoding="utf-8")
    expected = ("master.m3u8", f"{plan.download}.mp4", "poster.jpg", "sprite.jpg", "preview.mp4")
    if not all((folder / name).is_file() for name in expected):
        raise Rejected("unreadable")
    return {
        "master": "master.m3u8",
        "ladder": plan.sides,
        "mp4": f"{plan.download}.mp4",
        "poster": "poster.jpg",
        "sprite": "sprite.jpg",
        "sprite_vtt": "sprite.vtt",
        "preview": "preview.mp4",
        "checks": checks.read(done.err, folder / "master.m3u8", plan.download) | heard.checks(done.err),
        "loudness_in": heard.loudness,
    }


def _tile(folder: Path, plan: Plan) -> None:
    """The small pictures in their rows; where the film ended a moment early, its last one again. Raises Rejected."""
    pixels = folder / SPRITE_PIXELS
    shots = pixels.read_bytes() if pixels.exists() else b""
    size = SPRITE_SIDE * SPRITE_SIDE * 3
    there = min(len(shots) // size, plan.sprite_count)
    if not there:
        raise Rejected("unreadable")
    rows = math.ceil(plan.sprite_count / SPRITE_COLUMNS)
    sheet = Image.new("RGB", (SPRITE_COLUMNS * SPRITE_SIDE, rows * SPRITE_SIDE))
    for at in range(plan.sprite_count):
        shot = min(at, there - 1) * size
        picture = Image.frombytes("RGB", (SPRITE_SIDE, SPRITE_SIDE), shots[shot : shot + size])
        sheet.paste(picture, (at % SPRITE_COLUMNS * SPRITE_SIDE, at // SPRITE_COLUMNS * SPRITE_SIDE))
    sheet.save(folder / "sprite.jpg", quality=80)
    pixels.unlink()


def judge(outcome: Outcome) -> None:
    """Turn how ffmpeg ended into: fine, the film's fault, or nobody's."""
    if outcome.late:
        raise Rejected("timeout")
    if outcome.starved:
        raise Rejected("too_heavy")
    if outcome.code < 0 or "No space left" in outcome.err:
        raise Interrupted(f"ffmpeg ended with {outcome.code}: {outcome.err[-400:]}")
    if outcome.code:
        raise Rejected("unreadable")


def _progress(step: str, counter: str, whole: float, watch: Watch) -> Callable[[str], None]:
    """Read one counter of ffmpeg's lines and pass on whole percents.

    The ladder is followed by the sprite's pictures: the time ffmpeg prints is that of the sound, which runs ahead.
    """

    def line(text: str) -> None:
        name, _, value = text.strip().partition("=")
        if name == counter and value.isdigit() and int(value):
            watch.step(step, min(99, int(int(value) * 100 / max(whole, 1))))

    return line


def sprite_vtt(plan: Plan) -> str:
    """Which part of the sprite stands for which seconds."""
    lines = ["WEBVTT", ""]
    for at in range(plan.sprite_count):
        start, end = at * plan.sprite_every, min((at + 1) * plan.sprite_every, plan.film.duration_s)
        x, y = at % SPRITE_COLUMNS * SPRITE_SIDE, at // SPRITE_COLUMNS * SPRITE_SIDE
        place = f"sprite.jpg#xywh={x},{y},{SPRITE_SIDE},{SPRITE_SIDE}"
        lines += [f"{clock(start)} --> {clock(end)}", place, ""]
    return "\n".join(lines)


def clock(seconds: float) -> str:
    whole, ms = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{ms:03}"
