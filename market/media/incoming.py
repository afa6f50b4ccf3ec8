"""Bytes that are arriving: one file per upload, whose length is the offset.

The lock is the kernel's (flock), so it ends with the process that held it, however that ends.
"""

import base64
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from market.media.config import config
from market.media.errors import (
    BadUpload,
    ChecksumMismatch,
    FileTooLarge,
    OffsetMismatch,
    StorageFull,
    UploadBusy,
)

CHUNK = 64 * 1024
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


class Body(Protocol):
    def read(self, size: int) -> bytes: ...


@dataclass(frozen=True)
class Checksum:
    """What a tus client says the bytes of one PATCH add up to."""

    algorithm: str
    digest: bytes

    @classmethod
    def parse(cls, header: str) -> "Checksum":
        """`sha1 <base64>`. Raises BadUpload."""
        name, _, encoded = header.strip().partition(" ")
        try:
            digest = base64.b64decode(encoded, validate=True)
        except ValueError as wrong:
            raise BadUpload(why="Upload-Checksum") from wrong
        if name not in ALGORITHMS or len(digest) != ALGORITHMS[name]().digest_size:
            raise BadUpload(why="Upload-Checksum")
        return cls(name, digest)


def path_of(token: str) -> Path:
    return config().root / "incoming" / token


def begin(token: str) -> None:
    path = path_of(token)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(exist_ok=False)


def offset(token: str) -> int | None:
    """How many bytes have arrived; None when there is no such upload on this machine."""
    try:
        return path_of(token).stat().st_size
    except FileNotFoundError:
        return None


def forget(token: str) -> None:
    path_of(token).unlink(missing_ok=True)


@contextmanager
def locked(token: str) -> Iterator[BinaryIO]:
    """The upload's file, for this request alone. Raises UploadBusy; FileNotFoundError when it is gone."""
    with path_of(token).open("r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise UploadBusy from busy
        yield file


def append(file: BinaryIO, body: Body, *, at: int, size: int, checksum: Checksum | None) -> int:
    """Write what comes behind what is there; the new offset.

    Raises OffsetMismatch, ChecksumMismatch (the bytes are taken back), FileTooLarge, StorageFull. When the line
    drops, what had arrived stays: that is what makes the upload resumable. Bytes under an unproven checksum go.
    """
    start = file.seek(0, os.SEEK_END)
    if at != start:
        raise OffsetMismatch(offset=start)
    seen = ALGORITHMS[checksum.algorithm]() if checksum else None
    now = start
    proven = False
    try:
        while piece := body.read(CHUNK):
            if now + len(piece) > size:
                raise FileTooLarge(limit=size // (1 << 20))
            _write(file, piece)
            now += len(piece)
            if seen:
                seen.update(piece)
        if checksum and seen and seen.digest() != checksum.digest:
            raise ChecksumMismatch
        proven = True
    finally:
        if checksum and not proven:
            file.truncate(start)
    return now


def _write(file: BinaryIO, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        try:
            view = view[file.write(view) :]
        except OSError as full:
            if full.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull from full
            raise


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_pieces(pieces: Iterable[bytes]) -> str:
    seen = hashlib.sha256()
    for piece in pieces:
        seen.update(piece)
    return seen.hexdigest()


def check_room(length: int) -> None:
    """Raises StorageFull while the disk has less left than the operator wants kept free."""
    root = config().root
    root.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(root)
    if disk.free - length < disk.total * config().keep_free_percent // 100:
        raise StorageFull
