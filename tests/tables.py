"""Tables emptied between tests, and rows put back as they once were: by the owner, a round trip each.

A connection of the owner's stays open for it. A new one would have to read the description of every table first, which
takes longer than the work.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from flask import current_app
from psycopg.types.json import Jsonb
from sqlalchemy.engine import make_url

from market.kit.db import db

KEPT = {"alembic_version", "campaign_seasons"}
"""What the migrations wrote, and no test changes."""

# The triggers of append-only tables rest for the moment. A server of the suite's own lets the owner say so for its
# session; on any other each table is altered, whereupon every statement that names it is planned anew.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION pg_temp.full_tables() RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY({holds});
END $$;

CREATE OR REPLACE FUNCTION pg_temp.triggers(tables text[], what text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    PERFORM set_config('session_replication_role', CASE what WHEN 'DISABLE' THEN 'replica' ELSE 'origin' END, true);
EXCEPTION WHEN insufficient_privilege THEN
    FOR name IN SELECT relname FROM pg_class WHERE relname = ANY(tables)
        AND oid IN (SELECT tgrelid FROM pg_trigger WHERE NOT tgisinternal)
    LOOP
        EXECUTE format('ALTER TABLE %I %s TRIGGER USER', name, what);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    tables text[] := pg_temp.full_tables();
    name text;
BEGIN
    PERFORM pg_temp.triggers(tables, 'DISABLE');
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    PERFORM pg_temp.triggers(tables, 'ENABLE');
    PERFORM setval(seq, 1, false) FROM (VALUES {numbered}) AS numbered (name, seq) WHERE numbered.name = ANY(tables);
END $$;

CREATE OR REPLACE FUNCTION pg_temp.look_at(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ANALYZE %I', name);
END $$;

CREATE OR REPLACE FUNCTION pg_temp.take() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    tables text[] := pg_temp.full_tables();
    all_rows jsonb := '[]';
    rows jsonb;
    name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('SELECT jsonb_agg(to_jsonb(t)) FROM %I t', name) INTO rows;
        all_rows := jsonb_build_array(jsonb_build_array(name, rows)) || all_rows;  -- those that others point at first
    END LOOP;
    RETURN all_rows;
END $$;

CREATE OR REPLACE FUNCTION pg_temp.put(all_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each jsonb;
BEGIN
    FOR each IN SELECT * FROM jsonb_array_elements(all_rows) LOOP
        EXECUTE format(
            'INSERT INTO %1$I OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::%1$I, $1)', each->>0
        ) USING each->1;
        PERFORM setval(seq, jsonb_array_length(each->1)) FROM (VALUES {numbered}) AS numbered (name, seq)
        WHERE numbered.name = each->>0;
    END LOOP;
END $$;
"""
NUMBERED = """SELECT table_name, pg_get_serial_sequence(table_name, column_name) FROM information_schema.columns
    WHERE is_identity = 'YES' AND table_schema = 'public'"""

_open: dict[str, psycopg.Connection] = {}


def empty() -> None:
    """Delete every row of every table, and begin to count anew.

    DELETE, and only from what holds something: a test touches a few tables of many, and a TRUNCATE of people or
    parties cascades into nearly all of them, a new file each.
    """
    _ask("SELECT pg_temp.empty()")


class Rows:
    """All that was in the tables at one moment; `put` brings it back under new keys."""

    def __init__(self) -> None:
        self.text: str = json.dumps(_ask("SELECT pg_temp.take()"))
        self.keys = sorted(set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", self.text)))

    def put(self) -> Callable[[UUID], UUID]:
        """Into empty tables; returns what an old key is called now."""
        new: list[UUID] = _ask("SELECT array_agg(uuidv7()) FROM generate_series(1, %s)", len(self.keys))
        called = dict(zip(self.keys, new, strict=True))
        text = self.text
        for old, key in called.items():
            text = text.replace(old, str(key))
        _ask("SELECT pg_temp.put(%s)", Jsonb(json.loads(text)))
        return lambda old: called[str(old)]


def analyze(table: str) -> None:
    """Let the planner know what is in it. The role of the web may not, and is only warned."""
    _ask("SELECT pg_temp.look_at(%s)", table)


def _ask(statement: str, *values: object) -> Any:
    """What the statement answers, in a transaction of its own."""
    url = make_url(current_app.config["SETTINGS"].owner_database_url).set(drivername="postgresql")
    conninfo = url.render_as_string(hide_password=False)
    try:
        return _row(_open.get(conninfo) or _opened(conninfo), statement, values)
    except psycopg.OperationalError:  # a test ended every session, or the server
        return _row(_opened(conninfo), statement, values)


def _row(connection: psycopg.Connection, statement: str, values: tuple[object, ...]) -> Any:
    row = connection.execute(statement, values).fetchone()
    assert row
    return row[0]


def _opened(conninfo: str) -> psycopg.Connection:
    connection = psycopg.connect(conninfo, autocommit=True, application_name="vtask owner")
    names = [table.name for table in reversed(db.metadata.sorted_tables) if table.name not in KEPT]
    holds = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in names)
    numbered = ", ".join(
        f"('{table}', '{sequence}')" for table, sequence in connection.execute(NUMBERED).fetchall()
    )
    connection.execute(FUNCTIONS.replace("{holds}", holds).replace("{numbered}", numbered))
    _open[conninfo] = connection
    return connection
