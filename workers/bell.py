"""RQ as a doorbell: a ring says "there is work"; the truth stays in PostgreSQL.

One ring waits per bell at most, so neither a storm of events nor a full queue can pile jobs up.
"""

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

log = structlog.get_logger()

BELLS = {
    "drain": ("default", "workers.jobs.drain"),
    "payments": ("default", "workers.jobs.payments"),
    "media": ("media", "workers.jobs.media"),
    "views": ("default", "workers.jobs.views"),
}
"""Bell → (queue, job)."""


def queue(name: str, redis: Redis) -> Queue:
    return Queue(name, connection=redis, serializer=JSONSerializer)


def ring(redis: Redis, bell: str, *, timeout_s: int = 900) -> bool:
    """Ask a worker to drain; False when Redis does not answer (the sweeper will do the work then)."""
    name, job = BELLS[bell]
    try:
        # Quiet for a second after a ring: the drain takes whatever came meanwhile.
        if redis.set(f"bell:{bell}", "1", nx=True, px=1000):
            queue(name, redis).enqueue(job, job_timeout=timeout_s, result_ttl=0, failure_ttl=3600)
    except RedisError as away:
        log.warning("bell.redis_away", bell=bell, error=str(away))
        return False
    return True
