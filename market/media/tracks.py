"""The music there is: short tracks of our own that repeat without a seam, computed by `./vtask flask media-tracks`.

They are made of sine tones by the numbers below and by nothing else; whoever may use this program may use them.
"""

import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from market.kit.words import N_
from market.media import ffmpeg
from market.media.config import ROOT

FOLDER = ROOT / "static" / "music"
RATE = 48_000
LICENCE = N_("本平台自制，可用于平台内外的商业用途")


@dataclass(frozen=True)
class Track:
    """Chords as semitones above A3, a bar each; `steps` are the notes of the chord played in a bar, -1 a rest."""

    title: str
    beats_per_minute: int
    chords: tuple[tuple[int, ...], ...]
    steps: tuple[int, ...]
    decay_s: float
    pulse: bool


TRACKS = {
    "breeze": Track(
        N_("微风"), 84, ((3, 7, 10, 14), (0, 3, 7, 10), (-4, 0, 3, 7), (-2, 2, 5, 9)), (0, 2, 1, 3, 2, 1, 3, 2), 0.9, False,
    ),
    "market": Track(
        N_("集市"), 112, ((3, 7, 10), (8, 12, 15), (10, 14, 17), (3, 7, 10)) * 2, (0, 1, 2, 1, 0, 2, 1, 2), 0.35, True,
    ),
    "lantern": Track(
        N_("灯火"), 72, ((0, 3, 7, 12), (-4, 0, 3, 8), (3, 7, 10, 15), (-2, 2, 5, 10)), (0, -1, 1, 2, -1, 3, 2, 1), 1.4, False,
    ),
}  # fmt: skip


def path_of(name: str) -> Path:
    """Where the track lies, for ffmpeg; pages find it as /static/music/…"""
    return FOLDER / f"{name}.m4a"


def make_tracks(folder: Path = FOLDER) -> list[Path]:
    """Compute and encode all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, track in TRACKS.items():
        plain, packed = folder / f"{name}.wav", folder / f"{name}.m4a"
        with wave.open(str(plain), "wb") as file:
            file.setparams((2, 2, RATE, 0, "NONE", ""))
            file.writeframes((compose(track) * 32767).astype("<i2").tobytes())
        command = [
            ffmpeg.binary(), "-nostdin", "-loglevel", "error", "-y", "-i", str(plain), "-map_metadata", "-1",
            "-fflags", "+bitexact", "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart", str(packed),
        ]  # fmt: skip
        subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
        plain.unlink()
        made.append(packed)
    return made


def compose(track: Track) -> NDArray[np.float64]:
    """Samples × 2, between −1 and 1; what sounds beyond the end is added to the beginning."""
    step_s = 30 / track.beats_per_minute
    whole = round(step_s * len(track.steps) * len(track.chords) * RATE)
    out = np.zeros((whole, 2))
    for bar, chord in enumerate(track.chords):
        begin = bar * len(track.steps) * step_s
        for tone in chord:
            _add(out, begin, tone - 12, step_s * len(track.steps) * 1.1, 0.10, 0.5, slow=True)
        for at, step in enumerate(track.steps):
            moment = begin + at * step_s
            if step >= 0:
                _add(
                    out, moment, chord[step % len(chord)] + 12, track.decay_s * 3, 0.22, 0.3 + 0.4 * (at % 2)
                )
            if track.pulse and at % 2 == 0:
                _add(out, moment, chord[0] - 24, 0.5, 0.35, 0.5)
    return np.asarray(out / np.abs(out).max() * 0.7)


def _add(
    out: NDArray[np.float64],
    at_s: float,
    tone: int,
    long_s: float,
    loud: float,
    right: float,
    *,
    slow: bool = False,
) -> None:
    """One note with two overtones; `slow` swells and fades, the others are plucked."""
    time = np.arange(round(long_s * RATE)) / RATE
    pitch = 220 * 2 ** (tone / 12)
    wave_of = sum(np.sin(2 * np.pi * pitch * n * time) / n**2 for n in (1, 2, 3))
    shape = (
        np.sin(np.pi * time / long_s) if slow else np.exp(-6 * time / long_s) * np.minimum(1, time / 0.005)
    )
    note = loud * wave_of * shape
    places = (round(at_s * RATE) + np.arange(len(note))) % len(out)
    np.add.at(out[:, 0], places, note * (1 - right))
    np.add.at(out[:, 1], places, note * right)
