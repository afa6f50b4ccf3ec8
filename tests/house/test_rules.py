"""The rules of the house, each with its guard."""

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

BIN = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_imports_go_down():
    checked = run(str(BIN / "lint-imports"))

    assert checked.returncode == 0, checked.stdout[-4000:]


def test_types_hold():
    checked = run(str(BIN / "mypy"))

    assert checked.returncode == 0, checked.stdout[-4000:]


def test_code_is_clean():
    checked = run(str(BIN / "ruff"), "check", ".")

    assert checked.returncode == 0, checked.stdout[-4000:]


def test_code_is_formatted():
    checked = run(str(BIN / "ruff"), "format", "--check", ".")

    assert checked.returncode == 0, checked.stdout[-4000:]


FLOORS = [
    {"desks", "front"},
    {"campaigns"},
    {"planning"},
    {"matching", "publication", "finding"},
    {"disputes"},
    {"delivery"},
    {"effect", "traffic"},
    {"reconciliation", "invoices"},
    {"orders"},
    {"bids"},
    {"tasks"},
    {"playlists", "standings"},
    {"shops", "agencies", "creators", "payments", "feed", "video", "live", "messages", "taopai"},
    {"subsidies"},
    {"ledger", "media", "audience", "portraits"},
    {"approvals"},
    {"accounts"},
    {"kit"},
]


def test_foreign_keys_point_the_way_imports_do():
    import market
    from market.kit.db import Base

    home: dict[str, str] = {}
    for package in pkgutil.iter_modules(market.__path__):
        if not package.ispkg:
            continue
        for module in pkgutil.walk_packages([str(ROOT / "market" / package.name)], f"market.{package.name}."):
            importlib.import_module(module.name)
    for mapper in Base.registry.mappers:
        home[mapper.local_table.name] = mapper.class_.__module__.split(".")[1]
    level = {name: at for at, names in enumerate(FLOORS) for name in names}

    wrong = [
        f"{table.name} → {key.column.table.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if table.name in home
        and home[table.name] != home[key.column.table.name]
        and level[home[table.name]] >= level[home[key.column.table.name]]
    ]
    assert wrong == []


def test_the_schema_and_the_models_agree(app, ctx):
    from flask_migrate import check

    check(directory=str(ROOT / "migrations"))


def test_events_with_an_audience_are_in_the_catalogue_of_notices():
    from market.messages.catalogue import CATALOGUE

    told = set()
    for path in (ROOT / "market").rglob("*.py"):
        for call in re.finditer(r'record\(\s*"([a-z_.]+)",(.{0,400}?)audience=', path.read_text(), re.DOTALL):
            if "record(" not in call.group(2):
                told.add(call.group(1))

    assert told - set(CATALOGUE) == set()


def test_every_timer_of_the_code_is_wired():
    """`set_timer(CLOSE_TIMER, …)`: the name is a constant of the module, and workers.subscriptions knows it."""
    from workers.subscriptions import TIMERS

    used = set()
    for path in (ROOT / "market").rglob("*.py"):
        for name in re.findall(r"set_timer\(\s*([A-Z_]+|\"[^\"]+\")", path.read_text()):
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            used.add(name.strip('"') if name.startswith('"') else getattr(module, name))

    assert used, "the pattern still finds the calls"
    assert used - set(TIMERS) == set()


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "misc"])
def test_no_drawer_for_odds_and_ends(word):
    assert not list((ROOT / "market").rglob(f"{word}*"))


def test_no_figure_is_a_float_of_money():
    """Money columns are whole numbers."""
    from sqlalchemy import Float, Numeric

    from market.kit.db import Base

    wrong = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_fen") and isinstance(column.type, Float | Numeric)
    ]
    assert wrong == []
