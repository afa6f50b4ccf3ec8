"""Machines that are started at once migrate one after the other."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
from flask import Flask

from tests.conftest import build_schema

LOCK = "hashtextextended('vtask.migrations', 0)"


def test_who_comes_second_waits_and_finds_it_done(app: Flask, database_url: str):
    def migrate() -> str:
        with app.app_context():
            build_schema()
        return "done"

    def waiting() -> bool:
        return bool(
            first.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
            ).fetchone()[0]
        )

    with (
        psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as first,
        ThreadPoolExecutor(1) as pool,
    ):
        first.execute(f"SELECT pg_advisory_lock({LOCK})")
        second = pool.submit(migrate)
        while not waiting() and not second.done():
            time.sleep(0.02)
        assert not second.done(), "it did not wait"
        first.execute(f"SELECT pg_advisory_unlock({LOCK})")

        assert second.result() == "done"
