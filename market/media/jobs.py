"""The table of media work: who may take a job, keeps it by its lease, and hands it back.

Times are the database's, so that workers on several machines agree on what has run out.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, and_, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from market.kit.db import db
from market.media.config import config
from market.media.models import Asset, JobState, MediaJob, MediaTurn

RETRY_PAUSE_S = 5


def _in(seconds: float) -> ColumnElement[DateTime]:
    return func.clock_timestamp() + literal(timedelta(seconds=seconds))


def _free() -> ColumnElement[bool]:
    """Waiting, or left behind by a worker that stopped renewing its lease."""
    return and_(
        MediaJob.state.in_((JobState.QUEUED, JobState.RUNNING)), MediaJob.free_at <= func.clock_timestamp()
    )


def enqueue(asset_id: UUID) -> None:
    """One job per asset; asking again after a failure starts it afresh."""
    fresh = {
        "state": JobState.QUEUED,
        "free_at": func.clock_timestamp(),
        "attempts": 0,
        "step": "",
        "percent": 0,
    }
    db.session.execute(
        insert(MediaJob)
        .values(asset_id=asset_id, **fresh)
        .on_conflict_do_update(
            index_elements=["asset_id"],
            set_={**fresh, "worker": None, "error": None, "finished_at": None},
            where=MediaJob.state == JobState.FAILED,
        )
    )


def waiting() -> int:
    """Jobs that could be taken now."""
    return db.session.scalar(select(func.count()).select_from(MediaJob).where(_free())) or 0


def claim(worker: str) -> MediaJob | None:
    """The next free job, now this worker's, or None. Several may ask at once.

    A party with a hundred films does not hold up another's one: the party with the least work running goes first, then
    the one whose work was begun the longest ago, then the oldest file.
    """
    # Claims are moments, the work is minutes: one at a time, so that none overlooks what another has just begun.
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("media claims", 0))))
    running = (
        select(Asset.owner_id, func.count().label("jobs"))
        .join(MediaJob, MediaJob.asset_id == Asset.id)
        .where(MediaJob.state == JobState.RUNNING, MediaJob.free_at > func.clock_timestamp())
        .group_by(Asset.owner_id)
        .subquery()
    )
    wanted = (
        select(MediaJob, Asset.owner_id)
        .join(Asset, Asset.id == MediaJob.asset_id)
        .outerjoin(running, running.c.owner_id == Asset.owner_id)
        .outerjoin(MediaTurn, MediaTurn.owner_id == Asset.owner_id)
        .where(_free())
        .order_by(func.coalesce(running.c.jobs, 0), MediaTurn.served_at.asc().nulls_first(), MediaJob.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=MediaJob)
    )
    found = db.session.execute(wanted.execution_options(populate_existing=True)).first()
    if found is None:
        return None
    job, owner_id = found
    job.to(JobState.RUNNING)
    job.worker, job.attempts = worker, job.attempts + 1
    job.step, job.percent = "check", 0
    served = {"served_at": func.clock_timestamp()}
    db.session.execute(
        insert(MediaTurn)
        .values(owner_id=owner_id, **served)
        .on_conflict_do_update(index_elements=["owner_id"], set_=served)
    )
    db.session.flush()
    _lease(job.id, worker)
    return job


def _lease(job_id: UUID, worker: str, **progress: str | int) -> bool:
    held = (
        update(MediaJob)
        .where(MediaJob.id == job_id, MediaJob.worker == worker, MediaJob.state == JobState.RUNNING)
        .values(free_at=_in(config().lease_s), **progress)
        .returning(MediaJob.id)
        .execution_options(synchronize_session=False)
    )
    return db.session.scalar(held) is not None


def renew(job_id: UUID, worker: str, step: str, percent: int) -> bool:
    """Keep the job and say how far it is; False when it has gone to another worker."""
    return _lease(job_id, worker, step=step, percent=percent)


def hold(job_id: UUID, worker: str) -> MediaJob | None:
    """The job, locked, if it is still this worker's."""
    return db.session.scalar(
        select(MediaJob)
        .where(MediaJob.id == job_id, MediaJob.worker == worker, MediaJob.state == JobState.RUNNING)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def close(job: MediaJob, state: JobState, *, error: str | None = None) -> None:
    """Done or failed for good."""
    job.to(state)
    job.percent, job.error, job.worker = 100, error, None
    job.finished_at = db.session.scalar(select(func.clock_timestamp()))


def give_back(job: MediaJob, error: str) -> None:
    """Not this time: let anybody try again after a pause that grows."""
    job.to(JobState.QUEUED)
    job.worker, job.error, job.percent = None, error, 0
    db.session.flush()
    db.session.execute(
        update(MediaJob)
        .where(MediaJob.id == job.id)
        .values(free_at=_in(RETRY_PAUSE_S * job.attempts))
        .execution_options(synchronize_session=False)
    )


def is_worn_out(job: MediaJob) -> bool:
    """Taken more often than a sound file would need: whatever kills the worker must not do so for ever."""
    return job.attempts > config().max_attempts
