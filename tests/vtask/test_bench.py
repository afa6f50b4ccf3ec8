"""`./vtask bench --json` is one object, whatever the libraries it measures print."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEASURED = """
import os, sys
import bench.__main__ as bench
from bench.rounds import Result

def noisy(rounds):
    os.write(1, b"as a library in C prints\\n")
    print("as one in Python does", flush=True)
    return [Result("noisy", "itself", "1/s", [1.0], [2.0])]

bench.parts = lambda name, parser: [(name, "", noisy)]
sys.argv = ["bench", "planner", "--json"]
sys.exit(bench.main())
"""


def test_what_libraries_print_is_not_among_the_answers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout)["noisy"]["ratio"]["median"] == 0.5
    assert "as a library in C prints" in done.stderr
