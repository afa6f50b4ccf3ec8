"""Files that attack whoever opens them, and what looking at each of them costs.

`python -m tests.media.hostile` judges the files it is given, each in a process of its own; the tests and
`./vtask bench video.hostile` ask it.
"""

import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from market.media.config import MediaConfig, configure
from market.media.probe import probe
from market.media.reasons import Rejected
from tests.media import clips

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 5
LIMIT_MB = 1500


@dataclass
class Ear:
    """A listener that counts who calls."""

    port: int
    hits: int = 0


@contextmanager
def listening() -> Iterator[Ear]:
    heard = Ear(0)

    class Count(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard.hits += 1

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Count) as server:
        heard.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield heard
        server.shutdown()


@dataclass(frozen=True)
class Verdict:
    """What was said of a file. `mb` is the most memory any one process held for it, ours or a child's."""

    code: str
    seconds: float
    cpu_s: float
    mb: int


def text_file(words: str) -> Callable[[Path, Path, Ear], Path]:
    def write(target: Path, film: Path, ear: Ear) -> Path:
        (target.parent / "secret.mp4").write_bytes(film.read_bytes())
        target.write_text(words.replace("PORT", str(ear.port)), encoding="utf-8")
        return target

    return write


HOSTILE: dict[str, tuple[str, Callable[[Path, Path, Ear], Path]]] = {
    "zero bytes": ("empty", lambda to, film, ear: text_file("")(to, film, ear)),
    "HLS playlist with addresses": (
        "playlist",
        text_file(
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://127.0.0.1:PORT/a.ts\n#EXT-X-ENDLIST\n"
        ),
    ),
    "list of other files": ("playlist", text_file("ffconcat version 1.0\nfile secret.mp4\n")),
    "DASH manifest": (
        "playlist",
        text_file('<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:PORT/</BaseURL></MPD>'),
    ),
    "SVG with a link": (
        "playlist",
        text_file(
            '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:PORT/x.png"/></svg>'
        ),
    ),
    "samples in another file": ("playlist", lambda to, film, ear: clips.elsewhere(to, film)),
    "random bytes": ("wrong_type", lambda to, film, ear: _write(to, bytes(range(1, 256)) * 400)),
    "a PDF": ("wrong_type", lambda to, film, ear: _write(to, b"%PDF-1.7\n" + b"x" * 5000)),
    "a picture": ("other_kind", lambda to, film, ear: clips.huge_picture(to, 64)),
    "box soup": (
        "unreadable",
        lambda to, film, ear: _write(to, b"\0\0\0\x18ftypmp42" + b"\0" * 12 + b"\0\0\0\x10free" + b"\0" * 8),
    ),
    "cut off": ("truncated", lambda to, film, ear: clips.cut(to, film)),
    "cut off behind its index": (
        "truncated",
        lambda to, film, ear: clips.cut(
            to, clips.make(to.with_name("fast.mp4"), "-i", film, "-c", "copy", "-movflags", "faststart")
        ),
    ),
    "cut off Matroska": (
        "truncated",
        lambda to, film, ear: clips.cut(to, clips.make(to.with_name("whole.mkv"), "-i", film, "-c", "copy")),
    ),
    "clock jumps ten hours": (
        "gap",
        lambda to, film, ear: _as(to, clips.with_gap(to.with_suffix(".mkv"))),
    ),
    "a day long": ("too_long", lambda to, film, ear: clips.endless(to)),
    "8192 x 8192": ("too_many_pixels", lambda to, film, ear: clips.huge_film(to)),
    "20000 x 20000": ("unreadable", lambda to, film, ear: clips.enormous(to)),
    "sound only": (
        "no_video",
        lambda to, film, ear: clips.make(to, "-i", film, "-map", "0:a", "-c", "copy"),
    ),
    "two pictures": (
        "many_videos",
        lambda to, film, ear: clips.make(to, "-i", film, "-map", "0:v", "-map", "0:v", "-c", "copy"),
    ),
    "240 pictures a second": (
        "fps",
        lambda to, film, ear: clips.clip(to, size="64x64", rate=240, seconds=2, sound=False),
    ),
    "half a second": ("too_short", lambda to, film, ear: clips.clip(to, seconds=0.5, size="64x64")),
    "a postage stamp": ("too_small", lambda to, film, ear: clips.clip(to, size="48x320", seconds=2)),
    "a codec nobody plays": (
        "video_codec",
        lambda to, film, ear: clips.make(
            to, "-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=2", "-c:v", "ffv1", "-f", "matroska"
        ),
    ),
}


def _write(target: Path, data: bytes) -> Path:
    target.write_bytes(data)
    return target


def _as(target: Path, made: Path) -> Path:
    return made.rename(target)


def build(folder: Path, film: Path, ear: Ear) -> dict[str, Path]:
    """All of them, made out of a good film; those that name an address name the listener's."""
    made = {}
    for at, (name, (_, write)) in enumerate(HOSTILE.items()):
        place = folder / str(at)
        place.mkdir()
        made[name] = write(place / "film.mp4", film, ear)
    return made


def judge(files: Mapping[str, Path]) -> dict[str, Verdict]:
    """Have them judged by a small process, so that memory and processor time are theirs alone."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.media.hostile"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
        input=json.dumps({name: str(path) for name, path in files.items()}),
    )  # fmt: skip
    return {name: Verdict(**verdict) for name, verdict in json.loads(said.stdout).items()}


def _look(path: Path) -> Verdict:
    """In a child, whose peak of memory counts that of all it waited for. Raises RuntimeError when it does not live on."""
    hear, say = os.pipe()
    begin = time.monotonic()
    child = os.fork()
    if not child:
        configure(MediaConfig(root=path.parent, min_video_s=1))
        try:
            code = str(probe(path))
        except Rejected as why:
            code = why.code
        os.write(say, code.encode())
        os._exit(0)
    os.close(say)
    _pid, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - begin
    with os.fdopen(hear) as answer:
        code = answer.read()
    if status:
        raise RuntimeError(f"looking at {path} ended with {os.waitstatus_to_exitcode(status)}")
    return Verdict(code, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    sys.stdout.write(json.dumps({name: asdict(_look(Path(path))) for name, path in asked.items()}))
