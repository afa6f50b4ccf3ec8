"""The API counts per key, and every problem type leads to its explanation."""

import os
import subprocess
import sys

from flask import Flask

from tests.conftest import ROOT

CALLS = """
from wsgi import app
client = app.test_client()
def call(key):
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"})
print([call("one").status_code for _ in range(4)], call("two").status_code)
refused = call("one")
print(refused.json["type"], int(refused.headers["Retry-After"]) > 0)
"""


def test_too_many_calls_are_told_when_to_come_back(app: Flask, database_url: str):
    """In a process of its own: the limiter is one per process, and the suite's is off."""
    env = os.environ | {"DATABASE_URL": database_url, "VTASK_API_PER_MINUTE": "3", "VTASK_TEST": "0"}

    said = subprocess.run(
        [sys.executable, "-c", CALLS],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    first, second = said.stdout.strip().splitlines()[-2:]
    assert first == "[401, 401, 401, 429] 401", "another key counts apart"
    assert second == "/developers/problems/too-many True"


def test_the_type_of_every_problem_explains_itself(app: Flask):
    client = app.test_client()
    wrong = {
        client.post("/api/v1/me"): 405,
        client.get("/api/v1/nowhere"): 404,
        client.get("/api/v1/orders"): 401,
        client.post("/api/v1/tasks", data="{", headers={"Content-Type": "application/json"}): None,
    }

    for problem, status in wrong.items():
        assert status is None or problem.status_code == status
        assert problem.mimetype == "application/problem+json"
        assert client.get(problem.json["type"]).status_code == 200, problem.json["type"]
