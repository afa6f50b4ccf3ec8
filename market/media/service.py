"""The verbs: begin, complete and cancel an upload; share and publish; and what comes of the work on it."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.kit.words import N_, say
from market.media import incoming, jobs, policy, queries, uses
from market.media.config import MIB, config
from market.media.errors import (
    AssetInUse,
    AssetNotFound,
    AssetNotUsable,
    EmptyFile,
    FileTooLarge,
    MayNotUpload,
    QuotaUsedUp,
    TooManyUploads,
    UploadOver,
)
from market.media.models import Asset, AssetShare, AssetState, DiscardedFile, JobState, Kind, MediaJob
from market.media.reasons import Rejected
from market.media.storage import AlreadyStored, storage


def find(asset_id: UUID, *, lock: bool = False) -> Asset:
    """Raises AssetNotFound; the one door to a locked asset."""
    query = select(Asset).where(Asset.id == asset_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    asset = db.session.scalar(query)
    if asset is None:
        raise AssetNotFound
    return asset


def begin(
    *,
    filename: str,
    size: int,
    kind: Kind,
    by: Actor,
    content_type: str = "",
    options: dict[str, Any] | None = None,
) -> Asset:
    """Make room for a file of `size` bytes. Raises the refusals of limits, quota and disk."""
    if not policy.may_upload(by) or by.party_id is None:
        raise MayNotUpload
    rules = config()
    limit = rules.max_bytes if kind is Kind.VIDEO else min(rules.max_bytes, rules.max_file_bytes)
    if size == 0:
        raise EmptyFile
    if size > limit:
        raise FileTooLarge(limit=limit // MIB)
    _one_at_a_time(by.party_id)
    if queries.open_uploads(by.party_id) >= rules.max_open_uploads:
        raise TooManyUploads(limit=rules.max_open_uploads)
    _check_room(by.party_id, size)
    asset = Asset(
        owner_id=by.party_id,
        uploader_id=by.person_id,
        kind=kind,
        filename=filename,
        size=size,
        content_type=content_type or "application/octet-stream",
        state=AssetState.UPLOADING,
        token=secrets.token_urlsafe(16),
        options=options or {},
        expires_at=now() + rules.keep_partial,
    )
    incoming.begin(asset.token)
    db.session.add(asset)
    db.session.flush()
    return asset


def _one_at_a_time(party_id: UUID) -> None:
    """Until the commit: two uploads that fit each alone would otherwise both be let in."""
    lock = func.hashtextextended(f"media quota {party_id}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(lock)))


def _check_room(party_id: UUID, size: int) -> None:
    rules = config()
    used = queries.used_bytes(party_id)
    if used + size > rules.quota_bytes:
        raise QuotaUsedUp(used=used // MIB, limit=rules.quota_bytes // MIB)
    incoming.check_room(size)


def compose(edit: dict[str, Any], *, filename: str, size: int, by: Actor) -> Asset:
    """Queue a film made by an edit list out of films that are here (`market.media.cut` says what it holds).

    Until it is made it counts as `size` bytes. Raises the refusals of quota and disk.
    """
    if not policy.may_upload(by) or by.party_id is None:
        raise MayNotUpload
    _one_at_a_time(by.party_id)
    _check_room(by.party_id, size)
    asset = Asset(
        owner_id=by.party_id,
        uploader_id=by.person_id,
        kind=Kind.VIDEO,
        filename=filename,
        size=size,
        content_type="video/mp4",
        state=AssetState.UPLOADED,
        token=secrets.token_urlsafe(16),
        options={"edit": edit},
    )
    db.session.add(asset)
    db.session.flush()
    jobs.enqueue(asset.id)
    record("media.composed", asset.id, by=by)
    return asset


def seal(asset: Asset) -> str:
    """Move the whole upload into the storage; its SHA-256. Touches no row, and may be done again after a crash."""
    path = incoming.path_of(asset.token)
    if path.exists():
        sha256 = incoming.sha256_of(path)
        try:
            storage().put(path, asset.original_key)
        except AlreadyStored:
            path.unlink()
        return sha256
    return incoming.sha256_of_pieces(storage().read(asset.original_key))


def complete(asset_id: UUID, sha256: str, *, by: Actor) -> Asset:
    """All bytes are here and sealed: queue the work on them. Completing twice is harmless."""
    asset = find(asset_id, lock=True)
    if asset.state is AssetState.UPLOADING:
        asset.complete(sha256)
        jobs.enqueue(asset.id)
        record("media.uploaded", asset.id, by=by, kind=asset.kind.value, size=asset.size)
    return asset


def cancel(asset_id: UUID, *, by: Actor) -> str:
    """Take back an unfinished upload; the token whose bytes the edge then forgets. Raises UploadOver."""
    asset = queries.own(asset_id, by, lock=True)
    if asset.state is not AssetState.UPLOADING:
        raise UploadOver
    db.session.delete(asset)
    db.session.flush()
    return asset.token


def remove(asset_id: UUID, *, by: Actor) -> None:
    """Delete a file of one's own. What lies in the storage goes afterwards, by `workers.media.discard`.

    A film still in work is taken from its worker. Raises AssetInUse, saying by what.
    """
    asset = queries.own(asset_id, by, lock=True)
    used = uses.uses(asset)
    if used:
        raise AssetInUse(where=say(N_("、")).join(say(each) for each in used))
    db.session.execute(delete(MediaJob).where(MediaJob.asset_id == asset_id))
    db.session.execute(delete(AssetShare).where(AssetShare.asset_id == asset_id))
    db.session.add(DiscardedFile(token=asset.token))
    record("media.deleted", asset_id, by=by, filename=asset.filename, size=asset.size)
    db.session.delete(asset)
    db.session.flush()


def discarded(most: int = 100) -> list[DiscardedFile]:
    """Whose files are to be removed from the storage, the oldest first."""
    return list(db.session.scalars(select(DiscardedFile).order_by(DiscardedFile.id).limit(most)))


def forget_discarded(token: str) -> None:
    """They are gone."""
    db.session.execute(delete(DiscardedFile).where(DiscardedFile.token == token))


def attachable(asset_id: UUID, kind: Kind, *, by: Actor, ready: bool = False) -> Asset:
    """The actor's own asset, for other packages to point at. Raises AssetNotUsable.

    It may still be in work unless `ready` is asked for; whoever attaches it then hears media.ready or media.failed.
    """
    try:
        asset = queries.to_attach(asset_id, by)
    except AssetNotFound as foreign:
        raise AssetNotUsable(field="asset_id") from foreign
    usable = (AssetState.READY,) if ready else (AssetState.UPLOADED, AssetState.PROCESSING, AssetState.READY)
    if asset.kind is not kind or asset.state not in usable:
        raise AssetNotUsable(field="asset_id")
    return asset


def share(asset_id: UUID, party_id: UUID) -> None:
    """Let another party see it before it is published."""
    db.session.execute(
        insert(AssetShare)
        .values(asset_id=asset_id, party_id=party_id)
        .on_conflict_do_nothing(index_elements=["asset_id", "party_id"])
    )


def unshare(asset_id: UUID, party_id: UUID) -> None:
    db.session.execute(
        delete(AssetShare).where(AssetShare.asset_id == asset_id, AssetShare.party_id == party_id)
    )


def publish(asset_id: UUID) -> Asset:
    """Let everybody see it from now on. Publishing twice is harmless."""
    asset = find(asset_id, lock=True)
    asset.publish()
    db.session.flush()
    return asset


def unpublish(asset_id: UUID) -> Asset:
    """Only its owner and those it is shared with see it again. Harmless for what was never published."""
    asset = find(asset_id, lock=True)
    asset.published_at = None
    db.session.flush()
    return asset


def retry(asset_id: UUID, *, by: Actor) -> Asset:
    """Work again on a file that a fault of ours stopped. Raises AssetNotUsable when the file was at fault."""
    asset = find(asset_id, lock=True)
    if asset.refusal_code != "failed":
        raise AssetNotUsable
    asset.put_back()
    jobs.enqueue(asset.id)
    record("media.retried", asset.id, by=by)
    return asset


def waiting_jobs() -> int:
    """How many jobs nobody works on; above 0 it is time to ring the workers' bell."""
    return jobs.waiting()


@dataclass(frozen=True)
class Made:
    """What came of a file: facts, and a folder whose content becomes its renditions."""

    folder: Path
    content_type: str
    renditions: dict[str, Any]
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    size: int | None = None
    """Bytes, for a film that was made here and has no original."""


@dataclass(frozen=True)
class Order:
    """A claimed job as plain values, for work that lasts longer than a transaction may."""

    job_id: UUID
    asset_id: UUID
    worker: str
    attempt: int
    kind: Kind
    filename: str
    token: str
    original_key: str
    options: dict[str, Any]

    @property
    def edit(self) -> dict[str, Any] | None:
        """The edit list this film is made by, when it is made of others."""
        return self.options.get("edit")

    @property
    def revision(self) -> str:
        """Each attempt has a folder of its own, so a worker thought dead cannot spoil the next one's."""
        return f"r{self.attempt}"

    @property
    def prefix(self) -> str:
        return f"media/{self.token}/{self.revision}"


def take(worker: str) -> Order | None:
    """Claim the next job. One that has worn out its attempts is failed on the way."""
    while (job := jobs.claim(worker)) is not None:
        asset = find(job.asset_id, lock=True)
        asset.start()
        if not jobs.is_worn_out(job):
            db.session.flush()
            return Order(
                job.id, asset.id, worker, job.attempts, asset.kind, asset.filename, asset.token,
                asset.original_key, dict(asset.options),
            )  # fmt: skip
        _refuse(job, asset, "failed", {}, job.error or "the worker died each time")
    return None


def finish(order: Order, made: Made) -> bool:
    """The renditions are stored: the asset is ready. False when the job went to another worker meanwhile."""
    job = jobs.hold(order.job_id, order.worker)
    if job is None:
        return False
    asset = find(order.asset_id, lock=True)
    asset.content_type = made.content_type
    asset.duration_ms, asset.width, asset.height = made.duration_ms, made.width, made.height
    asset.size = made.size or asset.size
    asset.finish(order.revision, made.renditions)
    jobs.close(job, JobState.DONE)
    record(
        "media.ready",
        asset.id,
        by=SYSTEM,
        audience=[asset.owner_id],
        kind=asset.kind.value,
        title=asset.filename,
    )
    return True


def refuse(order: Order, why: Rejected) -> bool:
    """The file is at fault: say so to its owner. False when the job went to another worker meanwhile."""
    job = jobs.hold(order.job_id, order.worker)
    if job is None:
        return False
    _refuse(job, find(order.asset_id, lock=True), why.code, why.values, None)
    return True


def give_back(order: Order, error: str) -> bool:
    """The machine is at fault: try again later, or stop after the last attempt."""
    job = jobs.hold(order.job_id, order.worker)
    if job is None:
        return False
    asset = find(order.asset_id, lock=True)
    if job.attempts >= config().max_attempts:
        _refuse(job, asset, "failed", {}, error)
    else:
        asset.put_back()
        jobs.give_back(job, error)
    return True


def _refuse(job: MediaJob, asset: Asset, code: str, values: dict[str, Any], error: str | None) -> None:
    asset.refuse(code, values)
    jobs.close(job, JobState.FAILED, error=error or code)
    record(
        "media.failed",
        asset.id,
        by=SYSTEM,
        audience=[asset.owner_id],
        code=code,
        values=values,
        title=asset.filename,
    )


def expired_uploads(most: int = 100) -> list[Asset]:
    """Uploads nobody finished in time, locked."""
    late = select(Asset).where(Asset.state == AssetState.UPLOADING, Asset.expires_at < now())
    return list(db.session.scalars(late.limit(most).with_for_update(skip_locked=True)))


def drop(asset: Asset) -> None:
    db.session.delete(asset)
