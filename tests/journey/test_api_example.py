"""The example of docs/api.md, word for word, against a running copy."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.journey.conftest import Site


def test_the_example_of_the_api_page_runs_and_prints_what_the_page_says(copy: Site, tmp_path: Path):
    page = (ROOT / "docs" / "api.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (printed,) = re.findall(r"as the creator may see it:\n\n```\n(.*?)```", page, re.DOTALL)
    (tmp_path / "journey.py").write_text(example)
    (tmp_path / "ready.json").write_text(json.dumps(copy.facts))

    run = subprocess.run(
        [sys.executable, "journey.py", "ready.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout == printed
