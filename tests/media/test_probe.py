"""What may go to the transcoder, and why the rest may not."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from market.media.probe import probe
from market.media.reasons import SENTENCES, Rejected, sentence
from market.media.run import Limits, run
from tests.media import clips, hostile
from tests.media.hostile import HOSTILE, Ear, Verdict


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, film: Path) -> tuple[dict[str, Verdict], Ear]:
    with hostile.listening() as ear:
        return hostile.judge(hostile.build(tmp_path_factory.mktemp("hostile"), film, ear)), ear


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_sound_film_is_refused_quickly(name: str, judged: tuple[dict[str, Verdict], Ear]):
    verdict = judged[0][name]

    assert verdict.code == HOSTILE[name][0]
    assert verdict.cpu_s < hostile.LIMIT_S
    assert verdict.mb < hostile.LIMIT_MB


def test_no_file_makes_us_call_anybody(judged: tuple[dict[str, Verdict], Ear]):
    assert judged[1].hits == 0


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


def test_films_of_all_sorts_pass_and_are_seen_as_they_are(samples: list[Path]):
    seen = {path.name: probe(path) for path in samples}

    assert all(1 < film.duration_s < 60 and film.side >= 180 for film in seen.values())
    made = {
        name: (film.video_codec, film.audio_codec, film.width, film.height) for name, film in seen.items()
    }
    assert made["cartoon 24 fps, B frames.mp4"] == ("h264", "aac", 854, 480)
    assert made["full range, no length.mkv"] == ("h264", None, 640, 480)
    assert made["editing program.mov"] == ("prores", "pcm_s24le", 320, 180)
    assert made["narrow pixels.mp4"] == ("h264", "aac", 384, 288)
    assert made["phone held upright.mov"] == ("h264", "aac", 480, 854)
    assert seen["camera without sound, 29.97 fps.mp4"].fps == pytest.approx(29.97, abs=0.01)
    assert seen["ten bits.mp4"].pixels == "yuv420p10le"


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
