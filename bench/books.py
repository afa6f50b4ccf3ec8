"""A ledger to measure: the product's own tables and functions, a hundred thousand funded milestones."""

from pathlib import Path

import psycopg
from sqlalchemy import create_engine

from bench.server import vacuum
from market.kit.db import Base
from market.ledger import models

MILESTONES, CREATORS, AGENCIES = 100_000, 10_000, 100

SCHEMA = Path(models.__file__).with_name("schema.sql")

# Owners are numbers written as uuids: milestones and creators from 1, agencies from 1,000,001.
OWNER = "lpad(to_hex({}::int), 32, '0')::uuid"
NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"

FILL = f"""
SELECT ledger_post('charge', 'charge:all', 'CNY', 'bench', uuidv7(),
    ARRAY['SC'], ARRAY[{NOBODY}], ARRAY['EU'], ARRAY[{OWNER.format(1)}], ARRAY[{MILESTONES} * 1000000000000]);
SELECT count(ledger_post('award', 'award:' || n, 'CNY', 'bench', uuidv7(),
    array_fill('EU'::text, ARRAY[1000]), array_fill({OWNER.format(1)}, ARRAY[1000]),
    array_fill('EM'::text, ARRAY[1000]),
    (SELECT array_agg({OWNER.format("n * 1000 + i")}) FROM generate_series(1, 1000) i),
    array_fill(1000000000000, ARRAY[1000])))
FROM generate_series(0, {MILESTONES // 1000 - 1}) n;
SELECT count(ledger_post('release', 'release:first:' || n, 'CNY', 'bench', uuidv7(),
    array_fill('EM'::text, ARRAY[100]), array_fill({OWNER.format(1)}, ARRAY[100]),
    array_fill('PP'::text, ARRAY[100]), (SELECT array_agg({OWNER.format("n * 100 + i")}) FROM generate_series(1, 100) i),
    array_fill(1::bigint, ARRAY[100])))
FROM (SELECT generate_series(0, {CREATORS // 100 - 1}) UNION ALL SELECT {1_000_000 // 100}) payees (n);
SELECT ledger_checkpoint();
"""

RELEASE = f"""\\set milestone random(1, {MILESTONES})
\\set creator random(1, {CREATORS})
\\set agency random(1000001, {1_000_000 + AGENCIES})
SELECT ledger_post('release', 'release:' || uuidv7(), 'CNY', 'milestone', uuidv7(),
    ARRAY['EM', 'EM', 'EM'], array_fill({OWNER.format(":milestone")}, ARRAY[3]),
    ARRAY['PP', 'PP', 'FEE'], ARRAY[{OWNER.format(":creator")}, {OWNER.format(":agency")}, {NOBODY}],
    ARRAY[9000, 500, 500]::bigint[]);
"""

INTO_ONE = f"""\\set milestone random(1, {MILESTONES})
SELECT ledger_post('release', 'release:' || uuidv7(), 'CNY', 'milestone', uuidv7(),
    ARRAY['EM'], ARRAY[{OWNER.format(":milestone")}], ARRAY['{{kind}}'], ARRAY[{{owner}}], ARRAY[500]::bigint[]);
"""
INTO_HOT = INTO_ONE.format(kind="FEE", owner=NOBODY)
INTO_COLD = INTO_ONE.format(kind="PP", owner=OWNER.format(1))


def build(conninfo: str) -> None:
    """Tables, functions, money."""
    engine = create_engine("postgresql://", creator=lambda: psycopg.connect(conninfo))
    with engine.begin() as connection:
        tables = [table for table in Base.metadata.sorted_tables if table.name.startswith("ledger_")]
        Base.metadata.create_all(connection, tables)
        for script in (SCHEMA.read_text("utf-8"), FILL):
            connection.exec_driver_sql(script, execution_options={"no_parameters": True})
    engine.dispose()
    vacuum(conninfo)


def wrong(conninfo: str) -> int:
    """What is off: the sum of all accounts, each taken from the side that makes it grow. 0 when the books are right."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT sum(sign * ledger_amount(id)) FROM ledger_accounts").fetchone()
        return int(row[0]) if row else -1


def script_file(folder: str, text: str) -> str:
    """A pgbench script on disk."""
    path = Path(folder, "script.sql")
    path.write_text(text)
    return str(path)
