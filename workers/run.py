"""`python -m workers.run default|media`: an RQ worker with timers tuned to what RQ really does.

(Short worker_ttl, maintenance and monitoring intervals: with RQ's own a killed worker's job comes back only after
many minutes. It would not be lost: see docs/decisions/0001-one-queue-table.md.)
"""

import os
import sys

from redis import Redis
from rq import Worker
from rq.serializers import JSONSerializer

from market.kit.db import db
from workers import jobs
from workers.process import start


def main(name: str) -> None:
    app = start(f"worker-{name}", catch_signals=False)
    # The process of each job finds the app made. It has asked PostgreSQL nothing by then; what it may have of a pool all
    # the same stays this one's.
    jobs.app.cache_clear()
    with jobs.app().app_context():
        engine = db.engine
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    redis = Redis.from_url(app.config["SETTINGS"].redis_url)
    Worker(
        [name],
        connection=redis,
        serializer=JSONSerializer,
        worker_ttl=20,
        maintenance_interval=5,
        job_monitoring_interval=2,
    ).work(with_scheduler=False, logging_level="WARNING")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "default")
