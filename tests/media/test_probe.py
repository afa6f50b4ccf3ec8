"""What may go to the transcoder, and why the rest may not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from market.media.probe import probe
from market.media.reasons import SENTENCES, Rejected, sentence
from market.media.run import Limits, run
from tests.conftest import ROOT
from tests.media import clips
from tests.media.conftest import Ear, listening

LIMIT_S = 5
LIMIT_MB = 1500

JUDGE = """
import json, resource, sys
from pathlib import Path
from market.media.config import MediaConfig, configure
from market.media.probe import probe
from market.media.reasons import Rejected

def used():
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both), max(each.ru_maxrss for each in both) // 1024

verdicts = {}
for name, path in json.load(sys.stdin).items():
    configure(MediaConfig(root=Path(path).parent, min_video_s=1))
    before = used()[0]
    try:
        code = str(probe(Path(path)))
    except Rejected as why:
        code = why.code
    seconds, mb = used()
    verdicts[name] = {"code": code, "seconds": seconds - before, "mb": mb}
print(json.dumps(verdicts))
"""


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


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory, film: Path) -> dict[str, dict[str, Any]]:
    """All of them judged in one process of their own, so that memory and processor time are theirs alone."""
    paths = {}
    with listening() as ear:
        for name, (_, build) in HOSTILE.items():
            paths[name] = str(build(tmp_path_factory.mktemp("hostile") / "film.mp4", film, ear))
        said = subprocess.run(
            [sys.executable, "-c", JUDGE], cwd=ROOT, capture_output=True, text=True, check=True, input=json.dumps(paths)
        )  # fmt: skip
    told: dict[str, dict[str, Any]] = json.loads(said.stdout)
    told["calls"] = {"count": ear.hits}
    return told


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_sound_film_is_refused_quickly(name: str, verdicts: dict[str, dict[str, Any]]):
    verdict = verdicts[name]

    assert verdict["code"] == HOSTILE[name][0]
    assert verdict["seconds"] < LIMIT_S
    assert verdict["mb"] < LIMIT_MB


def test_no_file_makes_us_call_anybody(verdicts: dict[str, dict[str, Any]]):
    assert verdicts["calls"]["count"] == 0


def test_every_reason_has_a_sentence_that_its_values_fill(app):
    with app.test_request_context("/"):
        assert "3 路" in sentence("many_videos", {"count": 3})
        assert "图片" in sentence("other_kind", {"found": "image", "wanted": "video"})
        assert all(text.endswith("。") for text in SENTENCES.values())


def test_facts_come_from_the_packets_not_from_the_header(tmp_path: Path, film: Path):
    seen = probe(film)

    assert (seen.width, seen.height, seen.side) == (480, 320, 320)
    assert seen.duration_s == pytest.approx(3, abs=0.1)
    assert seen.fps == pytest.approx(15, abs=0.2)
    assert (seen.video_codec, seen.audio_codec) == ("h264", "aac")
    assert seen.max_gap_s < 0.1


def test_a_recording_without_a_length_in_its_header_is_measured(tmp_path: Path, film: Path):
    """What a browser's recorder writes: Matroska of unknown length, piped."""
    live = tmp_path / "live.webm"
    with live.open("wb") as sink:
        subprocess.run(
            [clips.ffmpeg.binary(), "-loglevel", "error", "-nostdin", "-i", film, "-c", "copy", "-f", "matroska", "-live", "1", "pipe:1"],
            stdout=sink, check=True,
        )  # fmt: skip

    assert probe(live).duration_s == pytest.approx(3, abs=0.1)


def test_a_phone_held_upright_is_seen_upright(tmp_path: Path, film: Path):
    seen = probe(clips.turned(tmp_path / "phone.mov", film))

    assert seen.rotation in (90, 270)
    assert (seen.width, seen.height) == (320, 480)


def test_real_clips_pass(samples: Path):
    for path in sorted([*samples.glob("*.mp4"), *samples.glob("*.mkv")]):
        assert probe(path).duration_s > 1, path.name


def test_a_child_that_hangs_is_ended_with_its_group(tmp_path: Path):
    nap = f"sleep 61.{os.getpid()}"  # a name of our own in the list of processes
    outcome = run(
        ["/bin/sh", "-c", f"{nap} & {nap}"],
        Limits(wall_s=0.5, cpu_s=5, memory=1 << 30, file_bytes=1 << 20),
        cwd=tmp_path,
    )

    assert outcome.late
    left = [each for each in psutil.process_iter(["cmdline"]) if nap in " ".join(each.info["cmdline"] or [])]
    assert [each for each in left if each.status() != psutil.STATUS_ZOMBIE] == []


def test_a_child_that_only_computes_is_ended_and_known_as_starved(tmp_path: Path):
    outcome = run(
        [sys.executable, "-I", "-c", "while True: pass"],
        Limits(wall_s=20, cpu_s=1, memory=1 << 30, file_bytes=1 << 20),
        cwd=tmp_path,
    )

    assert outcome.starved
    assert not outcome.late


def test_a_child_that_takes_memory_is_refused_it_and_known_as_starved(tmp_path: Path):
    outcome = run(
        [sys.executable, "-I", "-c", "bytearray(2 << 30)"],
        Limits(wall_s=20, cpu_s=5, memory=1 << 30, file_bytes=1 << 20),
        cwd=tmp_path,
    )

    assert outcome.starved


def test_a_child_cannot_reach_the_network(tmp_path: Path, ear: Ear):
    code = f"import socket; socket.create_connection(('127.0.0.1', {ear.port}), 2)"
    outcome = run(
        [sys.executable, "-I", "-c", code],
        Limits(wall_s=10, cpu_s=5, memory=1 << 30, file_bytes=1 << 20),
        cwd=tmp_path,
    )

    if not _namespaces():
        pytest.skip("this kernel gives no user namespaces; the format and protocol lists still hold")
    assert outcome.code != 0
    assert ear.hits == 0


def _namespaces() -> bool:
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0


def test_rejected_knows_only_reasons_that_have_words():
    with pytest.raises(ValueError, match="unknown reason"):
        Rejected("because")
