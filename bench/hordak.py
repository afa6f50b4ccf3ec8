"""django-hordak's three-leg posting: installed into a throw-away environment, on a database of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from bench.rounds import Measure
from bench.server import Missing, database

PACKAGES = ("django-hordak==2.0.0", "psycopg[binary]==3.3.9")
SIDE = Path(__file__).with_name("hordak_side.py")
SECONDS = 4.0


@contextmanager
def posting() -> Iterator[Measure]:
    """Transactions per second of its processes. Raises Missing where the packages cannot be had."""
    with tempfile.TemporaryDirectory() as folder, database("hordak") as conninfo:
        python = install(Path(folder))
        where = conninfo_to_dict(conninfo)
        names = {
            "host": "PGHOST",
            "port": "PGPORT",
            "user": "PGUSER",
            "password": "PGPASSWORD",
            "dbname": "PGDATABASE",
        }
        env = {**os.environ, **{names[key]: str(value) for key, value in where.items() if key in names}}
        env.pop("PYTHONPATH", None)
        done = subprocess.run(
            [python, "-P", str(SIDE), "prepare"],
            env=env,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"django-hordak cannot be prepared: {done.stderr[-1500:]}")
        with subprocess.Popen(
            [python, "-P", str(SIDE), "post"],
            env=env,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin and process.stdout
            said, asked = process.stdout, process.stdin
            said.readline()  # ready

            def measure() -> float:
                asked.write(f"go {SECONDS}\n")
                asked.flush()
                return float(said.readline())

            try:
                yield measure
            finally:
                asked.close()


def install(folder: Path) -> str:
    """A Python that has django-hordak and nothing of ours."""
    python = str(folder / "bin" / "python")
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"{PACKAGES[0]} cannot be installed: {(done.stderr or done.stdout)[-300:].strip()}")
    return python
