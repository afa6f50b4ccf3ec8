"""Pictures and films of the demo world, drawn here: nothing is downloaded.

Each distinct film goes through the real pipeline once, in a thread beside the story, whose processor time is ffmpeg's;
further uses are further assets over a copy of the result. Transcoding is what a first start waits for longest.
"""

import io
import secrets
import shutil
import subprocess
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import select

from demo.drawings import LIGHTS, PAN, scene
from market.accounts.actor import Actor
from market.kit.db import db, transaction
from market.media import incoming, service
from market.media.ffmpeg import binary
from market.media.models import Asset, AssetState, Kind
from market.media.storage import LocalStorage, storage
from workers.media import drain

SIDE = 480
SECONDS = 4
FILM_TINTS = 2


class Look(NamedTuple):
    """What a picture or film shows; the same look is drawn and transcoded once."""

    category: str
    tint: int


class Studio:
    """Makes assets for the world; remembers what it has rendered."""

    def __init__(self) -> None:
        self.made: dict[tuple[Kind, Look], Future[UUID]] = {}
        self.given: set[UUID] = set()
        self.thread = ThreadPoolExecutor(1, "studio")

    def foresee(self, kind: Kind, category: str, number: int, owner: Actor) -> None:
        """Begin what will be wanted; the first of a look belongs to this owner."""
        look = self._look(kind, category, number)
        if (kind, look) not in self.made and isinstance(storage(), LocalStorage):
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            self.made[kind, look] = self.thread.submit(self._render_in, app, kind, look, owner)

    def film(self, category: str, number: int, owner: Actor) -> UUID:
        """A ready film of the category's things, owned by the actor's party."""
        return self._asset(Kind.VIDEO, category, number, owner)

    def picture(self, category: str, number: int, owner: Actor) -> UUID:
        return self._asset(Kind.IMAGE, category, number, owner)

    def _look(self, kind: Kind, category: str, number: int) -> Look:
        return Look(category, number % (FILM_TINTS if kind is Kind.VIDEO else len(LIGHTS)))

    def _asset(self, kind: Kind, category: str, number: int, owner: Actor) -> UUID:
        store = storage()
        if not isinstance(store, LocalStorage):  # copies cost as much there as making it anew
            return self._render(kind, self._look(kind, category, number), owner)
        self.foresee(kind, category, number, owner)
        return self._again(self.made[kind, self._look(kind, category, number)].result(), owner, store)

    def _render_in(self, app: Flask, kind: Kind, look: Look, owner: Actor) -> UUID:
        with app.app_context():
            return self._render(kind, look, owner)

    def _render(self, kind: Kind, look: Look, owner: Actor) -> UUID:
        with tempfile.TemporaryDirectory() as folder:
            file = draw_film(look, Path(folder)) if kind is Kind.VIDEO else draw_picture(look, Path(folder))
            asset_id = upload(file, kind, owner)
        drain()
        with transaction():
            asset = service.find(asset_id)
            if asset.state is not AssetState.READY:
                raise RuntimeError(f"the demo's own {kind} was refused: {asset.refusal_code}")
        return asset_id

    def _again(self, asset_id: UUID, owner: Actor, store: LocalStorage) -> UUID:
        """The same as another party's upload, with a name and files of its own; the first itself for its owner, once."""
        with transaction():
            first = db.session.scalars(select(Asset).where(Asset.id == asset_id)).one()
            if first.owner_id == owner.party_id and first.id not in self.given:
                self.given.add(first.id)
                return first.id
            token = secrets.token_urlsafe(16)
            media = store.root / "media"
            shutil.copytree(media / first.token / str(first.revision), media / token / str(first.revision))
            again = Asset(
                **{
                    name: getattr(first, name)
                    for name in ("kind", "filename", "size", "content_type", "sha256", "state", "duration_ms")
                },
                **{
                    name: getattr(first, name)
                    for name in ("width", "height", "options", "renditions", "revision")
                },
                owner_id=owner.party_id,
                uploader_id=owner.person_id,
                token=token,
            )
            db.session.add(again)
            db.session.flush()
            return again.id


def upload(file: Path, kind: Kind, owner: Actor) -> UUID:
    """The way of every upload: room, bytes, seal, row."""
    with transaction():
        asset = service.begin(filename=file.name, size=file.stat().st_size, kind=kind, by=owner)
    with incoming.locked(asset.token) as arriving:
        incoming.append(arriving, io.BytesIO(file.read_bytes()), at=0, size=asset.size, checksum=None)
    sha256 = service.seal(asset)
    with transaction():
        service.complete(asset.id, sha256, by=owner)
    return asset.id


def draw_picture(look: Look, folder: Path) -> Path:
    file = folder / f"{look.category}-{look.tint}.jpg"
    scene(look.category, look.tint, 960).save(file, quality=85)
    return file


def draw_film(look: Look, folder: Path) -> Path:
    """A slow pan over the scene with a tone."""
    wide = scene(look.category, look.tint, SIDE, wide=True)
    still, film = folder / "still.png", folder / f"{look.category}-{look.tint}.mp4"
    wide.save(still)
    command = [
        *(binary(), "-v", "error", "-nostdin", "-loop", "1", "-i", str(still)),
        *("-f", "lavfi", "-i", f"sine=frequency={220 + 55 * look.tint}:sample_rate=44100"),
        *("-t", str(SECONDS), "-vf", f"crop={SIDE}:{SIDE}:x='{SIDE * PAN}*t/{SECONDS}':y=0,format=yuv420p"),
        *("-r", "25", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-b:a", "64k", str(film)),
    ]
    subprocess.run(command, check=True, timeout=60, env={})
    return film
