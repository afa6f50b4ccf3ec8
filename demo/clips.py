"""Pictures and films of the demo world, drawn here: nothing is downloaded.

Each distinct film goes through the real pipeline once; further uses are further assets over a copy of the result,
because transcoding is what a first start spends most of its time on.
"""

import io
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from uuid import UUID

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import select

from market.accounts.actor import Actor
from market.kit.db import db, transaction
from market.media import incoming, service
from market.media.ffmpeg import binary
from market.media.models import Asset, AssetState, Kind
from market.media.storage import LocalStorage, storage
from workers.media import drain

SIDE = 480
SECONDS = 4
PALETTES = (
    ((196, 60, 46), (250, 214, 165)),
    ((28, 92, 92), (206, 232, 214)),
    ((58, 62, 110), (224, 206, 236)),
    ((150, 96, 30), (248, 232, 196)),
    ((34, 78, 140), (198, 224, 246)),
    ((120, 48, 92), (246, 208, 224)),
)


class Studio:
    """Makes assets for the world; remembers what it has rendered."""

    def __init__(self) -> None:
        self.made: dict[tuple[Kind, int], UUID] = {}

    def film(self, look: int, owner: Actor) -> UUID:
        """A ready film of this look, owned by the actor's party."""
        return self._asset(Kind.VIDEO, look % len(PALETTES), owner)

    def picture(self, look: int, owner: Actor) -> UUID:
        return self._asset(Kind.IMAGE, look % len(PALETTES), owner)

    def _asset(self, kind: Kind, look: int, owner: Actor) -> UUID:
        store = storage()
        if (kind, look) in self.made and isinstance(store, LocalStorage):
            return self._again(self.made[kind, look], owner, store)
        with tempfile.TemporaryDirectory() as folder:
            file = draw_film(look, Path(folder)) if kind is Kind.VIDEO else draw_picture(look, Path(folder))
            asset_id = upload(file, kind, owner)
        drain()
        with transaction():
            asset = service.find(asset_id)
            if asset.state is not AssetState.READY:
                raise RuntimeError(f"the demo's own {kind} was refused: {asset.refusal_code}")
        self.made[kind, look] = asset_id
        return asset_id

    def _again(self, asset_id: UUID, owner: Actor, store: LocalStorage) -> UUID:
        """The same film as another party's upload, with a name and files of its own."""
        with transaction():
            first = db.session.scalars(select(Asset).where(Asset.id == asset_id)).one()
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


def background(look: int) -> Image.Image:
    """Two colours, a sun and hills: different enough to tell apart, calm enough for words on top."""
    dark, light = PALETTES[look]
    picture = Image.new("RGB", (SIDE * 2, SIDE), light)
    draw = ImageDraw.Draw(picture)
    for row in range(SIDE):
        share = row / SIDE
        colour = tuple(round(a * share + b * (1 - share)) for a, b in zip(dark, light, strict=True))
        draw.line([(0, row), (SIDE * 2, row)], fill=colour)
    draw.ellipse(
        [SIDE * 1.15, SIDE * 0.12, SIDE * 1.5, SIDE * 0.47], fill=tuple(min(255, c + 40) for c in light)
    )
    for hill in range(4):
        left = SIDE * 0.55 * hill - SIDE * 0.2
        draw.polygon(
            [(left, SIDE), (left + SIDE * 0.5, SIDE * (0.5 + 0.06 * hill)), (left + SIDE, SIDE)], fill=dark
        )
    return picture


def draw_picture(look: int, folder: Path) -> Path:
    file = folder / f"picture-{look}.jpg"
    background(look).crop((SIDE // 2, 0, SIDE // 2 + SIDE, SIDE)).resize((960, 960)).save(file, quality=85)
    return file


def draw_film(look: int, folder: Path) -> Path:
    """A slow pan over the picture with a number and a tone."""
    wide = background(look)
    ImageDraw.Draw(wide).text(
        (SIDE * 0.9, SIDE * 0.36), f"V{look + 1}", fill="white", font=ImageFont.load_default(size=110)
    )
    still, film = folder / "still.png", folder / f"clip-{look + 1}.mp4"
    wide.save(still)
    command = [
        *(binary(), "-v", "error", "-nostdin", "-loop", "1", "-i", str(still)),
        *("-f", "lavfi", "-i", f"sine=frequency={220 + 55 * look}:sample_rate=44100"),
        *("-t", str(SECONDS), "-vf", f"crop={SIDE}:{SIDE}:x='{SIDE}*t/{SECONDS}':y=0,format=yuv420p"),
        *("-r", "25", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-b:a", "64k", str(film)),
    ]
    subprocess.run(command, check=True, timeout=60, env={})
    return film
