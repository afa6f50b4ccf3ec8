"""Pictures: two compared as numbers, how much alike they are to an eye (SSIM) and to a meter (PSNR); those of docs."""

import io
import os
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from tests.conftest import ROOT

DOCS = ROOT / "docs"
HEAVIEST = 120_000
"""Bytes of a picture: it is kept in the repository."""
WINDOW = 8
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def opened(picture: bytes | Path, side: int) -> NDArray[np.float64]:
    """The square picture in RGB at this side."""
    file = io.BytesIO(picture) if isinstance(picture, bytes) else picture
    return np.asarray(Image.open(file).convert("RGB").resize((side, side), Image.Resampling.BOX), dtype=float)


def psnr(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """In decibel; 30 and more is hard to tell apart."""
    error = float(((one - other) ** 2).mean())
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def ssim(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Of their brightness, over windows of 8 by 8; 1 is the same picture (Wang et al. 2004)."""
    a, b = (
        sliding_window_view(each @ (0.299, 0.587, 0.114), (WINDOW, WINDOW)).reshape(-1, WINDOW * WINDOW)
        for each in (one, other)
    )
    mean_a, mean_b = a.mean(1), b.mean(1)
    both = ((a - mean_a[:, None]) * (b - mean_b[:, None])).mean(1)
    alike = (2 * mean_a * mean_b + C1) * (2 * both + C2)
    return float((alike / ((mean_a**2 + mean_b**2 + C1) * (a.var(1) + b.var(1) + C2))).mean())


def kept(name: str, shot: bytes, folder: Path) -> None:
    """Into docs when asked for, else only looked at; those in docs have the form of the pages of today."""
    target = (DOCS if os.environ.get("VTASK_PICTURES") else folder) / name
    with Image.open(io.BytesIO(shot)) as taken:
        taken.convert("RGB").save(target, quality=82, method=6)
        assert len(taken.convert("RGB").resize((40, 40)).getcolors(1600) or []) > 50, (
            "there is something to see"
        )
        with Image.open(DOCS / name) as there:
            assert there.size == taken.size
    assert (DOCS / name).stat().st_size < HEAVIEST
