"""The two places files may lie keep the same promises; S3 is spoken to a real server process."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from market.media.config import config
from market.media.errors import StorageAway
from market.media.storage import AlreadyStored, LocalStorage, S3Storage, Storage

BUCKET = "films"


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "store")
    address = request.getfixturevalue("s3_address")
    storage = S3Storage(
        replace(
            config(), s3_bucket=BUCKET, s3_endpoint=address, s3_key_id="key", s3_secret="secret", s3_prefix=f"{tmp_path.name}/"
        )
    )  # fmt: skip
    storage.client.create_bucket(Bucket=BUCKET)
    return storage


def file_of(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / f"source-{os.urandom(4).hex()}"
    path.write_bytes(content)
    return path


def tree_of(tmp_path: Path) -> Path:
    folder = tmp_path / f"tree-{os.urandom(4).hex()}"
    (folder / "480").mkdir(parents=True)
    (folder / "master.m3u8").write_text("#EXTM3U\n")
    (folder / "480" / "000.m4s").write_bytes(b"segment")
    return folder


def test_what_is_put_comes_back_and_the_source_is_gone(store: Storage, tmp_path: Path):
    source = file_of(tmp_path, b"0123456789")

    store.put(source, "originals/abc")

    assert not source.exists()
    assert store.size("originals/abc") == 10
    assert b"".join(store.read("originals/abc")) == b"0123456789"
    assert b"".join(store.read("originals/abc", 2, 5)) == b"234"
    assert b"".join(store.read("originals/abc", 7)) == b"789"


def test_nothing_stored_is_ever_replaced(store: Storage, tmp_path: Path):
    store.put(file_of(tmp_path, b"first"), "originals/abc")
    store.put_tree(tree_of(tmp_path), "media/abc/r1")

    with pytest.raises(AlreadyStored):
        store.put(file_of(tmp_path, b"second"), "originals/abc")
    with pytest.raises(AlreadyStored):
        store.put_tree(tree_of(tmp_path), "media/abc/r1")

    assert b"".join(store.read("originals/abc")) == b"first"


def test_a_refused_put_keeps_its_source(store: Storage, tmp_path: Path):
    store.put(file_of(tmp_path, b"first"), "originals/abc")
    second = file_of(tmp_path, b"second")

    with pytest.raises(AlreadyStored):
        store.put(second, "originals/abc")

    assert second.read_bytes() == b"second"


def test_a_tree_is_found_below_its_prefix_and_goes_as_a_whole(store: Storage, tmp_path: Path):
    store.put_tree(tree_of(tmp_path), "media/abc/r1")
    assert b"".join(store.read("media/abc/r1/480/000.m4s")) == b"segment"

    store.delete_tree("media/abc/r1")

    assert store.size("media/abc/r1/master.m3u8") is None
    store.delete_tree("media/abc/r1")


def test_a_worker_gets_a_file_it_can_open(store: Storage, tmp_path: Path):
    store.put(file_of(tmp_path, b"film"), "originals/abc")
    folder = tmp_path / "work"
    folder.mkdir()

    assert store.local("originals/abc", folder).read_bytes() == b"film"


def test_large_files_go_to_s3_in_parts_and_report(s3_address: str, tmp_path: Path):
    storage = S3Storage(
        replace(config(), s3_bucket="large", s3_endpoint=s3_address, s3_key_id="key", s3_secret="secret")
    )
    storage.client.create_bucket(Bucket="large")
    source = file_of(tmp_path, os.urandom(1 << 20) * 20)
    calls = []

    class Watch:
        def step(self, name: str, percent: int) -> None: ...

        def alive(self) -> None:
            calls.append(1)

    storage.put(source, "originals/large", Watch())

    assert storage.size("originals/large") == 20 << 20
    assert "-" in storage.client.head_object(Bucket="large", Key="originals/large")["ETag"]  # several parts
    assert len(calls) > 10


def test_a_key_cannot_leave_the_folder(tmp_path: Path):
    with pytest.raises(ValueError, match="not a storage key"):
        LocalStorage(tmp_path / "store").size("media/../../secret")


def test_what_is_not_there_is_told_alike(store: Storage, tmp_path: Path):
    assert store.size("originals/none") is None
    with pytest.raises(FileNotFoundError):
        b"".join(store.read("originals/none"))
    with pytest.raises(FileNotFoundError):
        store.local("originals/none", tmp_path)


def test_a_bucket_that_does_not_answer_is_a_place_that_is_away(tmp_path: Path):
    away = S3Storage(
        replace(
            config(), s3_bucket="x", s3_endpoint="http://127.0.0.1:9", s3_key_id="key", s3_secret="secret"
        )
    )

    with pytest.raises(StorageAway):
        away.size("originals/abc")
