"""One film in, everything the player needs out: square HLS ladder, poster, sprite, preview, download.

One ffmpeg run decodes the film once, for all rungs, poster, sprite, checks and the uncut picture; loudness is measured
before it. The commands are plain lists, so that a benchmark can run exactly the same ladder bare.
"""

import math
import re
import shutil
from collections.abc import Callable, Sequence
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
PEAK = 0.84
"""−1.5 dBFS. A measured gain and a limiter land within 0.3 LU of the target. (loudnorm's own second pass turns
dynamic when the range or the peaks exceed its targets, as in most films: −17.5 LUFS on a cartoon, measured.)"""
WHOLE = "whole.mp4"
"""The film of an upload that is not square, before it is cut: what its owner moves the crop over. Its packets as they
came when browsers play those, else small."""
WHOLE_SIDE = 480
SPRITE_SIDE, SPRITE_COLUMNS, SPRITE_MOST = 160, 10, 100
SPRITE_PIXELS = "sprite.rgb"
PREVIEW_S = 3
GUARD = ["-protocol_whitelist", "file,pipe", "-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"]


class Interrupted(Exception):
    """The transcoder was ended from outside: nothing is said about the file, trying again is right."""


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
    def sprite_every(self) -> int:
        """Seconds between two sprite pictures."""
        return max(1, math.ceil(self.film.duration_s / SPRITE_MOST))

    @property
    def sprite_count(self) -> int:
        return max(1, math.ceil(self.film.duration_s / self.sprite_every))


def measure_command(source: Path) -> list[str]:
    """Loudness (EBU R128) of the sound as it will be, in stereo, printed at the end of stderr."""
    return [
        ffmpeg.binary(), "-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1", *GUARD,
        "-vn", "-sn", "-dn", "-t", _s(config().max_video_s + 1), "-i", str(source),
        "-map", "0:a:0", "-af", f"aresample=48000,aformat=channel_layouts=stereo,{checks.LOUDNESS}", "-f", "null", "-",
    ]  # fmt: skip


def ladder_command(
    source: Path, folder: Path, plan: Plan, *, loudness: float | None = None, all_of_it: bool = False
) -> list[str]:
    """The one run: the HLS ladder into `folder`, where a folder for each rung must exist.

    With `all_of_it` also what else can be made of the same decoded pictures: poster, those of the sprite, what
    `checks` reads, and the uncut picture of a film that is not square.
    """
    whole = all_of_it and not plan.film.is_square
    small = whole and not plan.film.is_for_browsers
    return [
        ffmpeg.binary(), "-nostdin", "-hide_banner", "-nostats", "-y", "-loglevel", "info" if all_of_it else "warning",
        "-progress", "pipe:1", "-stats_period", "0.5", "-filter_complex_threads", str(ffmpeg.threads()), *GUARD,
        "-max_pixels", str(config().max_pixels), "-threads", str(ffmpeg.threads()),
        "-t", _s(config().max_video_s + 1), "-i", str(source),
        "-filter_complex", graph(plan, loudness, stills=all_of_it, whole=small), *ladder_outputs(folder, plan.sides),
        *(still_outputs(folder) if all_of_it else []), *(whole_output(folder, plan.film) if whole else []),
    ]  # fmt: skip


def ladder_outputs(folder: Path, sides: Sequence[int]) -> list[str]:
    """What ffmpeg writes of the streams `[v0]`, `[a0]`, … of `fan_out`: an HLS rung each."""
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
    command += [
        "-f", "hls", "-hls_time", str(SEGMENT_S), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4",
        "-hls_flags", "independent_segments", "-master_pl_name", "master.m3u8",
        "-var_stream_map", " ".join(f"v:{at},a:{at},name:{side}" for at, side in enumerate(sides)),
        "-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", str(folder / "%v" / "%03d.m4s"),
        str(folder / "%v" / "index.m3u8"),
    ]  # fmt: skip
    return command


def still_outputs(folder: Path) -> list[str]:
    """The poster, and the pictures of the sprite, one after the other as bare pixels.

    ffmpeg reports no progress before each of its outputs has had a first picture: a tiled sprite would come at the
    end, and the poster is the film's first picture until its own overwrites it.
    """
    return [
        "-map", "[poster]", "-fps_mode", "passthrough", "-map_metadata", "-1", "-f", "image2", "-update", "1", "-q:v", "3",
        str(folder / "poster.jpg"),
        "-map", "[sprite]", "-f", "rawvideo", "-pix_fmt", "rgb24", str(folder / SPRITE_PIXELS),
    ]  # fmt: skip


def whole_output(folder: Path, film: Probe) -> list[str]:
    """The uncut picture, with the clock and the sound of the source. Quick rather than small: one person sees it."""
    picture = ["-map", "0:V:0", "-c:v", "copy"]
    if not film.is_for_browsers:
        picture = ["-map", "[whole]", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "27", "-g", "15"]
    plays = film.audio_codec == "aac"
    sound = ["-c:a", "copy"] if plays else ["-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", "96k"]
    return [
        *picture, "-map", "0:a:0?", *sound, "-map_metadata", "-1", "-map_chapters", "-1",
        "-threads", str(ffmpeg.threads()), "-movflags", "+faststart", str(folder / WHOLE),
    ]  # fmt: skip


def extras_command(download: Path, smallest: Path, folder: Path, plan: Plan) -> list[str]:
    """From finished rungs: the download, and of the smallest the preview. Only the seconds that are seen are decoded."""
    start = round(max(0.0, min(plan.poster_at, plan.film.duration_s - PREVIEW_S)), 3)
    small = min(plan.download, 320)
    alone = ["-threads", "1"]  # so little work is done by one sooner than shared out
    return [
        ffmpeg.binary(), "-nostdin", "-hide_banner", "-nostats", "-y", "-loglevel", "error",
        *GUARD, "-i", str(download),
        *GUARD, *alone, "-an", "-ss", _s(start), "-t", str(PREVIEW_S), "-i", str(smallest), "-map_metadata", "-1",
        "-map", "0", "-c", "copy", "-movflags", "+faststart", str(folder / f"{plan.download}.mp4"),
        "-map", "1:v:0", "-vf", f"fps=15,scale={small}:{small}", "-c:v", "libx264", "-preset", "veryfast", "-crf", "30",
        "-pix_fmt", "yuv420p", "-an", *alone, "-movflags", "+faststart", str(folder / "preview.mp4"),
    ]  # fmt: skip


def graph(plan: Plan, loudness: float | None, *, stills: bool = False, whole: bool = False) -> str:
    """The filter graph; every picture is cut from the square of the largest rung, but for the uncut one."""
    film, sides = plan.film, plan.sides
    rate = f"fps={MAX_OUT_FPS}" if film.fps > MAX_OUT_FPS + 1 else ""
    chain = square(film, sides[0], plan.focus_x, plan.focus_y, rate=rate)
    parts, decoded = [], "[0:V:0]"
    if whole:
        parts.append("[0:V:0]split=2[square][uncut]")
        parts.append(f"[uncut]{','.join(uncut(film, rate=rate))}[whole]")
        decoded = "[square]"
    parts.append(fan_out(f"{decoded}{','.join(chain)}", _sound(film, loudness), plan, stills=stills))
    return ";".join(parts)


def uncut(film: Probe, *, rate: str = "") -> list[str]:
    """The filters that make the whole picture small."""
    side = min(WHOLE_SIDE, film.side // 2 * 2)
    small = f"scale='if(gt(iw,ih),-2,{side})':'if(gt(iw,ih),{side},-2)':flags=fast_bilinear"
    return [*([rate] if rate else []), *upright(), small, *_tone(film), "format=yuv420p"]


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


def fan_out(picture: str, sound: str, plan: Plan, *, stills: bool = False) -> str:
    """One chain of pictures and one of sound, each without a name at its end, as `[v0]`, `[a0]`, … of the rungs.

    With `stills` also `[poster]`, of the rung that is downloaded, and `[sprite]`, small pictures of the smallest; and
    what `checks` reads is printed on the way.
    """
    sides = plan.sides
    names = [f"[s{at}]" for at in range(len(sides))]
    parts = [f"{picture},split={len(names)}{''.join(names)}"]
    last = len(sides) - 1
    for at, side in enumerate(sides):
        rung, out = f"[s{at}]{'null' if not at else f'scale={side}:{side}'}", [f"[v{at}]"]
        if stills and at == last:
            rung += f",{checks.PICTURE}"
            out.append("[still]")
        if stills and side == plan.download:
            out.append("[cover]")
        parts.append(f"{rung},split={len(out)}{''.join(out)}" if len(out) > 1 else f"{rung}{out[0]}")
    if stills:
        parts.append(f"[still]fps=1/{plan.sprite_every},scale={SPRITE_SIDE}:{SPRITE_SIDE}[sprite]")
        moment = _s(plan.poster_at)
        parts.append(
            f"[cover]select='isnan(prev_selected_t)+gte(t,{moment})*lt(prev_selected_t,{moment})'[poster]"
        )
        sound += f",{checks.SOUND}"
    copies = "".join(f"[a{at}]" for at in range(len(sides)))
    parts.append(f"{sound},asplit={len(sides)}{copies}")
    return ";".join(parts)


def _sound(film: Probe, loudness: float | None) -> str:
    """The sound as long as the picture; silence when there is none (players expect a track)."""
    long = _s(film.duration_s)
    if film.audio_codec is None:
        return f"anullsrc=r=48000:cl=stereo,atrim=duration={long}"
    chain = ["aresample=48000:async=1:first_pts=0", "aformat=channel_layouts=stereo", *levelled(loudness)]
    return f"[0:a:0]{','.join(chain)},apad,atrim=duration={long}"


def levelled(loudness: float | None) -> list[str]:
    """The filters that bring sound of this measured loudness to the target; none for silence."""
    if loudness is None:
        return []
    gain = max(-MOST_GAIN_DB, min(MOST_GAIN_DB, checks.TARGET_LUFS - loudness))
    return [f"volume={gain:.2f}dB", f"alimiter=limit={PEAK}:level=false:attack=5:release=50"]


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
    loudness = None
    if plan.film.audio_codec is not None:
        loudness = measure(measure_command(source), plan, limits, cwd=folder, watch=watch)
    command = ladder_command(source, folder, plan, loudness=loudness, all_of_it=True)
    made = climb(command, folder, plan, limits, watch)
    made["loudness_in"] = loudness
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


def measure(command: list[str], plan: Plan, limits: Limits, *, cwd: Path, watch: Watch) -> float | None:
    """Run a measuring command; the integrated loudness it heard, None for silence."""
    watch.step("measure", 0)
    follow = _progress("measure", "out_time_us", plan.film.duration_s * 1e6, watch)
    heard = run(command, limits, cwd=cwd, watch=watch, on_line=follow)
    judge(heard)
    return checks.loudness_of(heard.err)


def climb(
    command: list[str], folder: Path, plan: Plan, limits: Limits, watch: Watch, *, cwd: Path | None = None
) -> dict[str, Any]:
    """Run a command that writes ladder, poster and the sprite's pictures, and make of them what else the player needs.

    Returns the renditions.
    """
    watch.step("ladder", 0)
    for side in plan.sides:
        (folder / str(side)).mkdir()
    frames = plan.film.duration_s * min(plan.film.fps or MAX_OUT_FPS, MAX_OUT_FPS + 1)
    follow = _progress("ladder", "frame", frames, watch)
    heard = run(command, limits, cwd=cwd or folder, watch=watch, on_line=follow)
    judge(heard)
    watch.step("finish", 0)
    download, smallest = (_join(folder, side) for side in (plan.download, plan.sides[-1]))
    judge(run(extras_command(download, smallest, folder, plan), limits, cwd=folder, watch=watch))
    for joined in {download, smallest}:
        joined.unlink()
    _tile(folder, plan)
    (folder / "sprite.vtt").write_text(sprite_vtt(plan), encoding="utf-8")
    expected = ("master.m3u8", "poster.jpg", "sprite.jpg", "preview.mp4")
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
        "checks": checks.read(heard.err, folder / "master.m3u8", plan.download),
    }


def _join(folder: Path, side: int) -> Path:
    """The segments of a rung, as its playlist names them, in one fragmented MP4."""
    rung = folder / str(side)
    playlist = (rung / "index.m3u8").read_text(encoding="utf-8")
    header = re.findall(r'#EXT-X-MAP:URI="([\w.]+)"', playlist)
    target = folder / f"{side}.joined.mp4"
    with target.open("wb") as whole:
        for name in header + re.findall(r"^[\w.]+\.m4s$", playlist, re.MULTILINE):
            with (rung / name).open("rb") as piece:
                shutil.copyfileobj(piece, whole)
    return target


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
    """Read one counter of ffmpeg's `-progress` lines and pass on whole percents.

    The ladder is followed by its frames: the time ffmpeg prints is that of the sound, which runs ahead.
    """

    def line(text: str) -> None:
        name, _, value = text.strip().partition("=")
        if name == counter and value.isdigit():
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
