"""The embedded servers, killed for real."""

import os
import pwd
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from tests.vtask.conftest import eventually
from workers.console import Trouble
from workers.manager import Supervisor, living_in
from workers.servers import Home, Postgres, Redis, ledger_is_open_to, unprivileged_account


@pytest.fixture
def postgres(supervisor: Supervisor, home: Home) -> Iterator[Postgres]:
    server = Postgres(home)
    server.prepare()
    start(supervisor, server)
    server.admit()
    yield server


def start(supervisor: Supervisor, server: Postgres | Redis) -> None:
    program = server.program()
    supervisor.add(program)
    supervisor.wait(program)


def count(postgres: Postgres) -> int:
    with psycopg.connect(postgres.url, connect_timeout=2) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row
    return int(row[0])


def keep_a_row(postgres: Postgres) -> None:
    with psycopg.connect(postgres.owner_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id bigserial)")
        connection.execute("GRANT SELECT ON kept TO vtask")
        connection.execute("INSERT INTO kept DEFAULT VALUES")


def back(supervisor: Supervisor, postgres: Postgres) -> bool:
    supervisor.turn(0.05)
    try:
        return count(postgres) > 0
    except psycopg.OperationalError:
        return False


def test_one_role_owns_the_database_and_another_uses_it(postgres: Postgres) -> None:
    for url, role in ((postgres.url, "vtask"), (postgres.owner_url, "vtask_owner")):
        with psycopg.connect(url) as connection:
            assert connection.execute(
                "SELECT current_user, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
            ).fetchone() == (role, False, False, False)
            assert connection.execute(
                "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'vtask'"
            ).fetchone() == ("vtask_owner",)
            settings = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    assert int(settings["server_version_num"]) >= 180000
    assert (settings["listen_addresses"], settings["fsync"], settings["max_wal_size"]) == ("", "on", "1024")


def test_the_web_role_makes_and_empties_no_table(postgres: Postgres) -> None:
    keep_a_row(postgres)
    for statement in (
        "CREATE TABLE other ()",
        "TRUNCATE kept",
        "DROP TABLE kept",
        "ALTER TABLE kept ADD x int",
    ):
        with psycopg.connect(postgres.url) as web, pytest.raises(psycopg.errors.InsufficientPrivilege):
            web.execute(statement)

    assert count(postgres) == 1


def test_a_folder_of_the_time_of_one_role_is_taken_over(postgres: Postgres) -> None:
    superuser = postgres._url("postgres", postgres.home.secret("postgres_superuser_password"), "vtask")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("ALTER DATABASE vtask OWNER TO vtask")
        connection.execute("DROP ROLE vtask_owner")
    with psycopg.connect(postgres.url) as connection:  # as it was: the one role makes what it uses
        connection.execute("CREATE TABLE kept (id bigserial)")
        connection.execute("CREATE FUNCTION ledger_wish() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 7")
        connection.execute("INSERT INTO kept DEFAULT VALUES")
        connection.execute("CREATE TABLE ledger_kept ()")
    assert len(ledger_is_open_to(postgres.url)) == 5  # as its owner, and by four privileges

    postgres.admit()

    with psycopg.connect(postgres.owner_url) as connection:
        connection.execute("INSERT INTO kept DEFAULT VALUES")
        connection.execute("GRANT SELECT ON kept TO vtask")
    assert count(postgres) == 2
    assert ledger_is_open_to(postgres.url) == []


def test_nobody_is_trusted_without_the_password(postgres: Postgres) -> None:
    for url in (
        postgres.url.replace(postgres.home.secret("postgres_password"), "guess"),
        f"postgresql://postgres@/postgres?host={postgres.folder}&port=5432",
    ):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url)


def test_secrets_and_sockets_are_closed_to_others(postgres: Postgres) -> None:
    home = postgres.home.path

    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(postgres.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(postgres.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "run").stat().st_mode) == 0o700


def test_what_was_committed_survives_a_killed_postmaster(supervisor: Supervisor, postgres: Postgres) -> None:
    keep_a_row(postgres)
    main = supervisor.children["postgres"].process
    assert main

    os.kill(main.pid, signal.SIGKILL)
    eventually(lambda: back(supervisor, postgres))

    assert count(postgres) == 1
    assert supervisor.children["postgres"].restarts == 1


@pytest.mark.parametrize("left", ["another process", "empty", "cut short"])
def test_a_stale_pid_file_does_not_stop_the_start(supervisor: Supervisor, home: Home, left: str) -> None:
    postgres = Postgres(home)
    postgres.prepare()
    text = {
        "another process": f"{os.getppid()}\n{postgres.folder}\n1700000000\n5432\n{postgres.folder}\n\n0 0\nready\n",
        "empty": "",
        "cut short": "12",
    }[left]
    (postgres.folder / "postmaster.pid").write_text(text)

    start(supervisor, postgres)

    postgres.admit()
    keep_a_row(postgres)
    assert count(postgres) == 1


def test_an_orphaned_postgresql_is_ended_before_ours_starts(
    supervisor: Supervisor, postgres: Postgres
) -> None:
    keep_a_row(postgres)
    child = supervisor.children.pop(
        "postgres"
    )  # as after a kill -9 of the supervisor: it lives, nobody owns it
    assert child.process
    orphan = psutil.Process(child.process.pid)

    start(supervisor, postgres)

    child.process.wait(10)
    assert not orphan.is_running()
    mains = [process for process in living_in(postgres.folder, "postgres") if "-D" in process.cmdline()]
    assert len(mains) == 1
    assert count(postgres) == 1


def test_a_first_start_that_was_cut_short_begins_again(supervisor: Supervisor, home: Home) -> None:
    postgres = Postgres(home)
    half = postgres.folder.with_name("pg.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")

    postgres.prepare()
    start(supervisor, postgres)

    assert not half.exists()


def test_a_path_too_long_for_a_socket_is_refused_with_the_cure(folder: Path) -> None:
    home = Home(folder / ("x" * 100))
    home.prepare()

    for server in (Postgres(home), Redis(home)):
        with pytest.raises(Trouble, match="too long") as refusal:
            server.prepare()
        assert "VTASK_HOME" in refusal.value.cure


def test_a_nearly_full_disk_is_refused_with_the_cure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.servers.shutil.disk_usage", lambda path: Usage())

    with pytest.raises(Trouble, match="disk is nearly full") as refusal:
        Home(folder / "var").prepare()

    assert "df -h" in refusal.value.cure


class Usage:
    free = 100 * 2**20


def test_redis_keeps_what_it_acknowledged_and_listens_on_no_port(supervisor: Supervisor, home: Home) -> None:
    server = Redis(home)
    server.prepare()
    start(supervisor, server)
    with redis.Redis.from_url(server.url) as client:
        client.set("kept", "yes")
        assert client.config_get("port") == {"port": "0"}
    main = supervisor.children["redis"].process
    assert main
    assert psutil.Process(main.pid).net_connections("inet") == []

    os.kill(main.pid, signal.SIGKILL)
    eventually(lambda: returned(supervisor, server))

    with redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"


def returned(supervisor: Supervisor, server: Redis) -> bool:
    supervisor.turn(0.05)
    try:
        with redis.Redis.from_url(server.url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives PostgreSQL to another account")
def test_as_root_a_closed_checkout_still_gets_its_postgresql(
    supervisor: Supervisor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a clone under /root: PostgreSQL runs as an account that cannot even enter the folder."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr("workers.servers.SHARED", folder / "shared")
    folder.chmod(0o711)
    home = Home(closed / "var")
    home.prepare()
    postgres = Postgres(home)

    postgres.prepare()
    start(supervisor, postgres)
    postgres.admit()

    assert postgres.folder.is_relative_to(folder / "shared")
    account = unprivileged_account()
    assert postgres.folder.stat().st_uid == account.uid
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine_cannot_connect(postgres: Postgres) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid

    os.seteuid(nobody)
    try:
        with socket.socket(socket.AF_UNIX) as caller, pytest.raises(PermissionError):
            caller.connect(str(postgres.socket))
    finally:
        os.seteuid(0)
