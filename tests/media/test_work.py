"""The work on a file: taken once, kept by a lease, taken up again after a kill, and given up after three tries."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, update

from market.accounts.actor import SYSTEM
from market.kit.db import db, transaction
from market.kit.events import history
from market.media import incoming, jobs, queries, service, shown
from market.media.config import config, configure
from market.media.errors import AssetNotUsable
from market.media.models import Asset, AssetState, JobState, Kind, MediaJob
from market.media.storage import storage
from tests.conftest import ROOT, Player
from tests.media import clips
from workers import media as worker

pytestmark = pytest.mark.usefixtures("ctx")


def put(who: Player, source: Path, kind: Kind = Kind.VIDEO, **options: Any) -> UUID:
    """A whole upload, without the protocol."""
    with transaction():
        asset = service.begin(
            filename=source.name, size=source.stat().st_size, kind=kind, by=who.actor, options=options
        )
    incoming.path_of(asset.token).write_bytes(source.read_bytes())
    sha256 = service.seal(asset)
    with transaction():
        service.complete(asset.id, sha256, by=who.actor)
    return asset.id


def look(asset_id: UUID) -> Asset:
    db.session.expire_all()
    return service.find(asset_id)


def job_of(asset_id: UUID) -> MediaJob:
    db.session.expire_all()
    return queries.jobs([asset_id])[asset_id]


def let_lease_run_out() -> None:
    """What waiting for twenty seconds does."""
    with transaction():
        db.session.execute(update(MediaJob).values(free_at=func.clock_timestamp() - timedelta(seconds=1)))


def test_a_film_is_ready_to_play_after_one_ring(lin: Player, film: Path):
    asset_id = put(lin, film)
    assert service.waiting_jobs() == 1

    assert worker.drain() == 1

    asset = look(asset_id)
    assert asset.state is AssetState.READY
    assert (asset.width, asset.height) == (480, 320)
    assert asset.duration_ms == pytest.approx(3000, abs=100)
    assert asset.content_type == "video/mp4"
    for name in (
        "master.m3u8",
        "320/index.m3u8",
        "320.mp4",
        "poster.jpg",
        "sprite.jpg",
        "sprite.vtt",
        "preview.mp4",
    ):
        assert storage().size(asset.key(name)), name
    facts = history(asset_id)
    assert [fact.name for fact in facts] == ["media.uploaded", "media.ready"]
    assert facts[1].audience == [lin.party_id]
    assert job_of(asset_id).state is JobState.DONE
    assert service.waiting_jobs() == 0
    assert not list((config().root / "work").iterdir())
    assert worker.drain() == 0


def test_a_picture_and_a_document_are_ready_too(lin: Player, tmp_path: Path):
    photo = tmp_path / "封面.png"
    Image.new("RGB", (900, 600), "teal").save(photo)
    paper = tmp_path / "合同.pdf"
    paper.write_bytes(b"%PDF-1.7\nhello")

    picture_id, paper_id = put(lin, photo, Kind.IMAGE), put(lin, paper, Kind.FILE)
    assert worker.drain() == 2

    picture, document = look(picture_id), look(paper_id)
    assert picture.image_url(500).endswith("/640.webp")
    assert picture.image_url().endswith("/900.webp")
    assert picture.poster_url.endswith("/640.webp")
    assert document.content_type == "application/pdf"
    assert b"".join(storage().read(document.key("file.bin"))) == b"%PDF-1.7\nhello"
    assert queries.owned_images([picture_id, paper_id], lin.party_id) == {picture_id}


def test_a_hostile_file_is_refused_with_a_reason_and_the_next_one_goes_on(
    lin: Player, film: Path, tmp_path: Path
):
    fake = tmp_path / "film.mp4"
    fake.write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    bad, good = put(lin, fake), put(lin, film)

    assert worker.drain() == 2

    refused = look(bad)
    assert (refused.state, refused.refusal_code) == (AssetState.REFUSED, "playlist")
    fact = history(bad)[-1]
    assert (fact.name, fact.audience, fact.data["code"]) == ("media.failed", [lin.party_id], "playlist")
    assert storage().size(refused.original_key) is None
    assert look(good).is_ready
    with pytest.raises(AssetNotUsable):
        service.attachable(bad, Kind.VIDEO, by=lin.actor)


def test_a_wrong_kind_is_refused(lin: Player, film: Path):
    asset_id = put(lin, film, Kind.IMAGE)

    worker.drain()

    assert look(asset_id).refusal_code == "other_kind"
    assert look(asset_id).refusal_values == {"found": "video", "wanted": "image"}


def test_two_workers_do_not_take_the_same_job(lin: Player, film: Path):
    first, second = put(lin, film), put(lin, film)

    with transaction():
        mine = service.take("a")
    with transaction():
        theirs = service.take("b")
    with transaction():
        assert service.take("c") is None

    assert mine and theirs
    assert {mine.asset_id, theirs.asset_id} == {first, second}
    assert (mine.asset_id, theirs.asset_id) == (first, second)


def test_whoever_lost_the_lease_changes_nothing(lin: Player, film: Path):
    asset_id = put(lin, film)
    with transaction():
        slow = service.take("slow")
    assert slow
    let_lease_run_out()
    with transaction():
        quick = service.take("quick")
    assert quick
    assert quick.asset_id == asset_id
    assert quick.revision != slow.revision

    with transaction():
        assert not jobs.renew(slow.job_id, "slow", "ladder", 50)
        assert not service.give_back(slow, "too late")
        assert not service.finish(slow, service.Made(Path(), "video/mp4", {"master": "x"}))
    lease = worker.Lease(slow)
    lease.renewed -= 60
    with pytest.raises(worker.LeaseLost):
        lease.alive()

    assert look(asset_id).state is AssetState.PROCESSING
    assert job_of(asset_id).worker == "quick"


def test_a_fault_of_ours_is_tried_again_and_given_up_after_three(
    lin: Player, film: Path, monkeypatch: pytest.MonkeyPatch
):
    """The disk of the installation's ffmpeg is gone: nobody's film is at fault."""
    asset_id = put(lin, film)
    configure(replace(config(), ffmpeg="/nowhere/ffmpeg"))

    for attempt in (1, 2, 3):
        assert worker.drain() == 1
        assert job_of(asset_id).attempts == attempt
        assert worker.drain() == 0, "a pause comes first"
        let_lease_run_out()

    asset = look(asset_id)
    assert (asset.state, asset.refusal_code) == (AssetState.REFUSED, "failed")
    assert "FileNotFoundError" in (job_of(asset_id).error or "")
    assert storage().size(asset.original_key), "the file is kept"
    assert worker.drain() == 0

    configure(replace(config(), ffmpeg=None))
    with transaction():
        service.retry(asset_id, by=SYSTEM)
    assert worker.drain() == 1
    assert look(asset_id).is_ready


def test_a_job_that_kills_its_worker_each_time_is_given_up(lin: Player, film: Path):
    asset_id = put(lin, film)

    for name in ("a", "b", "c"):
        with transaction():
            assert service.take(name)
        let_lease_run_out()
    assert worker.drain() == 0

    assert look(asset_id).refusal_code == "failed"
    assert [fact.name for fact in history(asset_id)] == ["media.uploaded", "media.failed"]


WORKER = """
import dataclasses
from pathlib import Path
from market import settings
from market.app import create_app
from market.media.config import MediaConfig, configure
app = create_app(dataclasses.replace(settings.read(), database_url={url!r}))
configure(MediaConfig(root=Path({root!r}), min_video_s=1, lease_s={lease}))
from workers.media import drain
with app.app_context():
    print("ready", flush=True)
    drain()
"""


def start_worker(app: Flask, lease: float) -> subprocess.Popen[str]:
    code = WORKER.format(url=app.config["SQLALCHEMY_DATABASE_URI"], root=str(config().root), lease=lease)
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )  # fmt: skip


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    """Until it is so; fails when it does not come."""
    began = time.monotonic()
    while not what():
        db.session.rollback()
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = status.read_text().split(" (", 1)
        except OSError:
            continue
        if int(rest.rsplit(") ", 1)[1].split()[1]) == pid:
            found.append(int(number))
    return found


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_worker_killed_while_transcoding_is_followed_by_another(app: Flask, lin: Player, shelf: Path):
    """kill -9 in the middle of the ladder: its ffmpeg dies with it, and after the lease the next worker finishes."""
    lease = 2.0
    configure(replace(config(), lease_s=lease))
    long = shelf / "long.mp4"
    if not long.exists():
        clips.clip(long, seconds=10, size="1280x720", rate=30)
    asset_id = put(lin, long)
    first = start_worker(app, lease)
    wait_for(lambda: job_of(asset_id).step == "ladder" and job_of(asset_id).percent > 0, 60)
    ffmpegs = children_of(first.pid)
    assert ffmpegs

    os.kill(first.pid, signal.SIGKILL)
    first.wait()

    wait_for(lambda: not any(map(is_running, ffmpegs)))
    assert look(asset_id).state is AssetState.PROCESSING
    assert worker.drain() == 0 or look(asset_id).is_ready
    wait_for(lambda: service.waiting_jobs() == 1 or look(asset_id).is_ready, lease + 60)
    worker.drain()

    asset = look(asset_id)
    assert asset.is_ready
    assert asset.revision == "r2"
    assert job_of(asset_id).attempts == 2
    assert storage().size(f"media/{asset.token}/r1/master.m3u8") is None
    assert [fact.name for fact in history(asset_id)] == ["media.uploaded", "media.ready"]


def test_the_lease_outlives_a_database_that_is_away_for_a_moment(lin: Player, film: Path):
    put(lin, film)
    with transaction():
        order = service.take("a")
    assert order
    lease = worker.Lease(order)
    lease.renewed -= config().lease_s / 2

    with psycopg.connect(db.engine.url.render_as_string(hide_password=False), autocommit=True) as killer:
        with db.engine.connect():
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )
        lease.step("ladder", 40)  # told, or not, but never raises
    lease.renewed -= config().lease_s / 2
    lease.step("ladder", 41)

    assert job_of(order.asset_id).percent == 41


def test_progress_is_told_in_words_and_percent(app: Flask, lin: Player, film: Path):
    first, second = put(lin, film), put(lin, film)

    with app.test_request_context("/"):
        waiting = shown.show(look(second)).progress
        assert (waiting.step, waiting.place) == ("queue", 2)
        assert "2" in waiting.words
        with transaction():
            order = service.take("a")
            assert order
            jobs.renew(order.job_id, "a", "ladder", 50)
        db.session.expire_all()
        running = shown.show(look(first)).progress
        assert (running.step, running.percent, running.words) == ("ladder", 51, "转码多档画质")
        assert shown.show(look(second)).progress.place == 1


def test_what_the_uploader_chose_is_used(lin: Player, tmp_path: Path):
    source = clips.make(
        tmp_path / "halves.mp4", "-f", "lavfi", "-i", "color=white:size=120x120:rate=5:duration=2",
        "-f", "lavfi", "-i", "color=black:size=120x120:rate=5:duration=2", "-filter_complex", "hstack", "-pix_fmt", "yuv420p",
    )  # fmt: skip
    asset_id = put(lin, source, focus_x=1.0)

    worker.drain()

    poster = tmp_path / "poster.jpg"
    poster.write_bytes(b"".join(storage().read(look(asset_id).key("poster.jpg"))))
    with Image.open(poster) as picture:
        assert picture.convert("L").getextrema()[1] < 50
