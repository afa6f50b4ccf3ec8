"""What a machine can say about a finished film: its length and shape, black pictures, silence, loudness."""

import re
from pathlib import Path
from typing import Any

from market.media import ffmpeg, transcode
from market.media.run import Limits, Watch, run
from market.media.transcode import TARGET_LUFS

BLACK_S, SILENT_S = 0.5, 2.0
"""Shorter moments are cuts and breaths."""
LOUDNESS_SLACK = 1.0


def look(film: Path, limits: Limits, watch: Watch) -> dict[str, Any]:
    """Decode `film` once; spans in seconds, sides in pixels, loudness in LUFS (None for silence)."""
    command = [
        ffmpeg.binary(), "-nostdin", "-hide_banner", "-nostats", "-i", str(film),
        "-vf", f"blackdetect=d={BLACK_S}:pix_th=0.08", "-af", f"silencedetect=n=-50dB:d={SILENT_S},ebur128=framelog=quiet",
        "-f", "null", "-",
    ]  # fmt: skip
    heard = run(command, limits, cwd=film.parent, watch=watch)
    transcode.judge(heard)
    said = heard.err
    hours, minutes, seconds = map(float, re.findall(r"Duration: (\d+):(\d+):([\d.]+)", said)[0])
    long = 3600 * hours + 60 * minutes + seconds
    width, height = map(int, re.findall(r"Video: .*?, (\d+)x(\d+)", said)[0])
    starts = [float(at) for at in re.findall(r"silence_start: (-?[\d.]+)", said)]
    ends = [float(at) for at in re.findall(r"silence_end: (-?[\d.]+)", said)]
    silences = [
        [max(0.0, start), min(long, end)]
        for start, end in zip(starts, [*ends, long][: len(starts)], strict=True)
    ]
    blacks = re.findall(r"black_start:([\d.]+) black_end:([\d.]+)", said)
    return {
        "duration_s": long,
        "width": width,
        "height": height,
        "black": [[float(start), float(end)] for start, end in blacks],
        "silent": silences,
        "loudness": transcode.loudness_of(said),
    }


def is_loud_enough(loudness: float | None) -> bool:
    """Within what viewers do not reach for the volume for."""
    return loudness is not None and abs(loudness - TARGET_LUFS) <= LOUDNESS_SLACK
