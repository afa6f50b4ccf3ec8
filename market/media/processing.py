"""The work on one file, from its original to a folder of renditions. Knows no database."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from market.media import cut, images, transcode
from market.media.config import MIB, config
from market.media.models import Kind
from market.media.probe import Probe, probe
from market.media.reasons import Rejected
from market.media.run import Watch
from market.media.service import Made, Order
from market.media.sniff import identify
from market.media.storage import storage, work_folder


def work(order: Order, watch: Watch) -> Made:
    """Check, convert and store. Raises Rejected when the file is at fault, anything else when we are."""
    folder = work_folder(f"{order.job_id.hex}-{order.attempt}")
    try:
        watch.step("check", 0)
        out = folder / "out"
        out.mkdir()
        if order.edit is not None:
            made = _edited(order.edit, folder, out, watch)
        else:
            made = MAKERS[order.kind](order, storage().local(order.original_key, folder, watch), out, watch)
        watch.step("store", 0)
        storage().delete_tree(order.prefix)  # left by a try that died before its row said so
        storage().put_tree(out, order.prefix, watch)
        return dataclasses.replace(made, folder=Path(order.prefix))
    finally:
        shutil.rmtree(folder)


def _video(order: Order, source: Path, out: Path, watch: Watch) -> Made:
    film = probe(source, order.filename, watch)
    chosen = order.options
    plan = transcode.Plan(
        film,
        focus_x=chosen.get("focus_x", 0.5),
        focus_y=chosen.get("focus_y", 0.5),
        poster_s=chosen["poster_ms"] / 1000 if "poster_ms" in chosen else None,
    )
    renditions = transcode.make(source, out, plan, watch)
    return Made(out, film.content_type, renditions, round(film.duration_s * 1000), film.width, film.height)


def _edited(edit: dict[str, Any], folder: Path, out: Path, watch: Watch) -> Made:
    """A film out of others, by a list; its sources are looked at again, as if they had just come."""
    wanted = cut.Cut.read(edit)
    sources: dict[str, tuple[Path, Probe]] = {}
    for clip in wanted.clips:
        if clip.source not in sources:
            place = folder / f"source-{len(sources)}"
            place.mkdir()
            path = storage().local(clip.source, place, watch)
            sources[clip.source] = (path, probe(path, clip.filename, watch))
    desk = folder / "desk"
    desk.mkdir()
    film, renditions = cut.make(wanted, sources, desk, out, watch)
    size = (out / renditions["mp4"]).stat().st_size
    return Made(
        out, film.content_type, renditions, round(film.duration_s * 1000), film.width, film.height, size
    )


def _image(order: Order, source: Path, out: Path, watch: Watch) -> Made:
    content_type, width, height, renditions = images.convert(source, order.filename, out, watch)
    return Made(out, content_type, renditions, None, width, height)


def _file(order: Order, source: Path, out: Path, watch: Watch) -> Made:
    found = identify(source, order.filename, "file")
    if source.stat().st_size > config().max_file_bytes:
        raise Rejected("file_size", limit=config().max_file_bytes // MIB)
    shutil.copyfile(source, out / "file.bin")
    return Made(out, found.content_type, {"file": "file.bin"})


MAKERS: dict[Kind, Callable[[Order, Path, Path, Watch], Made]] = {
    Kind.VIDEO: _video,
    Kind.IMAGE: _image,
    Kind.FILE: _file,
}
