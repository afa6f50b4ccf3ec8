"""A page's latency while views are taken in and counted, beside the same page on the same server without them.

`python -m bench.intake send|count` are the two other processes: what pages send, at a steady rate, and the worker that
adds it up.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from bench.cost import cpu_s, family, postgresql_s
from bench.pages import POSTS, TASKS, sign_in
from bench.rounds import Result
from bench.web import ROOT, Client, served
from bench.world import World, add_shop_window, open_app, world

VIEWS = "/api/v1/views"
ASKED = 5_000
"""Events in a second that have to be accepted; a little more is sent."""
SENT = 5_500
SENDERS = 4
SECONDS = 5.0
WARM_S = 0.5
TOOK = b"x-thread-us"
"""What bench/metered.py tells, as bench/web.py reads it."""
PAGES_PER_S = 10.0
"""Asked for by one reader, with and without views; who is late asks again at once."""


@dataclass(frozen=True)
class Spell:
    """What happened in a spell of `SECONDS`, in seconds: how long each page took and what processor time on its thread;
    processor time of web, counting and sending."""

    pages: list[float]
    pages_cpu: list[float]
    web_s: float
    counting_s: float = 0.0
    sending_s: float = 0.0
    accepted: float = 0.0
    """Events per second."""


def run(rounds: int) -> list[Result]:
    from bench.video import BATCHES, _batch

    calm: list[Spell] = []
    busy: list[Spell] = []
    alone: list[Spell] = []
    bare: list[Spell] = []
    aside: list[Spell] = []
    with world() as market, TemporaryDirectory() as folder:
        add_shop_window(market.conninfo, TASKS, POSTS)
        cookie, _order = sign_in(market)
        bodies = Path(folder, "bodies")
        secret = market.app.config["SECRET_KEY"]
        bodies.write_bytes(b"\n".join(_batch(secret) for _ in range(BATCHES)))
        with (
            served("bench.metered:app", "/healthz", DATABASE_URL=market.url) as ours,
            served("bench.bare:app", "/") as other,
        ):
            _spell(market, ours, cookie, bodies)  # does not count
            for _ in range(rounds):
                calm.append(_spell(market, ours, cookie))
                busy.append(_spell(market, ours, cookie, bodies))
                aside.append(_spell(market, ours, cookie, bodies, path="/views", to=other[0]))
                bare.append(_spell(market, other, None, bodies, path="/views"))
                alone.append(_spell(market, ours, None, bodies))
    return _rows(calm, busy, aside, alone, bare)


def _rows(
    calm: list[Spell], busy: list[Spell], aside: list[Spell], alone: list[Spell], bare: list[Spell]
) -> list[Result]:
    same = "the same page on the same server, no views coming in"

    def latency(
        name: str, of: Callable[[list[float]], float], to: str = same, than: list[Spell] = calm
    ) -> Result:
        mine, other = ([1 / of(each.pages) for each in spells] for spells in (busy, than))
        return Result(name, to, "1/s of latency", mine, other, {"page": "/tasks", "pages_per_s": PAGES_PER_S})

    def p95(spell: list[float]) -> float:
        return quantiles(spell, n=20)[-1]

    # The senders stand for the outside and take their part of the cores: what they take, the bare page's batches take.
    outside = "the same page while the same batches go to a bare Flask page on this machine"

    def events_per_cpu_s(spells: list[Spell]) -> list[float]:
        return [each.accepted * SECONDS / each.web_s for each in spells]

    door = events_per_cpu_s(alone)
    meanwhile, pages = (
        [len(each.pages_cpu) / sum(each.pages_cpu) for each in spells] for spells in (busy, calm)
    )
    seconds = {
        "web": median(each.web_s / SECONDS for each in alone),
        "counting, with PostgreSQL": median(each.counting_s / SECONDS for each in alone),
        "sending, of the bench": median(each.sending_s / SECONDS for each in alone),
        "pages": median(each.web_s / SECONDS for each in calm),
    }
    return [
        Result(
            "views_beside_pages",
            f"{ASKED:,} events/s",
            "events/s accepted",
            [each.accepted for each in busy],
            [float(ASKED)] * len(busy),
            {
                "sent": SENT,
                "counted": "meanwhile",
                "cores_used": {name: round(at, 3) for name, at in seconds.items()},
            },
        ),
        latency("page_median_beside_views", median),
        latency("page_p95_beside_views", p95),
        latency("page_median_beside_bare", median, outside, aside),
        latency("page_p95_beside_bare", p95, outside, aside),
        Result("page_cpu_beside_views", same, "pages per CPU second of their threads", meanwhile, pages),
        Result(
            "views_cpu",
            "a bare Flask page that answers 204 to the same batches at the same rate",
            "events per CPU second of the web",
            door,
            events_per_cpu_s(bare),
        ),
        Result(
            "views_counting_cpu",
            f"{ASKED:,} events/s on one core",
            "events per CPU second of counter and PostgreSQL",
            [each.accepted * SECONDS / each.counting_s for each in alone],
            [float(ASKED)] * len(alone),
        ),
    ]


def _spell(
    market: World,
    web: tuple[int, int],
    cookie: str | None,
    bodies: Path | None = None,
    path: str = VIEWS,
    to: int | None = None,
) -> Spell:
    """One spell, with a reader who has this cookie, and with these views coming in (or going `to` another port) and
    counted."""
    port, leader = web
    if bodies is None:
        before = cpu_s(family(leader))
        pages, pages_cpu = _latencies(port, cookie)
        return Spell(pages, pages_cpu, cpu_s(family(leader)) - before)
    with _counted(market.url) as counter, _sent(to or port, bodies, path) as (sender, taken):

        def used() -> tuple[float, float, float]:
            counting = cpu_s([counter]) + postgresql_s(market.conninfo)
            return cpu_s(family(leader)), counting, cpu_s([sender])

        before_each = used()
        pages, pages_cpu = _latencies(port, cookie)
        web_s, counting_s, sending_s = (now - before for now, before in zip(used(), before_each, strict=True))
    return Spell(pages, pages_cpu, web_s, counting_s, sending_s, taken())


def _latencies(port: int, cookie: str | None) -> tuple[list[float], list[float]]:
    """Of one reader who asks at the set rate, and the processor time of each page; without a cookie none reads, and the
    time passes."""
    if cookie is None:
        time.sleep(SECONDS)
        return [], []
    client = Client(port, "/tasks", cookie)
    found: list[float] = []
    cpu: list[float] = []
    due = time.monotonic()
    end = due + SECONDS
    while (begin := time.monotonic()) < end:
        if begin < due:
            time.sleep(due - begin)
            continue
        client.ask()
        found.append(time.monotonic() - begin)
        cpu.append(int(client.headers[TOOK]) / 1e6)
        due = max(due + 1 / PAGES_PER_S, begin)
    return found, cpu


@contextmanager
def _sent(port: int, bodies: Path, path: str) -> Iterator[tuple[int, Callable[[], float]]]:
    """While the block runs views come in: the sender's process, and afterwards the events accepted per second.

    Raises RuntimeError."""
    span = SECONDS + 2 * WARM_S
    command = [sys.executable, "-m", "bench.intake", "send", str(port), path, str(bodies), str(span)]
    sender = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    said: list[str] = []
    try:
        assert sender.stdout
        sender.stdout.readline()  # it has begun
        time.sleep(WARM_S)
        yield sender.pid, lambda: float(said[0])
    finally:
        said.append(sender.communicate()[0])
        if sender.returncode:
            raise RuntimeError(f"the sender ended with {sender.returncode}")


@contextmanager
def _counted(url: str) -> Iterator[int]:
    """The counter's process."""
    counter = subprocess.Popen(
        [sys.executable, "-m", "bench.intake", "count", url], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert counter.stdout
        counter.stdout.readline()  # it has begun
        yield counter.pid
    finally:
        failed = counter.poll()
        counter.terminate()
        counter.wait()
        if failed is not None:
            raise RuntimeError(f"the counter ended with {failed}")


def send(port: int, path: str, bodies: Path, span: float) -> float:
    """At the set rate; late ones at once. Events accepted per second of the span."""
    batches = bodies.read_bytes().split(b"\n")
    in_a_batch = len(json.loads(batches[0])["events"])
    every = SENDERS * in_a_batch / SENT
    sent = [0] * SENDERS
    print("begun", flush=True)
    begin = time.monotonic()

    def stream(n: int) -> None:
        line = socket.create_connection(("127.0.0.1", port), timeout=30)
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: "
        due = begin + every * n / SENDERS
        while (now := time.monotonic()) < begin + span:
            time.sleep(max(0.0, due - now))
            body = batches[(n + sent[n] * SENDERS) % len(batches)]
            line.sendall(f"{head}{len(body)}\r\n\r\n".encode() + body)
            answer = line.recv(65536)
            while b"\r\n\r\n" not in answer:
                answer += line.recv(65536)
            if not answer.startswith(b"HTTP/1.1 204"):
                os.write(2, answer)
                os._exit(1)
            sent[n] += 1
            due += every

    threads = [threading.Thread(target=stream, args=(n,)) for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sent) * in_a_batch / (time.monotonic() - begin)


def count(url: str) -> None:
    """What workers do as long as something waits: the relay rings once a second."""
    from market.audience import counting
    from market.audience.buffer import buffer
    from workers.jobs import COUNTING_NICE

    app = open_app(url)
    os.nice(COUNTING_NICE)
    line = buffer(os.environ["REDIS_URL"], url)
    print("begun", flush=True)
    while True:
        with app.app_context():
            counting.drain(line)
        time.sleep(1)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["send", port, path, bodies, span]:
            print(send(int(port), path, Path(bodies), float(span)))
        case ["count", url]:
            count(url)
