"""`python -m stripe_local [--ready-file F]`: serve until SIGINT or SIGTERM."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from stripe_local.app import create_app
from stripe_local.engine import Engine
from stripe_local.settings import BadSettings, Settings

log = logging.getLogger("stripe_local")


class Handler(WSGIRequestHandler):
    """Quiet, keep-alive, and without Nagle's pause between headers and body."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        log.debug("%s %s %s", self.command, self.path, code)


class Server(ThreadedWSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


def main() -> int:
    parser = argparse.ArgumentParser(prog="stripe_local", description="A Stripe that runs on this machine.")
    parser.add_argument("--ready-file", type=Path, help="write {url, pid, platform} here once it answers")
    arguments = parser.parse_args()
    logging.basicConfig(
        level=os.environ.get("STRIPE_LOCAL_LOG", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    try:
        settings = Settings.from_environ()
        engine = Engine(settings)
        server = Server(settings.host, settings.port, create_app(engine), Handler)
    except BadSettings as error:
        sys.stderr.write(f"stripe_local: {error}\n")
        return 2
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{server.server_port}"
    engine.base_url = settings.public_url or url
    engine.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"Local Stripe at {url} (sandbox: no real money moves)\n")
    sys.stdout.flush()
    if arguments.ready_file:
        _write_whole(arguments.ready_file, {"url": url, "pid": os.getpid(), "platform": engine.platform})
    try:
        server.serve_forever(poll_interval=0.2)
    finally:
        server.server_close()
        engine.stop()
    return 0


def _write_whole(path: Path, value: object) -> None:
    """Nobody reads half of it."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value), encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
