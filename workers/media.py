"""The media job: take what waits, keep its lease while the work goes on, and say how it ended.

`drain()` is what the bell sets off. The truth is the row in media_jobs, so it does not matter who rings, how
often, or whether the worker lives to the end.
"""

import os
import secrets
import shutil
import socket
import time

import structlog
from sqlalchemy.exc import DBAPIError

from market.kit.db import db, transaction
from market.media import incoming, jobs, processing, service
from market.media.config import config
from market.media.reasons import Rejected
from market.media.storage import storage

log = structlog.get_logger()
LEASES_PER_TERM = 4
DAY_S = 24 * 3600


class LeaseLost(Exception):
    """Another worker has taken the job over: stop at once and leave no trace."""


class Lease:
    """Renews itself as the work reports; a database that is away for a moment does not end the work."""

    def __init__(self, order: service.Order) -> None:
        self.order = order
        self.now = self.told = ("check", 0)
        self.renewed = time.monotonic()

    def step(self, name: str, percent: int) -> None:
        self.now = (name, percent)
        self.alive()

    def alive(self) -> None:
        waited = time.monotonic() - self.renewed
        if waited < (1.0 if self.now != self.told else config().lease_s / LEASES_PER_TERM):
            return
        try:
            with transaction():
                kept = jobs.renew(self.order.job_id, self.order.worker, *self.now)
        except DBAPIError as away:
            log.warning(
                "media.lease_not_renewed", asset=str(self.order.asset_id), error=str(away).splitlines()[0]
            )
            if waited > config().lease_s:
                raise LeaseLost from away
            return
        if not kept:
            raise LeaseLost
        self.renewed, self.told = time.monotonic(), self.now


def drain(*, most: int = 1000) -> int:
    """Do waiting jobs until none is left; the number done."""
    worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    done = 0
    while done < most:
        with transaction():
            order = service.take(worker)
        if order is None:
            break
        do(order)
        db.session.remove()
        done += 1
    return done


def do(order: service.Order) -> None:
    """One job, to whichever end."""
    began = time.monotonic()
    try:
        made = processing.work(order, Lease(order))
    except LeaseLost:
        log.warning("media.lease_lost", asset=str(order.asset_id), attempt=order.attempt)
        storage().delete_tree(order.prefix)
        return
    except Rejected as why:
        with transaction():
            kept = service.refuse(order, why)
        if kept:
            storage().delete_tree(order.original_key)
        log.info("media.refused", asset=str(order.asset_id), code=why.code)
        return
    except Exception as wrong:
        log.exception("media.stopped", asset=str(order.asset_id), attempt=order.attempt)
        with transaction():
            service.give_back(order, f"{type(wrong).__name__}: {wrong}"[:2000])
        return
    with transaction():
        kept = service.finish(order, made)
    if kept:
        for earlier in range(1, order.attempt):
            storage().delete_tree(f"media/{order.token}/r{earlier}")
    else:
        storage().delete_tree(order.prefix)
    log.info("media.done", asset=str(order.asset_id), kept=kept, seconds=round(time.monotonic() - began, 1))


def discard(*, most: int = 20) -> int:
    """Remove the files of deleted assets from the storage; how many assets' files are gone.

    Removing what is gone already is harmless, so a worker that dies here is simply followed by another.
    """
    with transaction():
        tokens = [each.token for each in service.discarded(most)]
    for token in tokens:
        storage().delete_tree(f"media/{token}")
        storage().delete_tree(f"originals/{token}")
        incoming.forget(token)
        with transaction():
            service.forget_discarded(token)
    return len(tokens)


def tidy() -> int:
    """Throw away uploads nobody finished, and work folders of workers that died; the number of uploads gone."""
    with transaction():
        late = service.expired_uploads()
        for asset in late:
            service.drop(asset)
    for asset in late:
        incoming.forget(asset.token)
    old = time.time() - DAY_S
    for piece in (config().root / "incoming").glob("*"):
        # Its row expired long ago, or was never committed.
        if piece.stat().st_mtime < old - config().keep_partial_s:
            piece.unlink(missing_ok=True)
    for folder in (config().root / "work").glob("*"):
        if folder.stat().st_mtime < old:
            shutil.rmtree(folder, ignore_errors=True)
    return len(late)
