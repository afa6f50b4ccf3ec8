"""Films: CPU of the pipeline, of an edit and of the stills, uploads, and the counting of views, each beside its bare part.

Whatever makes films is measured in seconds of film per second of CPU, ours and the bare part at the same moment.
"""

import json
import os
import secrets
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg

from bench import hostile, intake
from bench.rounds import Result, cpu_of, side_by_side, take_turns
from bench.server import CLIENTS
from bench.transcode import SIZE, film
from bench.web import granian
from bench.world import product

CLIP_MS = 2000
UNIT = "seconds of film per CPU second"
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", "log-level=error")
"""As newer phones write it; not every browser plays it, so the uncut picture has to be made, too."""


@dataclass(frozen=True)
class Film:
    seconds: int
    size: str = SIZE
    mbits: int = 17
    codec: tuple[str, ...] = ()


FILMS = {
    "video_pipeline": Film(15),
    "video_pipeline_short": Film(6),
    "video_pipeline_480": Film(30, "480x854", 2),
    "video_pipeline_hevc": Film(6, codec=HEVC),
}
CHEAPEST, CUT = "video_pipeline_480", "video_pipeline_short"
UPLOAD_MB, PIECE_MB = 64, 8
EVENTS = 20
"""In one batch, as a page with a screen of cards sends them."""
BATCHES = 500
SECONDS = 4.0


def films(rounds: int) -> list[Result]:
    from market.media import ffmpeg, transcode
    from market.media.config import config, configure
    from market.media.probe import probe

    configure(replace(config(), niceness=0))
    rows: list[Result] = []
    try:
        with TemporaryDirectory() as folder:
            for name, kind in FILMS.items():
                source = film(
                    Path(folder, name), ffmpeg.binary(), *kind.codec, seconds=kind.seconds, size=kind.size, mbits=kind.mbits
                )  # fmt: skip
                plan = transcode.Plan(probe(source, source.name))
                rows += _pipeline(name, kind, source, plan, rounds)
                if name == CHEAPEST:
                    rows += [*_guarded(kind, source, plan, rounds), *_stills(kind, source, plan, rounds)]
                if name == CUT:
                    rows += _edited(source, plan, rounds)
    finally:
        configure(None)
    return rows


def _pipeline(name: str, kind: "Film", source: Path, plan: Any, rounds: int) -> list[Result]:
    from market.media import transcode
    from market.media.probe import probe
    from market.media.run import SILENT

    def whole() -> None:
        with TemporaryDirectory() as out:
            transcode.make(source, Path(out), transcode.Plan(probe(source, source.name)))

    def loudness() -> None:
        limits = transcode.limits_for(plan.film.duration_s)
        transcode.measure(transcode.measure_command(source), plan, limits, cwd=source.parent, watch=SILENT)

    return side_by_side(
        lambda: _bare_ladder(source, plan),
        {name: whole},
        amount=kind.seconds,
        rounds=rounds,
        reference="the bare ffmpeg command of the same ladder",
        unit=UNIT,
        source=f"{kind.size}, 30 fps, {kind.seconds} s, {plan.film.video_codec}",
        ladder=plan.sides,
        look_cpu_s=cpu_of(lambda: probe(source, source.name), rounds=rounds),
        loudness_cpu_s=cpu_of(loudness, rounds=rounds),
    )


def _guarded(kind: "Film", source: Path, plan: Any, rounds: int) -> list[Result]:
    from market.media import transcode
    from market.media.run import run as confined

    def guarded() -> None:
        with _rungs(plan) as out:
            limits = transcode.limits_for(plan.film.duration_s)
            transcode.judge(confined(transcode.ladder_command(source, out, plan), limits, cwd=out))

    return side_by_side(
        lambda: _bare_ladder(source, plan),
        {"video_ladder": guarded},
        amount=kind.seconds,
        rounds=rounds,
        reference="the bare ffmpeg command of the same ladder",
        unit=UNIT,
    )


def _stills(kind: "Film", source: Path, plan: Any, rounds: int) -> list[Result]:
    """What the pictures take beside the ladder: the same decoding and scaling, nothing encoded for the rungs."""
    from market.media import ffmpeg, transcode

    def scaled(*more: str, stills: bool) -> None:
        with TemporaryDirectory() as out:
            nothing = [
                word for at in range(len(plan.sides)) for word in ("-map", f"[v{at}]", "-map", f"[a{at}]")
            ]
            graph = transcode.graph(plan, transcode.SILENCE, stills=stills)
            command = [
                ffmpeg.binary(),
                "-nostdin",
                "-i",
                str(source),
                "-filter_complex",
                graph,
                *nothing,
                "-f",
                "null",
                "-",
            ]
            _bare([*command, *(transcode.still_outputs(Path(out)) if stills else more)], Path(out))

    rows = side_by_side(
        lambda: scaled(stills=False),
        {"video_stills": lambda: scaled(stills=True)},
        amount=1,
        rounds=rounds,
        reference="the film decoded and scaled, without them",
        unit="films per CPU second",
        made="poster, sprite, preview and the look for black and silence",
    )
    for row in rows:
        row.details["stills_cpu_s"] = round(row.details["cpu_s"] - row.details["reference_cpu_s"], 3)
    return rows


def _edited(source: Path, plan: Any, rounds: int) -> list[Result]:
    from market.media import cut, letters
    from market.media.run import SILENT

    edit = cut.Cut.read(_edit(source))
    sources = {str(source): (source, plan.film)}
    bench = cut.Bench(edit, sources)
    with TemporaryDirectory() as written:
        length = bench.plan.film.duration_s - 1 / bench.fps
        letters.lay(edit.shown, bench.plan.sides[0], length, Path(written), SILENT)

        def bare() -> None:
            with _rungs(bench.plan) as out:
                _bare(cut.ladder_command(bench, out), Path(written))

        def rendered() -> None:
            with TemporaryDirectory() as desk, TemporaryDirectory() as out:
                cut.make(edit, sources, Path(desk), Path(out), SILENT)

        return side_by_side(
            bare,
            {"video_edit": rendered},
            amount=sum(bench.seconds),
            rounds=rounds,
            reference="the bare ffmpeg command of the same edit",
            unit=UNIT,
            clips=len(edit.clips),
        )


@contextmanager
def _rungs(plan: Any) -> Iterator[Path]:
    """A folder as a ladder command wants it."""
    with TemporaryDirectory() as out:
        for side in plan.sides:
            Path(out, str(side)).mkdir()
        yield Path(out)


def _bare_ladder(source: Path, plan: Any) -> None:
    from market.media import transcode

    with _rungs(plan) as out:
        _bare(transcode.ladder_command(source, out, plan), out)


def _bare(command: list[str], cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def _edit(source: Path) -> dict[str, Any]:
    """Two clips in another order, one written line."""
    clip = {"source": str(source), "filename": source.name, "focus_x": 5000, "focus_y": 5000}
    spans = ((3000, 3000 + CLIP_MS), (0, CLIP_MS))
    return {
        "clips": [clip | {"in_ms": start, "out_ms": end} for start, end in spans],
        "texts": [
            {"text": "手绘青花", "start_ms": 500, "end_ms": 1500, "x": 5000, "y": 8000, "size": "medium"}
        ],
        "captions": [],
        "burn_captions": False,
        "sound_level": 100,
        "music": None,
        "cover_ms": None,
    }


def uploads(rounds: int) -> list[Result]:
    """A file in pieces by tus, checked, hashed and stored, beside one POST whose body is written to a file."""
    whole = secrets.token_bytes(UPLOAD_MB << 20)
    with TemporaryDirectory() as media, product("upload") as (app, url, _conninfo):
        key = _key(app)
        env = {"DATABASE_URL": url, "VTASK_MEDIA_DIR": media, "BENCH_FOLDER": media}
        with granian("bench.bare:app", "/", **env) as bare, granian("wsgi:app", "/healthz", **env) as ours:

            def plain() -> float:
                begin = time.monotonic()
                _ask(bare, "POST", "/file", whole, {"Content-Type": "application/octet-stream"}, 204)
                return UPLOAD_MB / (time.monotonic() - begin)

            def tus() -> float:
                begin = time.monotonic()
                common = {"Authorization": f"Bearer {key}", "Tus-Resumable": "1.0.0"}
                name = b64encode(b"film.bin").decode()
                new = {"Upload-Length": str(len(whole)), "Upload-Metadata": f"filename {name},kind ZmlsZQ=="}
                where = _ask(ours, "POST", "/api/v1/uploads", b"", common | new, 201)["location"]
                for at in range(0, len(whole), PIECE_MB << 20):
                    piece = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
                    _ask(ours, "PATCH", where, whole[at : at + (PIECE_MB << 20)], common | piece, 204)
                return UPLOAD_MB / (time.monotonic() - begin)

            return take_turns(
                plain,
                {"video_upload": tus},
                rounds=rounds,
                reference="one POST to a bare Flask page that writes it to a file",
                unit="MB/s",
                megabytes=UPLOAD_MB,
                pieces=UPLOAD_MB // PIECE_MB,
            )


def _key(app: Any) -> str:
    from market.accounts import service
    from market.accounts.actor import Role
    from market.kit.db import db, transaction

    with app.app_context():
        with transaction():
            made = service.admit(
                email="bench@example.com", password_hash="-", name="Bench", role=Role.MERCHANT
            )
            _row, secret = service.make_key(made.person_id, made.party_id, label="bench")
        db.engine.dispose()
    return secret


def _ask(
    port: int, method: str, path: str, body: bytes, headers: dict[str, str], wanted: int
) -> dict[str, str]:
    """The answer's headers. Raises RuntimeError on any other status."""
    line = HTTPConnection("127.0.0.1", port, timeout=120)
    line.request(method, path.removeprefix(f"http://127.0.0.1:{port}"), body, headers)
    answer = line.getresponse()
    said = answer.read()
    if answer.status != wanted:
        raise RuntimeError(f"{method} {path}: {answer.status} {said[:500]!r}")
    return {name.lower(): value for name, value in answer.getheaders()}


def views(rounds: int) -> list[Result]:
    """Batches of views taken in, and the sums made of what was taken."""
    from market.audience import counting
    from market.audience.buffer import buffer

    with product("views") as (app, url, conninfo):
        secret = app.config["SECRET_KEY"]
        line = buffer(os.environ["REDIS_URL"], url)

        def emptied() -> None:
            line.redis.delete(line.name, line._work, f"{line.name}:refused")

        with (
            granian("bench.bare:app", "/") as bare,
            granian("wsgi:app", "/healthz", DATABASE_URL=url) as ours,
        ):
            bodies = [_batch(secret) for _ in range(BATCHES)]

            def taken() -> float:
                rate = _posts_per_second(ours, "/api/v1/views", bodies) * EVENTS
                emptied()
                return rate

            intake = take_turns(
                lambda: _posts_per_second(bare, "/views", bodies) * EVENTS,
                {"video_views": taken},
                rounds=rounds,
                reference="a bare Flask page that answers 204 to the same batches",
                unit="events/s",
                clients=CLIENTS,
                events_in_a_batch=EVENTS,
            )

        def counted() -> float:
            for _ in range(BATCHES):
                line.put(_told())
            with app.app_context():
                begin = time.monotonic()
                taken = counting.drain(line)
                return taken / (time.monotonic() - begin)

        with _plain_table(conninfo) as insert:
            count = take_turns(
                insert,
                {"video_views_counted": counted},
                rounds=rounds,
                reference="a bare INSERT of as many rows into a table with the same key",
                unit="events/s",
                batches=BATCHES,
            )
        emptied()
        return [*intake, *count]


def _batch(secret: str) -> bytes:
    from market.audience.tokens import Kind, Surface, placement_token, visit_token

    places = [placement_token(Kind.VIDEO, Surface.DISCOVER, uuid4(), secret) for _ in range(EVENTS)]
    visit = visit_token(secrets.token_urlsafe(9), None, time.time(), secret)
    return json.dumps({"visit": visit, "events": [f"{place}.exposure" for place in places]}).encode()


def _told() -> dict[str, Any]:
    """A batch as the buffer holds it; works are seen again and again, viewers are new."""
    at = int(time.time())
    seen = [["video", "discover", f"{secrets.randbelow(1000):032x}", n % 4] for n in range(EVENTS)]
    return {"at": at, "issued": at, "visit": secrets.randbits(63), "person": None, "seen": seen}


@contextmanager
def _plain_table(conninfo: str) -> Iterator[Callable[[], float]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE bare (visit bigint, entry uuid, event int, PRIMARY KEY (visit, entry, event))"
        )

        def insert() -> float:
            rows = BATCHES * EVENTS
            visits = [secrets.randbits(63) for _ in range(rows)]
            entries = [uuid4() for _ in range(rows)]
            begin = time.monotonic()
            connection.execute(
                "INSERT INTO bare SELECT *, 0 FROM unnest(%s::bigint[], %s::uuid[])", (visits, entries)
            )
            return rows / (time.monotonic() - begin)

        yield insert
        connection.execute("DROP TABLE bare")


def _posts_per_second(port: int, path: str, bodies: list[bytes]) -> float:
    """All clients send batches for a while, each over one connection."""
    sent = [0] * CLIENTS
    failures: list[Exception] = []
    end = time.monotonic() + SECONDS

    def send(n: int) -> None:
        try:
            line = HTTPConnection("127.0.0.1", port, timeout=30)
            while time.monotonic() < end:
                line.request(
                    "POST",
                    path,
                    bodies[(n + sent[n] * CLIENTS) % BATCHES],
                    {"Content-Type": "application/json"},
                )
                answer = line.getresponse()
                answer.read()
                if answer.status != 204:
                    raise RuntimeError(f"{path}: {answer.status}")
                sent[n] += 1
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(CLIENTS)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(sent) / (time.monotonic() - begin)


PARTS: dict[str, Callable[[int], list[Result]]] = {
    "films": films,
    "uploads": uploads,
    "views": views,
    "beside_pages": intake.run,
    "hostile": hostile.run,
}
