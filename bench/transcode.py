"""The whole pipeline (probe, loudness, square ladder, poster, sprite, preview, download) against the bare ladder.

The reference is the pipeline's own ffmpeg command for the ladder, run by itself.
"""

import subprocess
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.rounds import Result, take_turns

LENGTH_S = 6
SIZE = "1080x1920"


def run(rounds: int) -> list[Result]:
    from market.media import ffmpeg
    from market.media.config import config, configure
    from market.media.probe import probe
    from market.media.transcode import Plan, ladder_command, make

    # In production transcoding gives way to the web (nice); here both sides are to get the same share.
    configure(replace(config(), niceness=0))
    with TemporaryDirectory() as folder:
        source = film(Path(folder), ffmpeg.binary())
        plan = Plan(probe(source, source.name))

        def whole() -> float:
            with TemporaryDirectory() as out:
                begin = time.monotonic()
                make(source, Path(out), Plan(probe(source, source.name)))
                return LENGTH_S / (time.monotonic() - begin)

        def ladder() -> float:
            with TemporaryDirectory() as out:
                for side in plan.sides:
                    Path(out, str(side)).mkdir()
                command = ladder_command(source, Path(out), plan)
                begin = time.monotonic()
                subprocess.run(command, cwd=out, check=True, capture_output=True, stdin=subprocess.DEVNULL)
                return LENGTH_S / (time.monotonic() - begin)

        try:
            return take_turns(
                ladder,
                {"transcode": whole},
                rounds=rounds,
                reference="the bare ffmpeg command of the same ladder",
                unit="seconds of film/s",
                source=f"{SIZE}, 30 fps, {LENGTH_S} s",
                ladder=plan.sides,
            )
        finally:
            configure(None)


def film(
    folder: Path, ffmpeg: str, *codec: str, seconds: int = LENGTH_S, size: str = SIZE, mbits: int = 17
) -> Path:
    """A phone's upright film: moving picture with noise and a key frame a second, speech-like sound.

    `codec` are ffmpeg's words for another one than H.264.
    """
    folder.mkdir(exist_ok=True)
    made = folder / "film.mp4"
    h264 = ("-c:v", "libx264", "-preset", "veryfast")
    command = [
        ffmpeg, "-nostdin", "-loglevel", "error", "-y",
        "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=30:duration={seconds},noise=alls=12:allf=t",
        "-f", "lavfi", "-i", f"sine=frequency=220:duration={seconds},tremolo=f=4",
        *(codec or h264), "-b:v", f"{mbits}M", "-maxrate", f"{mbits + 3}M",
        "-bufsize", f"{mbits + 3}M", "-g", "30", "-pix_fmt", "yuv420p",
        "-c:a", "aac", "-shortest", str(made),
    ]  # fmt: skip
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return made
