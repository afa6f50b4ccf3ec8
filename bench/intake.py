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
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from bench.pages import POSTS, TASKS, sign_in
from bench.rounds import Result
from bench.web import ROOT, Client, granian
from bench.world import add_shop_window, open_app, world

ASKED = 5_000
"""Events in a second that have to be accepted; a little more is sent."""
SENT = 5_500
SENDERS = 4
SECONDS = 8.0
WARM_S = 1.0


def run(rounds: int) -> list[Result]:
    from bench.video import BATCHES, _batch

    with world() as market, TemporaryDirectory() as folder:
        add_shop_window(market.conninfo, TASKS, POSTS)
        cookie, _order = sign_in(market)
        bodies = Path(folder, "bodies")
        secret = market.app.config["SECRET_KEY"]
        bodies.write_bytes(b"\n".join(_batch(secret) for _ in range(BATCHES)))
        with granian("wsgi:app", "/healthz", DATABASE_URL=market.url) as port:
            alone: list[list[float]] = []
            beside: list[list[float]] = []
            accepted: list[float] = []
            for counts in [False] + [True] * rounds:
                calm = _latencies(port, cookie)
                with _counted(market.url), _sent(port, bodies) as taken:
                    busy = _latencies(port, cookie)
                if counts:
                    alone.append(calm)
                    beside.append(busy)
                    accepted.append(taken())
    same = "the same page on the same server, no views coming in"

    def row(name: str, of: Callable[[list[float]], float]) -> Result:
        return Result(
            name,
            same,
            "1/s of latency",
            [1 / of(each) for each in beside],
            [1 / of(each) for each in alone],
            {"page": "/tasks", "events_per_s": round(median(accepted))},
        )

    return [
        Result(
            "views_beside_pages",
            f"{ASKED:,} events/s",
            "events/s accepted",
            accepted,
            [float(ASKED)] * rounds,
            {"sent": SENT, "counted": "meanwhile"},
        ),
        row("page_median_beside_views", median),
        row("page_p95_beside_views", lambda each: quantiles(each, n=20)[-1]),
    ]


def _latencies(port: int, cookie: str) -> list[float]:
    """One reader who asks again as soon as it is answered."""
    client = Client(port, "/tasks", cookie)
    found, end = [], time.monotonic() + SECONDS
    while (begin := time.monotonic()) < end:
        client.ask()
        found.append(time.monotonic() - begin)
    return found


@contextmanager
def _sent(port: int, bodies: Path) -> Iterator[Callable[[], float]]:
    """While the block runs views come in; afterwards the events accepted per second. Raises RuntimeError."""
    span = SECONDS + 2 * WARM_S
    command = [sys.executable, "-m", "bench.intake", "send", str(port), str(bodies), str(span)]
    sender = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    time.sleep(WARM_S)
    said: list[str] = []
    try:
        yield lambda: float(said[0])
    finally:
        said.append(sender.communicate()[0])
        if sender.returncode:
            raise RuntimeError(f"the sender ended with {sender.returncode}")


@contextmanager
def _counted(url: str) -> Iterator[None]:
    counter = subprocess.Popen([sys.executable, "-m", "bench.intake", "count", url], cwd=ROOT)
    try:
        yield
    finally:
        failed = counter.poll()
        counter.terminate()
        counter.wait()
        if failed is not None:
            raise RuntimeError(f"the counter ended with {failed}")


def send(port: int, bodies: Path, span: float) -> float:
    """At the set rate; late ones at once. Events accepted per second of the span."""
    batches = bodies.read_bytes().split(b"\n")
    in_a_batch = len(json.loads(batches[0])["events"])
    every = SENDERS * in_a_batch / SENT
    sent = [0] * SENDERS
    begin = time.monotonic()

    def stream(n: int) -> None:
        line = socket.create_connection(("127.0.0.1", port), timeout=30)
        head = f"POST /api/v1/views HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: "
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

    app = open_app(url)
    line = buffer(os.environ["REDIS_URL"], url)
    while True:
        with app.app_context():
            counting.drain(line)
        time.sleep(1)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["send", port, bodies, span]:
            print(send(int(port), Path(bodies), float(span)))
        case ["count", url]:
            count(url)
