"""Media settings with a folder of their own and short limits; clips that are made once."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from market.media.config import MediaConfig, config, configure
from tests.conftest import ROOT
from tests.media import clips
from tests.media.hostile import Ear, listening


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[MediaConfig]:
    """Short films are fine here, and nothing of one test is seen by the next."""
    configure(
        replace(
            MediaConfig.from_env({}), root=tmp_path / "media", min_video_s=1, niceness=0, keep_free_percent=0
        )
    )
    yield config()
    configure(None)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def film(shelf: Path) -> Path:
    """Three seconds, landscape, with sound."""
    return clips.clip(shelf / "片子.mp4")


@pytest.fixture(scope="session")
def silent(shelf: Path) -> Path:
    return clips.clip(shelf / "silent.mkv", seconds=2, size="320x320", sound=False)


@pytest.fixture(scope="session")
def samples(shelf: Path) -> list[Path]:
    """Films of all sorts; and real ones, where some lie beside the checkout or in VTASK_SAMPLE_MEDIA."""
    folder = Path(os.environ.get("VTASK_SAMPLE_MEDIA") or ROOT.parent / "shared" / "media")
    (shelf / "all sorts").mkdir()
    made = clips.as_people_bring_them(shelf / "all sorts")
    return [*made, *sorted([*folder.glob("*.mp4"), *folder.glob("*.mkv")])]


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """moto's server in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "MOTO_ACCOUNT_ID": "123456789012"},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(address + "/moto-api/", timeout=1)
            break
        except OSError:
            assert server.poll() is None, "moto did not start"
            assert time.monotonic() < until, "moto does not answer"
            time.sleep(0.1)
    yield address
    server.terminate()
    server.wait(10)


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as heard:
        yield heard
