"""What a machine can say about a finished film: its length and shape, black pictures, silence, loudness.

Its filters stand in the graph of the run that makes the film, so that nothing is decoded again for them.
"""

import math
import re
from pathlib import Path
from typing import Any

BLACK_S, SILENT_S = 0.5, 2.0
"""Shorter moments are cuts and breaths."""
TARGET_LUFS = -16.0
LOUDNESS_SLACK = 1.0
LOUDNESS = "ebur128=framelog=quiet"
"""EBU R128; the result is printed when the sound ends."""
HEARD = f"{LOUDNESS}:peak=sample"
PICTURE = f"blackdetect=d={BLACK_S}:pix_th=0.08"
SILENCE = f"silencedetect=n=-50dB:d={SILENT_S}"


def read(said: str, master: Path, side: int) -> dict[str, Any]:
    """From what ffmpeg printed with these filters, and the playlists it wrote: of the rung of this side.

    Spans in seconds, sides in pixels.
    """
    playlist = (master.parent / str(side) / "index.m3u8").read_text(encoding="utf-8")
    long = round(sum(map(float, re.findall(r"#EXTINF:([\d.]+)", playlist))), 3)
    shape = rf"RESOLUTION=(\d+)x(\d+)[^\n]*\n{side}/"
    width, height = map(int, re.findall(shape, master.read_text(encoding="utf-8"))[0])
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
    }


def loudness_of(said: str) -> float | None:
    """The integrated loudness at the end of ffmpeg's words; None for silence, which nothing should amplify."""
    found = re.findall(r"\bI:\s+(-?[\d.]+|-inf|nan) LUFS", said)
    heard = float(found[-1]) if found else -math.inf
    return heard if math.isfinite(heard) and heard > -60 else None


def peak_of(said: str) -> float:
    """The highest sample in dBFS; full scale when nothing was said of it."""
    found = re.findall(r"\bPeak:\s+(-?[\d.]+|-inf) dBFS", said)
    return float(found[-1]) if found else 0.0


def is_loud_enough(loudness: float | None) -> bool:
    """Within what viewers do not reach for the volume for."""
    return loudness is not None and abs(loudness - TARGET_LUFS) <= LOUDNESS_SLACK
