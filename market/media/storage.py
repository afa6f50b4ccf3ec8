"""Where finished files lie: a folder here or an S3 bucket, behind one small door.

Keys are made by us (`originals/<token>`, `media/<token>/<revision>/<name>`), never by a client, and what is
stored under a key never changes.
"""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from market.media.config import MIB, MediaConfig, config
from market.media.errors import StorageAway
from market.media.run import SILENT, Watch

CHUNK = 256 * 1024
YEAR = 365 * 24 * 3600
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".ts": "video/mp2t",
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".vtt": "text/vtt",
}
"""Of the files we make, by their ending."""


class AlreadyStored(Exception):
    """There is something under this key, and it stays."""


class Storage(Protocol):
    """`put` moves or uploads one file, `put_tree` a folder so that it appears whole or not at all.

    `read` and `local` raise FileNotFoundError for what is not there. `path` is where a file lies on this machine's
    disks, None when it lies elsewhere. `link` is an address that whoever holds it may fetch the file by for some
    seconds, answered with these headers; None where there is no such thing. A place that does not answer raises
    StorageAway.
    """

    def put(self, source: Path, key: str, watch: Watch = SILENT) -> None: ...
    def put_tree(self, folder: Path, prefix: str, watch: Watch = SILENT) -> None: ...
    def size(self, key: str) -> int | None: ...
    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]: ...
    def local(self, key: str, folder: Path, watch: Watch = SILENT) -> Path: ...
    def path(self, key: str) -> Path | None: ...
    def link(self, key: str, seconds: int, **headers: str) -> str | None: ...
    def delete_tree(self, prefix: str) -> None: ...


class LocalStorage:
    """A folder; works over NFS too, since it only creates, renames and deletes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, source: Path, key: str, watch: Watch = SILENT) -> None:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        # A link refuses to replace, and until it stands the source stays: a crash loses nothing.
        try:
            try:
                os.link(source, target)
            except OSError as other:
                if other.errno != errno.EXDEV:
                    raise
                near = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
                shutil.copyfile(source, near)
                os.link(near, target)
                near.unlink()
        except FileExistsError as there:
            raise AlreadyStored(key) from there
        target.chmod(0o644)
        source.unlink()

    def put_tree(self, folder: Path, prefix: str, watch: Watch = SILENT) -> None:
        target = self._path(prefix)
        if target.exists():
            raise AlreadyStored(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        for each in [folder, *folder.rglob("*")]:
            each.chmod(0o755 if each.is_dir() else 0o644)
        near = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        shutil.move(folder, near)
        try:
            near.rename(target)
        except OSError as there:
            shutil.rmtree(near)
            raise AlreadyStored(prefix) from there

    def size(self, key: str) -> int | None:
        path = self._path(key)
        return path.stat().st_size if path.is_file() else None

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        with self._path(key).open("rb") as file:
            file.seek(start)
            left = None if stop is None else stop - start
            while left is None or left > 0:
                piece = file.read(CHUNK if left is None else min(CHUNK, left))
                if not piece:
                    return
                left = None if left is None else left - len(piece)
                yield piece

    def local(self, key: str, folder: Path, watch: Watch = SILENT) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        return path

    def path(self, key: str) -> Path | None:
        return self._path(key)

    def link(self, key: str, seconds: int, **headers: str) -> str | None:
        return None

    def delete_tree(self, prefix: str) -> None:
        path = self._path(prefix)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        path = self.root / key
        if ".." in path.parts or not path.is_relative_to(self.root):
            raise ValueError(f"not a storage key: {key}")
        return path


class S3Storage:
    """A bucket of S3 or anything that speaks its protocol. It stays private: we hand on its files, or sign for them."""

    def __init__(self, settings: MediaConfig) -> None:
        from boto3.s3.transfer import TransferConfig

        assert settings.s3_bucket
        self.bucket, self.prefix = settings.s3_bucket, settings.s3_prefix
        self.client: Any = _client(settings, settings.s3_endpoint)
        # Signs for the address that browsers use; itself it asks nothing there.
        self.signer: Any = (
            _client(settings, settings.s3_public_url, signature_version="s3v4")
            if settings.s3_public_url
            else None
        )
        # One thread, so that `watch` is called in the worker's own and may stop the transfer.
        self.transfer = TransferConfig(
            multipart_threshold=16 * MIB, multipart_chunksize=16 * MIB, use_threads=False
        )

    def put(self, source: Path, key: str, watch: Watch = SILENT) -> None:
        if self.size(key) is not None:
            raise AlreadyStored(key)
        self._send(source, key, watch)
        source.unlink()

    def put_tree(self, folder: Path, prefix: str, watch: Watch = SILENT) -> None:
        """Playlists last: nothing points at a file that is not there yet."""
        files = sorted((f for f in folder.rglob("*") if f.is_file()), key=lambda f: (f.suffix == ".m3u8", f))
        with _asking(prefix):
            there = any(self._list(prefix + "/"))
        if there:
            raise AlreadyStored(prefix)
        for file in files:
            self._send(file, f"{prefix}/{file.relative_to(folder).as_posix()}", watch)
        shutil.rmtree(folder)

    def size(self, key: str) -> int | None:
        try:
            with _asking(key):
                return int(
                    self.client.head_object(Bucket=self.bucket, Key=self.prefix + key)["ContentLength"]
                )
        except FileNotFoundError:
            return None

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        wanted = (
            {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"}
            if start or stop is not None
            else {}
        )
        with _asking(key):
            body = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key, **wanted)["Body"]
        with body:
            yield from body.iter_chunks(CHUNK)

    def local(self, key: str, folder: Path, watch: Watch = SILENT) -> Path:
        target = folder / "source"
        with _asking(key):
            self.client.download_file(
                self.bucket,
                self.prefix + key,
                str(target),
                Config=self.transfer,
                Callback=lambda _: watch.alive(),
            )
        return target

    def path(self, key: str) -> Path | None:
        return None

    def link(self, key: str, seconds: int, **headers: str) -> str | None:
        if self.signer is None:
            return None
        wanted = {"Bucket": self.bucket, "Key": self.prefix + key}
        wanted |= {f"Response{name}": value for name, value in headers.items()}
        return str(self.signer.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds))

    def delete_tree(self, prefix: str) -> None:
        with _asking(prefix):
            for key in [*self._list(prefix + "/"), self.prefix + prefix]:
                self.client.delete_object(Bucket=self.bucket, Key=key)

    def _send(self, source: Path, key: str, watch: Watch) -> None:
        watch.alive()
        said = {"ContentType": TYPES.get(PurePosixPath(key).suffix, "application/octet-stream")}
        with _asking(key):
            self.client.upload_file(
                str(source),
                self.bucket,
                self.prefix + key,
                ExtraArgs=said,
                Config=self.transfer,
                Callback=lambda _: watch.alive(),
            )

    def _list(self, prefix: str) -> Iterator[str]:
        for page in self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + prefix
        ):
            yield from (each["Key"] for each in page.get("Contents", ()))


def _client(settings: MediaConfig, address: str | None, **more: Any) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name=settings.s3_region or "us-east-1",
        aws_access_key_id=settings.s3_key_id,
        aws_secret_access_key=settings.s3_secret,
        config=Config(
            connect_timeout=5, read_timeout=30, retries={"max_attempts": 4, "mode": "standard"}, **more
        ),
    )


@contextmanager
def _asking(key: str) -> Iterator[None]:
    """What S3 says in our words: FileNotFoundError for what is not there, StorageAway while it does not answer."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as wrong:
        status = wrong.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == HTTPStatus.NOT_FOUND:
            raise FileNotFoundError(key) from wrong
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise StorageAway from wrong
        raise
    except (BotoCoreError, Boto3Error) as away:
        raise StorageAway from away


def storage() -> Storage:
    """The storage of this installation: S3 when a bucket is named, else the folder."""
    return _of(config())


@cache
def _of(settings: MediaConfig) -> Storage:
    return S3Storage(settings) if settings.s3_bucket else LocalStorage(settings.root / "store")


def work_folder(name: str) -> Path:
    """An empty folder of this name for a job, on the same file system as the storage."""
    folder = config().root / "work" / name
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    return folder
