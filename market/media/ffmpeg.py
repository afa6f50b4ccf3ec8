"""Which ffmpeg we run, and what it can do."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from market.media.config import config


@cache
def _bundled() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def binary() -> str:
    """`FFMPEG_BIN` when set, else the one that came as a wheel. Raises FileNotFoundError with the cure."""
    chosen = config().ffmpeg
    if chosen is None:
        return _bundled()
    found = shutil.which(chosen)
    if found is None:
        raise FileNotFoundError(
            f"FFMPEG_BIN names {chosen}, which is not there; unset it to use the bundled one"
        )
    return str(Path(found).absolute())


@cache
def has_filter(name: str, program: str) -> bool:
    """Whether this build of ffmpeg has a filter."""
    listed = subprocess.run(
        [program, "-hide_banner", "-filters"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return any(line.split()[1:2] == [name] for line in listed.stdout.splitlines())


def threads() -> int:
    """Enough to be quick, few enough for the address space of the child on a large machine."""
    return min(len(os.sched_getaffinity(0)), 8)
